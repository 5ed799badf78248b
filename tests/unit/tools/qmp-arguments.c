/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The words of qmigrate qmp against the schemas of real QEMUs, and the text of
 * JSON laid out anew.
 */
#include "tests/lib/check.h"
#include "tests/lib/recorded.h"

#include "qmp/command.h"
#include "tools/qmp/arguments.h"
#include "tools/qmp/complete.h"
#include "tools/qmp/help.h"
#include "tools/qmp/line.h"
#include "tools/qmp/raw-json.h"

/* What is sent for @line, or "! " and why it is not. */
static char *said(const QmpSchema *schema, const char *text)
{
    g_autoptr(GError) error = NULL;
    g_auto(Line) line = { 0 };

    if (!line_parse(schema, text, &line, &error)) {
        return g_strconcat("! ", error->message, NULL);
    }
    assert_int_equal(line.kind, LINE_COMMAND);
    return g_strchomp(qmp_command_to_text(line.command, -1));
}

typedef struct {
    const char *line, *wanted;
} Words;

static void check_words(const QmpSchema *schema, const Words *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        g_autofree char *text = said(schema, cases[i].line);

        print_message("%s\n", cases[i].line);
        assert_string_equal(text, cases[i].wanted);
    }
}

/* clang-format off */
static const Words accepted[] = {
    { "query-status", "{\"execute\":\"query-status\"}" },
    { "  query-status  # why", "{\"execute\":\"query-status\"}" },
    { "set_link name=true up=true",
      "{\"execute\":\"set_link\",\"arguments\":{\"name\":\"true\",\"up\":true}}" },
    { "set_link name='a b=c' up=false",
      "{\"execute\":\"set_link\",\"arguments\":{\"name\":\"a b=c\",\"up\":false}}" },
    { "set_link name= up=false",
      "{\"execute\":\"set_link\",\"arguments\":{\"name\":\"\",\"up\":false}}" },
    { "balloon value=9223372036854775807",
      "{\"execute\":\"balloon\",\"arguments\":{\"value\":9223372036854775807}}" },
    /* QEMU takes n - 2^64 for n, and json-glib has no other way to say it. */
    { "balloon value=18446744073709551615",
      "{\"execute\":\"balloon\",\"arguments\":{\"value\":-1}}" },
    { "migrate-set-parameters tls-creds=null",
      "{\"execute\":\"migrate-set-parameters\",\"arguments\":{\"tls-creds\":null}}" },
    { "migrate-set-parameters tls-creds=1",
      "{\"execute\":\"migrate-set-parameters\",\"arguments\":{\"tls-creds\":\"1\"}}" },
    { "migrate-set-parameters multifd-compression=zstd",
      "{\"execute\":\"migrate-set-parameters\",\"arguments\":{\"multifd-compression\":\"zstd\"}}" },
    { "migrate-set-capabilities 'capabilities=[{\"capability\":\"events\",\"state\":true}]'",
      "{\"execute\":\"migrate-set-capabilities\",\"arguments\":{\"capabilities\":"
      "[{\"capability\":\"events\",\"state\":true}]}}" },
    { "qom-set path=/a property=b value=12",
      "{\"execute\":\"qom-set\",\"arguments\":{\"path\":\"/a\",\"property\":\"b\",\"value\":12}}" },
    { "qom-set path=/a property=b value=twelve",
      "{\"execute\":\"qom-set\",\"arguments\":{\"path\":\"/a\",\"property\":\"b\",\"value\":\"twelve\"}}" },
    { "qom-set path=/a property=b value.c.d=1 value.e=[]",
      "{\"execute\":\"qom-set\",\"arguments\":{\"path\":\"/a\",\"property\":\"b\","
      "\"value\":{\"c\":{\"d\":1},\"e\":[]}}}" },
    { "device_add driver=virtio-net mac=52:54:00:00:00:01 mq=true",
      "{\"execute\":\"device_add\",\"arguments\":{\"driver\":\"virtio-net\","
      "\"mac\":\"52:54:00:00:00:01\",\"mq\":true}}" },
    { "blockdev-add file.filename=/x file.driver=file node-name=n driver=qcow2",
      "{\"execute\":\"blockdev-add\",\"arguments\":{\"file\":{\"filename\":\"/x\","
      "\"driver\":\"file\"},\"node-name\":\"n\",\"driver\":\"qcow2\"}}" },
    { "--oob migrate-pause", "{\"exec-oob\":\"migrate-pause\"}" },
    { "{\"exec-oob\": \"no-such\", \"id\": \"me\", \"arguments\": {\"a\": 1}}",
      "{\"exec-oob\":\"no-such\",\"arguments\":{\"a\":1}}" },
};

static const Words refused[] = {
    { "query-statu", "! there is no command 'query-statu'; did you mean query-status?" },
    { "xyzzy", "! there is no command 'xyzzy'" },
    { "STOP", "! there is no command 'STOP'; did you mean stop?" },
    { "migrate-set-parameters max-bandwith=1",
      "! migrate-set-parameters has no argument 'max-bandwith'; did you mean max-bandwidth?" },
    { "query-status a=1", "! query-status has no argument 'a'" },
    { "balloon value=1.5", "! value: '1.5' is not a whole number of at most 64 bits" },
    { "balloon value=18446744073709551616",
      "! value: '18446744073709551616' is not a whole number of at most 64 bits" },
    { "balloon value=0x10", "! value: '0x10' is not a whole number of at most 64 bits" },
    { "balloon value='1,\"value\":2'",
      "! value: '1,\"value\":2' is not a whole number of at most 64 bits" },
    { "balloon value='1}'", "! value: '1}' is not a whole number of at most 64 bits" },
    { "balloon value=", "! value: '' is not a whole number of at most 64 bits" },
    { "balloon value=1 value=2", "! value is given a second time" },
    { "set_link name=a up=yes", "! up: 'yes' is none of false, true" },
    { "set_link name=a up=tru", "! up has no value 'tru'; did you mean true?" },
    { "migrate-set-parameters multifd-compression=zst",
      "! multifd-compression has no value 'zst'; did you mean zstd?" },
    { "migrate-set-capabilities capabilities=1",
      "! capabilities: '1' is not a list in JSON, such as [1, 2]" },
    { "set_link name.a=b", "! name.a: name is no object and has no members" },
    { "qom-set value=1 value.a=2", "! value.a: value is given a second time" },
    { "blockdev-add driver=qcow2 file.driver=file file.filenam=x",
      "! blockdev-add has no argument 'file.filenam'; did you mean file.filename?" },
    { "blockdev-add driver=file file.driver=file",
      "! blockdev-add has no argument 'file'; did you mean filename?" },
    { "query-status up", "! 'up' is not NAME=VALUE" },
    { "query-status =up", "! '=up' is not NAME=VALUE" },
    { "query-status --oob", "! '--oob' is not NAME=VALUE; options go first" },
    { "--oob query-status", "! query-status cannot be sent out of band" },
    { "{\"execute\": \"a\", \"exec-oob\": \"b\"}", "! a command has one name, a string" },
    { "{\"execute\": 1}", "! a command has one name, a string" },
    { "{\"execute\": \"a\", \"arguments\": []}", "! arguments is no object" },
    { "{\"execute\": \"a\", \"argument\": {}}", "! a command has no member 'argument'" },
    { "{}", "! not a command: there is no member 'execute'" },
};

/* Of a QEMU that has no schema. */
static const Words unchecked[] = {
    { "any a=1 b=x c.d=true",
      "{\"execute\":\"any\",\"arguments\":{\"a\":1,\"b\":\"x\",\"c\":{\"d\":true}}}" },
    { "any a='1, 2'", "{\"execute\":\"any\",\"arguments\":{\"a\":\"1, 2\"}}" },
    { "any a=[1] a.b=2", "! a.b: a is given a second time" },
    { "--oob any", "{\"exec-oob\":\"any\"}" },
};

static const struct {
    const char *before, *word, *wanted;
} completions[] = {
    { "", "query-migrate-p", "query-migrate-parameters" },
    { "", "qui", "quit" },
    { "help ", "set_l", "set_link" },
    { "--oob ", "migrate-p", "migrate-pause" },
    { "", "nothing", "" },
    { "set_link ", "", "name= up=" },
    { "set_link name=x ", "", "up=" },
    { "set_link ", "up=", "up=false up=true" },
    { "set_link ", "up=t", "up=true" },
    { "set_link ", "name=", "" },
    { "migrate-set-parameters ", "multifd-compression=z",
      "multifd-compression=zlib multifd-compression=zstd" },
    { "blockdev-add driver=qcow2 ", "fi", "file." },
    { "blockdev-add driver=qcow2 file.driver=file ", "file.fi", "file.filename=" },
    { "blockdev-add driver=file ", "fi", "filename=" },
    { "blockdev-add ", "file.driver=host_d", "file.driver=host_device" },
    { "no-such ", "", "" },
    { "set_link 'name=", "", "--oob" },
};

static const struct {
    const char *text, *indented, *line;
} layouts[] = {
    { "{}", "{}", "{}" },
    { " { } ", "{}", "{}" },
    { "18446744073709551615", "18446744073709551615", "18446744073709551615" },
    { "[1,[ ],{\"a\":[2]}]",
      "[\n    1,\n    [],\n    {\n        \"a\": [\n            2\n        ]\n    }\n]",
      "[1, [], {\"a\": [2]}]" },
    { "{\"a\\\"}, :\":\t\"b,[\"\r\n}", "{\n    \"a\\\"}, :\": \"b,[\"\n}",
      "{\"a\\\"}, :\": \"b,[\"}" },
    { "\"\033[31m\"", "\"\\u001b[31m\"", "\"\\u001b[31m\"" },
    { "]}\"\\", "\n]\n}\"\\", "]}\"\\" },
};

static const struct {
    const char *text, *name, *wanted;
} members[] = {
    { "{\"a\":1,\"b\":{\"a\":2},\"c\":3}", "a", "1" },
    { "{\"x\":{\"a\":2}, \"a\" : [3, {}] }", "a", "[3, {}]" },
    { "{\"x\":\"\\\"a\\\":1\",\"a\":\"}\"}", "a", "\"}\"" },
    { "{\"a\":1}", "b", NULL },
    { "{}", "a", NULL },
    { "[\"a\",1]", "a", NULL },
    { "{\"a\":", "a", "" },
    { "{\"a", "a", NULL },
    { "", "a", NULL },
};
/* clang-format on */

static const char *const versions[] = { "7.2", "10.0" };

static void words_become_the_command(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(versions); i++) {
        const QmpSchema *schema = recorded_schema(versions[i]);

        check_words(schema, accepted, G_N_ELEMENTS(accepted));
    }
}

static void mistakes_are_found_before_sending(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(versions); i++) {
        const QmpSchema *schema = recorded_schema(versions[i]);

        check_words(schema, refused, G_N_ELEMENTS(refused));
    }
}

static void without_a_schema_anything_goes(void **state)
{
    check_words(NULL, unchecked, G_N_ELEMENTS(unchecked));
}

static void lines_of_the_shell_itself(void **state)
{
    const QmpSchema *schema = recorded_schema("10.0");
    static const struct {
        const char *text;
        LineKind kind;
    } cases[] = {
        { "", LINE_EMPTY },      { " \t\r", LINE_EMPTY },
        { "# x", LINE_EMPTY },   { "--oob", LINE_EMPTY },
        { "help", LINE_HELP },   { "help a b", LINE_HELP },
        { " quit ", LINE_QUIT }, { "stop", LINE_COMMAND },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_auto(Line) line = { 0 };

        line_parse(schema, cases[i].text, &line, &error);
        check_no_error(error);
        check_case(cases[i].text, line.kind == cases[i].kind);
    }
}

static void words_are_completed(void **state)
{
    const QmpSchema *schema = recorded_schema("10.0");

    for (size_t i = 0; i < G_N_ELEMENTS(completions); i++) {
        g_autoptr(GPtrArray) found =
            complete_word(schema, completions[i].before, completions[i].word);
        g_ptr_array_add(found, NULL);
        g_autofree char *text = g_strjoinv(" ", (char **)found->pdata);

        print_message("%s%s\n", completions[i].before, completions[i].word);
        if (g_str_has_prefix(text, "--oob help quit ")) {
            text[strlen("--oob")] = '\0'; /* and all commands */
        }
        assert_string_equal(text, completions[i].wanted);
    }
    g_autoptr(GPtrArray) nothing = complete_word(NULL, "", "query");
    assert_int_equal(nothing->len, 0);
}

static void check_help(const QmpSchema *schema, const char *text,
                       const char *part)
{
    g_autoptr(GError) error = NULL;
    g_auto(Line) line = { 0 };

    line_parse(schema, text, &line, &error);
    check_no_error(error);
    g_autofree char *help = help_text(schema, line.words, &error);
    check_no_error(error);
    check_contains(help, part);
}

static void help_tells_types(void **state)
{
    const QmpSchema *schema = recorded_schema("10.0");

    check_help(schema, "help", " query-status ");
    check_help(schema, "help query-status", "takes no arguments");
    check_help(schema, "help set_link", "  name  string\n  up    bool\n");
    check_help(schema, "help migrate-pause", "out of band");
    check_help(schema, "help migrate-set-capabilities", "[object]");
    check_help(schema, "help migrate-set-parameters",
               "string or null, optional");
    check_help(schema, "help blockdev-add", "help blockdev-add driver=VALUE");
    check_help(schema, "help blockdev-add driver=raw", "\n  offset  ");
    check_help(schema, "help device_add", "properties of the device");
    check_help(NULL, "help", "leave");
}

static void text_is_laid_out_anew(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(layouts); i++) {
        const char *text = layouts[i].text;
        g_autofree char *indented = raw_json_indent(text, strlen(text));
        g_autofree char *line = raw_json_line(text, strlen(text));

        assert_string_equal(indented, layouts[i].indented);
        assert_string_equal(line, layouts[i].line);
    }
}

static void members_are_found_in_text(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(members); i++) {
        /* Not terminated, so that a tool sees what is read behind it. */
        size_t n = strlen(members[i].text), n_value = 0;
        g_autofree char *text = g_memdup2(members[i].text, n);
        const char *value = raw_json_member(text, n, members[i].name, &n_value);
        g_autofree char *copy = value ? g_strndup(value, n_value) : NULL;

        check_case(members[i].text, g_strcmp0(copy, members[i].wanted) == 0);
    }
}

/* Cut anywhere, text gives some text; sanitizers see what else. */
static void cut_text_does_no_harm(void **state)
{
    static const char text[] =
        "{\"a\": [1, \"x\\\"\", {}], \"id\" : \"\\u0041\"}";

    for (size_t n = 0; n < sizeof(text); n++) {
        size_t length;
        g_autofree char *cut = g_memdup2(text, n);
        g_autofree char *indented = raw_json_indent(cut, n);
        g_autofree char *line = raw_json_line(cut, n);

        raw_json_member(cut, n, "id", &length);
        assert_true(strlen(line) <= 2 * n);
        assert_non_null(indented);
    }
}

/* A schema is what a peer says; whatever that is, it does no harm. */
static void strange_schemas_do_no_harm(void **state)
{
    static const char *const schemas[] = {
        "[]",
        "[1, null, {}, []]",
        "[{\"name\": 1, \"meta-type\": \"command\"}]",
        "[{\"name\": \"c\", \"meta-type\": \"command\"}]",
        "[{\"name\": \"c\", \"meta-type\": \"command\", \"arg-type\": \"c\"}]",
        "[{\"name\": \"c\", \"meta-type\": \"command\", \"arg-type\": \"1\"},"
        " {\"name\": \"1\", \"meta-type\": \"object\", \"tag\": 1,"
        "  \"members\": [1, {\"name\": \"a\", \"type\": \"l\"}, {}],"
        "  \"variants\": [{}, 2, {\"case\": 3}]},"
        " {\"name\": \"l\", \"meta-type\": \"array\", \"element-type\": "
        "\"l\"}]",
        "[{\"name\": \"c\", \"meta-type\": \"command\", \"arg-type\": \"1\"},"
        " {\"name\": \"1\", \"meta-type\": \"object\","
        "  \"members\": [{\"name\": \"a\", \"type\": \"2\"}]},"
        " {\"name\": \"2\", \"meta-type\": \"alternate\","
        "  \"members\": [1, {\"type\": \"2\"}, {\"type\": \"3\"}]},"
        " {\"name\": \"3\", \"meta-type\": \"enum\", \"values\": [1, {}]}]",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(schemas); i++) {
        g_autoptr(JsonNode) reply = json_value(schemas[i]);
        g_autoptr(QmpSchema) schema = qmp_schema_new(reply);
        char *const words[] = { "c", NULL };
        g_autofree char *text = said(schema, "c a=1");
        g_autofree char *nested = said(schema, "c a.b=1");
        g_autofree char *help = help_text(schema, words, NULL);
        g_autoptr(GPtrArray) found = complete_word(schema, "c ", "a=");

        assert_non_null(text);
    }
    g_autoptr(JsonNode) no_list = json_value("{}");
    assert_null(qmp_schema_new(no_list));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_become_the_command),
        cmocka_unit_test(mistakes_are_found_before_sending),
        cmocka_unit_test(without_a_schema_anything_goes),
        cmocka_unit_test(lines_of_the_shell_itself),
        cmocka_unit_test(words_are_completed),
        cmocka_unit_test(help_tells_types),
        cmocka_unit_test(text_is_laid_out_anew),
        cmocka_unit_test(members_are_found_in_text),
        cmocka_unit_test(cut_text_does_no_harm),
        cmocka_unit_test(strange_schemas_do_no_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
