/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proxmox VE's doubling, Ganeti's post-copy, and QEMU left alone. */
#include "tests/lib/check.h"

#include "tests/lib/policy-play.h"

static const PolicyTerms bare = { .qemu_downtime_us = 300000 };
static const PolicyTerms armed = { .qemu_downtime_us = 300000,
                                   .has_postcopy = true };

/* Every fifth look sees a new pass, with more left than the look before. */
static void proxmox_doubles_at_the_sixth_rise(void **state)
{
    const Play endless = { .pass_s = 5, .left_mib = { 800 }, .until_s = 100 };
    check_play("proxmox", &bare, &endless,
               "30.0 set 200, 60.0 set 400, 90.0 set 800",
               "it rose, or was nothing, 6 times: downtime-limit 800 ms");
}

static void proxmox_has_no_end_but_max_downtime(void **state)
{
    const PolicyTerms most = { .max_downtime_us = 300000 };
    const Play endless = { .pass_s = 5, .left_mib = { 800 }, .until_s = 200 };
    check_play("proxmox", &most, &endless, "30.0 set 200, 60.0 set 300",
               "downtime-limit 300 ms");
    const PolicyTerms start = { .start_downtime_us = 150000 };
    check_play("proxmox", &start, &endless,
               "30.0 set 300, 60.0 set 600, 90.0 set 1200, 120.0 set 2400, "
               "150.0 set 4800, 180.0 set 9600",
               NULL);
}

/* With less left than a look brings, it looks ten times a second and stays so. */
static void proxmox_looks_faster_near_the_end(void **state)
{
    const Play near = { .pass_s = 0.5, .left_mib = { 50 }, .until_s = 10 };
    check_play("proxmox", &bare, &near, "6.0 set 200, 9.0 set 400", NULL);
}

static void proxmox_waits_for_a_dead_link(void **state)
{
    const Play dead = { .pass_s = 5, .left_mib = { 800 }, .dead_from_s = 29 };
    check_play("proxmox", &bare, &dead, "", NULL);
}

static void ganeti_takes_postcopy_after_the_first_pass(void **state)
{
    const Play endless = { .pass_s = 5.5, .left_mib = { 800 } };
    check_play("ganeti", &armed, &endless, "6.0 postcopy",
               "the first pass is done: post-copy");
    check_play("ganeti", &bare, &endless, "", NULL);
}

static void postcopy_after_passes_holds_for_all(void **state)
{
    const PolicyTerms after = { .has_postcopy = true,
                                .postcopy_after_passes = 2 };
    const Play endless = { .pass_s = 3, .left_mib = { 800 } };
    check_play("qemu", &bare, &endless, "", NULL);
    check_play("qemu", &after, &endless, "6.0 postcopy", "2 passes are done");
    check_play("ovirt-legacy", &after, &endless, "6.0 postcopy", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(proxmox_doubles_at_the_sixth_rise),
        cmocka_unit_test(proxmox_has_no_end_but_max_downtime),
        cmocka_unit_test(proxmox_looks_faster_near_the_end),
        cmocka_unit_test(proxmox_waits_for_a_dead_link),
        cmocka_unit_test(ganeti_takes_postcopy_after_the_first_pass),
        cmocka_unit_test(postcopy_after_passes_holds_for_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
