/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Wherever a stream is cut, the same messages come out, and it fails at the same
 * byte or not at all.
 */
#include "tests/fuzz/driver.h"

#include <glib.h>

#include "qmp/framer.h"

/* Where messages end, and how it ends: equal for equal streams. */
static GArray *ends_of(const char *data, size_t n, size_t first, size_t piece)
{
    GArray *ends = g_array_new(FALSE, FALSE, sizeof(size_t));
    QmpFramer framer = QMP_FRAMER_INIT;
    QmpFrame frame = QMP_FRAME_PARTIAL;
    size_t at = 0, cut = MIN(first, n), used;

    while (at < n && frame <= QMP_FRAME_COMPLETE) {
        frame = qmp_framer_push(&framer, data + at, cut - at, &used);
        g_assert(used > 0 && used <= cut - at);
        at += used;
        if (frame != QMP_FRAME_PARTIAL) {
            g_array_append_val(ends, at);
        }
        if (at == cut) {
            cut = MIN(cut + piece, n);
        }
    }
    used = frame;
    g_array_append_val(ends, used);
    return ends;
}

static void check_same(GArray *whole, GArray *cut)
{
    g_assert_cmpmem(whole->data, whole->len * sizeof(size_t), cut->data,
                    cut->len * sizeof(size_t));
    g_array_unref(cut);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    const char *text = (const char *)data;
    GArray *whole = ends_of(text, n, n, n);
    size_t step = n / 16 + 1;

    for (size_t first = 1; first <= n; first += step) {
        check_same(whole, ends_of(text, n, first, n));
        check_same(whole, ends_of(text, n, first, first));
    }
    if (n < 4096) {
        check_same(whole, ends_of(text, n, 1, 1));
    }
    g_array_unref(whole);
    return 0;
}
