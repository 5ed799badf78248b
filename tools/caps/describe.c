/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/caps/describe.h"

#include <inttypes.h>
#include <string.h>

#include "tools/caps/relations.h"

/* Behind what is there already: on a line of its own, as one of several. */
G_GNUC_PRINTF(2, 3)
static void add_note(GString *text, const char *format, ...)
{
    va_list arguments;
    if (text->len > 0) {
        g_string_append(text, "\n- ");
    }
    va_start(arguments, format);
    g_string_append_vprintf(text, format, arguments);
    va_end(arguments);
}

char *describe_together(const char *first, const char *second,
                        const char *third)
{
    const char *const all[] = { first, second, third };
    GString *text = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
        if (all[i] && *all[i]) {
            add_note(text, "%s", all[i]);
        }
    }
    return g_string_free(text, FALSE);
}

static char *plain(uint64_t number, Unit unit)
{
    return g_strdup_printf("%" PRIu64 "%s%s", number,
                           *unit_symbol(unit) ? " " : "", unit_symbol(unit));
}

/* "64.0 MiB" is 64 MiB. */
static void drop_zeros(char *text)
{
    char *point = strchr(text, '.');
    char *end = point ? point + strspn(point, ".0123456789") : NULL;
    if (point) {
        char *last = end;
        while (last[-1] == '0') {
            last--;
        }
        last -= last[-1] == '.';
        memmove(last, end, strlen(end) + 1);
    }
}

/* As people write it, if it can be read back. */
static char *exact(uint64_t number, Unit unit)
{
    uint64_t again;
    g_autofree char *text = unit_format(number, unit);
    drop_zeros(text);
    return unit_parse(text, unit, &again, NULL) && again == number
               ? g_steal_pointer(&text)
               : plain(number, unit);
}

char *describe_value(const CapsRow *row, const char *value)
{
    if (!value) {
        return g_strdup("not set");
    }
    if (*value == '\0') {
        return g_strdup("\"\"");
    }
    /* A size above 2^63 lies in the node as a negative number. */
    gint64 number;
    if (row && row->unit != UNIT_NONE &&
        g_ascii_string_to_signed(value, 10, G_MININT64, G_MAXINT64, &number,
                                 NULL)) {
        return exact((uint64_t)number, row->unit);
    }
    return g_strdup(value);
}

char *describe_default(const CapsRow *row)
{
    return row->usual ? describe_value(row, row->usual) : g_strdup("-");
}

/* "1 to 99 %", "1 ms to 10 s": the unit once, if it is the same. */
static char *describe_bounds(const CapsRow *row)
{
    char *low = row->min ? exact(row->min, row->unit) : g_strdup("0");
    g_autofree char *high = exact(row->max, row->unit);
    char *low_unit = strchr(low, ' ');
    if (row->max && low_unit && g_strcmp0(low_unit, strchr(high, ' ')) == 0) {
        *low_unit = '\0';
    }
    char *text = row->max   ? g_strdup_printf("%s to %s", low, high)
                 : row->min ? g_strdup_printf("from %s", low)
                            : g_strdup("");
    g_free(low);
    return text;
}

char *describe_range(const CapsRow *row)
{
    g_autofree char *bounds = describe_bounds(row);
    GString *text = g_string_new(row->or_zero ? "0, or " : "");
    g_string_append_printf(
        text, "%s%s", row->is_power_of_two ? "a power of two, " : "", bounds);
    if (row->at_least) {
        g_string_append_printf(text, ", not less than %s", row->at_least);
    }
    if (row->taken_for) {
        g_string_append_printf(text, "; QEMU takes others for %s",
                               row->taken_for);
    }
    return g_string_free(text, FALSE);
}

char *describe_heeded(const CapsRow *row)
{
    g_autofree char *since = caps_version_to_text(row->heeded_since);
    return row->heeded_since
               ? g_strdup_printf("before %s QEMU takes it and does not do it",
                                 since)
               : g_strdup("");
}

static void add_relations(GString *text, const GPtrArray *relations)
{
    g_autofree char *needs = relations_to_text(relations, RULE_NEEDS);
    g_autofree char *excludes = relations_to_text(relations, RULE_EXCLUDES);
    if (*needs) {
        add_note(text, "needs %s", needs);
    }
    if (*excludes) {
        add_note(text, "excludes %s", excludes);
    }
}

static void add_fate(GString *text, const CapsRow *row)
{
    const char *names[] = { row->name, NULL };
    g_autoptr(GPtrArray) relations = relations_of(names);
    add_relations(text, relations);
    if (row->never_on) {
        add_note(text, "never turned on by us: %s", row->never_on);
    }
    if (row->never_off) {
        add_note(text, "never turned off by us: %s", row->never_off);
    }
    if (row->deprecated) {
        add_note(text, "deprecated since %s", row->deprecated);
    }
    if (row->until) {
        g_autofree char *until = caps_version_to_text(row->until);
        add_note(text, "gone with %s", until);
    }
}

char *describe_capability(const CapsRow *row)
{
    GString *text = g_string_new(row->help);
    add_fate(text, row);
    return g_string_free(text, FALSE);
}

char *describe_parameter(const CapsRow *row)
{
    GString *text = g_string_new(row->help);
    g_autofree char *range = describe_range(row);
    g_autofree char *heeded = describe_heeded(row);
    if (*range) {
        add_note(text, "%s", range);
    }
    if (*heeded) {
        add_note(text, "%s", heeded);
    }
    add_fate(text, row);
    return g_string_free(text, FALSE);
}

char *describe_feature(const CapsFeature *feature)
{
    GString *text = g_string_new(feature->help);
    g_autofree const char **names = relations_feature_names(feature);
    g_autofree char *sets = g_strjoinv(", ", (char **)names);
    g_autoptr(GPtrArray) relations = relations_of(names);

    if (feature->value) {
        add_note(text, feature->is_value_optional ? "may take %s" : "takes %s",
                 feature->value);
    }
    add_note(text, "sets %s", sets);
    add_relations(text, relations);
    if (feature->host) {
        add_note(text, "wants %s", feature->host);
    }
    return g_string_free(text, FALSE);
}

char *describe_marks(const CapsInventory *inventory, bool is_capability,
                     const char *name)
{
    const CapsRow *row = is_capability ? caps_table_capability(name)
                                       : caps_table_parameter(name);
    CapsMarks marks = caps_inventory_marks(inventory, is_capability, name);
    g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);
    if (!row) {
        g_ptr_array_add(words, g_strdup("newer than this program"));
    }
    if (marks.is_unstable) {
        g_ptr_array_add(words, g_strdup("unstable"));
    }
    if (marks.is_deprecated) {
        g_ptr_array_add(
            words, row && row->deprecated
                       ? g_strdup_printf("deprecated since %s", row->deprecated)
                       : g_strdup("deprecated"));
    }
    g_ptr_array_add(words, NULL);
    return g_strjoinv(", ", (char **)words->pdata);
}

char *describe_change(const CapsRow *row, const char *value)
{
    if (!row || !row->usual || g_strcmp0(row->usual, value) == 0) {
        return g_strdup("");
    }
    g_autofree char *usual = describe_default(row);
    return g_strdup_printf("default %s", usual);
}
