/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plays each file of the folders that it is given: a fuzz target as a test. */
#include "tests/fuzz/driver.h"

#include <glib.h>
#include <stdio.h>
#include <stdlib.h>

static int play_folder(const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GDir) folder = g_dir_open(path, 0, &error);
    const char *name;
    int n = 0;

    if (!folder) {
        fprintf(stderr, "%s\n", error->message);
        exit(1);
    }
    for (; (name = g_dir_read_name(folder)); n++) {
        g_autofree char *file = g_build_filename(path, name, NULL);
        g_autofree char *text = NULL;
        g_autofree uint8_t *exact = NULL;
        gsize n_text;

        if (!g_file_get_contents(file, &text, &n_text, &error)) {
            fprintf(stderr, "%s\n", error->message);
            exit(1);
        }
        /* Without the NUL behind it, so that a read too far is seen. */
        exact = g_memdup2(text, n_text);
        LLVMFuzzerTestOneInput(exact, n_text);
    }
    return n;
}

int main(int argc, char **argv)
{
    int n = 0;

    for (int i = 1; i < argc; i++) {
        n += play_folder(argv[i]);
    }
    printf("%d inputs\n", n);
    return n ? 0 : 1;
}
