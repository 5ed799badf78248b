/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Any bytes are a message or an error, never both and never a crash.  What is
 * read is what json-glib reads, and reads the same again after it was written.
 */
#include "tests/fuzz/driver.h"

#include <glib.h>
#include <string.h>

#include "qmp/error.h"
#include "qmp/framer.h"
#include "qmp/json.h"
#include "qmp/message.h"
#include "qmp/parser.h"

static char *text_of(JsonObject *object)
{
    g_autoptr(JsonNode) node = json_node_init_object(json_node_alloc(), object);

    return qmp_json_to_text(node);
}

static void check_json_glib_agrees(const char *text, size_t n,
                                   const char *written)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    g_autofree char *theirs = NULL;

    g_assert_true(json_parser_load_from_data(parser, text, n, NULL));
    theirs = qmp_json_to_text(json_parser_get_root(parser));
    g_assert_cmpstr(theirs, ==, written);
}

static void check_object(const char *text, size_t n, JsonObject *object)
{
    g_autofree char *written = text_of(object);
    g_autoptr(JsonObject) again =
        qmp_parse_object(written, strlen(written), NULL);
    g_autofree char *rewritten = again ? text_of(again) : NULL;

    g_assert_cmpstr(rewritten, ==, written);
    check_json_glib_agrees(text, n, written);
}

/* What is JSON to the reader is one message to the framer. */
static void check_framer_agrees(const char *text, size_t n)
{
    QmpFramer framer = QMP_FRAMER_INIT;
    size_t used;

    g_assert_cmpint(qmp_framer_push(&framer, text, n, &used), ==,
                    QMP_FRAME_COMPLETE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    const char *text = (const char *)data;
    g_autoptr(JsonObject) object = qmp_parse_object(text, n, NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(QmpMessage) message = qmp_message_parse(text, n, &error);

    g_assert_true(!message != !error);
    g_assert_true(object || !message);
    if (error) {
        g_assert_true(g_error_matches(error, QMP_ERROR, QMP_ERROR_PROTOCOL));
    }
    if (object) {
        check_framer_agrees(text, n);
        check_object(text, n, object);
    }
    return 0;
}
