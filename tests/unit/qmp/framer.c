/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where messages end, and what never gets through. */
#include "tests/lib/check.h"

#include "qmp/framer.h"

typedef struct {
    GPtrArray *messages;
    QmpFrame last;
} Frames;

/* What the framer makes of @data when it comes in pieces of @piece bytes, the
 * first of @first bytes. */
static Frames frames_of(const char *data, size_t n, size_t first, size_t piece)
{
    QmpFramer framer = QMP_FRAMER_INIT;
    g_autoptr(GString) message = g_string_new(NULL);
    Frames frames = { g_ptr_array_new_with_free_func(g_free),
                      QMP_FRAME_PARTIAL };
    size_t cut = MIN(first, n), at = 0;

    while (at < n) {
        size_t used;

        frames.last = qmp_framer_push(&framer, data + at, cut - at, &used);
        assert_true(used <= cut - at && (used || cut == at));
        g_string_append_len(message, data + at, used);
        at += used;
        if (frames.last == QMP_FRAME_COMPLETE) {
            g_ptr_array_add(frames.messages, g_strdup(message->str));
            g_string_truncate(message, 0);
        } else if (frames.last != QMP_FRAME_PARTIAL) {
            break;
        }
        if (at == cut) {
            cut = MIN(cut + piece, n);
        }
    }
    return frames;
}

static void check_same(Frames a, Frames b)
{
    assert_int_equal(a.last, b.last);
    assert_int_equal(a.messages->len, b.messages->len);
    for (guint i = 0; i < a.messages->len; i++) {
        assert_string_equal(g_ptr_array_index(a.messages, i),
                            g_ptr_array_index(b.messages, i));
    }
    g_ptr_array_unref(b.messages);
}

/* What QEMU really said, line by line of a transcript. */
static char *recorded_stream(void)
{
    g_autofree char *path = g_build_filename(g_getenv("QMIGRATE_TEST_DATA"),
                                             "session-7.2.qmp", NULL);
    g_autofree char *text = NULL;
    GString *stream = g_string_new(NULL);
    g_auto(GStrv) lines = NULL;

    assert_true(g_file_get_contents(path, &text, NULL, NULL));
    lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        if (g_str_has_prefix(*line, "<- ")) {
            g_string_append_printf(stream, "%s\r\n", *line + 3);
        }
    }
    return g_string_free(stream, FALSE);
}

static void any_split_gives_the_same_frames(void **state)
{
    g_autofree char *stream = recorded_stream();
    size_t n = MIN(strlen(stream), 4000);
    Frames whole = frames_of(stream, n, n, n);

    assert_true(whole.messages->len > 5);
    for (size_t i = 1; i <= n; i++) {
        check_same(whole, frames_of(stream, n, i, n));
    }
    for (size_t piece = 1; piece <= 64; piece++) {
        check_same(whole, frames_of(stream, n, piece, piece));
    }
    g_ptr_array_unref(whole.messages);
}

static const struct {
    const char *what;
    const char *input;
    QmpFrame last;
    unsigned n;
} cases[] = {
    { "nothing", "", QMP_FRAME_PARTIAL, 0 },
    { "blanks", " \t\r\n", QMP_FRAME_PARTIAL, 0 },
    { "the smallest", "{}", QMP_FRAME_COMPLETE, 1 },
    { "two in one read", "{}{\"a\":1}", QMP_FRAME_COMPLETE, 2 },
    { "with line ends", "{}\r\n{}\r\n", QMP_FRAME_PARTIAL, 2 },
    { "pretty", "{\r\n    \"a\": [\r\n  1\r\n ]\r\n}", QMP_FRAME_COMPLETE, 1 },
    { "brackets in strings", "{\"}]{[\": \"}\\\"}\"}", QMP_FRAME_COMPLETE, 1 },
    { "a backslash at the end", "{\"a\\\\\"}", QMP_FRAME_COMPLETE, 1 },
    { "UTF-8 in strings", "{\"\xc3\xa4\":1}", QMP_FRAME_COMPLETE, 1 },
    { "unfinished", "{\"a\": {", QMP_FRAME_PARTIAL, 0 },
    { "an array", "[]", QMP_FRAME_NOT_JSON, 0 },
    { "a number", "1", QMP_FRAME_NOT_JSON, 0 },
    { "a string", "\"a\"", QMP_FRAME_NOT_JSON, 0 },
    { "a lone close", "}", QMP_FRAME_NOT_JSON, 0 },
    { "crossed brackets", "{]", QMP_FRAME_NOT_JSON, 0 },
    { "crossed deeper", "{\"a\":[1}}", QMP_FRAME_NOT_JSON, 0 },
    { "a comment", "{/* c */}", QMP_FRAME_NOT_JSON, 0 },
    { "single quotes", "{'a':1}", QMP_FRAME_NOT_JSON, 0 },
    { "javascript", "var x = {}", QMP_FRAME_NOT_JSON, 0 },
    { "hexadecimal", "{\"a\":0x1}", QMP_FRAME_NOT_JSON, 0 },
    { "NaN", "{\"a\":NaN}", QMP_FRAME_NOT_JSON, 0 },
    { "a line end in a string", "{\"a\nb\":1}", QMP_FRAME_NOT_JSON, 0 },
    { "UTF-8 outside", "{\xc3\xa4}", QMP_FRAME_NOT_JSON, 0 },
    { "a byte order mark", "\xef\xbb\xbf{}", QMP_FRAME_NOT_JSON, 0 },
    { "an SSH banner", "SSH-2.0-OpenSSH_9.2\r\n", QMP_FRAME_NOT_JSON, 0 },
    { "HTTP", "HTTP/1.1 400 Bad Request\r\n", QMP_FRAME_NOT_JSON, 0 },
    { "a line between", "{}\r\nQEMU\r\n{}", QMP_FRAME_NOT_JSON, 1 },
};

static void tells_messages_from_the_rest(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        size_t n = strlen(cases[i].input);
        Frames whole = frames_of(cases[i].input, n, n, n);

        check_case(cases[i].what, whole.last == cases[i].last);
        check_case(cases[i].what, whole.messages->len == cases[i].n);
        for (size_t first = 1; first <= n; first++) {
            check_same(whole, frames_of(cases[i].input, n, first, 1));
        }
        g_ptr_array_unref(whole.messages);
    }
}

static QmpFrame frame_of_depth(unsigned depth)
{
    g_autoptr(GString) text = g_string_new("{\"a\":");
    Frames frames;

    for (unsigned i = 1; i < depth; i++) {
        g_string_append_c(text, '[');
    }
    for (unsigned i = 1; i < depth; i++) {
        g_string_append_c(text, ']');
    }
    g_string_append_c(text, '}');
    frames = frames_of(text->str, text->len, text->len, 1);
    g_ptr_array_unref(frames.messages);
    return frames.last;
}

static void the_limit_of_depth_is_exact(void **state)
{
    assert_int_equal(frame_of_depth(QMP_DEPTH_MAX), QMP_FRAME_COMPLETE);
    assert_int_equal(frame_of_depth(QMP_DEPTH_MAX + 1), QMP_FRAME_TOO_DEEP);
    assert_int_equal(frame_of_depth(100000), QMP_FRAME_TOO_DEEP);
}

/* A message of exactly @n bytes, in pieces of @piece. */
static QmpFrame frame_of_size(size_t n, size_t piece)
{
    g_autofree char *text = g_malloc(n);
    QmpFramer framer = QMP_FRAMER_INIT;
    QmpFrame frame = QMP_FRAME_PARTIAL;
    size_t used;

    memset(text, 'x', n);
    memcpy(text, "{\"", 2);
    memcpy(text + n - 4, "\":1}", 4);
    for (size_t at = 0; at < n && frame == QMP_FRAME_PARTIAL; at += used) {
        frame = qmp_framer_push(&framer, text + at, MIN(piece, n - at), &used);
    }
    return frame;
}

static void the_limit_of_size_is_exact(void **state)
{
    static const size_t pieces[] = { 1000, 4096, 65536, 1u << 30 };

    for (size_t i = 0; i < G_N_ELEMENTS(pieces); i++) {
        assert_int_equal(frame_of_size(QMP_MESSAGE_MAX_BYTES, pieces[i]),
                         QMP_FRAME_COMPLETE);
        assert_int_equal(frame_of_size(QMP_MESSAGE_MAX_BYTES + 1, pieces[i]),
                         QMP_FRAME_TOO_BIG);
    }
    assert_int_equal(frame_of_size(11 * 1024 * 1024, 65536), QMP_FRAME_TOO_BIG);
}

static void a_full_message_waits_for_its_next_byte(void **state)
{
    g_autofree char *text = g_malloc(QMP_MESSAGE_MAX_BYTES);
    QmpFramer framer = QMP_FRAMER_INIT;
    size_t used;

    memset(text, 'x', QMP_MESSAGE_MAX_BYTES);
    memcpy(text, "{\"", 2);
    assert_int_equal(
        qmp_framer_push(&framer, text, QMP_MESSAGE_MAX_BYTES, &used),
        QMP_FRAME_PARTIAL);
    assert_int_equal(qmp_framer_push(&framer, "x", 1, &used),
                     QMP_FRAME_TOO_BIG);
}

static void stands_ready_for_the_next_message(void **state)
{
    QmpFramer framer = QMP_FRAMER_INIT;
    size_t used;

    assert_int_equal(qmp_framer_push(&framer, "{\"a\":[1]} {", 11, &used),
                     QMP_FRAME_COMPLETE);
    assert_int_equal(used, 9);
    assert_int_equal(framer.n_bytes, 0);
    assert_int_equal(framer.depth, 0);
}

static void says_each_frame_in_words(void **state)
{
    for (QmpFrame f = QMP_FRAME_PARTIAL; f <= QMP_FRAME_NOT_JSON; f++) {
        assert_non_null(qmp_frame_to_string(f));
    }
    check_contains(qmp_frame_to_string(QMP_FRAME_TOO_BIG), "10 MiB");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_split_gives_the_same_frames),
        cmocka_unit_test(tells_messages_from_the_rest),
        cmocka_unit_test(the_limit_of_depth_is_exact),
        cmocka_unit_test(the_limit_of_size_is_exact),
        cmocka_unit_test(a_full_message_waits_for_its_next_byte),
        cmocka_unit_test(stands_ready_for_the_next_message),
        cmocka_unit_test(says_each_frame_in_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
