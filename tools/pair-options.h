/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* --source and --destination, as the verbs that take two running QEMUs have
 * them. */
#include "qmp/address.h"
#include "tools/settings.h"

typedef struct {
    Settings settings;
    QmpAddress *address[N_SIDES];
    gboolean is_recovery; /* set before they are read: no migration begins */
} PairOptions;

/*
 * All that can be done and checked before a QEMU is asked.  False: it has ended,
 * what was wrong is printed and written, and *@ret_exit_code is what the verb
 * returns.
 */
gboolean pair_options_read(PairOptions *options, const char *verb,
                           const char *summary, int *argc, char ***argv,
                           int *ret_exit_code);
void pair_options_clear(PairOptions *options);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PairOptions, pair_options_clear)
