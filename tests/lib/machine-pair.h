/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Two machines from the replies of real QEMUs of one command line, with one
 * thing or another in them changed.  For the tests of caps/machine.h alone.
 */
#include "caps/finding.h"
#include "caps/machine.h"
#include "qmp/json.h"
#include "tests/lib/check.h"
#include "tests/lib/recorded.h"

/* One answer in which @from is @to; all of it where @from is NULL. */
typedef struct {
    CapsMachineQuestion question;
    const char *from, *to;
} Change;

static inline JsonNode *changed(JsonNode *reply, const Change *change)
{
    g_autofree char *text = qmp_json_to_text(reply);
    g_autoptr(GString) other = g_string_new(text);

    if (!change->from) {
        return json_value(change->to);
    }
    if (g_string_replace(other, change->from, change->to, 1) == 0) {
        fail_msg("no %s in %s", change->from, text);
    }
    return json_value(other->str);
}

static inline void take_all(CapsMachine *machine, const char *version,
                            const Change *changes, size_t n)
{
    for (int i = 0; i < N_CAPS_MACHINE_QUESTIONS; i++) {
        g_autoptr(JsonNode) reply = recorded_machine_reply(i, version);
        for (size_t j = 0; j < n && changes[j].to; j++) {
            if ((int)changes[j].question == i) {
                JsonNode *other = changed(reply, &changes[j]);
                json_node_unref(reply);
                reply = other;
            }
        }
        check_case(caps_machine_question_name(i),
                   caps_machine_take(machine, i, reply));
    }
}

typedef struct {
    CapsMachine machines[N_SIDES];
    CapsInventory wanted[N_SIDES];
    GPtrArray *findings;
} Pair;

static inline void pair_init(Pair *pair, const char *source,
                             const char *destination)
{
    const char *const versions[] = { source, destination };
    *pair = (Pair){ .findings = findings_new() };
    for (int side = 0; side < N_SIDES; side++) {
        recorded_inventory(&pair->wanted[side], versions[side]);
        caps_inventory_take_version(&pair->wanted[side], versions[side]);
        pair->wanted[side].accel = g_strdup("another");
    }
}

static inline void pair_clear(Pair *pair)
{
    for (int side = 0; side < N_SIDES; side++) {
        caps_machine_clear(&pair->machines[side]);
        caps_inventory_clear(&pair->wanted[side]);
    }
    g_ptr_array_unref(pair->findings);
}

static inline void pair_want(Pair *pair, const char *capability)
{
    caps_inventory_turn(&pair->wanted[SIDE_SOURCE], capability, true);
    caps_inventory_turn(&pair->wanted[SIDE_DESTINATION], capability, true);
}

static inline void pair_compare(Pair *pair)
{
    caps_machine_compare(pair->machines, pair->wanted, pair->findings);
}
