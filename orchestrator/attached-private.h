/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What the files of attached.h share; nobody outside of them includes this. */
#include "orchestrator/attached.h"

/* attached.c: what is asked and taken in.  Takes @command over. */
void attached_send(Attached *a, Side side, Ask ask, QmpCommand *command);
void attached_ask_round(Attached *a);

/* attached-act.c: what is made of it.  begin: when all was asked once; step:
 * whatever happens from then on. */
void attached_begin(Attached *a);
void attached_step(Attached *a);
void attached_miss_deadline(Attached *a);

/* attached-cont.c: cont to the destination, if that is ours to do and due. */
void attached_let_it_run(Attached *a);

/* Somebody has had enough: nothing is undone. */
void attached_leave(Attached *a);

/* It is over.  @side N_SIDES: of no side. */
G_GNUC_PRINTF(5, 6)
void attached_fail(Attached *a, FailureCode code, Outcome outcome, Side side,
                   const char *format, ...);
