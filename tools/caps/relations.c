/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/caps/relations.h"

#include <string.h>

#include "caps/match.h"

static const char *const qemu_words[] = {
    [QEMU_REFUSES] = "refuses",
    [QEMU_REFUSES_LATER] = "refuses-at-migrate",
    [QEMU_BREAKS] = "breaks",
};
#define QEMU_IGNORES "ignores" /* it takes it, and that does nothing */

const char *relation_qemu_word(QemuDoes does)
{
    return qemu_words[does];
}

static void relation_free(Relation *relation)
{
    g_free(relation->setting);
    g_free(relation->together_with);
    g_free(relation);
}

static bool is_one_of(const char *const *names, const char *setting)
{
    for (; *names; names++) {
        if (caps_settings_name(setting, *names)) {
            return true;
        }
    }
    return false;
}

static void add(GPtrArray *relations, const char *const *names,
                Relation relation)
{
    if (is_one_of(names, relation.setting)) {
        g_free(relation.setting);
        g_free(relation.together_with);
        return;
    }
    g_ptr_array_add(relations, g_memdup2(&relation, sizeof(relation)));
}

/* A rule's first setting is what it is about, any other a condition. */
static void add_rule(GPtrArray *relations, const char *const *names,
                     const CapsRule *rule)
{
    g_auto(GStrv) when = g_strsplit(rule->when, " ", 2);
    bool is_about = is_one_of(names, when[0]);
    bool is_other =
        rule->kind == RULE_EXCLUDES && is_one_of(names, rule->other);
    if (is_about || is_other) {
        add(relations, names,
            (Relation){ .kind = rule->kind,
                        .setting = g_strdup(is_about ? rule->other : when[0]),
                        .together_with = g_strdup(when[1]),
                        .qemu = qemu_words[rule->qemu],
                        .since = rule->since,
                        .until = rule->until,
                        .why = rule->why });
    }
}

static void add_effect(GPtrArray *relations, const char *const *names,
                       const CapsEffect *effect)
{
    if (!is_one_of(names, effect->name)) {
        return;
    }
    g_auto(GStrv) needs = g_strsplit(effect->needs, " ", -1);
    for (char **need = needs; *need; need++) {
        add(relations, names,
            (Relation){ .kind = RULE_NEEDS,
                        .setting = g_strdup(*need),
                        .qemu = QEMU_IGNORES });
    }
}

GPtrArray *relations_of(const char *const *names)
{
    size_t n;
    GPtrArray *relations =
        g_ptr_array_new_with_free_func((GDestroyNotify)relation_free);
    const CapsRule *rules = caps_rules(&n);
    for (size_t i = 0; i < n; i++) {
        add_rule(relations, names, &rules[i]);
    }
    const CapsEffect *effects = caps_match_effects(&n);
    for (size_t i = 0; i < n; i++) {
        add_effect(relations, names, &effects[i]);
    }
    return relations;
}

const char **relations_feature_names(const CapsFeature *feature)
{
    GPtrArray *names = g_ptr_array_new();
    for (size_t i = 0;
         i < G_N_ELEMENTS(feature->capabilities) && feature->capabilities[i];
         i++) {
        g_ptr_array_add(names, (char *)feature->capabilities[i]);
    }
    for (size_t i = 0;
         i < G_N_ELEMENTS(feature->parameters) && feature->parameters[i]; i++) {
        g_ptr_array_add(names, (char *)feature->parameters[i]);
    }
    g_ptr_array_add(names, NULL);
    return (const char **)g_ptr_array_free(names, FALSE);
}

char *relation_setting_to_text(const char *setting)
{
    const char *equals = strchr(setting, '=');
    if (g_str_has_prefix(setting, "transport=")) {
        return caps_transport_to_text(equals + 1);
    }
    if (g_str_has_prefix(setting, "accel!=")) {
        return g_strdup_printf("any accelerator but %s", equals + 1);
    }
    /* Not empty: it is set. */
    return g_str_has_suffix(setting, "!=")
               ? g_strndup(setting, strlen(setting) - strlen("!="))
               : g_strdup(setting);
}

char *relation_versions_to_text(CapsVersion since, CapsVersion until)
{
    g_autofree char *first = caps_version_to_text(since);
    g_autofree char *end = caps_version_to_text(until);
    return since && until ? g_strdup_printf("from %s, before %s", first, end)
           : since        ? g_strdup_printf("from %s", first)
           : until        ? g_strdup_printf("before %s", end)
                          : g_strdup("");
}

static bool goes_on(const Relation *relation, const Relation *next)
{
    return relation->kind == next->kind && relation->until != 0 &&
           relation->until == next->since &&
           strcmp(relation->setting, next->setting) == 0 &&
           g_strcmp0(relation->together_with, next->together_with) == 0;
}

/* Once, also where two settings of a feature exclude the same. */
static void append(GPtrArray *texts, const Relation *relation,
                   CapsVersion since)
{
    g_autofree char *setting = relation_setting_to_text(relation->setting);
    g_autofree char *with =
        relation->together_with
            ? relation_setting_to_text(relation->together_with)
            : NULL;
    g_autofree char *versions =
        relation_versions_to_text(since, relation->until);
    char *text = g_strdup_printf(
        "%s%s%s%s%s%s%s", setting, with ? " (with " : "", with ? with : "",
        with ? ")" : "", *versions ? " (" : "", versions, *versions ? ")" : "");
    if (g_ptr_array_find_with_equal_func(texts, text, g_str_equal, NULL)) {
        g_free(text);
    } else {
        g_ptr_array_add(texts, text);
    }
}

char *relations_to_text(const GPtrArray *relations, RuleKind kind)
{
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    const Relation *begun = NULL; /* of those that are one */
    for (guint i = 0; i < relations->len; i++) {
        const Relation *relation = relations->pdata[i];
        if (relation->kind != kind) {
            continue;
        }
        begun = begun ? begun : relation;
        if (i + 1 == relations->len ||
            !goes_on(relation, relations->pdata[i + 1])) {
            append(texts, relation, begun->since);
            begun = NULL;
        }
    }
    g_ptr_array_add(texts, NULL);
    return g_strjoinv(", ", (char **)texts->pdata);
}
