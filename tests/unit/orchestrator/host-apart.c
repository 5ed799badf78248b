/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The host as seen from namespaces of the test's own, which end with it: a
 * network with interfaces whose speed is known, and file systems that are
 * read-only or without a limit.  Skipped where they cannot be had.
 */
#include "tests/lib/check.h"

#include <net/if.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>

#include "orchestrator/host.h"
#include "tests/lib/folder.h"

static bool run(const char *command)
{
    int status;
    return g_spawn_command_line_sync(command, NULL, NULL, &status, NULL) &&
           g_spawn_check_wait_status(status, NULL);
}

/* Two interfaces: eth10, and eth1 which has the way to everywhere else. */
static bool make_network(void)
{
    static const char *const commands[] = {
        "ip link set lo up",
        "ip link add eth10 type veth peer name far10",
        "ip link add eth1 type veth peer name far1",
        "ip link set far10 up",
        "ip link set far1 up",
        "ip link set eth10 up",
        "ip link set eth1 up",
        "ip addr add 10.10.0.1/24 dev eth10",
        "ip addr add 10.1.0.1/24 dev eth1",
        "ip addr add fd00:10::1/64 dev eth10 nodad",
        "ip route add default via 10.1.0.9",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
        if (!run(commands[i])) {
            return false;
        }
    }
    return true;
}

static void put_interface(const char *root, const char *name, const char *speed,
                          unsigned index)
{
    g_autofree char *file = g_strdup_printf("sys/class/net/%s/speed", name);
    g_autofree char *number = g_strdup_printf("sys/class/net/%s/ifindex", name);
    g_autofree char *text = g_strdup_printf("%u\n", index);
    folder_put(root, file, speed);
    folder_put(root, number, text);
}

static const struct {
    const char *what;
    const char *address;
    const char *interface;
    bool is_local;
    int64_t bits_per_s;
} ways[] = {
    { "a neighbour", "10.10.0.7", "eth10", false, 10000000000 },
    { "a neighbour by IPv6", "fd00:10::7", "eth10", false, 10000000000 },
    { "by the default route", "192.0.2.7", "eth1", false, 1000000000 },
    { "ourselves", "10.10.0.1", "eth10", true, HOST_UNKNOWN },
    { "ourselves by IPv6", "fd00:10::1", "eth10", true, HOST_UNKNOWN },
    { "loopback", "127.0.0.1", "lo", true, HOST_UNKNOWN },
};

static void finds_the_way_out(void **state)
{
    char *root = folder_new();
    put_interface(root, "eth10", "10000\n", if_nametoindex("eth10"));
    put_interface(root, "eth1", "1000\n", if_nametoindex("eth1"));
    put_interface(root, "lo", "1000\n", if_nametoindex("lo"));

    for (size_t i = 0; i < G_N_ELEMENTS(ways); i++) {
        HostLink link = host_link_to(root, ways[i].address);

        print_message("%s\n", ways[i].what);
        assert_string_equal(link.interface, ways[i].interface);
        check_case(ways[i].what, link.is_local == ways[i].is_local);
        check_case(ways[i].what, link.bits_per_s == ways[i].bits_per_s);
        check_case(ways[i].what, link.why == NULL);
    }
    folder_free(root);
}

static void a_speed_may_be_unknown(void **state)
{
    const unsigned index = if_nametoindex("eth10");
    const struct {
        const char *what;
        const char *speed;
        unsigned index;
    } cases[] = {
        { "it says so", "-1\n", index },
        { "nothing", "0\n", index },
        { "the interface is down: it cannot be read", NULL, index },
        { "odd", "fast\n", index },
        { "of another namespace", "10000\n", index + 100 },
    };
    char *root = folder_new();
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        put_interface(root, "eth10", cases[i].speed, cases[i].index);
        HostLink link = host_link_to(root, "10.10.0.7");

        check_case(cases[i].what, link.bits_per_s == HOST_UNKNOWN);
        check_case(cases[i].what, strcmp(link.interface, "eth10") == 0);
    }
    folder_free(root);
}

static void there_may_be_no_way(void **state)
{
    HostLink link = host_link_to("", "2001:db8::1");

    assert_string_equal(link.interface, "");
    check_contains(link.why, "unreachable");
    assert_true(link.bits_per_s == HOST_UNKNOWN);
}

static void file_systems_differ(void **state)
{
    char *folder = folder_new();
    const char *why;
    g_autofree char *path = g_build_filename(folder, "new", NULL);

    assert_int_equal(mount("none", folder, "tmpfs", 0, "size=1m"), 0);
    HostFile file = host_file(path);
    assert_int_equal(file.may_write, ANSWER_YES);
    assert_true(file.free_bytes == 1024 * 1024);

    assert_int_equal(mount("none", folder, "tmpfs", MS_REMOUNT | MS_RDONLY, ""),
                     0);
    file = host_file(path);
    assert_int_equal(file.kind, FILE_ABSENT);
    assert_int_equal(file.may_write, ANSWER_NO);
    assert_int_equal(host_can_bind_unix(path, &why), ANSWER_NO);
    check_contains(why, "ead-only");
    assert_int_equal(umount(folder), 0);

    assert_int_equal(mount("none", folder, "tmpfs", 0, "size=0"), 0);
    assert_true(host_file(path).free_bytes == HOST_UNKNOWN);
    assert_int_equal(umount(folder), 0);
    folder_free(folder);
}

/* In a user namespace we are root, of what is in it. */
static bool become_root(void)
{
    g_autofree char *map = g_strdup_printf("0 %d 1", geteuid());
    if (geteuid() == 0) {
        return unshare(CLONE_NEWNET | CLONE_NEWNS) == 0;
    }
    return unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS) == 0 &&
           g_file_set_contents_full("/proc/self/uid_map", map, -1,
                                    G_FILE_SET_CONTENTS_NONE, 0600, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_way_out),
        cmocka_unit_test(a_speed_may_be_unknown),
        cmocka_unit_test(there_may_be_no_way),
        cmocka_unit_test(file_systems_differ),
    };

    if (!become_root() ||
        mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) != 0 ||
        !make_network()) {
        print_message("skipped: no namespaces of our own, or no ip\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
