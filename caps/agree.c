/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "caps/agree.h"

#include <string.h>

#include "caps/match.h"
#include "caps/nearest.h"
#include "caps/plan.h"
#include "caps/table.h"
#include "qmp/validate.h"

void caps_step_free(CapsStep *step)
{
    qmp_command_free(step->command);
    qmp_command_free(step->undo);
    g_free(step);
}

static const char *kind_of(const CapsWish *wish)
{
    return wish->value ? "parameter" : "capability";
}

static char *did_you_mean(const CapsWish *wish, const CapsInventory *inventory)
{
    bool is_other = wish->value
                        ? caps_inventory_has(inventory, wish->name)
                        : caps_inventory_has_parameter(inventory, wish->name);
    if (is_other) {
        return g_strdup_printf(wish->value
                                   ? "it is a capability: give --enable %s"
                                   : "it is a parameter: give --set %s=VALUE",
                               wish->name);
    }
    g_auto(GStrv) names = caps_inventory_names(inventory, wish->value == NULL);
    Nearest nearest = nearest_start(wish->name);
    for (char **name = names; *name; name++) {
        nearest_offer(&nearest, *name);
    }
    return nearest.best ? g_strdup_printf("did you mean %s?", nearest.best)
                        : g_strdup("qmigrate caps lists what there is");
}

/* What a QEMU without it would have to be. */
static char *when_it_had(const CapsRow *row, const CapsInventory *inventory)
{
    if (row->until && inventory->version >= row->until) {
        g_autofree char *until = caps_version_to_text(row->until);
        return g_strdup_printf("it went with QEMU %s; deprecated since %s",
                               until, row->deprecated);
    }
    if (inventory->version && inventory->version < row->since) {
        g_autofree char *since = caps_version_to_text(row->since);
        return g_strdup_printf("it came with QEMU %s", since);
    }
    return g_strdup("this QEMU was built without it");
}

static void refuse_unknown(const CapsWish *wish,
                           const CapsInventory inventories[], bool known[],
                           NeededBy sides, GPtrArray *findings)
{
    const CapsRow *row = caps_wish_row(wish);
    bool one_has = known[SIDE_SOURCE] || known[SIDE_DESTINATION];
    Side lacking = sides & NEEDED_BY_SOURCE && !known[SIDE_SOURCE]
                       ? SIDE_SOURCE
                       : SIDE_DESTINATION;
    const CapsInventory *inventory = &inventories[lacking];
    bool is_both = sides == NEEDED_BY_BOTH && !one_has;

    if (one_has && sides == NEEDED_BY_BOTH) {
        findings_add(findings, FINDING_ONE_SIDE, FINDING_ERROR, lacking,
                     row ? when_it_had(row, inventory) : NULL,
                     "QEMU %s has no %s '%s', and both sides need it",
                     caps_inventory_version(inventory), kind_of(wish),
                     wish->name);
    } else {
        findings_add(findings, FINDING_UNKNOWN_NAME, FINDING_ERROR,
                     is_both ? N_SIDES : lacking,
                     row ? when_it_had(row, inventory)
                         : did_you_mean(wish, inventory),
                     "there is no %s '%s'%s%s", kind_of(wish), wish->name,
                     row ? " in QEMU " : "",
                     row ? caps_inventory_version(inventory) : "");
    }
}

static void mark_new(const CapsWish *wish, const bool known[],
                     GPtrArray *findings)
{
    bool both = known[SIDE_SOURCE] && known[SIDE_DESTINATION];
    findings_add(findings, FINDING_NEW_TO_US, FINDING_NOTE, N_SIDES, NULL,
                 "%s is newer than this program: set as it is on %s",
                 wish->name,
                 both                 ? "both sides"
                 : known[SIDE_SOURCE] ? "the source, the destination lacks it"
                                      : "the destination, the source lacks it");
}

static void apply(const CapsWish *wish, const CapsInventory inventories[],
                  CapsInventory wanted[], GPtrArray *findings)
{
    const CapsRow *row = caps_wish_row(wish);
    NeededBy sides = caps_row_sides(row);
    bool known[N_SIDES];
    NeededBy having = 0;

    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        known[side] = caps_wish_is_known(wish, &inventories[side]);
        having |= known[side] ? 1 << side : 0;
    }
    /* What is not there is off. */
    bool is_off = !wish->value && !wish->on && (row || having);
    if ((sides & having) != sides && !is_off && (row || !having)) {
        refuse_unknown(wish, inventories, known, sides, findings);
    } else if (!row) {
        mark_new(wish, known, findings);
    } else if (row->deprecated && (wish->on || wish->value)) {
        findings_add(findings, FINDING_DEPRECATED, FINDING_WARNING, N_SIDES,
                     NULL, "%s is deprecated since %s", wish->name,
                     row->deprecated);
    }
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        if (sides & having & (1 << side)) {
            caps_wish_apply(wish, &wanted[side], side, findings);
        }
    }
}

/* The same for both sides is said once. */
static void merge_sides(GPtrArray *findings, guint from)
{
    for (guint i = from; i < findings->len; i++) {
        Finding *one = findings->pdata[i];
        for (guint j = i + 1; j < findings->len; j++) {
            const Finding *other = findings->pdata[j];
            if (one->code == other->code &&
                strcmp(one->text, other->text) == 0) {
                one->side = one->side == other->side ? one->side : N_SIDES;
                g_ptr_array_remove_index(findings, j--);
            }
        }
    }
}

/* Whatever else is right, nothing leaves that QEMU's own schema does not take. */
static void validate(const CapsInventory inventories[], GPtrArray *steps,
                     GPtrArray *findings)
{
    for (guint i = 0; i < steps->len; i++) {
        const CapsStep *step = steps->pdata[i];
        const QmpSchema *schema = inventories[step->side].schema;
        g_autoptr(GError) error = NULL;
        if (schema && !qmp_schema_validate(schema, step->command, &error)) {
            findings_add(findings, FINDING_BAD_VALUE, FINDING_ERROR, step->side,
                         NULL, "%s", error->message);
        }
    }
}

/* What QEMU can find out by itself, if it is let. */
static void soften(GPtrArray *findings, guint from)
{
    for (guint i = from; i < findings->len; i++) {
        Finding *finding = findings->pdata[i];
        switch ((int)finding->code) {
        case FINDING_ONE_SIDE:
        case FINDING_MISSING:
        case FINDING_CONFLICT:
        case FINDING_BREAKS:
        case FINDING_DIFFERS:
            finding->severity = FINDING_WARNING;
        }
    }
}

static void check(const CapsInventory wanted[], const CapsRequest *request,
                  GPtrArray *findings)
{
    caps_match_check(wanted, request->transport, request->wishes, findings);
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        caps_rules_judge(&wanted[side], side, request->transport, findings);
    }
    caps_match_check_effects(wanted, request->transport, request->wishes,
                             findings);
}

bool caps_agree(const CapsInventory inventories[N_SIDES],
                const CapsRequest *request, CapsInventory ret_wanted[N_SIDES],
                GPtrArray *ret_steps, GPtrArray *findings)
{
    GPtrArray *wishes = request->wishes;
    guint from = findings->len;
    guint n_errors = findings_count(findings, FINDING_ERROR);

    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        caps_inventory_copy(&inventories[side], &ret_wanted[side]);
    }
    for (guint i = 0; i < wishes->len; i++) {
        apply(wishes->pdata[i], inventories, ret_wanted, findings);
    }
    caps_match_make(ret_wanted, wishes, findings);
    check(ret_wanted, request, findings);
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        caps_plan(&inventories[side], &ret_wanted[side], side, ret_steps);
    }
    validate(inventories, ret_steps, findings);
    merge_sides(findings, from);
    if (request->let_qemu_judge) {
        soften(findings, from);
    }
    if (findings_count(findings, FINDING_ERROR) > n_errors) {
        g_ptr_array_set_size(ret_steps, 0);
        return false;
    }
    return true;
}
