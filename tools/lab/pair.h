/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The two QEMUs of a lab: which binary, machine and accelerator each gets, and
 * who is the source and who the destination at the moment.
 */
#include "orchestrator/failure.h"
#include "tools/lab/options.h"
#include "tools/lab/qemu.h"

typedef struct {
    const LabOptions *options;
    const char *kernel;
    char *machine, *append;
    const char *accel; /* tcg or kvm */
    const char *binary[N_SIDES];
    Qemu *qemu[N_SIDES]; /* NULL: not started */
    unsigned n_started;
} Pair;

/* @options and @kernel must outlive it. */
void pair_init(Pair *pair, const LabOptions *options, const char *kernel);
void pair_clear(Pair *pair); /* kills both */

/* KVM was chosen by us, so another choice is left. */
gboolean pair_can_fall_back(const Pair *pair);

/* Starts the one of @side anew.  Fails as qemu_start(). */
gboolean pair_start(Pair *pair, Side side, Guard *guard,
                    const QemuHandlers *handlers, gpointer user_data,
                    GError **error);
void pair_stop(Pair *pair, Side side);

/* What was the destination is the source; a destination is to be started. */
void pair_turn(Pair *pair);

Side pair_side_of(const Pair *pair, const Qemu *qemu);

/* What both wrote to their standard error stands with @failure. */
void pair_add_stderr(const Pair *pair, Failure *failure);

/*
 * For people: which live, where their monitors are, which has the guest
 * (@guest: the word of outcome.h), and how to end them.  Free with g_free().
 */
char *pair_describe(const Pair *pair, const char *guest, const char *folder);

/* They shall live on without us. */
void pair_let_go(Pair *pair);
