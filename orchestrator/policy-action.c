/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "orchestrator/policy-action.h"

#include <inttypes.h>
#include <string.h>

#include "caps/units.h"

/* clang-format off */
static const struct {
    const char *name;
    PolicyAction action;
    bool may_have_time, must_have_time;
} actions[] = {
    { "downtime", POLICY_SET,      true,  true },
    { "postcopy", POLICY_POSTCOPY, false, false },
    { "stop",     POLICY_STOP,     true,  false },
    { "abort",    POLICY_ABORT,    false, false },
};
#define ACTIONS "'downtime TIME', 'postcopy', 'stop', 'stop TIME' or 'abort'"
/* clang-format on */

G_GNUC_PRINTF(2, 3)
gboolean policy_refuse(GError **error, const char *format, ...)
{
    va_list words;
    va_start(words, format);
    if (error) {
        *error = g_error_new_valist(G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                                    format, words);
    }
    va_end(words);
    return FALSE;
}

char *policy_did_you_mean(const Nearest *nearest)
{
    return nearest->best
               ? g_strdup_printf("; did you mean '%s'?", nearest->best)
               : g_strdup("");
}

gboolean policy_parse_ms(const char *text, uint64_t least_ms, uint64_t most_ms,
                         uint64_t *ret, GError **error)
{
    uint64_t ms;
    if (!unit_parse(text, UNIT_MILLISECONDS, &ms, error)) {
        return FALSE;
    }
    if (ms < least_ms || ms > most_ms) {
        return policy_refuse(error,
                             "'%s' is not from %" PRIu64 " ms to %" PRIu64 " s",
                             text, least_ms, most_ms / 1000);
    }
    *ret = ms;
    return TRUE;
}

static gboolean refuse_action(const char *name, GError **error)
{
    Nearest nearest = nearest_start(name);
    for (size_t i = 0; i < G_N_ELEMENTS(actions); i++) {
        nearest_offer(&nearest, actions[i].name);
    }
    g_autofree char *meant = policy_did_you_mean(&nearest);
    return policy_refuse(
        error, "there is no action '%s'%s (it takes " ACTIONS ")", name, meant);
}

gboolean policy_parse_action(const char *text, ScheduleAction *ret,
                             GError **error)
{
    g_auto(GStrv) words = g_strsplit_set(text, " \t", 2);
    const char *name = words[0] ? words[0] : "";
    const char *time = words[0] && words[1] ? g_strstrip(words[1]) : NULL;
    size_t i = 0;
    while (i < G_N_ELEMENTS(actions) && strcmp(actions[i].name, name) != 0) {
        i++;
    }
    if (i == G_N_ELEMENTS(actions)) {
        return refuse_action(name, error);
    }
    if (time ? !actions[i].may_have_time : actions[i].must_have_time) {
        return policy_refuse(error, "'%s' takes %s time (it takes " ACTIONS ")",
                             name, time ? "no" : "a");
    }
    *ret = (ScheduleAction){ actions[i].action, 0 };
    return !time || policy_parse_ms(time, 1, POLICY_STOP_MS, &ret->ms, error);
}

GStrv policy_split(const char *value)
{
    GStrv parts = g_strsplit(value, ";", -1);
    guint n = g_strv_length(parts);
    for (guint i = 0; i < n; i++) {
        g_strstrip(parts[i]);
    }
    if (n > 1 && parts[n - 1][0] == '\0') {
        g_clear_pointer(&parts[n - 1], g_free);
    }
    return parts;
}

gboolean policy_parse_step(const char *text, Unit unit, ScheduleStep *ret,
                           GError **error)
{
    g_auto(GStrv) parts = g_strsplit(text, ":", 2);
    if (g_strv_length(parts) != 2) {
        return policy_refuse(
            error, "'%s' has no limit: it takes 'LIMIT: ACTION'", text);
    }
    return unit_parse(g_strstrip(parts[0]), unit, &ret->limit, error) &&
           policy_parse_action(g_strstrip(parts[1]), &ret->act, error);
}
