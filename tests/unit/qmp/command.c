/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Commands, their copies and their text. */
#include "tests/lib/check.h"

#include "qmp/command.h"
#include "qmp/parser.h"

static void check_text(const QmpCommand *command, int64_t id,
                       const char *wanted)
{
    g_autofree char *text = qmp_command_to_text(command, id);

    assert_string_equal(text, wanted);
}

static void has_name_arguments_and_id(void **state)
{
    g_autoptr(QmpCommand) command = qmp_command_new("query-status");

    check_text(command, -1, "{\"execute\":\"query-status\"}\n");
    check_text(command, 0, "{\"execute\":\"query-status\",\"id\":0}\n");
    check_text(command, INT64_MAX,
               "{\"execute\":\"query-status\",\"id\":9223372036854775807}\n");
    qmp_command_set_bool(
        qmp_command_set_int(qmp_command_set_string(command, "s", "a \"b\"\n"),
                            "n", INT64_MIN),
        "b", true);
    check_text(command, 12,
               "{\"execute\":\"query-status\",\"arguments\":{"
               "\"s\":\"a \\\"b\\\"\\n\",\"n\":-9223372036854775808,"
               "\"b\":true},\"id\":12}\n");
}

static void out_of_band_has_its_own_word(void **state)
{
    g_autoptr(QmpCommand) command = qmp_command_new("yank");

    command->oob = true;
    qmp_command_set_node(command, "instances",
                         json_from_string("[{\"type\":\"chardev\"}]", NULL));
    check_text(command, 1,
               "{\"exec-oob\":\"yank\",\"arguments\":{\"instances\":"
               "[{\"type\":\"chardev\"}]},\"id\":1}\n");
}

static void any_name_stays_one_string(void **state)
{
    g_autoptr(QmpCommand) command =
        qmp_command_new("x\",\"id\":1}{\"execute\":\"quit");
    g_autofree char *text = qmp_command_to_text(command, -1);
    g_autoptr(JsonObject) object = qmp_parse_object(text, strlen(text), NULL);

    assert_string_equal(json_object_get_string_member(object, "execute"),
                        command->name);
}

static void setting_again_replaces(void **state)
{
    g_autoptr(QmpCommand) command = qmp_command_new("c");

    qmp_command_set_int(command, "a", 1);
    qmp_command_set_bool(command, "a", false);
    check_text(command, -1,
               "{\"execute\":\"c\",\"arguments\":{\"a\":false}}\n");
}

static void a_copy_is_independent(void **state)
{
    g_autoptr(QmpCommand) command = qmp_command_new("c");
    g_autoptr(QmpCommand) copy = NULL;

    command->fd = 5;
    command->oob = true;
    qmp_command_set_int(command, "a", 1);
    copy = qmp_command_copy(command);
    qmp_command_set_int(command, "a", 2);
    qmp_command_set_int(copy, "b", 3);
    assert_int_equal(copy->fd, 5);
    check_text(copy, -1,
               "{\"exec-oob\":\"c\",\"arguments\":{\"a\":1,\"b\":3}}\n");
    check_text(command, -1, "{\"exec-oob\":\"c\",\"arguments\":{\"a\":2}}\n");
}

static void a_number_above_int64_goes_back_as_it_came(void **state)
{
    static const char text[] = "{\"a\":18446744073709551615}";
    g_autoptr(JsonObject) object = qmp_parse_object(text, strlen(text), NULL);
    g_autoptr(QmpCommand) command = qmp_command_new("c");

    qmp_command_set_node(command, "a", json_object_dup_member(object, "a"));
    /* Which QEMU's visitor for uint64 takes for 2^64 - 1. */
    check_text(command, -1, "{\"execute\":\"c\",\"arguments\":{\"a\":-1}}\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_name_arguments_and_id),
        cmocka_unit_test(out_of_band_has_its_own_word),
        cmocka_unit_test(any_name_stays_one_string),
        cmocka_unit_test(setting_again_replaces),
        cmocka_unit_test(a_copy_is_independent),
        cmocka_unit_test(a_number_above_int64_goes_back_as_it_came),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
