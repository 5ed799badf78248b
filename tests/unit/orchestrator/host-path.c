/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a socket or a file could be made, in a folder of the test's own. */
#include "tests/lib/check.h"

#include <sys/stat.h>

#include "orchestrator/host.h"
#include "tests/lib/folder.h"

static void tells_where_a_socket_can_be(void **state)
{
    char *folder = folder_new();
    folder_put(folder, "plain", "");
    const struct {
        const char *what;
        const char *name;
        HostAnswer answer;
    } cases[] = {
        { "a new one", "a.stream", ANSWER_YES },
        { "one that is there", "plain", ANSWER_YES },
        { "no folder", "none/a.stream", ANSWER_NO },
        { "no folder but a file", "plain/a.stream", ANSWER_NO },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const char *why = "not set";
        g_autofree char *path = g_build_filename(folder, cases[i].name, NULL);
        HostAnswer answer = host_can_bind_unix(path, &why);

        check_case(cases[i].what, answer == cases[i].answer);
        check_case(cases[i].what, (why == NULL) == (answer == ANSWER_YES));
    }
    const char *why = NULL;
    assert_int_equal(host_can_bind_unix("a.stream", &why), ANSWER_UNKNOWN);
    check_contains(why, "folder");
    folder_free(folder);
}

/* What QEMU takes: 108 bytes. */
static void knows_how_long_a_path_may_be(void **state)
{
    char *folder = folder_new();
    g_autofree char *tail = g_strnfill(200, 'x');
    g_autofree char *path = g_strconcat(folder, "/", tail, NULL);
    const char *why;

    path[109] = '\0';
    assert_int_equal(host_can_bind_unix(path, &why), ANSWER_NO);
    check_contains(why, "too long");
    path[108] = '\0';
    assert_int_equal(host_can_bind_unix(path, &why), ANSWER_YES);
    folder_free(folder);
}

static void looks_at_files(void **state)
{
    char *folder = folder_new();
    folder_put(folder, "saved", "twelve bytes");
    folder_put(folder, "inner/x", "");
    folder_put_link(folder, "dangling", "nothing");
    folder_put_link(folder, "round", "round");
    const struct {
        const char *name;
        FileKind kind;
        int64_t size_bytes;
    } cases[] = {
        { "new", FILE_ABSENT, HOST_UNKNOWN },
        { "saved", FILE_REGULAR, 12 },
        { "inner", FILE_OTHER, HOST_UNKNOWN },
        { "dangling", FILE_ABSENT, HOST_UNKNOWN },
        { "none/new", FILE_NO_FOLDER, HOST_UNKNOWN },
        { "saved/new", FILE_NO_FOLDER, HOST_UNKNOWN },
        { "round", FILE_UNKNOWN, HOST_UNKNOWN },
        { "round/new", FILE_UNKNOWN, HOST_UNKNOWN },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_build_filename(folder, cases[i].name, NULL);
        HostFile file = host_file(path);
        bool is_there =
            cases[i].kind != FILE_UNKNOWN && cases[i].kind != FILE_NO_FOLDER;

        check_case(cases[i].name, file.kind == cases[i].kind);
        check_case(cases[i].name, file.size_bytes == cases[i].size_bytes);
        check_case(cases[i].name,
                   file.may_write == (is_there ? ANSWER_YES : ANSWER_UNKNOWN));
        check_case(cases[i].name, is_there || file.free_bytes == HOST_UNKNOWN);
    }
    folder_free(folder);
}

static void some_names_are_none_of_ours(void **state)
{
    static const char *const names[] = { "relative", "/dev/fdset/1" };
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        HostFile file = host_file(names[i]);

        check_case(names[i], file.kind == FILE_UNKNOWN);
        check_case(names[i], file.may_write == ANSWER_UNKNOWN);
    }
}

/* Root may all, so this says something only to others. */
static void what_we_may_not_is_not_known(void **state)
{
    char *folder = folder_new();
    const char *why;
    folder_put(folder, "inner/saved", "");
    g_autofree char *inner = g_build_filename(folder, "inner", NULL);
    g_autofree char *path = g_build_filename(inner, "new", NULL);
    HostAnswer answer = geteuid() == 0 ? ANSWER_YES : ANSWER_UNKNOWN;

    assert_int_equal(chmod(inner, 0500), 0);
    assert_int_equal(host_can_bind_unix(path, &why), answer);
    assert_int_equal(host_file(path).may_write, answer);
    assert_int_equal(chmod(inner, 0700), 0);
    folder_free(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_where_a_socket_can_be),
        cmocka_unit_test(knows_how_long_a_path_may_be),
        cmocka_unit_test(looks_at_files),
        cmocka_unit_test(some_names_are_none_of_ours),
        cmocka_unit_test(what_we_may_not_is_not_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
