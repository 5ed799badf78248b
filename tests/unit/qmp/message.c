/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a message means. */
#include "tests/lib/check.h"

#include "qmp/error.h"
#include "qmp/json.h"
#include "qmp/message.h"

static QmpMessage *parse(const char *text)
{
    g_autoptr(GError) error = NULL;
    QmpMessage *message = qmp_message_parse(text, strlen(text), &error);

    check_no_error(error);
    return message;
}

static const struct {
    const char *text;
    const char *version;
    const char *package;
    bool has_oob;
} greetings[] = {
    { "{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 22, \"minor\": 2, "
      "\"major\": 7}, \"package\": \"Debian 1:7.2\"}, "
      "\"capabilities\": [\"oob\"]}}",
      "7.2.22", "Debian 1:7.2", true },
    { "{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 0, \"minor\": 0, "
      "\"major\": 10}, \"package\": \"\"}, \"capabilities\": []}}",
      "10.0.0", "", false },
    { "{\"QMP\": {\"capabilities\": [1, {}, \"new\", \"oob\"]}}", "unknown", "",
      true },
    { "{\"QMP\": {}}", "unknown", "", false },
    { "{\"QMP\": {\"version\": {\"qemu\": {\"major\": \"7\"}}, "
      "\"capabilities\": \"oob\"}}",
      "unknown", "", false },
};

static void reads_greetings(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(greetings); i++) {
        g_autoptr(QmpMessage) message = parse(greetings[i].text);

        assert_int_equal(message->kind, QMP_MESSAGE_GREETING);
        assert_string_equal(message->version, greetings[i].version);
        assert_string_equal(message->package, greetings[i].package);
        assert_int_equal(message->has_oob, greetings[i].has_oob);
    }
}

static const struct {
    const char *text;
    bool has_id;
    uint64_t id;
    const char *value;
} returns[] = {
    { "{\"return\": {}, \"id\": 1}", true, 1, "{}" },
    { "{\"id\": 0, \"return\": [1]}", true, 0, "[1]" },
    { "{\"return\": null, \"id\": 9223372036854775807}", true, INT64_MAX,
      "null" },
    { "{\"return\": \"text\\r\\n\"}", false, 0, "\"text\\r\\n\"" },
    { "{\"return\": 5, \"id\": \"libvirt-1\"}", false, 0, "5" },
    { "{\"return\": true, \"id\": -1}", false, 0, "true" },
    { "{\"return\": {}, \"id\": 18446744073709551615}", false, 0, "{}" },
    { "{\"return\": {}, \"id\": 1.0}", false, 0, "{}" },
    { "{\"return\": {}, \"id\": null}", false, 0, "{}" },
    { "{\"return\": {}, \"id\": 3, \"new-in-99\": {}}", true, 3, "{}" },
};

static void reads_returns_of_any_type(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(returns); i++) {
        g_autoptr(QmpMessage) message = parse(returns[i].text);
        g_autofree char *value = qmp_json_to_text(message->value);

        assert_int_equal(message->kind, QMP_MESSAGE_RETURN);
        check_case(returns[i].text, message->has_id == returns[i].has_id);
        check_case(returns[i].text, message->id == returns[i].id);
        assert_string_equal(value, returns[i].value);
    }
}

static void reads_errors(void **state)
{
    g_autoptr(QmpMessage) message =
        parse("{\"id\": 7, \"error\": {\"class\": \"CommandNotFound\", "
              "\"desc\": \"The command x has not been found\", \"new\": 1}}");
    g_autoptr(QmpMessage) stray =
        parse("{\"error\": {\"class\": \"GenericError\", \"desc\": \"d\"}}");

    assert_int_equal(message->kind, QMP_MESSAGE_ERROR);
    assert_string_equal(message->error_class, "CommandNotFound");
    assert_string_equal(message->error_desc,
                        "The command x has not been found");
    assert_true(message->has_id && message->id == 7);
    assert_false(stray->has_id);
}

static const struct {
    const char *text;
    int64_t time_us;
    bool has_data;
} events[] = {
    { "{\"timestamp\": {\"seconds\": 1700000000, \"microseconds\": 123456}, "
      "\"event\": \"STOP\"}",
      INT64_C(1700000000123456), false },
    { "{\"event\": \"NEW_EVENT\", \"data\": {\"a\": 1}}", -1, true },
    { "{\"event\": \"E\", \"timestamp\": {\"seconds\": -1, "
      "\"microseconds\": -1}}",
      -1, false },
    { "{\"event\": \"E\", \"timestamp\": {\"seconds\": 9223372036854775807, "
      "\"microseconds\": 0}}",
      -1, false },
    { "{\"event\": \"E\", \"timestamp\": {\"seconds\": 5}}", -1, false },
    { "{\"event\": \"E\", \"timestamp\": 5, \"data\": 6}", -1, false },
};

static void reads_events_known_or_not(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(events); i++) {
        g_autoptr(QmpMessage) message = parse(events[i].text);

        assert_int_equal(message->kind, QMP_MESSAGE_EVENT);
        check_case(events[i].text, message->time_us == events[i].time_us);
        check_case(events[i].text, !message->data != events[i].has_data);
    }
}

static const char *const foreign[] = {
    "{}",
    "{\"a\": 1}",
    "{\"execute\": \"stop\"}",
    "{\"QMP\": 1}",
    "{\"event\": 1}",
    "{\"error\": {}}",
    "{\"error\": \"no\", \"id\": 1}",
    "{\"error\": {\"class\": \"GenericError\"}, \"id\": 1}",
    "{\"error\": {\"desc\": \"d\"}, \"id\": 1}",
    "[]",
    "{\"return\": {}",
    "{\"return\": 18446744073709551616}",
};

static void refuses_what_is_not_qmp(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(foreign); i++) {
        g_autoptr(GError) error = NULL;

        check_case(foreign[i],
                   !qmp_message_parse(foreign[i], strlen(foreign[i]), &error));
        check_error(error, QMP_ERROR, QMP_ERROR_PROTOCOL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_greetings),
        cmocka_unit_test(reads_returns_of_any_type),
        cmocka_unit_test(reads_errors),
        cmocka_unit_test(reads_events_known_or_not),
        cmocka_unit_test(refuses_what_is_not_qmp),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
