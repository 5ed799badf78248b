/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What the files of the forecast share; nobody outside of them includes this. */
#include "orchestrator/forecast.h"

struct Forecast {
    PredictSpec spec;
    MeasureMethod method;
    const char *why_not_memory;
    bool is_first_known;
    Prediction before;
};

/* downtime-limit as the policy begins with it, and up to what it may raise it;
 * 0: it says none, and --max-downtime is not there. */
uint64_t forecast_start_us(const PredictSpec *spec);
uint64_t forecast_most_us(const PredictSpec *spec);

#define FORECAST_PASSES 2 /* after which it is predicted again */

/* As the first passes of @m have it, FORECAST_PASSES at most; returns how many
 * that are.  0: none has ended, and *@ret is as before. */
guint forecast_correct(const Forecast *forecast, const Migration *m,
                       PredictSpec *ret);
