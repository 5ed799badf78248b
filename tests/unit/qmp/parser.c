/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON as RFC 8259 has it, and nothing else. */
#include "tests/lib/check.h"

#include "qmp/error.h"
#include "qmp/framer.h"
#include "qmp/json.h"
#include "qmp/parser.h"

/* What goes in, and what json-glib says of the result. */
static const struct {
    const char *text;
    const char *out;
} good[] = {
    { "{}", "{}" },
    { " { } ", "{}" },
    { "{\"a\":1,\"b\":[],\"c\":{}}", "{\"a\":1,\"b\":[],\"c\":{}}" },
    { "{\"a\" : [ 1 , 2 , [ ] ] }", "{\"a\":[1,2,[]]}" },
    { "{\"a\":true,\"b\":false,\"c\":null}",
      "{\"a\":true,\"b\":false,\"c\":null}" },
    { "{\"a\":0,\"b\":-0,\"c\":-1}", "{\"a\":0,\"b\":0,\"c\":-1}" },
    { "{\"a\":9223372036854775807}", "{\"a\":9223372036854775807}" },
    { "{\"a\":-9223372036854775808}", "{\"a\":-9223372036854775808}" },
    { "{\"a\":9223372036854775808}", "{\"a\":-9223372036854775808}" },
    { "{\"a\":18446744073709551615}", "{\"a\":-1}" },
    { "{\"a\":0.5,\"b\":-1.25e2,\"c\":1E+2}",
      "{\"a\":0.5,\"b\":-125.0,\"c\":100.0}" },
    { "{\"a\":\"\"}", "{\"a\":\"\"}" },
    { "{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}",
      "{\"a\":\"\\\"\\\\/\\b\\f\\n\\r\\t\"}" },
    { "{\"a\":\"\\u00e4\\ud83d\\ude00\"}",
      "{\"a\":\"\xc3\xa4\xf0\x9f\x98\x80\"}" },
    { "{\"\\u0061b\":\"c\"}", "{\"ab\":\"c\"}" },
    { "{\"\xc3\xa4\":\"\xf0\x9f\x98\x80\"}",
      "{\"\xc3\xa4\":\"\xf0\x9f\x98\x80\"}" },
    { "{\"a\":1,\"a\":2}", "{\"a\":2}" },
    { "{\"a\":{\"b\":{\"c\":\"d\"},\"e\":\"f\"}}",
      "{\"a\":{\"b\":{\"c\":\"d\"},\"e\":\"f\"}}" },
};

static void reads_json(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(JsonObject) object =
            qmp_parse_object(good[i].text, strlen(good[i].text), &error);
        g_autoptr(JsonNode) node = NULL;
        g_autofree char *out = NULL;

        check_no_error(error);
        node = json_node_init_object(json_node_alloc(), object);
        out = qmp_json_to_text(node);
        assert_string_equal(out, good[i].out);
    }
}

static const struct {
    const char *text;
    const char *why;
} bad[] = {
    { "", "missing" },
    { "  ", "missing" },
    { "[]", "not an object" },
    { "1", "not an object" },
    { "{", "member" },
    { "{\"a\"", "colon" },
    { "{\"a\":", "missing" },
    { "{\"a\":1", "bracket" },
    { "{\"a\" 1}", "colon" },
    { "{\"a\":1,}", "member" },
    { "{,\"a\":1}", "member" },
    { "{a:1}", "member" },
    { "{'a':1}", "member" },
    { "{\"a\":[1,]}", "missing" },
    { "{\"a\":[1 2]}", "comma" },
    { "{\"a\":1 \"b\":2}", "comma" },
    { "{\"a\":[1}", "comma" },
    { "{\"a\":1]", "comma" },
    { "{}{}", "more than one" },
    { "{} x", "more than one" },
    { "{\"a\":tru}", "missing" },
    { "{\"a\":truefalse}", "comma" },
    { "{\"a\":nul", "missing" },
    { "{\"a\":01}", "malformed number" },
    { "{\"a\":-01}", "malformed number" },
    { "{\"a\":-}", "malformed number" },
    { "{\"a\":--1}", "malformed number" },
    { "{\"a\":+1}", "missing" },
    { "{\"a\":1.}", "malformed number" },
    { "{\"a\":.5}", "missing" },
    { "{\"a\":1e}", "malformed number" },
    { "{\"a\":1e+}", "malformed number" },
    { "{\"a\":1.5.6}", "comma" },
    { "{\"a\":1e400}", "too big" },
    { "{\"a\":0x10}", "comma" },
    { "{\"a\":NaN}", "missing" },
    { "{\"a\":18446744073709551616}", "64 bits" },
    { "{\"a\":-9223372036854775809}", "64 bits" },
    { "{\"a\":99999999999999999999999}", "64 bits" },
    { "{\"a\":\"b}", "without end" },
    { "{\"a\":\"b\nc\"}", "without end" },
    { "{\"a\":\"\\", "malformed escape" },
    { "{\"a\":\"\\x\"}", "malformed escape" },
    { "{\"a\":\"\\u12g4\"}", "malformed escape" },
    { "{\"a\":\"\\u12\"}", "malformed escape" },
    { "{\"a\":\"x\\u0000y\"}", "NUL" },
    { "{\"a\":\"\\ud83d\"}", "surrogate" },
    { "{\"a\":\"\\ud83dx\"}", "surrogate" },
    { "{\"a\":\"\\ud83d\\u0061\"}", "surrogate" },
    { "{\"a\":\"\\ude00\"}", "surrogate" },
    { "{\"a\":\"\xff\"}", "UTF-8" },
    { "{\"a\":\"\xed\xa0\x80\"}", "UTF-8" },
    { "{\"a\":\"\xc3", "without end" },
};

static void refuses_the_rest(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;

        check_case(bad[i].text,
                   !qmp_parse_object(bad[i].text, strlen(bad[i].text), &error));
        check_error(error, QMP_ERROR, QMP_ERROR_PROTOCOL);
        check_contains(error->message, bad[i].why);
    }
}

static void a_raw_nul_is_no_end(void **state)
{
    g_autoptr(GError) error = NULL;

    assert_null(qmp_parse_object("{\"a\0\":1}", 8, &error));
    check_error(error, QMP_ERROR, QMP_ERROR_PROTOCOL);
    g_clear_error(&error);
    assert_null(qmp_parse_object("{}\0", 3, &error));
    check_error(error, QMP_ERROR, QMP_ERROR_PROTOCOL);
}

static void the_text_need_not_end_in_nul(void **state)
{
    g_autoptr(JsonObject) object = qmp_parse_object("{\"a\":12}3", 8, NULL);
    int64_t value = 0;

    assert_true(qmp_json_int64(object, "a", &value));
    assert_int_equal(value, 12);
}

static JsonObject *of_depth(unsigned depth, GError **error)
{
    g_autoptr(GString) text = g_string_new("{\"a\":");

    for (unsigned i = 1; i < depth; i++) {
        g_string_append_c(text, '[');
    }
    for (unsigned i = 1; i < depth; i++) {
        g_string_append_c(text, ']');
    }
    g_string_append_c(text, '}');
    return qmp_parse_object(text->str, text->len, error);
}

static void never_deeper_than_the_limit(void **state)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonObject) object = of_depth(QMP_DEPTH_MAX, &error);

    check_no_error(error);
    assert_non_null(object);
    assert_null(of_depth(QMP_DEPTH_MAX + 1, &error));
    check_contains(error->message, "64 brackets");
    g_clear_error(&error);
    assert_null(of_depth(100000, &error));
    check_error(error, QMP_ERROR, QMP_ERROR_PROTOCOL);
}

static void every_cut_text_is_refused(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
        size_t end = strrchr(good[i].text, '}') - good[i].text;

        for (size_t n = 1; n <= end; n++) {
            g_autofree char *exact = g_memdup2(good[i].text, n);

            assert_null(qmp_parse_object(exact, n, NULL));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_json),
        cmocka_unit_test(refuses_the_rest),
        cmocka_unit_test(a_raw_nul_is_no_end),
        cmocka_unit_test(the_text_need_not_end_in_nul),
        cmocka_unit_test(never_deeper_than_the_limit),
        cmocka_unit_test(every_cut_text_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
