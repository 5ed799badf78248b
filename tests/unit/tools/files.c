/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/lib/check.h"

#include <glib/gstdio.h>
#include <unistd.h>

#include "tools/files.h"

/* "there" is a file, "link" and "hard" lead to it, "dangling" to "new". */
static const struct {
    const char *what, *json, *trace, *file;
    const char *both; /* NULL: all of them are apart */
} cases[] = {
    { "none", NULL, NULL, NULL, NULL },
    { "three", "a", "b", "c", NULL },
    { "of which one is there", "there", "new", "other", NULL },
    { "a new one", "new", "new", NULL, "--json and --trace" },
    { "one that is there", "there", "there", NULL, "--json and --trace" },
    { "the guest's", "new", NULL, "new", "--json and --uri" },
    { "the guest's, traced", NULL, "there", "there", "--trace and --uri" },
    { "written otherwise", "./new", ".//new", NULL, "--json and --trace" },
    { "through a link", "there", "link", NULL, "--json and --trace" },
    { "by another name", "hard", "there", NULL, "--json and --trace" },
    { "through a link to nothing", "dangling", "new", NULL,
      "--json and --trace" },
    { "through a folder", "folder/new", "new", NULL, "--json and --trace" },
    { "standard output", "-", "-", NULL, "--json and --trace" },
    { "a device", "/dev/null", "/dev/null", NULL, NULL },
};

static char *folder; /* where all of it is */

static void each_has_a_file_of_its_own(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        Settings settings = { .json = (char *)cases[i].json,
                              .trace = (char *)cases[i].trace };
        g_autofree char *uri =
            cases[i].file ? g_build_filename(folder, cases[i].file, NULL)
                          : NULL;
        settings.migration.uri = uri ? g_strconcat("file:", uri, NULL) : NULL;
        gboolean apart = files_check_apart(&settings, &error);

        check_case(cases[i].what, apart == (cases[i].both == NULL));
        if (cases[i].both) {
            g_autofree char *start =
                g_strconcat(cases[i].both, " both name the same file: ", NULL);
            check_case(cases[i].what, g_str_has_prefix(error->message, start));
        }
        g_free(settings.migration.uri);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_has_a_file_of_its_own),
    };
    static const char *const made[] = { "there", "link", "hard", "dangling",
                                        "folder" };

    folder = g_dir_make_tmp("qm-files-XXXXXX", NULL);
    g_assert_true(chdir(folder) == 0);
    g_assert_true(g_file_set_contents("there", "", 0, NULL));
    g_assert_true(symlink("there", "link") == 0);
    g_assert_true(link("there", "hard") == 0);
    g_assert_true(symlink("new", "dangling") == 0);
    g_assert_true(symlink(".", "folder") == 0);
    int result = cmocka_run_group_tests(tests, NULL, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(made); i++) {
        g_unlink(made[i]);
    }
    g_rmdir(folder);
    g_free(folder);
    return result;
}
