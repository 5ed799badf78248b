/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "orchestrator/policy-file.h"

#include <string.h>

#include "caps/feature.h"
#include "caps/nearest.h"
#include "caps/units.h"
#include "orchestrator/policy-action.h"

#define GROUP       "policy"
#define BOM         "\xef\xbb\xbf" /* some editors begin a file with it */
#define POLL_MS     1000u
#define POLL_MS_MAX 3600000u

typedef struct {
    PolicySpec spec;
    Schedule schedule;
    char *name;
    GPtrArray *features; /* of char *, NULL-terminated */
    GArray *steps;       /* of ScheduleStep */
    GArray *last;        /* of ScheduleAction */
} PolicyFile;

/* clang-format off */
static const struct {
    const char *name;
    Unit unit; /* of a limit */
} counts[N_COUNTS] = {
    [COUNT_PASSES]     = { "passes", UNIT_NONE },
    [COUNT_STALLED]    = { "stalled", UNIT_NONE },
    [COUNT_MS]         = { "time", UNIT_MILLISECONDS },
    [COUNT_MS_PER_GIB] = { "time-per-gib", UNIT_MILLISECONDS },
};

/* clang-format on */

static gboolean read_name(PolicyFile *file, const char *value, GError **error)
{
    if (value[0] == '\0') {
        return policy_refuse(error, "it takes a word");
    }
    for (const char *at = value; *at; at = g_utf8_next_char(at)) {
        if (g_unichar_iscntrl(g_utf8_get_char(at))) {
            return policy_refuse(error, "it has a control character in it");
        }
    }
    if (policy_spec_find(value)) {
        return policy_refuse(error, "'%s' is built in; it takes another name",
                             value);
    }
    g_free(file->name);
    file->name = g_strdup(value);
    return TRUE;
}

static gboolean read_start(PolicyFile *file, const char *value, GError **error)
{
    return policy_parse_ms(value, 1, POLICY_STOP_MS, &file->schedule.start_ms,
                           error);
}

static gboolean read_poll(PolicyFile *file, const char *value, GError **error)
{
    uint64_t ms = 0;
    if (!policy_parse_ms(value, 0, POLL_MS_MAX, &ms, error)) {
        return FALSE;
    }
    file->spec.poll_ms = ms;
    return TRUE;
}

static gboolean read_count(PolicyFile *file, const char *value, GError **error)
{
    Nearest nearest = nearest_start(value);
    for (ScheduleCount i = 0; i < N_COUNTS; i++) {
        if (strcmp(counts[i].name, value) == 0) {
            file->schedule.count = i;
            return TRUE;
        }
        nearest_offer(&nearest, counts[i].name);
    }
    g_autofree char *meant = policy_did_you_mean(&nearest);
    return policy_refuse(
        error,
        "'%s' cannot be counted%s (it takes passes, stalled, time or "
        "time-per-gib)",
        value, meant);
}

static gboolean read_steps(PolicyFile *file, const char *value, GError **error)
{
    Unit unit = counts[file->schedule.count].unit;
    g_auto(GStrv) parts = policy_split(value);
    for (guint i = 0; parts[i]; i++) {
        ScheduleStep step;
        if (!policy_parse_step(parts[i], unit, &step, error)) {
            return FALSE;
        }
        if (i > 0 &&
            step.limit <=
                g_array_index(file->steps, ScheduleStep, i - 1).limit) {
            return policy_refuse(
                error,
                "'%s' does not come after '%s': each limit must be "
                "greater than the one before",
                parts[i], parts[i - 1]);
        }
        g_array_append_val(file->steps, step);
    }
    return TRUE;
}

static gboolean read_last(PolicyFile *file, const char *value, GError **error)
{
    g_auto(GStrv) parts = policy_split(value);
    for (guint i = 0; parts[i]; i++) {
        ScheduleAction action;
        if (!policy_parse_action(parts[i], &action, error)) {
            return FALSE;
        }
        g_array_append_val(file->last, action);
    }
    return TRUE;
}

static gboolean read_timeout(PolicyFile *file, const char *value,
                             GError **error)
{
    return policy_parse_ms(value, 1, INT32_MAX, &file->schedule.timeout_ms,
                           error);
}

static gboolean read_timeout_per_gib(PolicyFile *file, const char *value,
                                     GError **error)
{
    return policy_parse_ms(value, 1, INT32_MAX,
                           &file->schedule.timeout_ms_per_gib, error);
}

/* Whatever is left then.  Post-copy is one where it is armed; a stop within some
 * time may find more than fits. */
static bool is_end(ScheduleAction action)
{
    return action.action == POLICY_ABORT ||
           (action.action == POLICY_STOP && action.ms == 0);
}

static gboolean read_at_timeout(PolicyFile *file, const char *value,
                                GError **error)
{
    if (!policy_parse_action(value, &file->schedule.at_timeout, error)) {
        return FALSE;
    }
    const ScheduleAction *act = &file->schedule.at_timeout;
    if (!is_end(*act) && act->action != POLICY_POSTCOPY) {
        return policy_refuse(error,
                             "'%s' is no end (it takes 'abort', 'postcopy' or "
                             "'stop')",
                             value);
    }
    if (file->schedule.timeout_ms == 0 &&
        file->schedule.timeout_ms_per_gib == 0) {
        return policy_refuse(error,
                             "there is no timeout; it goes with 'timeout' or "
                             "'timeout-per-gib'");
    }
    return TRUE;
}

static gboolean read_feature(PolicyFile *file, const char *option,
                             GError **error)
{
    size_t n;
    const CapsFeature *features = caps_features(&n);
    Nearest nearest = nearest_start(option);
    for (size_t i = 0; i < n; i++) {
        if (strcmp(features[i].option, option) == 0) {
            g_ptr_array_add(file->features, g_strdup(option));
            return features[i].value && !features[i].is_value_optional
                       ? policy_refuse(error,
                                       "--%s takes a %s; here it cannot be "
                                       "given one",
                                       option, features[i].value)
                       : TRUE;
        }
        nearest_offer(&nearest, features[i].option);
    }
    g_autofree char *meant = policy_did_you_mean(&nearest);
    return policy_refuse(error, "there is no option --%s%s", option, meant);
}

static gboolean read_features(PolicyFile *file, const char *value,
                              GError **error)
{
    g_auto(GStrv) parts = policy_split(value);
    for (guint i = 0; parts[i]; i++) {
        if (!read_feature(file, parts[i], error)) {
            return FALSE;
        }
    }
    return TRUE;
}

/* In the order in which they are read. */
static const struct {
    const char *name;
    gboolean (*read)(PolicyFile *file, const char *value, GError **error);
} keys[] = {
    { "name", read_name },
    { "features", read_features },
    { "start-downtime", read_start },
    { "poll", read_poll },
    { "count", read_count },
    { "steps", read_steps },
    { "last", read_last },
    { "timeout", read_timeout },
    { "timeout-per-gib", read_timeout_per_gib },
    { "at-timeout", read_at_timeout },
};

static gboolean refuse_key(const char *name, GError **error)
{
    Nearest nearest = nearest_start(name);
    g_autoptr(GString) all = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
        nearest_offer(&nearest, keys[i].name);
        g_string_append_printf(all, "%s%s", i > 0 ? ", " : "", keys[i].name);
    }
    g_autofree char *meant = policy_did_you_mean(&nearest);
    return policy_refuse(error, "there is no such key%s (it takes %s)", meant,
                         all->str);
}

static gboolean check_key(char **names, guint at, GError **error)
{
    size_t i = 0;
    while (i < G_N_ELEMENTS(keys) && strcmp(keys[i].name, names[at]) != 0) {
        i++;
    }
    if (i == G_N_ELEMENTS(keys)) {
        return refuse_key(names[at], error);
    }
    for (guint j = 0; j < at; j++) {
        if (strcmp(names[j], names[at]) == 0) {
            return policy_refuse(error, "it is there twice");
        }
    }
    return TRUE;
}

static gboolean check_keys(GKeyFile *ini, GError **error)
{
    g_auto(GStrv) names = g_key_file_get_keys(ini, GROUP, NULL, NULL);
    for (guint i = 0; names[i]; i++) {
        if (!check_key(names, i, error)) {
            g_prefix_error(error, "[" GROUP "] %s: ", names[i]);
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean check_groups(GKeyFile *ini, GError **error)
{
    g_auto(GStrv) groups = g_key_file_get_groups(ini, NULL);
    for (guint i = 0; groups[i]; i++) {
        if (strcmp(groups[i], GROUP) != 0) {
            return policy_refuse(error,
                                 "[%s]: there is no such group (it takes "
                                 "[" GROUP "])",
                                 groups[i]);
        }
    }
    return groups[0]
               ? TRUE
               : policy_refuse(error, "there is no group [" GROUP "] in it");
}

/* Everything that it does ends somewhere, and nothing is behind the end. */
static gboolean check_end(PolicyFile *file, GError **error)
{
    guint n = file->steps->len + file->last->len;
    ScheduleAction final = { POLICY_WAIT, 0 };
    for (guint i = 0; i < n; i++) {
        if (is_end(final)) {
            return policy_refuse(
                error, "[" GROUP "] %s: what follows '%s' never comes",
                i < file->steps->len ? "steps" : "last",
                policy_action_name(final.action));
        }
        final = i < file->steps->len
                    ? g_array_index(file->steps, ScheduleStep, i).act
                    : g_array_index(file->last, ScheduleAction,
                                    i - file->steps->len);
    }
    bool has_timeout =
        file->schedule.timeout_ms > 0 || file->schedule.timeout_ms_per_gib > 0;
    if (is_end(final) || has_timeout) {
        return TRUE;
    }
    if (final.action == POLICY_POSTCOPY) {
        file->spec.needs_postcopy = true;
        return TRUE;
    }
    return policy_refuse(
        error, "[" GROUP "] last: it has no end: the last action must be "
               "'abort', 'postcopy' or 'stop' without a time, or there must be "
               "a 'timeout' or 'timeout-per-gib'");
}

static gboolean read_keys(PolicyFile *file, GKeyFile *ini, GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
        g_autofree char *value =
            g_key_file_get_value(ini, GROUP, keys[i].name, NULL);
        if (value && !keys[i].read(file, g_strstrip(value), error)) {
            g_prefix_error(error, "[" GROUP "] %s: ", keys[i].name);
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean load(GKeyFile *ini, const char *text, GError **error)
{
    const char *bad;
    g_autoptr(GError) why = NULL;
    if (!g_utf8_validate(text, -1, &bad)) {
        return policy_refuse(error, "not UTF-8, at byte %zu",
                             (size_t)(bad - text));
    }
    if (g_str_has_prefix(text, BOM)) {
        text += strlen(BOM);
    }
    if (!g_key_file_load_from_data(ini, text, strlen(text), G_KEY_FILE_NONE,
                                   &why)) {
        return policy_refuse(error, "not an ini file: %s", why->message);
    }
    return TRUE;
}

static PolicyFile *file_new(void)
{
    PolicyFile *file = g_new0(PolicyFile, 1);
    file->name = g_strdup("file");
    file->features = g_ptr_array_new_with_free_func(g_free);
    file->steps = g_array_new(FALSE, FALSE, sizeof(ScheduleStep));
    file->last = g_array_new(FALSE, FALSE, sizeof(ScheduleAction));
    file->schedule.at_timeout.action = POLICY_ABORT;
    file->spec.poll_ms = POLL_MS;
    return file;
}

static void file_seal(PolicyFile *file)
{
    g_ptr_array_add(file->features, NULL);
    file->schedule.steps = (const ScheduleStep *)file->steps->data;
    file->schedule.n_steps = file->steps->len;
    file->schedule.last = (const ScheduleAction *)file->last->data;
    file->schedule.n_last = file->last->len;
    file->spec.name = file->name;
    file->spec.help = "a schedule from a file";
    file->spec.features = (const char *const *)file->features->pdata;
    file->spec.start_ms = schedule_start_ms;
    file->spec.judge = schedule_judge;
    file->spec.own_bytes = sizeof(ScheduleState);
    file->spec.data = &file->schedule;
}

PolicySpec *policy_spec_parse(const char *text, GError **error)
{
    g_autoptr(GKeyFile) ini = g_key_file_new();
    PolicyFile *file = file_new();
    if (!load(ini, text, error) || !check_groups(ini, error) ||
        !check_keys(ini, error) || !read_keys(file, ini, error) ||
        !check_end(file, error)) {
        policy_spec_free(&file->spec);
        return NULL;
    }
    file_seal(file);
    return &file->spec;
}

void policy_spec_free(PolicySpec *spec)
{
    if (!spec) {
        return;
    }
    PolicyFile *file = (PolicyFile *)spec; /* its first member */
    g_free(file->name);
    g_ptr_array_unref(file->features);
    g_array_unref(file->steps);
    g_array_unref(file->last);
    g_free(file);
}
