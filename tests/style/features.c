/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Prints docs/features.rst from the tables of caps/, so that it cannot say
 * anything else: tools/dev docs writes it, features.py compares.
 */
#include <stdio.h>
#include <string.h>

#include "caps/match.h"
#include "caps/table.h"
#include "tools/caps/describe.h"
#include "tools/caps/relations.h"

static void print_title(const char *title, char underline)
{
    g_autofree char *line = g_strnfill(strlen(title), underline);
    printf("\n%s\n%s\n\n", title, line);
}

static void print_row(const char *const *cells)
{
    for (const char *const *cell = cells; *cell; cell++) {
        printf("   %s -%s%s\n", cell == cells ? "*" : " ", **cell ? " " : "",
               *cell);
    }
}

/* @widths: of the columns, in proportion. */
static void print_head(const char *widths, const char *const *names)
{
    printf(".. list-table::\n   :header-rows: 1\n   :widths: %s\n\n", widths);
    print_row(names);
}

#define CELLS(...)                                                             \
    (const char *const[])                                                      \
    {                                                                          \
        __VA_ARGS__, NULL                                                      \
    }

static char *literal(const char *text)
{
    return *text ? g_strdup_printf("``%s``", text) : g_strdup("");
}

/* --- features --- */

/* Of all that a feature sets. */
typedef struct {
    NeededBy sides;
    CapsVersion since, until;
} Span;

static Span span_of(const CapsFeature *feature)
{
    Span span = { 0 };
    g_autofree const char **names = relations_feature_names(feature);
    for (const char **name = names; *name; name++) {
        const CapsRow *row = caps_table_capability(*name);
        row = row ? row : caps_table_parameter(*name);
        span.sides |= row->sides;
        span.since = MAX(span.since, row->since);
        if (row->until && (!span.until || row->until < span.until)) {
            span.until = row->until;
        }
    }
    return span;
}

static char *option_of(const CapsFeature *feature)
{
    return !feature->value
               ? g_strdup_printf("``--%s``", feature->option)
               : g_strdup_printf(feature->is_value_optional ? "``--%s[=%s]``"
                                                            : "``--%s=%s``",
                                 feature->option, feature->value);
}

static void print_feature(const CapsFeature *feature)
{
    Span span = span_of(feature);
    g_autofree const char **names = relations_feature_names(feature);
    g_autofree char *option = option_of(feature);
    g_autofree char *sets = g_strjoinv(", ", (char **)names);
    g_autofree char *versions =
        relation_versions_to_text(span.since, span.until);
    g_autoptr(GPtrArray) relations = relations_of(names);
    g_autofree char *needs = relations_to_text(relations, RULE_NEEDS);
    g_autofree char *excludes = relations_to_text(relations, RULE_EXCLUDES);
    g_autofree char *all =
        g_strconcat(needs, *needs && feature->host ? "; " : "",
                    feature->host ? feature->host : "", NULL);
    print_row(CELLS(option, sets, versions, needed_by_name(span.sides), all,
                    excludes, feature->help));
}

static void print_features(void)
{
    size_t n;
    const CapsFeature *features = caps_features(&n);
    print_title("By option", '=');
    puts("Each option of ``qmigrate run``, ``lab`` and ``check`` sets all that "
         "stands beside it, on the sides that need it.\n");
    print_head("18 14 8 8 16 16 20",
               CELLS("option", "sets", "QEMU", "side", "needs", "excludes",
                     "what it does"));
    for (size_t i = 0; i < n; i++) {
        print_feature(&features[i]);
    }
}

/* --- rules --- */

/* "multifd transport=file" as people say it. */
static char *when_of(const CapsRule *rule)
{
    g_auto(GStrv) settings = g_strsplit(rule->when, " ", 2);
    if (!settings[1]) {
        return literal(settings[0]);
    }
    g_autofree char *with = relation_setting_to_text(settings[1]);
    return g_strdup_printf("``%s`` with %s", settings[0], with);
}

static char *qemu_does(const CapsRule *rule)
{
    static const char *const words[] = {
        [QEMU_REFUSES] = "refuses it when it is set",
        [QEMU_REFUSES_LATER] = "refuses ``migrate`` or ``migrate-incoming``",
        [QEMU_BREAKS] = "**takes it**, and then",
    };
    const char *why = rule->qemu == QEMU_BREAKS ? rule->why : NULL;
    return g_strdup_printf("%s%s%s", words[rule->qemu], why ? " " : "",
                           why ? why : "");
}

static void print_rule(const CapsRule *rule)
{
    g_autofree char *when = when_of(rule);
    g_autofree char *setting = relation_setting_to_text(rule->other);
    g_autofree char *other = strcmp(setting, rule->other) == 0
                                 ? literal(setting)
                                 : g_strdup(setting);
    g_autofree char *versions =
        relation_versions_to_text(rule->since, rule->until);
    g_autofree char *does = qemu_does(rule);
    const char *why = rule->qemu == QEMU_BREAKS ? NULL : rule->why;
    g_autofree char *more =
        g_strdup_printf("%s%s%s", why ? why : "", why && rule->hint ? "; " : "",
                        rule->hint ? rule->hint : "");
    print_row(CELLS(when, rule->kind == RULE_NEEDS ? "needs" : "excludes",
                    other, *versions ? versions : "all", does, more));
}

static void print_rules(void)
{
    size_t n;
    const CapsRule *rules = caps_rules(&n);
    print_title("What needs and excludes what", '=');
    puts("What QEMU itself does about it, by its version.\n"
         "We refuse all of it before anything is set, unless "
         "``--no-preflight`` is given.\n");
    print_head("18 8 18 10 24 22", CELLS("setting", "", "other setting", "QEMU",
                                         "what QEMU does", "besides"));
    for (size_t i = 0; i < n; i++) {
        print_rule(&rules[i]);
    }
}

static void print_effects(void)
{
    size_t n;
    const CapsEffect *effects = caps_match_effects(&n);
    print_title("What does nothing without another", '=');
    puts("QEMU takes these alone, and nothing comes of it.\n"
         "Given by ``--enable`` or ``--set`` that is a warning, by a feature's "
         "option it is refused.\n");
    print_head("1 2", CELLS("setting", "needs"));
    for (size_t i = 0; i < n; i++) {
        const char *names[] = { effects[i].name, NULL };
        g_autoptr(GPtrArray) relations = relations_of(names);
        g_autofree char *name = literal(effects[i].name);
        g_autofree char *needs = relations_to_text(relations, RULE_NEEDS);
        print_row(CELLS(name, needs));
    }
}

/* --- capabilities and parameters --- */

/* What it is, and what is special about it. */
static char *describe(const CapsRow *row)
{
    const struct {
        const char *words, *what;
    } notes[] = {
        { "deprecated since", row->deprecated },
        { "never turned on by us:", row->never_on },
        { "never turned off by us:", row->never_off },
    };
    GString *text = g_string_new(row->help);
    g_autofree char *heeded = describe_heeded(row);
    if (*heeded) {
        g_string_append_printf(text, "; %s", heeded);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(notes); i++) {
        if (notes[i].what) {
            g_string_append_printf(text, "; %s %s", notes[i].words,
                                   notes[i].what);
        }
    }
    return g_string_free(text, FALSE);
}

static void print_capabilities(void)
{
    size_t n;
    const CapsRow *rows = caps_table_capabilities(&n);
    print_title("Capabilities", '=');
    puts("``--enable`` and ``--disable`` take any that QEMU has.\n");
    print_head("20 9 11 16 22 28", CELLS("name", "side", "QEMU", "needs",
                                         "excludes", "what it does"));
    for (size_t i = 0; i < n; i++) {
        const char *names[] = { rows[i].name, NULL };
        g_autoptr(GPtrArray) relations = relations_of(names);
        g_autofree char *name = literal(rows[i].name);
        g_autofree char *versions =
            relation_versions_to_text(rows[i].since, rows[i].until);
        g_autofree char *needs = relations_to_text(relations, RULE_NEEDS);
        g_autofree char *excludes = relations_to_text(relations, RULE_EXCLUDES);
        g_autofree char *what = describe(&rows[i]);
        print_row(CELLS(name, needed_by_name(rows[i].sides), versions, needs,
                        excludes, what));
    }
}

static void print_parameters(void)
{
    size_t n;
    const CapsRow *rows = caps_table_parameters(&n);
    print_title("Parameters", '=');
    puts("``--set`` takes any that QEMU has; a bare number is in the unit that "
         "stands here.\n");
    print_head("22 9 7 14 9 11 28", CELLS("name", "side", "unit", "range",
                                          "default", "QEMU", "what it is"));
    for (size_t i = 0; i < n; i++) {
        g_autofree char *name = literal(rows[i].name);
        g_autofree char *range = describe_range(&rows[i]);
        g_autofree char *usual = describe_default(&rows[i]);
        g_autofree char *versions =
            relation_versions_to_text(rows[i].since, rows[i].until);
        g_autofree char *what = describe(&rows[i]);
        print_row(CELLS(name, needed_by_name(rows[i].sides),
                        unit_symbol(rows[i].unit), range,
                        rows[i].usual ? usual : "", versions, what));
    }
}

int main(void)
{
    puts("========\nFeatures\n========\n\n"
         ".. Written by tools/dev docs from the tables in caps/.\n\n"
         "What a migration can be told to do, since which QEMU, and what does "
         "not go together.\n"
         "``qmigrate caps`` prints the same of the program at hand; with the "
         "addresses of two QEMUs it says what fits them.\n\n"
         "*Side* is where a setting counts, and where we set it.\n"
         "*QEMU* is the versions that have it, or do so.\n"
         "What is newer than these tables is set as it is, on both sides.");
    print_features();
    print_rules();
    print_effects();
    print_capabilities();
    print_parameters();
    return 0;
}
