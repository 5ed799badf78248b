/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Any bytes are a scenario file: either it is refused with its place, or it has
 * scenarios whose cells are as many as their choices.
 */
#include "tests/fuzz/driver.h"

#include <string.h>

#include "tools/scenario/matrix.h"
#include "tools/scenario/parse.h"

typedef struct {
    const uint8_t *data;
    size_t n;
} Text;

/* It includes itself under every name but the first. */
static char *read_text(const char *path, gpointer user_data, GError **error)
{
    const Text *text = user_data;
    return g_strndup((const char *)text->data, text->n);
}

static void check_cells(const Scenario *scenario)
{
    g_autoptr(GPtrArray) cells =
        g_ptr_array_new_with_free_func((GDestroyNotify)cell_free);
    g_autoptr(GError) error = NULL;
    guint64 n = 1;

    for (guint i = 0; i < scenario->settings->len && n <= MATRIX_CELLS_MAX;
         i++) {
        const ScenarioSetting *setting = scenario->settings->pdata[i];
        n *= g_strv_length(setting->values);
    }
    if (n > 1000) {
        return; /* right, and slow */
    }
    g_assert_true(matrix_add_cells(scenario, NULL, cells, &error));
    g_assert_cmpint(cells->len, ==, n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const char *const keys[] = { "enable", "memory", "smp", NULL };
    Text text = { data, n };
    g_autoptr(GError) error = NULL;
    g_autoptr(ScenarioFile) file =
        scenario_file_parse("it", keys, read_text, &text, &error);

    g_assert_true(!file == !!error);
    g_assert_true(!error || strstr(error->message, "it:") ||
                  strchr(error->message, ':'));
    for (guint i = 0; file && i < file->scenarios->len; i++) {
        check_cells(file->scenarios->pdata[i]);
    }
    return 0;
}
