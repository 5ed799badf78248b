/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is mapped from files on a disk, from made-up files of /proc; what QEMU does with
 * it stands in tests/qemu/breaks.py.
 */
#include "tests/lib/check.h"

#include "orchestrator/host.h"
#include "tests/lib/folder.h"

/* clang-format off */
static const char mounts[] =
    "24 27 0:6 / /dev rw,relatime - devtmpfs devtmpfs rw,size=12334460k\n"
    "25 24 0:27 / /dev/shm rw,relatime shared:4 - tmpfs tmpfs rw\n"
    "26 24 0:28 / /dev/hugepages rw,relatime shared:4 master:1 - hugetlbfs "
    "hugetlbfs rw,pagesize=2M\n"
    "27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard\n";

#define PROGRAM                                                                \
    "55738e1e5000-55738e2e6000 r--p 00000000 fe:00 10977345    /usr/bin/qemu\n"\
    "55738de3c000-55738e1e5000 rw-p 00de3000 fe:00 10977345    /usr/bin/qemu\n"\
    "55738e1e5000-55738e7f1000 rw-p 00000000 00:00 0                  [heap]\n"

/* of 16 MiB */
#define AT "7f28000000-7f29000000 "

static const struct {
    const char *what;
    const char *line; /* of maps */
    bool counts;
} cases[] = {
    { "no file", AT "rw-p 00000000 00:00 0", false },
    { "shared", AT "rw-s 00000000 fe:00 11   /vm/ram", true },
    { "private", AT "rw-p 00000000 fe:00 11   /vm/ram", true },
    { "removed", AT "rw-s 00000000 fe:00 11   /vm/ram (deleted)", true },
    { "only read", AT "r--s 00000000 fe:00 11   /vm/rom", false },
    { "tmpfs", AT "rw-s 00000000 00:1b 2   /dev/shm/ram", false },
    { "huge pages", AT "rw-s 00000000 00:1c 3   /dev/hugepages/ram",
      false },
    { "a device", AT "rw-s 00000000 00:06 4   /dev/dax0.0", false },
    { "memfd", AT "rw-s 00000000 00:01 5   /memfd:ram (deleted)",
      false },
    { "not mounted here", AT "rw-s 00000000 00:2f 6   /ram", false },
    { "no line of ours", "nonsense", false },
};
/* clang-format on */

static void tells_what_is_on_a_disk(void **state)
{
    char *root = folder_new();
    folder_put(root, "proc/100/mountinfo", mounts);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *maps = g_strconcat(PROGRAM, cases[i].line, NULL);
        folder_put(root, "proc/100/maps", maps);
        HostMapped mapped = host_mapped_from_disk(root, 100);
        check_case(cases[i].what, mapped.n == cases[i].counts);
        check_case(cases[i].what,
                   mapped.bytes[0] == (cases[i].counts ? 0x1000000 : 0));
    }
    folder_free(root);
}

static void does_not_know_what_it_cannot_read(void **state)
{
    char *root = folder_new();
    assert_int_equal(host_mapped_from_disk(root, 100).n, 0);
    folder_put(root, "proc/100/maps", cases[1].line);
    assert_int_equal(host_mapped_from_disk(root, 100).n, 0);
    folder_put(root, "proc/100/mountinfo", mounts);
    assert_int_equal(host_mapped_from_disk(root, 100).n, 1);
    /* as of a process that we may not look into */
    folder_put(root, "proc/100/maps", "");
    assert_int_equal(host_mapped_from_disk(root, 100).n, 0);
    folder_free(root);
}

static void takes_no_more_than_it_has_room_for(void **state)
{
    char *root = folder_new();
    g_autoptr(GString) maps = g_string_new(NULL);
    for (unsigned i = 0; i < HOST_MAPPED_MAX + 2; i++) {
        g_string_append_printf(maps, "%s\n", cases[1].line);
    }
    folder_put(root, "proc/100/mountinfo", mounts);
    folder_put(root, "proc/100/maps", maps->str);
    assert_int_equal(host_mapped_from_disk(root, 100).n, HOST_MAPPED_MAX);
    folder_free(root);
}

static void tells_shared_memory(void **state)
{
    char *root = folder_new();
    SharedMemory shared[HOST_SHARED_MAX] = { 0 };
    folder_put(root, "proc/100/maps",
               PROGRAM "7f00-7f01 rw-s 00000000 00:00 0\n"
                       "7f000-7f010 rw-s 00001000 fe:01 11   /vm/ram\n"
                       "7f20-7f21 rw-p 00000000 fe:00 12   /vm/private\n"
                       "7f30-7f31 r--s 00000000 fe:00 13   /vm/rom\n"
                       "7f40-7f41 rw-s 0 00:0e 14   anon_inode:kvm-vcpu:0\n"
                       "7f50-7f60 rw-s 00000000 00:01 15   /memfd:a (deleted)");
    assert_int_equal(host_shared_memory(root, 100, shared), 2);
    assert_int_equal(shared[0].major, 0xfe);
    assert_int_equal(shared[0].minor, 1);
    assert_int_equal(shared[0].inode, 11);
    assert_int_equal(shared[0].offset, 0x1000);
    assert_int_equal(shared[0].bytes, 0x10);
    assert_int_equal(shared[1].inode, 15);
    assert_int_equal(host_shared_memory(root, 101, shared), 0);
    folder_free(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_what_is_on_a_disk),
        cmocka_unit_test(tells_shared_memory),
        cmocka_unit_test(does_not_know_what_it_cannot_read),
        cmocka_unit_test(takes_no_more_than_it_has_room_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
