/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Says of each state of one QEMU's settings whether our rules take it, for
 * pairs.py, which knows what QEMU says: a line of JSON in, a line of JSON out.
 */
#include <stdio.h>
#include <string.h>

#include "caps/rules.h"
#include "caps/table.h"
#include "qmp/json.h"
#include "qmp/parser.h"

static void take_state(JsonObject *state, CapsInventory *inventory)
{
    JsonArray *on = qmp_json_array(state, "capabilities");
    JsonObject *set = qmp_json_object(state, "parameters");
    bool has_ring = false;
    g_autoptr(GList) names = json_object_get_members(set);

    inventory->capabilities =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    inventory->parameters = json_object_new();
    caps_inventory_take_version(inventory, qmp_json_string(state, "version"));
    qmp_json_bool(state, "dirty-ring", &has_ring);
    inventory->accel = g_strdup(has_ring ? "kvm" : "another");
    for (guint i = 0; i < json_array_get_length(on); i++) {
        caps_inventory_turn(inventory, json_array_get_string_element(on, i),
                            true);
    }
    /* what a fresh QEMU has, where a rule asks for it */
    json_object_set_string_member(inventory->parameters, "multifd-compression",
                                  "none");
    json_object_set_string_member(inventory->parameters, "tls-creds", "");
    for (GList *at = names; at; at = at->next) {
        json_object_set_member(inventory->parameters, at->data,
                               json_object_dup_member(set, at->data));
    }
}

/* A capability that we never turn on, for a reason of our own. */
static bool is_never(JsonObject *state)
{
    JsonArray *on = qmp_json_array(state, "capabilities");
    for (guint i = 0; i < json_array_get_length(on); i++) {
        const CapsRow *row =
            caps_table_capability(json_array_get_string_element(on, i));
        if (row && row->never_on) {
            return true;
        }
    }
    return false;
}

static void answer(JsonObject *state)
{
    g_auto(CapsInventory) inventory = { 0 };
    bool is_file = g_strcmp0(qmp_json_string(state, "transport"), "file") == 0;
    Side side = g_strcmp0(qmp_json_string(state, "role"), "source") == 0
                    ? SIDE_SOURCE
                    : SIDE_DESTINATION;
    bool never = is_never(state), accepted = !never, breaks = true;
    g_autoptr(GString) words = g_string_new(NULL);
    size_t n;
    const CapsRule *rules = caps_rules(&n);

    take_state(state, &inventory);
    for (size_t i = 0; i < n; i++) {
        const CapsRule *rule = &rules[i];
        if (caps_rule_counts_on(rule, side) &&
            caps_rule_is_broken(rule, &inventory,
                                is_file ? CAPS_OVER_FILE : CAPS_OVER_TCP)) {
            accepted = false;
            /* QEMU finds out later, or too late */
            breaks = breaks && rule->qemu != QEMU_REFUSES;
            g_string_append_printf(
                words, "%s\"%s %s %s\"", words->len ? "," : "", rule->when,
                rule->kind == RULE_NEEDS ? "needs" : "excludes", rule->other);
        }
    }
    printf("{\"accepted\":%s,\"words\":[%s],\"breaks\":%s,\"never\":%s}\n",
           accepted ? "true" : "false", words->str,
           words->len && breaks ? "true" : "false", never ? "true" : "false");
}

int main(void)
{
    char *line = NULL;
    size_t n = 0;
    ssize_t length;

    while ((length = getline(&line, &n, stdin)) > 0) {
        g_autoptr(GError) error = NULL;
        g_autoptr(JsonObject) state =
            qmp_parse_object(line, (size_t)length, &error);
        if (!state) {
            fprintf(stderr, "%s\n", error->message);
            return 1;
        }
        answer(state);
    }
    free(line);
    return 0;
}
