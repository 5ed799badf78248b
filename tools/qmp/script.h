/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Lines from a file or a pipe on standard input, one command after another,
 * each sent when the one before it is answered.  One that fails does not stop
 * the others.
 */
#include "tools/qmp/talk.h"

typedef struct Script Script;

/* @exit_code: of the first line that failed, or 0. */
typedef void ScriptEnded(int exit_code, gpointer user_data);

/* @talk must be ready. */
Script *script_new(Talk *talk, ScriptEnded *ended, gpointer user_data);

/* Its command under way must have been given up, by talk_free() too. */
void script_free(Script *script);
