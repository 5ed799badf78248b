/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* oVirt's schedules and nova's: when each of their steps comes. */
#include "tests/lib/check.h"

#include "tests/lib/policy-play.h"

static const PolicyTerms qemu_300 = { .qemu_downtime_us = 300000 };
static const PolicyTerms armed = { .qemu_downtime_us = 300000,
                                   .has_postcopy = true };

/* It looks first after 10 s, and counts from there. */
static const Play a_pass_a_look = { .pass_s = 10, .left_mib = { 800 } };

static void ovirt_goes_through_its_table(void **state)
{
    check_play("ovirt-legacy", &qemu_300, &a_pass_a_look,
               "30.0 set 104, 40.0 set 120, 50.0 set 189, 60.0 set 500, "
               "450.0 abort",
               "44 passes since the first look: abort");
    check_play("ovirt-minimal-downtime", &qemu_300, &a_pass_a_look,
               "30.0 set 150, 40.0 set 200, 50.0 set 300, 60.0 set 400, "
               "80.0 set 500, 90.0 abort",
               NULL);
    check_play("ovirt-suspend", &qemu_300, &a_pass_a_look,
               "30.0 set 150, 40.0 set 200, 50.0 set 300, 60.0 set 400, "
               "80.0 set 500, 90.0 set 5000, 100.0 abort",
               NULL);
    check_play("ovirt-very-large", &qemu_300, &a_pass_a_look,
               "30.0 set 400, 40.0 set 500, 50.0 set 700, 60.0 set 1000, "
               "80.0 set 1500, 90.0 set 5000, 100.0 abort",
               NULL);
    check_play("ovirt-postcopy", &armed, &a_pass_a_look,
               "30.0 set 150, 40.0 set 200, 50.0 postcopy",
               "pass 6 has 800 MiB to go; at 100 MiB/s that is 8000 ms, over "
               "the 200 ms allowed; 4 passes since the first look: post-copy");
}

static void ovirt_goes_on_where_postcopy_is_not_armed(void **state)
{
    check_play("ovirt-postcopy", &qemu_300, &a_pass_a_look,
               "30.0 set 150, 40.0 set 200, 50.0 abort",
               ", and post-copy is not armed: abort");
}

/* One step a look, however many passes there were; and no matter that each left
 * less than the one before. */
static void ovirt_does_not_see_progress(void **state)
{
    const Play fast = { .pass_s = 0.5, .left_mib = { 800, 400, 200, 100 } };
    check_play("ovirt-minimal-downtime", &qemu_300, &fast,
               "20.0 set 150, 30.0 set 200, 40.0 set 300, 50.0 set 400, "
               "60.0 set 500, 70.0 abort",
               NULL);
}

static void ovirt_waits_for_a_dead_link(void **state)
{
    const Play dead = { .pass_s = 10, .left_mib = { 800 }, .dead_from_s = 35 };
    check_play("ovirt-minimal-downtime", &qemu_300, &dead, "30.0 set 150",
               NULL);
    const Play no_pass = { .left_mib = { 800 } };
    check_play("ovirt-minimal-downtime", &qemu_300, &no_pass, "", NULL);
}

static void max_downtime_holds(void **state)
{
    const PolicyTerms most = { .max_downtime_us = 250000 };
    check_play("ovirt-minimal-downtime", &most, &a_pass_a_look,
               "30.0 set 150, 40.0 set 200, 50.0 set 250, 90.0 abort", NULL);
    /* It is what legacy reckons from. */
    const PolicyTerms second = { .max_downtime_us = 1000000 };
    check_play("ovirt-legacy", &second, &a_pass_a_look,
               "30.0 set 205, 40.0 set 228, 50.0 set 350, 60.0 set 1000, "
               "450.0 abort",
               NULL);
    const Play a_gib = { .left_mib = { 900 }, .tick_s = 0.5 };
    check_play("nova", &second, &a_gib,
               "0.5 set 100, 150.5 set 190, 300.5 set 280, 450.5 set 370, "
               "600.5 set 460, 750.5 set 550, 900.5 set 640, 1050.5 set 730, "
               "1200.5 set 820, 1350.5 set 910, 1500.5 set 1000, 1600.5 abort",
               NULL);
}

static void nova_goes_by_the_clock(void **state)
{
    const Play a_gib = { .left_mib = { 900 }, .tick_s = 0.5 };
    check_play("nova", &qemu_300, &a_gib,
               "0.5 set 50, 150.5 set 95, 300.5 set 140, 450.5 set 185, "
               "600.5 set 230, 750.5 set 275, 900.5 set 320, 1050.5 set 365, "
               "1200.5 set 410, 1350.5 set 455, 1500.5 set 500, 1600.5 abort",
               "the 1600.0 s allowed are over: abort");
    const Play four_gib = { .left_mib = { 900 },
                            .tick_s = 0.5,
                            .total_mib = 4096,
                            .until_s = 700,
                            .dead_from_s = 10 };
    check_play("nova", &qemu_300, &four_gib,
               "0.5 set 50, 300.5 set 95, 600.5 set 140",
               "and nothing moves; 150.1 s for each GiB are over");
}

static void nova_forces_the_end_if_told(void **state)
{
    const Play late = { .left_mib = { 900 }, .tick_s = 1601, .until_s = 3202 };
    const PolicyTerms postcopy = { .has_postcopy = true,
                                   .on_stall = ON_STALL_POSTCOPY };
    const PolicyTerms unarmed = { .on_stall = ON_STALL_POSTCOPY };
    const PolicyTerms stop = { .has_postcopy = true,
                               .on_stall = ON_STALL_STOP };
    check_play("nova", &postcopy, &late, "1601.0 postcopy", NULL);
    check_play("nova", &unarmed, &late, "1601.0 stop 2000000, 3202.0 set 50",
               NULL);
    check_play("nova", &stop, &late, "1601.0 stop 2000000, 3202.0 set 50",
               NULL);
    check_play("nova", &armed, &late, "1601.0 abort", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ovirt_goes_through_its_table),
        cmocka_unit_test(ovirt_goes_on_where_postcopy_is_not_armed),
        cmocka_unit_test(ovirt_does_not_see_progress),
        cmocka_unit_test(ovirt_waits_for_a_dead_link),
        cmocka_unit_test(max_downtime_holds),
        cmocka_unit_test(nova_goes_by_the_clock),
        cmocka_unit_test(nova_forces_the_end_if_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
