/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The lock of a QEMU's process, by child processes that play QEMU and rivals. */
#include "tests/lib/check.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "orchestrator/lock.h"

typedef struct {
    pid_t pid;
    int report; /* what it reports through, see rival() */
} Child;

static pid_t fork_sleeper(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        pause();
        _exit(0);
    }
    assert_true(pid > 0);
    return pid;
}

static void end(pid_t pid)
{
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* Locks @qemu in a process of its own, and returns when that has the lock. */
static Child fork_rival(pid_t qemu)
{
    int ends[2];
    char byte;
    assert_int_equal(pipe(ends), 0);
    Child child = { .pid = fork(), .report = ends[0] };
    if (child.pid == 0) {
        pid_t holder;
        byte = process_lock(qemu, &holder) >= 0;
        if (write(ends[1], &byte, 1) == 1) {
            pause();
        }
        _exit(0);
    }
    close(ends[1]);
    assert_int_equal(read(child.report, &byte, 1), 1);
    assert_true(byte);
    return child;
}

static void names_the_holder_and_ends_with_it(void **state)
{
    pid_t qemu = fork_sleeper(), holder = 0;
    Child rival = fork_rival(qemu);

    assert_int_equal(process_lock(qemu, &holder), PROCESS_LOCK_HELD);
    assert_int_equal(holder, rival.pid);
    assert_int_equal(process_lock_holder(qemu), rival.pid);
    assert_int_equal(process_lock_holder(getpid()), 0);
    end(rival.pid);
    close(rival.report);
    int lock = process_lock(qemu, &holder);
    assert_true(lock >= 0);
    close(lock);
    end(qemu);
}

static void each_process_has_its_own(void **state)
{
    pid_t a = fork_sleeper(), b = fork_sleeper(), holder;
    int first = process_lock(a, &holder), second = process_lock(b, &holder);

    assert_true(first >= 0 && second >= 0);
    assert_int_equal(process_lock(a, &holder), PROCESS_LOCK_HELD);
    assert_int_equal(holder, getpid());
    close(first);
    close(second);
    end(a);
    end(b);
}

static void a_process_that_is_gone_cannot_be_locked(void **state)
{
    pid_t pid = fork_sleeper(), holder;
    end(pid);
    assert_int_equal(process_lock(pid, &holder), PROCESS_LOCK_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_the_holder_and_ends_with_it),
        cmocka_unit_test(each_process_has_its_own),
        cmocka_unit_test(a_process_that_is_gone_cannot_be_locked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
