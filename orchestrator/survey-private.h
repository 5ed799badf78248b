/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What the files of the survey share; nobody outside of them includes this. */
#include "orchestrator/facts.h"
#include "orchestrator/host-pages.h"
#include "orchestrator/survey.h"
#include "qmp/client.h"

#define BLOCKS_MAX 64u

struct Surveyor {
    Measured *measured;
    Failure *failure;
    SurveyDone *done;
    gpointer user_data;
    int64_t measure_us;
    GCancellable *cancellable;
    QmpClient *client;
    pid_t pid;
    guint source;    /* a timer, or the end */
    guint n_answers; /* to the questions */

    Facts facts;
    uint64_t blocks[BLOCKS_MAX];
    unsigned n_blocks;

    HostPages *pages;
    int64_t begin_us;
    unsigned look;

    GArray *lengths; /* of int64_t */
    guint length;
    int64_t deadline_us; /* of what measures now */
    gboolean is_ours;    /* it is the one of lengths[length] */
};

/* It is over, well or not; once. */
void surveyor_end(Surveyor *surveyor);
/* The first one counts.  Takes @message over. */
void surveyor_fail(Surveyor *surveyor, FailureCode code, char *message);

/* @what: the command, for an error. */
void surveyor_ask(Surveyor *surveyor, const char *what,
                  const QmpCommand *command, GAsyncReadyCallback callback);
/* In the callback of surveyor_ask().  NULL: it is over, or was made so, and there
 * may be no surveyor any more. */
JsonNode *surveyor_take_answer(GObject *object, GAsyncResult *result,
                               gpointer call_data, Surveyor **ret_surveyor);

/* calc-dirty-rate, until it is over. */
void surveyor_ask_rates(Surveyor *surveyor);
