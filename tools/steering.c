/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/steering.h"

#include <string.h>

#include "caps/feature.h"
#include "caps/nearest.h"
#include "caps/units.h"
#include "orchestrator/saturate.h"
#include "tools/policy-read.h"
#include "tools/settings.h"

#define PASSES_MAX 1000000

gboolean steering_take_policy(const char *name, const PolicySpec **ret,
                              GError **error)
{
    if (name && policy_is_file(name)) {
        return (*ret = policy_read(name, error)) != NULL;
    }
    *ret = policy_spec_find(name ? name : POLICY_DEFAULT);
    if (*ret) {
        return TRUE;
    }
    Nearest nearest = nearest_start(name);
    g_autoptr(GString) all = g_string_new(NULL);
    const PolicySpec *spec;
    for (guint i = 0; (spec = policy_spec_at(i)); i++) {
        nearest_offer(&nearest, policy_spec_name(spec));
        g_string_append_printf(all, "%s%s", i > 0 ? ", " : "",
                               policy_spec_name(spec));
    }
    return nearest.best
               ? option_refuse(
                     error,
                     "--policy: there is no policy '%s'; did you mean %s?",
                     name, nearest.best)
               : option_refuse(
                     error,
                     "--policy: there is no policy '%s' (it takes %s, or a "
                     "file, which has a '.' or a '/' in its name)",
                     name, all->str);
}

static gboolean take_time(const char *option, const char *text, uint64_t *us,
                          GError **error)
{
    uint64_t ms = 0;
    if (text && !option_quantity(option, text, UNIT_MILLISECONDS, &ms, error)) {
        return FALSE;
    }
    if (text && (ms == 0 || ms > 2000000)) {
        return option_refuse(error, "--%s: '%s' is not from 1ms to 2000s",
                             option, text);
    }
    *us = ms * 1000;
    return TRUE;
}

/* Where the user set downtime-limit, however it was spelt, there it starts. */
static void take_start(MigrationSettings *migration)
{
    for (guint i = 0; i < migration->wishes->len; i++) {
        const CapsWish *wish = migration->wishes->pdata[i];
        uint64_t ms;
        if (strcmp(wish->name, "downtime-limit") == 0 &&
            unit_parse(wish->value, UNIT_MILLISECONDS, &ms, NULL)) {
            migration->terms.start_downtime_us = saturate_us_from_ms(ms);
        }
    }
}

gboolean steering_take_on_stall(const char *text, PolicyTerms *terms,
                                GError **error)
{
    if (!text) {
        return TRUE;
    }
    for (OnStall i = ON_STALL_ABORT; i < N_ON_STALLS; i++) {
        if (strcmp(text, on_stall_name(i)) == 0) {
            terms->on_stall = i;
            return TRUE;
        }
    }
    return option_refuse(
        error, "--on-stall: '%s' is none of abort, postcopy, stop", text);
}

gboolean steering_take_postcopy_after(const char *text, PolicyTerms *terms,
                                      GError **error)
{
    guint64 passes = 0;
    if (text &&
        !g_ascii_string_to_unsigned(text, 10, 1, PASSES_MAX, &passes, NULL)) {
        return option_refuse(
            error, "--postcopy-after: '%s' is no number of passes, from 1",
            text);
    }
    terms->postcopy_after_passes = passes;
    return TRUE;
}

static bool has_feature(const MigrationSettings *migration, const char *option)
{
    const GPtrArray *features = migration->features;
    for (guint i = 0; features && i < features->len; i++) {
        const CapsFeatureWish *wish = features->pdata[i];
        if (strcmp(wish->feature->option, option) == 0) {
            return true;
        }
    }
    return false;
}

static bool arms_postcopy(const MigrationSettings *migration)
{
    for (guint i = 0; i < migration->wishes->len; i++) {
        const CapsWish *wish = migration->wishes->pdata[i];
        if (strcmp(wish->name, "postcopy-ram") == 0) {
            return wish->on;
        }
    }
    return has_feature(migration, "postcopy") ||
           has_feature(migration, "preempt");
}

static void add_features(MigrationSettings *migration)
{
    const char *const *option = policy_spec_features(migration->policy);
    if (!migration->features) {
        migration->features = g_ptr_array_new_with_free_func(
            (GDestroyNotify)caps_feature_wish_free);
    }
    for (; *option; option++) {
        if (!has_feature(migration, *option)) {
            g_ptr_array_add(migration->features,
                            caps_feature_wish_new(caps_feature(*option), NULL));
        }
    }
}

gboolean steering_check(const PolicySpec *policy, const PolicyTerms *terms,
                        bool has_postcopy, GError **error)
{
    if (policy && terms->on_stall != ON_STALL_UNSAID &&
        !policy_spec_heeds_on_stall(policy)) {
        return option_refuse(
            error,
            "--on-stall is not for --policy %s, which says itself "
            "what it does then",
            policy_spec_name(policy));
    }
    if (terms->on_stall == ON_STALL_POSTCOPY && !has_postcopy) {
        return option_refuse(error, "--on-stall=postcopy needs --postcopy");
    }
    if (terms->postcopy_after_passes > 0 && !has_postcopy) {
        return option_refuse(error, "--postcopy-after needs --postcopy");
    }
    if (policy && policy_spec_needs_postcopy(policy) && !has_postcopy) {
        return option_refuse(
            error,
            "--policy: '%s' has no end but post-copy, which is not "
            "armed; it needs --postcopy or 'features = postcopy', or "
            "an action behind it",
            policy_spec_name(policy));
    }
    return TRUE;
}

static gboolean check(const MigrationSettings *migration,
                      const SteeringWords *words, GError **error)
{
    const PolicyTerms *terms = &migration->terms;

    if (terms->max_downtime_us > 0 &&
        terms->max_downtime_us < terms->start_downtime_us) {
        return option_refuse(
            error,
            "--max-downtime: '%s' is under the downtime-limit of "
            "%.0f ms, where the policy starts",
            words->max_downtime, terms->start_downtime_us / 1e3);
    }
    return steering_check(migration->policy, terms, arms_postcopy(migration),
                          error);
}

gboolean steering_take(const SteeringWords *words, MigrationSettings *migration,
                       GError **error)
{
    PolicyTerms *terms = &migration->terms;
    if (!steering_take_policy(words->policy, &migration->policy, error) ||
        !take_time("max-downtime", words->max_downtime, &terms->max_downtime_us,
                   error) ||
        !steering_take_on_stall(words->on_stall, terms, error) ||
        !steering_take_postcopy_after(words->postcopy_after, terms, error)) {
        return FALSE;
    }
    take_start(migration);
    add_features(migration);
    return check(migration, words, error);
}
