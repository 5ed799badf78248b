/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The command line of those verbs that come to a migration which goes on. */
#include "orchestrator/attached.h"
#include "qmp/address.h"

typedef struct {
    AttachedWish wish;
    QmpAddress *address[N_SIDES]; /* destination: may be NULL */
    uint64_t interval_us;         /* WATCH: between questions */
    unsigned timeout_ms;          /* CANCEL, POSTCOPY; 0: none */
    char *json;                   /* a file, "-" for standard output, or NULL */
} AttachOptions;

void attach_options_clear(AttachOptions *options);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AttachOptions, attach_options_clear)

/*
 * options->wish is set before, LOOK where --watch is allowed.  False: it has
 * ended, what was wrong is printed and written, and *@ret_exit_code is what the
 * verb returns.
 */
gboolean attach_options_read(AttachOptions *options, const char *verb,
                             const char *summary, int *argc, char ***argv,
                             int *ret_exit_code);
