/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Typed access: there, of the type and in range, or not at all. */
#include "tests/lib/check.h"

#include "qmp/json.h"
#include "qmp/parser.h"

static const char text[] =
    "{\"string\":\"s\",\"true\":true,\"null\":null,\"object\":{},\"array\":[],"
    "\"double\":1.5,\"zero\":0,\"minus\":-1,"
    "\"int-max\":9223372036854775807,\"int-min\":-9223372036854775808,"
    "\"above\":9223372036854775808,\"uint-max\":18446744073709551615}";

static const struct {
    const char *name;
    bool string, object, array, boolean, number, broken, size;
} table[] = {
    { "string", .string = true },
    { "true", .boolean = true },
    { "null", false },
    { "object", .object = true },
    { "array", .array = true },
    { "double", .broken = true },
    { "zero", .number = true, .broken = true, .size = true },
    { "minus", .number = true, .broken = true },
    { "int-max", .number = true, .broken = true, .size = true },
    { "int-min", .number = true, .broken = true },
    { "above", .number = true, .broken = true },
    { "uint-max", .number = true, .broken = true },
    { "absent", false },
};

static void each_type_only_as_itself(void **state)
{
    g_autoptr(JsonObject) object = qmp_parse_object(text, strlen(text), NULL);

    for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
        const char *name = table[i].name;
        bool b = false;
        int64_t n = 0;
        uint64_t u = 0;
        double d = 0;

        check_case(name, !qmp_json_string(object, name) != table[i].string);
        check_case(name, !qmp_json_object(object, name) != table[i].object);
        check_case(name, !qmp_json_array(object, name) != table[i].array);
        check_case(name, qmp_json_bool(object, name, &b) == table[i].boolean);
        check_case(name, qmp_json_int64(object, name, &n) == table[i].number);
        check_case(name, qmp_json_uint64(object, name, &u) == table[i].number);
        check_case(name, qmp_json_double(object, name, &d) == table[i].broken);
        check_case(name, qmp_json_size(object, name, &u) == table[i].size);
    }
}

static void what_is_refused_leaves_the_result_alone(void **state)
{
    g_autoptr(JsonObject) object = qmp_parse_object(text, strlen(text), NULL);
    bool b = true;
    int64_t n = 42;
    uint64_t u = 42;
    double d = 42;

    assert_false(qmp_json_bool(object, "zero", &b));
    assert_false(qmp_json_int64(object, "double", &n));
    assert_false(qmp_json_size(object, "minus", &u));
    assert_false(qmp_json_size(object, "above", &u));
    assert_false(qmp_json_uint64(object, "string", &u));
    assert_false(qmp_json_double(object, "true", &d));
    assert_true(b && n == 42 && u == 42 && d == 42);
}

static void numbers_are_exact(void **state)
{
    g_autoptr(JsonObject) object = qmp_parse_object(text, strlen(text), NULL);
    int64_t n;
    uint64_t u;
    double d;

    assert_true(qmp_json_int64(object, "int-min", &n) && n == INT64_MIN);
    assert_true(qmp_json_size(object, "int-max", &u) && u == INT64_MAX);
    assert_true(qmp_json_uint64(object, "above", &u) &&
                u == (uint64_t)INT64_MAX + 1);
    assert_true(qmp_json_uint64(object, "uint-max", &u) && u == UINT64_MAX);
    assert_true(qmp_json_double(object, "double", &d) && d == 1.5);
    assert_true(qmp_json_double(object, "minus", &d) && d == -1);
}

static void no_object_has_no_members(void **state)
{
    int64_t n;

    assert_null(qmp_json_string(NULL, "a"));
    assert_null(qmp_json_object(NULL, "a"));
    assert_null(qmp_json_array(NULL, "a"));
    assert_false(qmp_json_int64(NULL, "a", &n));
}

static void text_is_one_line_without_blanks(void **state)
{
    g_autoptr(JsonNode) node =
        json_from_string("{ \"a\" : [ 1, \"b c\" ] }", NULL);
    g_autofree char *out = qmp_json_to_text(node);

    assert_string_equal(out, "{\"a\":[1,\"b c\"]}");
}

/* Each is read back as what it was. */
static const char *const written[] = {
    "{}",
    "[]",
    "null",
    "[true,false,null,0,-9223372036854775808]",
    "[0.5,100.0,1e+22,1e-300,-0.0]",
    "\"\\\"\\\\\\b\\f\\n\\r\\t\\u0001/\x7f\xc3\xa4\"",
    "{\"b\":[{\"a\":[]}],\"a\":{\"\":\"\"}}",
};

static void text_is_json_again(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(written); i++) {
        g_autofree char *whole = g_strdup_printf("{\"v\":%s}", written[i]);
        g_autoptr(GError) error = NULL;
        g_autoptr(JsonObject) object =
            qmp_parse_object(whole, strlen(whole), &error);
        g_autofree char *out = NULL;

        check_no_error(error);
        out = qmp_json_to_text(json_object_get_member(object, "v"));
        assert_string_equal(out, written[i]);
    }
}

static void what_json_does_not_have_is_null(void **state)
{
    g_autoptr(JsonNode) node =
        json_node_init_double(json_node_alloc(), G_MAXDOUBLE * 10);
    g_autofree char *out = qmp_json_to_text(node);

    assert_string_equal(out, "null");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_type_only_as_itself),
        cmocka_unit_test(what_is_refused_leaves_the_result_alone),
        cmocka_unit_test(numbers_are_exact),
        cmocka_unit_test(no_object_has_no_members),
        cmocka_unit_test(text_is_one_line_without_blanks),
        cmocka_unit_test(text_is_json_again),
        cmocka_unit_test(what_json_does_not_have_is_null),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
