/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/lib/policy-play.h"

#include <inttypes.h>
#include <math.h>

#include "tests/lib/check.h"

#define TICK_S  0.1
#define UNTIL_S 2000

static int64_t left_mib(const Play *what, int64_t pass)
{
    int64_t left = 0;
    for (int64_t i = 0; i < MIN(pass, (int64_t)G_N_ELEMENTS(what->left_mib));
         i++) {
        left = what->left_mib[i] > 0 ? what->left_mib[i] : left;
    }
    return left > 0 ? left : 1024;
}

static Sample sample_at(const Play *what, int64_t time_us)
{
    int64_t rate = (what->mib_per_s > 0 ? what->mib_per_s : 100) * MIB;
    bool is_dead = what->dead_from_s > 0 && time_us >= what->dead_from_s * 1e6;
    int64_t moved_us = is_dead ? (int64_t)(what->dead_from_s * 1e6) : time_us;
    int64_t pass_us = (int64_t)(what->pass_s * 1e6);
    int64_t n_passes = pass_us > 0 ? moved_us / pass_us : 0;
    int64_t into_us = moved_us - n_passes * pass_us;
    double part =
        pass_us > 0 ? (double)into_us / pass_us : moved_us / (UNTIL_S * 1e6);
    Sample sample = sample_unknown();

    sample.time_us = time_us;
    sample.pass = n_passes + 1;
    sample.total_bytes = (what->total_mib > 0 ? what->total_mib : 1024) * MIB;
    sample.remaining_bytes =
        (int64_t)(left_mib(what, n_passes) * MIB * (1 - part / 2));
    sample.transferred_bytes = (int64_t)(rate / 1e6 * moved_us);
    sample.sent_bytes_per_s = is_dead ? 0 : rate;
    return sample;
}

char *play(const PolicySpec *spec, const PolicyTerms *terms, const Play *what,
           char **ret_reason)
{
    g_autoptr(Policy) policy = policy_new(spec, terms);
    GString *said = g_string_new(NULL);
    int64_t tick_us = llround((what->tick_s > 0 ? what->tick_s : TICK_S) * 1e6);
    int64_t until_us =
        llround((what->until_s > 0 ? what->until_s : UNTIL_S) * 1e6);
    *ret_reason = g_strdup("");

    for (int64_t now_us = 0; now_us <= until_us; now_us += tick_us) {
        Sample sample = sample_at(what, now_us);
        Verdict verdict = policy_judge(policy, &sample);
        if (verdict.action == POLICY_WAIT) {
            continue;
        }
        assert_non_null(verdict.rule);
        g_free(*ret_reason);
        *ret_reason = g_strdup(verdict.reason);
        g_string_append_printf(said, "%s%.1f %s", said->len > 0 ? ", " : "",
                               now_us / 1e6,
                               policy_action_name(verdict.action));
        if (verdict.parameter) {
            assert_string_equal(verdict.parameter, "downtime-limit");
            g_string_append_printf(said, " %" PRIu64, verdict.value);
        }
        if (verdict.action == POLICY_POSTCOPY ||
            verdict.action == POLICY_ABORT) {
            break;
        }
    }
    return g_string_free(said, FALSE);
}

void check_play_of(const PolicySpec *spec, const PolicyTerms *terms,
                   const Play *what, const char *expected, const char *reason)
{
    g_autofree char *why = NULL;
    g_autofree char *said = play(spec, terms, what, &why);
    if (strcmp(said, expected) != 0) {
        fail_msg("%s: \"%s\" instead of \"%s\"; the last one: %s",
                 policy_spec_name(spec), said, expected, why);
    }
    if (reason) {
        check_contains(why, reason);
    }
}

void check_play(const char *name, const PolicyTerms *terms, const Play *what,
                const char *expected, const char *reason)
{
    const PolicySpec *spec = policy_spec_find(name);
    if (!spec) {
        fail_msg("there is no policy %s", name);
    }
    check_play_of(spec, terms, what, expected, reason);
}
