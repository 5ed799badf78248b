/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* KubeVirt's loop, with its faults, and its stall detector. */
#include "tests/lib/check.h"

#include "tests/lib/policy-play.h"

static const PolicyTerms bare = { .qemu_downtime_us = 300000 };
static const PolicyTerms armed = { .qemu_downtime_us = 300000,
                                   .has_postcopy = true };
static const PolicyTerms armed_but_abort = { .qemu_downtime_us = 300000,
                                             .has_postcopy = true,
                                             .on_stall = ON_STALL_ABORT };
static const PolicyTerms stop = { .qemu_downtime_us = 300000,
                                  .has_postcopy = true,
                                  .on_stall = ON_STALL_STOP };

/* 1 GiB are 1.07 GB, which count as 2, so 300 s are acceptable. */
static const Play endless = { .pass_s = 10, .left_mib = { 800 } };

static void waits_as_long_as_is_acceptable(void **state)
{
    check_play("kubevirt", &bare, &endless, "301.2 abort",
               "the 300 s acceptable are over: abort");
    check_play("kubevirt", &armed, &endless, "301.2 postcopy",
               "the 300 s acceptable are over: post-copy");
    check_play("kubevirt", &armed_but_abort, &endless, "301.2 abort", NULL);
    const Play small = { .pass_s = 10, .left_mib = { 80 }, .total_mib = 128 };
    check_play("kubevirt", &bare, &small, "151.2 abort", NULL);
}

static void gives_a_stopped_guest_as_long_again(void **state)
{
    check_play("kubevirt", &stop, &endless, "301.2 stop 2000000, 601.2 abort",
               "the 600 s acceptable are over: abort");
}

/* Each pass leaves more than the one before, but within each it falls. */
static void takes_any_fall_for_progress(void **state)
{
    const Play grows = { .pass_s = 60, .left_mib = { 500, 600, 700, 800 } };
    check_play("kubevirt", &bare, &grows, "301.2 abort", "acceptable are over");
}

static void gives_up_a_dead_link(void **state)
{
    const Play dead = { .pass_s = 10, .left_mib = { 800 }, .dead_from_s = 25 };
    check_play("kubevirt", &armed, &dead, "176.4 abort",
               "and nothing moves; it is no less than at the look before for "
               "151 s, over 150 s: abort");
}

/* From 0.4 s on there is a bandwidth, so the pass that ends at 5 s is the first
 * that counts; at 45 s it is 40 s old. */
static void stall_is_no_gain_in_forty_seconds(void **state)
{
    const Play flat = { .pass_s = 5, .left_mib = { 500 } };
    check_play("kubevirt-stall", &bare, &flat, "45.0 abort",
               "stalled, and about as little as the best, 500 MiB; over 1.5 "
               "times the 900 ms: abort");
    check_play("kubevirt-stall", &armed, &flat, "45.0 postcopy",
               "as the best, 500 MiB: post-copy");
    check_play("kubevirt-stall", &armed_but_abort, &flat, "45.0 abort", NULL);
    const Play shrinks = { .pass_s = 5,
                           .left_mib = { 500, 500, 500, 500, 500, 500, 500, 500,
                                         479, 470, 460, 500 } };
    check_play("kubevirt-stall", &armed, &shrinks, "100.0 postcopy", NULL);
}

static void stall_sets_its_greatest_downtime_once(void **state)
{
    const Play near = { .pass_s = 5, .left_mib = { 130 } };
    check_play("kubevirt-stall", &bare, &near, "45.0 set 900, 106.2 abort",
               "not switched over in 60 s: abort");
    const PolicyTerms second = { .max_downtime_us = 1000000 };
    check_play("kubevirt-stall", &second, &near, "45.0 set 1000, 106.2 abort",
               NULL);
    const Play far = { .pass_s = 5, .left_mib = { 136 } };
    check_play("kubevirt-stall", &bare, &far, "45.0 abort", "over 1.5 times");
    check_play("kubevirt-stall", &stop, &far, "45.0 stop 2000000, 106.2 abort",
               NULL);
}

/* The best was one that never came again: after 40 s more the least since will
 * do, and after 20 s more the next. */
static void stall_waits_for_a_local_minimum(void **state)
{
    const Play once = { .pass_s = 5,
                        .left_mib = { 300, 500, 500, 500, 500, 500, 500, 500,
                                      500, 450, 500, 500 } };
    check_play("kubevirt-stall", &armed, &once, "105.0 postcopy", NULL);
    const Play again = { .pass_s = 5,
                         .left_mib = { 300, 500, 500, 500, 500, 500, 500, 500,
                                       500, 500, 312, 500 } };
    check_play("kubevirt-stall", &armed, &again, "55.0 postcopy", NULL);
}

/* A link that died long ago would need an hour for what is left. */
static void stall_does_not_switch_into_a_dead_link(void **state)
{
    const Play slow = { .pass_s = 5, .left_mib = { 900 }, .mib_per_s = 1 };
    check_play("kubevirt-stall", &armed, &slow, "301.2 abort", NULL);
    const Play dead = { .pass_s = 5, .left_mib = { 900 }, .dead_from_s = 20 };
    check_play("kubevirt-stall", &armed, &dead, "301.2 abort",
               "acceptable are over");
}

/* Without a look between two passes it knows no bandwidth. */
static void stall_is_blind_to_short_passes(void **state)
{
    const Play fast = { .pass_s = 0.3, .left_mib = { 900 } };
    check_play("kubevirt-stall", &armed, &fast, "301.2 abort", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waits_as_long_as_is_acceptable),
        cmocka_unit_test(gives_a_stopped_guest_as_long_again),
        cmocka_unit_test(takes_any_fall_for_progress),
        cmocka_unit_test(gives_up_a_dead_link),
        cmocka_unit_test(stall_is_no_gain_in_forty_seconds),
        cmocka_unit_test(stall_sets_its_greatest_downtime_once),
        cmocka_unit_test(stall_waits_for_a_local_minimum),
        cmocka_unit_test(stall_does_not_switch_into_a_dead_link),
        cmocka_unit_test(stall_is_blind_to_short_passes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
