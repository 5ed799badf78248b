/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the host has left, from made-up files; what zero-copy needs. */
#include "tests/lib/check.h"

#include "orchestrator/host.h"
#include "tests/lib/folder.h"

#define KIB 1024
#define MIB (1024 * KIB)

static void put_huge(const char *root, const char *size, const char *total,
                     const char *n_free, const char *reserved)
{
    const char *const files[][2] = {
        { "nr_hugepages", total },
        { "free_hugepages", n_free },
        { "resv_hugepages", reserved },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *name = g_strdup_printf(
            "sys/kernel/mm/hugepages/hugepages-%s/%s", size, files[i][0]);
        folder_put(root, name, files[i][1]);
    }
}

static void reads_the_host(void **state)
{
    char *root = folder_new();
    folder_put(root, "proc/meminfo",
               "MemTotal:       24684000 kB\nMemFree:        1 kB\n"
               "MemAvailable:   20480 kB\n");
    folder_put(root, "proc/sys/net/ipv4/tcp_wmem", "4096\t16384\t4194304\n");
    put_huge(root, "1048576kB", "2\n", "1\n", "0\n");
    put_huge(root, "2048kB", "512\n", "300\n", "20\n");
    put_huge(root, "odd", "1\n", "1\n", "1\n");
    put_huge(root, "64kB", "1\n", "odd\n", NULL);
    HostFacts host = host_read(root, 100);

    assert_true(host.known);
    assert_true(host.available_bytes == 20480 * KIB);
    assert_true(host.send_buffer_max_bytes == 4 * MIB);
    assert_true(host.page_bytes == getpagesize());
    assert_int_equal(host.n_huge, 3);
    assert_true(host.huge[0].page_bytes == 64 * KIB);
    assert_true(host.huge[0].n_total == 1);
    assert_true(host.huge[0].n_free == HOST_UNKNOWN);
    assert_true(host.huge[0].n_reserved == HOST_UNKNOWN);
    assert_true(host.huge[1].page_bytes == 2 * MIB);
    assert_true(host.huge[1].n_total == 512);
    assert_true(host.huge[1].n_free == 300);
    assert_true(host.huge[1].n_reserved == 20);
    assert_true(host.huge[2].page_bytes == 1024 * MIB);
    folder_free(root);
}

static const struct {
    const char *what;
    const char *online, *allowed;
    unsigned n_online, n_processors;
} processors[] = {
    { "all", "0-7\n", "0-7", 8, 8 },
    { "pinned", "0-7\n", "2,4-5", 8, 3 },
    { "may run on more than there are", "0-7\n", "0-127", 8, 8 },
    { "some are off", "0,2-3\n", "0-3", 3, 3 },
    { "one", "0\n", "0", 1, 1 },
    { "not told", NULL, "0-3", 0, 0 },
    { "no process", "0-3\n", NULL, 4, 0 },
    { "odd", "0-x\n", "0-3", 0, 0 },
    { "backwards", "0-3\n", "3-0", 4, 0 },
    { "more than can be", "0-3\n", "0-99999", 4, 0 },
    { "empty", "\n", "0", 0, 0 },
};

static void counts_processors(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(processors); i++) {
        char *root = folder_new();
        g_autofree char *status =
            processors[i].allowed
                ? g_strdup_printf("Cpus_allowed:\tff\nCpus_allowed_list:\t%s\n"
                                  "Mems_allowed:\t1\n",
                                  processors[i].allowed)
                : NULL;
        folder_put(root, "proc/100/status", status);
        folder_put(root, "sys/devices/system/cpu/online", processors[i].online);
        HostFacts host = host_read(root, 100);

        check_case(processors[i].what, host.n_online == processors[i].n_online);
        check_case(processors[i].what,
                   host.n_processors == processors[i].n_processors);
        folder_free(root);
    }
}

static void what_is_not_there_is_not_known(void **state)
{
    char *root = folder_new();
    HostFacts host = host_read(root, 0);

    assert_true(host.known);
    assert_true(host.available_bytes == HOST_UNKNOWN);
    assert_true(host.send_buffer_max_bytes == HOST_UNKNOWN);
    assert_int_equal(host.n_huge, 0);

    folder_put(root, "proc/meminfo",
               "MemAvailable:   20480\nNotMemAvailable:  1 kB\n");
    folder_put(root, "proc/sys/net/ipv4/tcp_wmem", "4096\n");
    host = host_read(root, 0);
    assert_true(host.available_bytes == HOST_UNKNOWN);
    assert_true(host.send_buffer_max_bytes == HOST_UNKNOWN);

    folder_put(root, "proc/meminfo", "MemAvailable: 99999999999999999999 kB\n");
    assert_true(host_read(root, 0).available_bytes == HOST_UNKNOWN);
    folder_free(root);
}

static void reads_this_host(void **state)
{
    HostFacts host = host_read("", getpid());

    assert_true(host.n_processors > 0);
    assert_true(host.n_processors <= host.n_online);
    assert_true(host.available_bytes > 0);
}

/*
 * The least limit, to 64 KiB, with which QEMU 7.2 and 10.0 sent a guest of random
 * pages over a slow way: what is asked for is never less, and not much more.
 */
static const struct {
    const char *what;
    int64_t buffer_bytes;
    unsigned n_channels;
    int64_t measured_bytes;
} zero_copies[] = {
    { "256 KiB", 256 * KIB, 1, 1088 * KIB },
    { "256 KiB, 2 channels", 256 * KIB, 2, 2112 * KIB },
    { "512 KiB", 512 * KIB, 1, 1088 * KIB },
    { "512 KiB, 4 channels", 512 * KIB, 4, 3968 * KIB },
    { "1 MiB", 1 * MIB, 1, 1600 * KIB },
    { "1 MiB, 2 channels", 1 * MIB, 2, 3136 * KIB },
    { "2 MiB", 2 * MIB, 1, 2624 * KIB },
    { "2 MiB, 2 channels", 2 * MIB, 2, 4736 * KIB },
    { "4 MiB", 4 * MIB, 1, 4736 * KIB },
};

static void zero_copy_gets_enough(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(zero_copies); i++) {
        const HostFacts host = {
            .known = true,
            .page_bytes = 4096,
            .send_buffer_max_bytes = zero_copies[i].buffer_bytes,
        };
        int64_t needs =
            host_zero_copy_needs_bytes(&host, zero_copies[i].n_channels);

        check_case(zero_copies[i].what, needs >= zero_copies[i].measured_bytes);
        check_case(zero_copies[i].what,
                   needs <= 2 * zero_copies[i].measured_bytes);
    }
}

static void zero_copy_of_an_unknown_host(void **state)
{
    HostFacts host = { 0 };
    assert_true(host_zero_copy_needs_bytes(&host, 2) == HOST_UNKNOWN);

    host = (HostFacts){ .known = true,
                        .page_bytes = 4096,
                        .send_buffer_max_bytes = HOST_UNKNOWN };
    assert_true(host_zero_copy_needs_bytes(&host, 2) == HOST_UNKNOWN);

    host.send_buffer_max_bytes = INT64_MAX;
    assert_true(host_zero_copy_needs_bytes(&host, 255) == HOST_UNKNOWN);

    host.send_buffer_max_bytes = INT32_MAX;
    assert_true(host_zero_copy_needs_bytes(&host, 255) > 255LL * INT32_MAX);

    host.send_buffer_max_bytes = 0;
    assert_true(host_zero_copy_needs_bytes(&host, 1) == 2 * 520 * KIB);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_the_host),
        cmocka_unit_test(counts_processors),
        cmocka_unit_test(what_is_not_there_is_not_known),
        cmocka_unit_test(reads_this_host),
        cmocka_unit_test(zero_copy_gets_enough),
        cmocka_unit_test(zero_copy_of_an_unknown_host),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
