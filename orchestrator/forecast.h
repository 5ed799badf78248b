/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A prediction for one migration: made from what was measured and from its
 * settings, made again from its first passes, and held against how it went.
 * Pure.  docs/result-format.rst, "Prediction".
 */
#include "orchestrator/migration.h"
#include "orchestrator/predict.h"

typedef struct Forecast Forecast;

/* @settings' policy must outlive it; the link counts if it is known there. */
Forecast *forecast_new(const Measured *measured,
                       const MigrationSettings *settings);
void forecast_free(Forecast *forecast);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Forecast, forecast_free)

const Prediction *forecast_before(const Forecast *forecast);

/* "1.24 GiB to send at 128 MiB/s ...": what it was made from, and what came out,
 * a line each.  Ends in a line feed.  Free with g_free(). */
char *forecast_to_text(const Forecast *forecast);

/* The same of a migration under way, in one line, once passes enough have ended;
 * NULL: not yet.  It takes no longer than a few ms. */
char *forecast_again_to_text(const Forecast *forecast, const Migration *m);

/* Adds to @object what docs/result-format.rst tells, "A prediction".  @m: the
 * migration that came of it, or NULL. */
void forecast_add_json(const Forecast *forecast, const Migration *m,
                       JsonObject *object);
