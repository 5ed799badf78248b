/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What settings need and exclude on one QEMU, by one table; each row holds for
 * some versions of QEMU and knows what QEMU does about it itself.  The test
 * tests/qemu/pairs.py asks real QEMUs whether they agree.  Pure.
 *
 * A setting is written NAME (a capability that is on), NAME=VALUE, NAME!=VALUE
 * (a parameter), transport=file or accel!=kvm; several with spaces between them
 * hold together.  Some transports are called by more than one word: "one-way" is
 * what nothing comes back from, "single" what has one connection only.
 */
#include "caps/finding.h"
#include "caps/inventory.h"
#include "caps/table.h"

typedef enum {
    CAPS_OVER_TCP,
    CAPS_OVER_UNIX,
    CAPS_OVER_FILE, /* by its name, or by a set of descriptors */
    CAPS_OVER_PAIR, /* of sockets: fd:pair */
    CAPS_OVER_PIPE, /* exec:, and a file by one descriptor */
    N_CAPS_TRANSPORTS,
} CapsTransport;

/* Does nothing come back to the source? */
bool caps_transport_is_one_way(CapsTransport transport);

/* "a file: address": what stands behind "transport=", as people say it. */
char *caps_transport_to_text(const char *word);

typedef enum { RULE_NEEDS, RULE_EXCLUDES } RuleKind;

typedef enum {
    QEMU_REFUSES,       /* when it is set */
    QEMU_REFUSES_LATER, /* when migrate or migrate-incoming is sent, or fails
                         * right after it */
    QEMU_BREAKS,        /* it takes it, and then hangs, crashes or fails */
} QemuDoes;

typedef struct {
    const char *when;
    RuleKind kind;
    const char *other; /* one setting */
    QemuDoes qemu;
    CapsVersion since,
        until;        /* of QEMU; until: the first without it; 0: none */
    const char *why;  /* one phrase; NULL: nothing to add */
    const char *hint; /* NULL: made from the rule */
    NeededBy sides;   /* on which it counts; 0: on both */
} CapsRule;

const CapsRule *caps_rules(size_t *ret_n);

bool caps_rule_counts_on(const CapsRule *rule, Side side);

/* Does @inventory, as it would be when all is set, break @rule? */
bool caps_rule_is_broken(const CapsRule *rule, const CapsInventory *inventory,
                         CapsTransport transport);

/* Is @name one of @settings, whatever its value? */
bool caps_settings_name(const char *settings, const char *name);

/* Adds an error for each rule that is broken, for parameters that have to be in
 * an order and are not, and for what must never be on. */
void caps_rules_judge(const CapsInventory *inventory, Side side,
                      CapsTransport transport, GPtrArray *findings);

/* Do @settings hold on @inventory? */
bool caps_settings_hold(const char *settings, const CapsInventory *inventory,
                        CapsTransport transport);
