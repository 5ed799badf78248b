/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Is it still the same process?  From made-up files of /proc, and of real
 * processes: one that ends, one that is not reaped, one that has lost its main
 * thread. */
#include "tests/lib/check.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "orchestrator/host.h"
#include "tests/lib/folder.h"

#define BOOT "6f0d2c3e-0000-4000-8000-0123456789ab"
#define STAT(name, state, threads, start)                                      \
    "100 (" name ") " state " 1 2 3 0 -1 4 5 6 7 8 9 10 11 12 20 0 " threads   \
    " 0 " start " 13 14"

static const struct {
    const char *what;
    const char *stat;      /* NULL: the process is gone */
    const char *boot_id;   /* NULL: it cannot be read */
    const char *namespace; /* the same */
    HostAnswer answer;
} later[] = {
    /* clang-format off */
    { "the same", STAT("qemu", "S", "4", "777"), BOOT, "pid:[1]", ANSWER_YES },
    { "another name", STAT("a) Z 1 (b", "R", "1", "777"), BOOT, "pid:[1]",
      ANSWER_YES },
    { "stopped", STAT("qemu", "T", "4", "777"), BOOT, "pid:[1]", ANSWER_YES },
    { "gone", NULL, BOOT, "pid:[1]", ANSWER_NO },
    { "another process", STAT("qemu", "S", "4", "778"), BOOT, "pid:[1]",
      ANSWER_NO },
    { "a zombie", STAT("qemu", "Z", "1", "777"), BOOT, "pid:[1]", ANSWER_NO },
    { "a zombie's other threads run", STAT("qemu", "Z", "2", "777"), BOOT,
      "pid:[1]", ANSWER_YES },
    { "another boot, or host", NULL, "6f0d2c3e-0000-4000-8000-0123456789ac",
      "pid:[1]", ANSWER_UNKNOWN },
    { "no boot id", NULL, NULL, "pid:[1]", ANSWER_UNKNOWN },
    { "another pid namespace", NULL, BOOT, "pid:[2]", ANSWER_UNKNOWN },
    { "no pid namespace", NULL, BOOT, NULL, ANSWER_UNKNOWN },
    { "cut short", "100 (qemu) S 1 2", BOOT, "pid:[1]", ANSWER_UNKNOWN },
    { "no number", STAT("qemu", "S", "4", "x"), BOOT, "pid:[1]",
      ANSWER_UNKNOWN },
    { "empty", "", BOOT, "pid:[1]", ANSWER_UNKNOWN },
    /* clang-format on */
};

static void put(const char *root, const char *stat, const char *boot_id,
                const char *namespace)
{
    folder_put(root, "proc/100/stat", stat);
    if (!stat) {
        g_autofree char *folder = folder_path(root, "proc/100");
        assert_int_equal(rmdir(folder), 0);
    }
    folder_put(root, "proc/sys/kernel/random/boot_id", boot_id);
    folder_put_link(root, "proc/self/ns/pid", namespace);
}

static void made_up(void **state)
{
    char *root = folder_new();
    for (size_t i = 0; i < G_N_ELEMENTS(later); i++) {
        put(root, STAT("qemu", "S", "4", "777"), BOOT "\n", "pid:[1]");
        ProcessIdentity identity = host_identify_process(root, 100);
        assert_true(process_identity_is_known(&identity));
        assert_int_equal(identity.start_ticks, 777);

        put(root, later[i].stat, later[i].boot_id, later[i].namespace);
        HostAnswer answer = host_still_runs(root, &identity);
        if (answer != later[i].answer) {
            fail_msg("%s: %d", later[i].what, answer);
        }
        ProcessIdentity again = host_identify_process(root, 100);
        if (answer == ANSWER_UNKNOWN) {
            assert_false(process_identity_equal(&identity, &again));
        }
    }
    folder_free(root);
}

static void not_known(void **state)
{
    ProcessIdentity none = { 0 };
    assert_false(process_identity_equal(&none, &none));
    assert_int_equal(host_still_runs("", &none), ANSWER_UNKNOWN);
    ProcessIdentity read = host_identify_process("", 0);
    assert_false(process_identity_is_known(&read));
}

static void threads(void **state)
{
    assert_true(host_has_thread("", getpid(), getpid()));
    assert_false(host_has_thread("", getpid(), getppid()));
    assert_false(host_has_thread("", getpid(), 0));
    assert_false(host_has_thread("", getpid(), -1));
    assert_false(host_has_thread("", getpid(), INT64_MAX));
}

static void vcpus_prove_it(void **state)
{
    static const struct {
        const char *what, *cpus;
        bool is_proved;
    } cases[] = {
        { "all of them", "[{\"thread-id\":107},{\"thread-id\":108}]", true },
        { "one is not", "[{\"thread-id\":107},{\"thread-id\":109}]", false },
        { "none", "[]", false },
        { "no threads", "[{}]", false },
        { "no list", "{}", false },
    };
    char *root = folder_new();
    folder_put_link(root, "proc/self/ns/pid", "pid:[1]");
    folder_put(root, "proc/100/task/107/comm", "qemu-system-x86");
    folder_put(root, "proc/100/task/108/comm", "qemu-system-x86");
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(JsonNode) cpus = json_from_string(cases[i].cpus, NULL);
        check_case(cases[i].what,
                   host_has_vcpus(root, 100, cpus) == cases[i].is_proved);
    }
    assert_false(host_has_vcpus(root, 100, NULL));
    folder_free(root);
}

static void names_of_threads(void **state)
{
    char *root = folder_new();
    folder_put(root, "proc/100/task/100/comm", "qemu-system-x86\n");
    folder_put(root, "proc/100/task/107/comm", "mig/src/send_0\n");
    g_autoptr(JsonNode) node = host_threads(root, 100);
    JsonArray *threads = json_node_get_array(node);
    bool seen = false;
    assert_int_equal(json_array_get_length(threads), 2);
    for (guint i = 0; i < 2; i++) {
        JsonObject *thread = json_array_get_object_element(threads, i);
        seen |= json_object_get_int_member(thread, "thread-id") == 107 &&
                strcmp(json_object_get_string_member(thread, "name"),
                       "mig/src/send_0") == 0;
    }
    assert_true(seen);
    g_autoptr(JsonNode) none = host_threads(root, 101);
    assert_int_equal(json_array_get_length(json_node_get_array(none)), 0);
    folder_free(root);
}

static pid_t start_child(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        pause();
        _exit(0);
    }
    assert_true(pid > 0);
    return pid;
}

static void a_child_that_ends(void **state)
{
    pid_t pid = start_child();
    ProcessIdentity identity = host_identify_process("", pid);
    assert_true(process_identity_is_known(&identity));
    assert_int_equal(host_still_runs("", &identity), ANSWER_YES);

    siginfo_t info;
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitid(P_PID, pid, &info, WEXITED | WNOWAIT), 0);
    assert_int_equal(host_still_runs("", &identity), ANSWER_NO);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_int_equal(host_still_runs("", &identity), ANSWER_NO);
}

static void *wait_for_ever(void *unused)
{
    pause();
    return unused;
}

static char state_of(pid_t pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/stat", pid);
    g_autofree char *text = NULL;
    assert_true(g_file_get_contents(path, &text, NULL, NULL));
    return strrchr(text, ')')[2];
}

static void a_child_without_its_main_thread(void **state)
{
    pid_t pid = fork();
    if (pid == 0) {
        pthread_t thread;
        pthread_create(&thread, NULL, wait_for_ever, NULL);
        pthread_exit(NULL);
    }
    assert_true(pid > 0);
    while (state_of(pid) != 'Z') {
        g_usleep(1000);
    }
    ProcessIdentity identity = host_identify_process("", pid);
    assert_int_equal(host_still_runs("", &identity), ANSWER_YES);
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_int_equal(host_still_runs("", &identity), ANSWER_NO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(made_up),
        cmocka_unit_test(not_known),
        cmocka_unit_test(threads),
        cmocka_unit_test(vcpus_prove_it),
        cmocka_unit_test(names_of_threads),
        cmocka_unit_test(a_child_that_ends),
        cmocka_unit_test(a_child_without_its_main_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
