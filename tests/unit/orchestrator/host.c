/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a process may do, from made-up files of /proc; what QEMU 7.2 and 10.0
 * answer to processes like these stands in tests/qemu/host.py.
 */
#include "tests/lib/check.h"

#include <sys/stat.h>
#include <sys/xattr.h>

#include "orchestrator/host.h"
#include "tests/lib/folder.h"

#define INITIAL "user:[4026531837]"
#define ANOTHER "user:[4026532177]"

#define PTRACE       "0000000000080000"
#define IPC_LOCK     "0000000000004000"
#define DAC_OVERRIDE "0000000000000002"
#define ALL          "000001ffffffffff"
#define NONE         "0000000000000000"

#define NOWHERE (-1) /* no device */

/* What a process is; what is not named is as of one without any rights. */
typedef struct {
    const char *capabilities; /* NULL: NONE */
    const char *namespace;    /* NULL: INITIAL; "": cannot be read */
    const char *sysctl;       /* NULL: there is none */
    const char *seccomp;      /* NULL: 0 */
    int device_mode;
    bool owns_device, is_in_group, is_in_groups, has_list;
} Made;

static void put_device(const char *root, const Made *made)
{
    /* version 2: owner rw, user 1 rw, group -, mask rw, others - */
    static const unsigned char list[] = {
        2, 0, 0,   0,   1,   0,   6,  0, 255, 255, 255, 255, 2,   0,   6,
        0, 1, 0,   0,   0,   4,   0,  0, 0,   255, 255, 255, 255, 16,  0,
        6, 0, 255, 255, 255, 255, 32, 0, 0,   0,   255, 255, 255, 255,
    };
    if (made->device_mode == NOWHERE) {
        return;
    }
    folder_put(root, "proc/100/root/dev/userfaultfd", "");
    g_autofree char *path = folder_path(root, "proc/100/root/dev/userfaultfd");
    assert_int_equal(chmod(path, made->device_mode), 0);
    if (made->has_list &&
        setxattr(path, "system.posix_acl_access", list, sizeof(list), 0) != 0) {
        print_message("no access control lists here\n");
    }
}

static char *make(const Made *made)
{
    char *root = folder_new();
    unsigned uid = getuid() + !made->owns_device;
    unsigned gid = getgid() + !made->is_in_group;
    g_autofree char *status = g_strdup_printf(
        "Name:\tqemu\nUid:\t7\t%u\t7\t%u\nGid:\t8\t8\t8\t%u\n"
        "Groups:\t4 %u 5 \nVmLck:\t     128 kB\nVmPin:\t       4 kB\n"
        "VmRSS:\t   65536 kB\nCapEff:\t%s\nSeccomp:\t%s\n",
        uid, uid, gid, getgid() + !made->is_in_groups,
        made->capabilities ? made->capabilities : NONE,
        made->seccomp ? made->seccomp : "0");

    folder_put(root, "proc/100/status", status);
    folder_put(root, "proc/100/root/dev/null", "");
    folder_put(root, "proc/sys/vm/unprivileged_userfaultfd", made->sysctl);
    if (!made->namespace || made->namespace[0]) {
        folder_put_link(root, "proc/100/ns/user",
                        made->namespace ? made->namespace : INITIAL);
    }
    put_device(root, made);
    return root;
}

static const struct {
    const char *what;
    Made made;
    Userfaultfd userfaultfd;
} ways[] = {
    /* clang-format off */
    { "nobody", { .sysctl = "0", .device_mode = NOWHERE }, USERFAULTFD_NO },
    { "nobody, device for root", { .sysctl = "0", .device_mode = 0600 },
      USERFAULTFD_NO },
    { "CAP_SYS_PTRACE",
      { .capabilities = PTRACE, .sysctl = "0", .device_mode = NOWHERE },
      USERFAULTFD_BY_CAPABILITY },
    { "all capabilities", { .capabilities = ALL, .sysctl = "0" },
      USERFAULTFD_BY_CAPABILITY },
    { "all in a user namespace",
      { .capabilities = ALL, .namespace = ANOTHER, .sysctl = "0" },
      USERFAULTFD_NO },
    { "all, in a namespace that is not told",
      { .capabilities = ALL, .namespace = "", .sysctl = "0" },
      USERFAULTFD_UNKNOWN },
    { "the same, but everybody may",
      { .capabilities = ALL, .namespace = "", .sysctl = "1" },
      USERFAULTFD_BY_SYSCTL },
    { "everybody may", { .sysctl = "1", .device_mode = NOWHERE },
      USERFAULTFD_BY_SYSCTL },
    { "a kernel without the sysctl", { .device_mode = NOWHERE },
      USERFAULTFD_UNKNOWN },
    { "device 0666", { .sysctl = "0", .device_mode = 0666 },
      USERFAULTFD_BY_DEVICE },
    { "device 0444", { .sysctl = "0", .device_mode = 0444 }, USERFAULTFD_NO },
    { "device 0222", { .sysctl = "0", .device_mode = 0222 }, USERFAULTFD_NO },
    { "device 0600, its owner",
      { .sysctl = "0", .device_mode = 0600, .owns_device = true },
      USERFAULTFD_BY_DEVICE },
    { "device 0066, its owner",
      { .sysctl = "0", .device_mode = 0066, .owns_device = true },
      USERFAULTFD_NO },
    { "device 0660, its group",
      { .sysctl = "0", .device_mode = 0660, .is_in_group = true },
      USERFAULTFD_BY_DEVICE },
    { "device 0660, among its groups",
      { .sysctl = "0", .device_mode = 0660, .is_in_groups = true },
      USERFAULTFD_BY_DEVICE },
    { "device 0660, another group", { .sysctl = "0", .device_mode = 0660 },
      USERFAULTFD_NO },
    { "device 0606, its group",
      { .sysctl = "0", .device_mode = 0606, .is_in_group = true },
      USERFAULTFD_NO },
    { "device 0600, CAP_DAC_OVERRIDE",
      { .capabilities = DAC_OVERRIDE, .sysctl = "0", .device_mode = 0600 },
      USERFAULTFD_BY_DEVICE },
    { "the same in a namespace that is not told",
      { .capabilities = DAC_OVERRIDE, .namespace = "", .sysctl = "0",
        .device_mode = 0600 },
      USERFAULTFD_UNKNOWN },
    { "device 0666, in a user namespace",
      { .capabilities = ALL, .namespace = ANOTHER, .sysctl = "0",
        .device_mode = 0666 },
      USERFAULTFD_BY_DEVICE },
    { "device 0666, but perhaps it needs none",
      { .capabilities = ALL, .namespace = "", .sysctl = "0",
        .device_mode = 0666 },
      USERFAULTFD_UNKNOWN },
    { "may, but for a filter",
      { .capabilities = ALL, .sysctl = "0", .seccomp = "2" },
      USERFAULTFD_UNKNOWN },
    { "may not, filter or no",
      { .sysctl = "0", .seccomp = "2", .device_mode = NOWHERE },
      USERFAULTFD_NO },
    { "may, if there is no filter",
      { .capabilities = ALL, .sysctl = "0", .seccomp = "" },
      USERFAULTFD_UNKNOWN },
    { "what status says is odd",
      { .capabilities = "odd", .sysctl = "0", .device_mode = NOWHERE },
      USERFAULTFD_UNKNOWN },
    /* clang-format on */
};

static void finds_the_way_to_userfaultfd(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(ways); i++) {
        char *root = make(&ways[i].made);
        ProcessFacts process = host_read_process(root, 100);

        check_case(ways[i].what, process.known);
        check_case(ways[i].what, process.userfaultfd == ways[i].userfaultfd);
        folder_free(root);
    }
}

static void a_list_of_the_device_is_not_judged(void **state)
{
    const Made made = { .sysctl = "0", .device_mode = 0600, .has_list = true };
    char *root = make(&made);
    g_autofree char *path = folder_path(root, "proc/100/root/dev/userfaultfd");

    if (getxattr(path, "system.posix_acl_access", NULL, 0) > 0) {
        assert_int_equal(host_read_process(root, 100).userfaultfd,
                         USERFAULTFD_UNKNOWN);
    }
    folder_free(root);
}

static void what_is_out_of_sight_is_not_known(void **state)
{
    const Made made = { .sysctl = "0", .device_mode = NOWHERE };
    char *root = make(&made);
    char *empty = folder_new();

    folder_put(root, "proc/100/root/dev/null", NULL);
    g_autofree char *dev = folder_path(root, "proc/100/root/dev");
    assert_int_equal(g_rmdir(dev), 0);
    folder_put(root, "proc/100/root/dev", "no folder, so not ENOENT");
    assert_int_equal(host_read_process(root, 100).userfaultfd,
                     USERFAULTFD_UNKNOWN);

    folder_put(root, "proc/100/status", "Name:\tqemu\n");
    ProcessFacts process = host_read_process(root, 100);
    assert_true(process.known);
    assert_true(process.uid == HOST_UNKNOWN);
    assert_true(process.locked_limit_bytes == HOST_UNKNOWN);
    assert_true(process.locked_bytes == HOST_UNKNOWN);
    assert_true(process.resident_bytes == HOST_UNKNOWN);
    assert_int_equal(process.may_lock_all, ANSWER_UNKNOWN);
    assert_int_equal(process.has_seccomp_filter, ANSWER_UNKNOWN);
    assert_int_equal(process.same_network, ANSWER_UNKNOWN);
    assert_int_equal(process.same_files, ANSWER_UNKNOWN);

    assert_false(host_read_process(empty, 100).known);
    folder_free(root);
    folder_free(empty);
}

#define LIMITS(value)                                                          \
    "Limit                     Soft Limit           Hard Limit           "     \
    "Units     \n"                                                             \
    "Max locked memory         " value "bytes     \n"                          \
    "Max address space         unlimited            unlimited            "     \
    "bytes     \n"

static const struct {
    const char *what;
    const char *limits, *capabilities, *namespace;
    int64_t limit_bytes;
    HostAnswer may_lock_all;
} locks[] = {
    { "a number", LIMITS("8388608              unlimited            "), NONE,
      INITIAL, 8388608, ANSWER_NO },
    { "nothing", LIMITS("0                    0                    "), NONE,
      INITIAL, 0, ANSWER_NO },
    { "no limit", LIMITS("unlimited            unlimited            "), NONE,
      INITIAL, HOST_UNLIMITED, ANSWER_NO },
    { "no file", NULL, IPC_LOCK, INITIAL, HOST_UNKNOWN, ANSWER_YES },
    { "a process that ends", "", ALL, INITIAL, HOST_UNKNOWN, ANSWER_YES },
    { "in a user namespace", LIMITS("65536                65536          "),
      IPC_LOCK, ANOTHER, 65536, ANSWER_NO },
    { "in one that is not told", LIMITS("65536                65536      "),
      IPC_LOCK, "", 65536, ANSWER_UNKNOWN },
};

static void reads_what_it_may_lock(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(locks); i++) {
        const Made made = { .capabilities = locks[i].capabilities,
                            .namespace = locks[i].namespace };
        char *root = make(&made);
        folder_put(root, "proc/100/limits", locks[i].limits);
        ProcessFacts process = host_read_process(root, 100);

        check_case(locks[i].what,
                   process.locked_limit_bytes == locks[i].limit_bytes);
        check_case(locks[i].what,
                   process.may_lock_all == locks[i].may_lock_all);
        folder_free(root);
    }
}

static void reads_numbers(void **state)
{
    const Made made = { .owns_device = true, .seccomp = "2" };
    char *root = make(&made);
    ProcessFacts process = host_read_process(root, 100);

    assert_true(process.uid == getuid());
    assert_true(process.locked_bytes == 128 * 1024);
    assert_true(process.pinned_bytes == 4 * 1024);
    assert_true(process.resident_bytes == 65536 * 1024);
    assert_int_equal(process.has_seccomp_filter, ANSWER_YES);
    folder_free(root);
}

static const struct {
    const char *what;
    const char *net, *mnt, *root; /* its; ours are 1, 2 and / */
    HostAnswer same_network, same_files;
} places[] = {
    { "the same", "net:[1]", "mnt:[2]", "/", ANSWER_YES, ANSWER_YES },
    { "a container", "net:[3]", "mnt:[4]", "/", ANSWER_NO, ANSWER_NO },
    { "a network namespace", "net:[3]", "mnt:[2]", "/", ANSWER_NO, ANSWER_YES },
    { "chroot", "net:[1]", "mnt:[2]", "/srv/q", ANSWER_YES, ANSWER_NO },
    { "not told", NULL, NULL, NULL, ANSWER_UNKNOWN, ANSWER_UNKNOWN },
    { "half told", "net:[1]", "mnt:[2]", NULL, ANSWER_YES, ANSWER_UNKNOWN },
};

static void compares_where_it_is(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
        char *root = folder_new();
        folder_put(root, "proc/100/status", "Name:\tqemu\n");
        folder_put_link(root, "proc/self/ns/net", "net:[1]");
        folder_put_link(root, "proc/self/ns/mnt", "mnt:[2]");
        folder_put_link(root, "proc/self/root", "/");
        folder_put_link(root, "proc/100/ns/net", places[i].net);
        folder_put_link(root, "proc/100/ns/mnt", places[i].mnt);
        folder_put_link(root, "proc/100/root", places[i].root);
        ProcessFacts process = host_read_process(root, 100);

        check_case(places[i].what,
                   process.same_network == places[i].same_network);
        check_case(places[i].what, process.same_files == places[i].same_files);
        folder_free(root);
    }
}

/* The files are as we think that they are. */
static void reads_itself(void **state)
{
    ProcessFacts process = host_read_process("", getpid());

    assert_true(process.known);
    assert_true(process.uid == geteuid());
    assert_true(process.locked_limit_bytes >= 0);
    assert_true(process.locked_bytes >= 0);
    assert_true(process.pinned_bytes >= 0);
    assert_true(process.resident_bytes > 0);
    assert_int_not_equal(process.may_lock_all, ANSWER_UNKNOWN);
    assert_int_not_equal(process.has_seccomp_filter, ANSWER_UNKNOWN);
    assert_int_equal(process.same_network, ANSWER_YES);
    assert_int_equal(process.same_files, ANSWER_YES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_way_to_userfaultfd),
        cmocka_unit_test(a_list_of_the_device_is_not_judged),
        cmocka_unit_test(what_is_out_of_sight_is_not_known),
        cmocka_unit_test(reads_what_it_may_lock),
        cmocka_unit_test(reads_numbers),
        cmocka_unit_test(compares_where_it_is),
        cmocka_unit_test(reads_itself),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
