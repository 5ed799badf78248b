/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * One session with a QEMU that has a guest, to find out what a prediction needs:
 * how much there is to send, how fast the guest dirties it, and what QEMU's
 * parameters are.  Nothing changes on QEMU.  On the thread-default main context.
 */
#include <gio/gio.h>

#include "orchestrator/failure.h"
#include "orchestrator/measure.h"
#include "qmp/address.h"

typedef struct Surveyor Surveyor;
typedef void SurveyDone(gpointer user_data);

/*
 * @pid: of QEMU where it is known, else 0.  @done comes once, from the main
 * context: @ret is filled in, or @failure says why not.  Both and @address must
 * live until then; surveyor_free() may be called in it, and before, which ends
 * it without a word.
 */
Surveyor *surveyor_new(const QmpAddress *address, pid_t pid, int64_t measure_us,
                       Measured *ret, Failure *failure, SurveyDone *done,
                       gpointer user_data);
void surveyor_free(Surveyor *surveyor);

/* Somebody does not want to wait for it: @done with FAILURE_CANCELLED. */
void surveyor_cancel(Surveyor *surveyor);
