/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/policy-read.h"

#include <glib/gstdio.h>
#include <string.h>

#include "orchestrator/policy-file.h"

#define FILE_BYTES_MAX 65536

/* One command line names few. */
static GPtrArray *specs;

bool policy_is_file(const char *name)
{
    return strpbrk(name, "./") != NULL;
}

/* Neither a device, which might not end, nor a whole disk. */
static char *read_text(const char *path, GError **error)
{
    GStatBuf status;
    g_autoptr(GError) why = NULL;
    char *text = NULL;
    const char *wrong = NULL;
    if (g_stat(path, &status) == 0) {
        wrong = !S_ISREG(status.st_mode)          ? "it is no regular file"
                : status.st_size > FILE_BYTES_MAX ? "it is larger than 64 KiB"
                                                  : NULL;
    }
    if (wrong || !g_file_get_contents(path, &text, NULL, &why)) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%s",
                    wrong ? wrong : why->message);
        return NULL;
    }
    return text;
}

const PolicySpec *policy_read(const char *path, GError **error)
{
    g_autofree char *text = read_text(path, error);
    PolicySpec *spec = text ? policy_spec_parse(text, error) : NULL;
    if (!spec) {
        g_prefix_error(error, "--policy: '%s': ", path);
        return NULL;
    }
    if (!specs) {
        specs =
            g_ptr_array_new_with_free_func((GDestroyNotify)policy_spec_free);
    }
    g_ptr_array_add(specs, spec);
    return spec;
}
