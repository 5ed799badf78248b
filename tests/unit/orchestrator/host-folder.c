/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Folders as a process sees them that has another root and another user. */
#include "tests/lib/check.h"

#include "orchestrator/host.h"
#include "tests/lib/folder.h"

#define PID     7
#define ANOTHER 12345

/* Below the root of the process; the last is where the first leads to. */
static const struct {
    const char *path;
    mode_t mode;
} made[] = {
    { "view", 0755 },        { "view/open", 0777 },      { "view/read", 0755 },
    { "view/closed", 0700 }, { "view/closed/in", 0777 },
};

static const struct {
    const char *path;
    bool is_owner;
    HostAnswer is_there, may_search, may_make;
} cases[] = {
    { "/open", false, ANSWER_YES, ANSWER_YES, ANSWER_YES },
    { "/read", false, ANSWER_YES, ANSWER_YES, ANSWER_NO },
    { "/read", true, ANSWER_YES, ANSWER_YES, ANSWER_YES },
    { "/closed", false, ANSWER_YES, ANSWER_NO, ANSWER_NO },
    { "/closed", true, ANSWER_YES, ANSWER_YES, ANSWER_YES },
    { "/closed/in", false, ANSWER_YES, ANSWER_NO, ANSWER_NO },
    { "/link", false, ANSWER_YES, ANSWER_YES, ANSWER_YES },
    { "/nowhere", false, ANSWER_NO },
    { "/file", false, ANSWER_NO },
};

/* A proc with one process, whose root is "view". */
static char *make_host(void)
{
    char *top = folder_new();
    g_autofree char *view = folder_path(top, "view");
    for (size_t i = 0; i < G_N_ELEMENTS(made); i++) {
        g_autofree char *path = g_build_filename(top, made[i].path, NULL);
        assert_int_equal(g_mkdir(path, 0700), 0);
        assert_int_equal(g_chmod(path, made[i].mode), 0);
    }
    folder_put_link(top, "proc/7/root", view);
    folder_put_link(top, "view/link", "/open"); /* from its root, not ours */
    folder_put(top, "view/file", "");
    folder_put(top, "proc/7/status", "Groups:\t\n");
    return top;
}

static void folders_are_those_of_the_process(void **state)
{
    char *top = make_host();
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const char *const folders[] = { cases[i].path, NULL };
        ProcessFacts facts = {
            .known = true,
            .fs_uid = cases[i].is_owner ? geteuid() : ANOTHER,
            .fs_gid = ANOTHER,
            .may_override = ANSWER_NO,
        };
        host_read_folders(top, PID, folders, &facts);
        const HostFolder *folder = &facts.folders[0];
        if (folder->is_there != cases[i].is_there ||
            folder->may_search != cases[i].may_search ||
            folder->may_make != cases[i].may_make) {
            fail_msg("%s: there %d, search %d, make %d", cases[i].path,
                     folder->is_there, folder->may_search, folder->may_make);
        }
    }
    folder_free(top);
}

static void our_own_folder_is_ours(void **state)
{
    const char *const folders[] = { "/", "/nowhere", NULL };
    ProcessFacts facts = { .known = true, .may_override = ANSWER_YES };
    host_read_folders("", getpid(), folders, &facts);
    assert_int_equal(facts.folders[0].is_there, ANSWER_YES);
    assert_int_equal(facts.folders[0].is_ours, ANSWER_YES);
    assert_int_equal(facts.folders[1].is_there, ANSWER_NO);
    assert_int_equal(facts.folders[2].is_there, ANSWER_UNKNOWN);
}

static void of_a_process_that_is_gone_nothing_is_known(void **state)
{
    const char *const folders[] = { "/", NULL };
    ProcessFacts facts = { .known = true };
    host_read_folders("/nowhere", PID, folders, &facts);
    assert_int_equal(facts.folders[0].is_there, ANSWER_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folders_are_those_of_the_process),
        cmocka_unit_test(our_own_folder_is_ours),
        cmocka_unit_test(of_a_process_that_is_gone_nothing_is_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
