/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Each rule of adaptive, by passes that are made up. */
#include "tests/lib/check.h"

#include <inttypes.h>

#include "orchestrator/policy.h"

#define MIB       INT64_C(1048576)
#define TICK_US   100000
#define TOTAL_MIB 1000 /* the first pass takes 10 s */
#define MIB_PER_S 100

typedef struct {
    int left_mib;  /* what the pass leaves; 0: there is no more */
    int throttle;  /* percent, in the pass; 0: none */
    double dead_s; /* nothing moves for so long, at its end */
    int mib_per_s; /* 0: as usual */
} Pass;

typedef struct {
    Policy *policy;
    GString *said;
    char reason[240];
    Sample sample;
    bool ended;
} Player;

static const char *short_name(const char *parameter)
{
    return strcmp(parameter, "downtime-limit") == 0 ? "limit" : parameter;
}

static void judge(Player *player)
{
    Verdict verdict = policy_judge(player->policy, &player->sample);
    if (verdict.action == POLICY_WAIT || player->ended) {
        return;
    }
    assert_non_null(verdict.rule);
    g_strlcpy(player->reason, verdict.reason, sizeof(player->reason));
    g_string_append_printf(player->said, "%s%.1f %s",
                           player->said->len > 0 ? ", " : "",
                           player->sample.time_us / 1e6, verdict.rule);
    if (verdict.action == POLICY_SET) {
        g_string_append_printf(player->said, " %s=%" PRIu64,
                               short_name(verdict.parameter), verdict.value);
    }
    player->ended = verdict.action != POLICY_SET;
}

static void tick(Player *player, const Pass *pass, bool is_dead)
{
    Sample *sample = &player->sample;
    int64_t rate = (pass->mib_per_s > 0 ? pass->mib_per_s : MIB_PER_S) * MIB;
    int64_t sent = is_dead ? 0 : rate * TICK_US / 1000000;
    sent = MIN(sent, sample->remaining_bytes);
    sample->time_us += TICK_US;
    sample->transferred_bytes += sent;
    sample->sent_bytes_per_s = sent * 1000000 / TICK_US;
    sample->remaining_bytes -= sent;
    sample->throttle_percent = pass->throttle > 0 ? pass->throttle : -1;
}

static void play_pass(Player *player, const Pass *pass)
{
    while (player->sample.remaining_bytes > 0) {
        tick(player, pass, /* is_dead= */ false);
        if (player->sample.remaining_bytes == 0) {
            break;
        }
        judge(player);
    }
    for (double s = 0; s < pass->dead_s; s += TICK_US / 1e6) {
        player->sample.remaining_bytes = 1; /* the last byte does not go */
        judge(player);
        tick(player, pass, /* is_dead= */ true);
    }
    player->sample.pass++;
    player->sample.remaining_bytes = pass->left_mib * MIB;
    judge(player);
}

/* What was said until the policy ended the precopy, "10.0 downtime limit=300",
 * and the last reason. */
static void check(const PolicyTerms *terms, const Pass *passes,
                  const char *expected, const char *reason)
{
    g_autoptr(Policy) policy = policy_new(policy_spec_find("adaptive"), terms);
    g_autoptr(GString) said = g_string_new(NULL);
    Player player = { .policy = policy,
                      .said = said,
                      .sample = sample_unknown() };
    player.sample.time_us = 0;
    player.sample.pass = 1;
    player.sample.total_bytes = TOTAL_MIB * MIB;
    player.sample.remaining_bytes = TOTAL_MIB * MIB;
    player.sample.transferred_bytes = 0;
    judge(&player);
    for (int i = 0; passes[i].left_mib > 0; i++) {
        play_pass(&player, &passes[i]);
    }
    if (strcmp(said->str, expected) != 0) {
        fail_msg("\"%s\" instead of \"%s\"; the last one: %s", said->str,
                 expected, player.reason);
    }
    if (reason) {
        check_contains(player.reason, reason);
    }
}

static const PolicyTerms second = { .max_downtime_us = 1000000 };
static const PolicyTerms armed = { .max_downtime_us = 300000,
                                   .has_postcopy = true };
static const PolicyTerms throttled = { .max_downtime_us = 300000,
                                       .has_auto_converge = true };

#define LEAST                                                                  \
    "0.0 no-throttle cpu-throttle-initial=1, 0.1 no-throttle "                 \
    "max-cpu-throttle=1"

static void what_fits_is_left_alone(void **state)
{
    const Pass calm[] = { { 100 }, { 9 }, { 5 }, { 0 } };
    check(&second, calm, "", NULL);
}

/* The second pass was short, and left as much as the first. */
static void downtime_is_given_when_less_does_not_come(void **state)
{
    const Pass level[] = { { 60 }, { 50 }, { 0 } };
    check(&second, level, "10.6 downtime limit=682",
          "pass 2 left 50 MiB, 0.50 s at 100 MiB/s; with 0.68 s of downtime it "
          "is done in 0.5 s; with less it would take over 1.5 % longer");
}

/* The next pass takes 0.15 s, that is less than 2 % of the time. */
static void downtime_is_not_given_while_passes_shrink(void **state)
{
    const Pass shrinks[] = { { 80 }, { 15 }, { 9 }, { 0 } };
    check(&second, shrinks, "", NULL);
}

/* This QEMU does not switch over when it may: the limit is low again for the
 * next pass. */
static void never_more_downtime_than_allowed(void **state)
{
    const PolicyTerms terms = { .max_downtime_us = 350000 };
    const Pass level[] = {
        { 60 }, { 30 }, { 40 }, { 30 }, { 40 }, { 30 }, { 0 }
    };
    check(&terms, level,
          "11.3 downtime limit=350, 11.6 passes limit=100, "
          "12.0 downtime limit=350",
          NULL);
}

static void a_floor_is_hopeless_when_it_is_proved(void **state)
{
    const PolicyTerms terms = { .max_downtime_us = 300000 };
    const Pass floor[] = { { 200 }, { 198 }, { 199 }, { 200 },
                           { 198 }, { 199 }, { 0 } };
    check(&terms, floor, "16.0 hopeless",
          "pass 4 left 200 MiB, 2.02 s at 99 MiB/s, and does not come down to "
          "the 0.30 s allowed; it needs 457 MiB/s, or 2.3 s of downtime, or "
          "auto-converge, or post-copy");
}

static void what_still_shrinks_is_not_hopeless(void **state)
{
    const PolicyTerms terms = { .max_downtime_us = 300000 };
    const Pass slow[] = { { 200 }, { 190 }, { 180 }, { 171 }, { 163 }, { 155 },
                          { 147 }, { 140 }, { 133 }, { 126 }, { 120 }, { 0 } };
    check(&terms, slow, "", NULL);
}

static void a_saw_tooth_that_falls_is_not_hopeless(void **state)
{
    const PolicyTerms terms = { .max_downtime_us = 300000 };
    const Pass saw[] = { { 200 }, { 240 }, { 180 }, { 220 }, { 160 }, { 200 },
                         { 145 }, { 180 }, { 130 }, { 160 }, { 115 }, { 0 } };
    check(&terms, saw, "", NULL);
}

static void stop_waits_for_a_low(void **state)
{
    const PolicyTerms terms = { .max_downtime_us = 100000,
                                .on_stall = ON_STALL_STOP };
    const Pass saw[] = {
        { 20 }, { 40 }, { 20 }, { 40 }, { 20 }, { 40 }, { 20 },
        { 40 }, { 20 }, { 40 }, { 20 }, { 40 }, { 20 }, { 40 },
        { 20 }, { 40 }, { 40 }, { 40 }, { 20 }, { 20 }, { 0 }
    };
    check(&terms, saw, "15.6 stop", "pass 19 left 20 MiB");
}

static void postcopy_is_taken_early(void **state)
{
    const Pass hot[] = { { 900 }, { 0 } };
    check(&armed, hot, "10.0 postcopy",
          "pass 1 left 900 MiB, 9.00 s at 100 MiB/s; passes do not come down "
          "to the 0.30 s allowed: post-copy");
    const Pass warm[] = { { 300 }, { 0 } };
    check(&armed, warm, "10.0 postcopy",
          "passes would take 5.6 s more to come down");
}

static void postcopy_is_not_taken_where_passes_do(void **state)
{
    const Pass calm[] = { { 100 }, { 10 }, { 0 } };
    check(&armed, calm, "", NULL);
}

/* Of 205 MiB passes would take half as long again as post-copy, as far as one
 * pass tells; the second one takes 2 s, and tells. */
static void a_short_second_pass_is_looked_at_before_postcopy(void **state)
{
    const Pass comes_down[] = { { 205 }, { 9 }, { 0 } };
    check(&armed, comes_down, "", NULL);
    const Pass stays[] = { { 205 }, { 205 }, { 0 } };
    check(&armed, stays, "12.1 postcopy", "pass 2 left 205 MiB");
    const Pass longer[] = { { 215 }, { 20 }, { 0 } };
    check(&armed, longer, "10.0 postcopy", "pass 1 left 215 MiB");
}

static void postcopy_only_if_it_may(void **state)
{
    PolicyTerms terms = armed;
    const Pass hot[] = { { 900 }, { 890 }, { 900 }, { 890 },
                         { 895 }, { 900 }, { 0 } };
    terms.on_stall = ON_STALL_ABORT;
    check(&terms, hot, "36.9 hopeless",
          "it needs 357 MiB/s, or 9.8 s of downtime, or auto-converge");
    terms.on_stall = ON_STALL_STOP;
    check(&terms, hot, "36.9 stop", "the guest is stopped for about 8.9 s");
}

static void a_dead_link_is_no_stall(void **state)
{
    const Pass dead[] = { { 100, 0, 30 }, { 90, 0, 10 }, { 0 } };
    check(&armed, dead, "", NULL);
    const PolicyTerms terms = { .max_downtime_us = 300000,
                                .timeout_us = 30000000,
                                .has_postcopy = true };
    const Pass late[] = { { 100, 0, 30 }, { 0 } };
    check(&terms, late, "", NULL);
    /* it lives again, and its bandwidth is what it was */
    const Pass again[] = { { 300, 0, 30 }, { 290 }, { 0 } };
    check(&armed, again, "43.0 postcopy", "at 100 MiB/s");
}

static void throttle_is_kept_harmless(void **state)
{
    const Pass calm[] = { { 100 }, { 9 }, { 0 } };
    check(&throttled, calm, LEAST,
          "until it is needed QEMU shall slow the guest down by 1 % at most");
    const PolicyTerms terms = { .max_downtime_us = 300000,
                                .has_dirty_limit = true };
    check(&terms, calm, "0.0 no-throttle vcpu-dirty-limit=100000",
          "let each vCPU dirty up to 100000 MiB/s");
}

/* 900 MiB in 10 s: 45 MiB/s would leave half. */
static void throttle_is_as_much_as_is_enough(void **state)
{
    const Pass hot[] = { { 900 }, { 450, 45 }, { 200, 45 }, { 0 } };
    check(&throttled, hot,
          LEAST ", 10.0 throttle max-cpu-throttle=45, "
                "10.1 throttle cpu-throttle-increment=45",
          "pass 1 left 900 MiB, 9.00 s at 100 MiB/s; with the guest slowed "
          "down by 45 % each pass leaves half");
}

/* 900 MiB in 9 s, of which it ran 5 s, and 600 MiB in as long: that is 150 MiB/s,
 * a third of which leaves half. */
static void a_throttled_guest_is_not_calm(void **state)
{
    const Pass hot[] = { { 900 }, { 900, 45 }, { 600, 45 }, { 0 } };
    check(&throttled, hot,
          LEAST ", 10.0 throttle max-cpu-throttle=45, "
                "10.1 throttle cpu-throttle-increment=45, "
                "28.0 throttle max-cpu-throttle=67",
          NULL);
}

/* It has not taken all that it was told, or it did so within the pass. */
static void a_throttle_is_given_time(void **state)
{
    const Pass not_taken[] = { { 900 },     { 900, 20 }, { 900, 20 },
                               { 900, 20 }, { 900, 20 }, { 0 } };
    check(&throttled, not_taken,
          LEAST ", 10.0 throttle max-cpu-throttle=45, "
                "10.1 throttle cpu-throttle-increment=45",
          NULL);
    const Pass short_ones[] = { { 60 },     { 60 },     { 60, 69 }, { 60, 69 },
                                { 60, 69 }, { 60, 69 }, { 0 } };
    check(&throttled, short_ones,
          LEAST ", 10.6 throttle max-cpu-throttle=50, "
                "10.7 throttle cpu-throttle-increment=50, "
                "12.4 throttle max-cpu-throttle=85, "
                "12.5 throttle cpu-throttle-increment=85",
          NULL);
}

/* It waits as long as QEMU's throttle rises, and a bit to see what it does. */
static void the_users_throttle_is_left(void **state)
{
    const PolicyTerms terms = { .max_downtime_us = 300000,
                                .has_auto_converge = true,
                                .throttle_is_users = true,
                                .max_throttle_percent = 40 };
    const Pass rises[] = { { 200 },     { 200 },     { 200, 20 }, { 200, 20 },
                           { 200, 20 }, { 200, 20 }, { 200, 20 }, { 200, 20 },
                           { 200, 30 }, { 200, 30 }, { 0 } };
    check(&terms, rises, "", NULL);
    const Pass most[] = { { 200 },     { 200 },     { 200, 40 }, { 200, 40 },
                          { 200, 40 }, { 200, 40 }, { 200, 40 }, { 200, 40 },
                          { 200, 40 }, { 0 } };
    check(&terms, most, "20.0 hopeless", "2.2 s of downtime, or post-copy");
    PolicyTerms can_switch = terms;
    can_switch.has_postcopy = true;
    check(&can_switch, rises, "12.0 postcopy", NULL);
}

static void timeout_is_acted_on_before_it_is_over(void **state)
{
    PolicyTerms terms = { .max_downtime_us = 300000,
                          .timeout_us = 20000000,
                          .on_stall = ON_STALL_STOP };
    const Pass hot[] = { { 300 }, { 290 }, { 295 }, { 290 }, { 0 } };
    check(&terms, hot,
          "10.0 downtime limit=209, 13.0 passes limit=100, 16.0 last-call",
          "4.0 s are left: the guest is stopped");
    terms.on_stall = ON_STALL_ABORT;
    check(&terms, hot,
          "10.0 downtime limit=209, 13.0 passes limit=100, 16.0 hopeless",
          "does not come down to the 0.30 s allowed in time; it needs");
}

static void a_link_that_is_too_slow_is_told_early(void **state)
{
    const PolicyTerms terms = { .max_downtime_us = 300000,
                                .timeout_us = 8000000 };
    const Pass slow[] = { { 300 }, { 0 } };
    check(&terms, slow, "2.0 too-slow",
          "the first pass has 800 MiB to go, 8.0 s at 100 MiB/s, and 6.0 s are "
          "left; it needs 133 MiB/s, or a timeout of 13 s at least");
}

static void the_dirty_limit_goes_down_until_it_is_enough(void **state)
{
    const PolicyTerms terms = { .max_downtime_us = 300000,
                                .has_dirty_limit = true };
    const Pass hot[] = { { 900 }, { 890 }, { 800 }, { 790 },
                         { 790 }, { 790 }, { 790 }, { 0 } };
    check(&terms, hot,
          "0.0 no-throttle vcpu-dirty-limit=100000, "
          "10.0 throttle vcpu-dirty-limit=50, "
          "51.7 throttle vcpu-dirty-limit=25",
          "with no vCPU dirtying over 25 MiB/s each pass leaves half");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_fits_is_left_alone),
        cmocka_unit_test(downtime_is_given_when_less_does_not_come),
        cmocka_unit_test(downtime_is_not_given_while_passes_shrink),
        cmocka_unit_test(never_more_downtime_than_allowed),
        cmocka_unit_test(a_floor_is_hopeless_when_it_is_proved),
        cmocka_unit_test(what_still_shrinks_is_not_hopeless),
        cmocka_unit_test(a_saw_tooth_that_falls_is_not_hopeless),
        cmocka_unit_test(stop_waits_for_a_low),
        cmocka_unit_test(postcopy_is_taken_early),
        cmocka_unit_test(postcopy_is_not_taken_where_passes_do),
        cmocka_unit_test(a_short_second_pass_is_looked_at_before_postcopy),
        cmocka_unit_test(postcopy_only_if_it_may),
        cmocka_unit_test(a_dead_link_is_no_stall),
        cmocka_unit_test(throttle_is_kept_harmless),
        cmocka_unit_test(throttle_is_as_much_as_is_enough),
        cmocka_unit_test(a_throttled_guest_is_not_calm),
        cmocka_unit_test(a_throttle_is_given_time),
        cmocka_unit_test(the_users_throttle_is_left),
        cmocka_unit_test(timeout_is_acted_on_before_it_is_over),
        cmocka_unit_test(a_link_that_is_too_slow_is_told_early),
        cmocka_unit_test(the_dirty_limit_goes_down_until_it_is_enough),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
