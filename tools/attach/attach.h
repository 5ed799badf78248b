/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The shell around the machine of orchestrator/attached.h, and what the verbs
 * have in common that come to a migration which goes on: it is looked at, acted
 * on, shown and written.
 */
#include "tools/attach/options.h"

/* Called after each event; false: nobody listens any more. */
typedef gboolean AttachProgress(const Attached *a, gpointer user_data);

/*
 * Returns when it is over, also after Ctrl-C.  @progress may be NULL.  Free with
 * attached_free().
 */
Attached *attach_run(const AttachOptions *options, AttachProgress *progress,
                     gpointer user_data);

/* Prints and writes how it is, and returns the exit code. */
int attach_conclude(const AttachOptions *options, const Attached *a);
