/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is read out of the schemas of real QEMUs. */
#include "tests/lib/check.h"

#include "qmp/schema.h"
#include "tests/lib/recorded.h"

static const char *const versions[] = { "7.2", "10.0" };

/* Of QEMU 7.2, of 10.0. */
typedef struct {
    const char *command, *name;
    bool is_there[G_N_ELEMENTS(versions)];
} Presence;

/* clang-format off */
static const Presence commands[] = {
    { "query-status", NULL, { true, true } },
    { "device_add", NULL, { true, true } },
    { "query-migrationthreads", NULL, { false, true } },
    { "block-job-change", NULL, { false, true } },
    { "no-such-command", NULL, { false, false } },
    { "STOP", NULL, { false, false } },
    { "", NULL, { false, false } },
};

static const Presence events[] = {
    { "STOP", NULL, { true, true } },
    { "MIGRATION", NULL, { true, true } },
    { "MEM_UNPLUG_ERROR", NULL, { true, false } },
    { "query-status", NULL, { false, false } },
};

static const Presence taken[] = {
    { "set_link", "up", { true, true } },
    { "query-status", "status", { false, false } }, /* it returns that */
    { "migrate-incoming", "exit-on-error", { false, true } },
    { "migrate", "channels", { false, true } },
    { "migrate", "blk", { true, false } },
    { "migrate-set-parameters", "direct-io", { false, true } },
    { "blockdev-add", "driver", { true, true } },
    { "blockdev-add", "filename", { true, true } }, /* for some drivers */
    { "blockdev-add", "filenam", { false, false } },
    { "no-such-command", "a", { false, false } },
};

static const Presence returned[] = {
    { "query-status", "status", { true, true } },
    { "query-status", "singlestep", { true, false } },
    { "query-migrate", "ram", { true, true } },
    { "query-migrate", "compression", { true, false } },
    { "query-migrate", "vfio", { true, true } },
    { "query-migrate", "postcopy-latency", { false, false } },
    { "query-migrate-capabilities", "state", { true, true } }, /* of a list */
    { "human-monitor-command", "a", { false, false } },        /* a string */
    { "qom-get", "a", { false, false } },                      /* anything */
    { "stop", "a", { false, false } },
    { "no-such-command", "a", { false, false } },
};
/* clang-format on */

static bool has_command(const QmpSchema *schema, const Presence *row)
{
    return qmp_schema_command(schema, row->command) != NULL;
}

static bool has_event(const QmpSchema *schema, const Presence *row)
{
    return qmp_schema_event(schema, row->command) != NULL;
}

static bool takes(const QmpSchema *schema, const Presence *row)
{
    return qmp_schema_takes_argument(schema, row->command, row->name);
}

static bool returns(const QmpSchema *schema, const Presence *row)
{
    return qmp_schema_returns_member(schema, row->command, row->name);
}

static void check_presence(const Presence *rows, size_t n,
                           bool (*is_there)(const QmpSchema *,
                                            const Presence *))
{
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < G_N_ELEMENTS(versions); j++) {
            print_message("%s: %s %s\n", versions[j], rows[i].command,
                          rows[i].name ? rows[i].name : "");
            assert_int_equal(is_there(recorded_schema(versions[j]), &rows[i]),
                             rows[i].is_there[j]);
        }
    }
}

static void finds_commands_and_events(void **state)
{
    check_presence(commands, G_N_ELEMENTS(commands), has_command);
    check_presence(events, G_N_ELEMENTS(events), has_event);
}

static void knows_what_a_command_takes(void **state)
{
    check_presence(taken, G_N_ELEMENTS(taken), takes);
}

static void knows_what_a_command_returns(void **state)
{
    check_presence(returned, G_N_ELEMENTS(returned), returns);
}

static void commands_are_sorted(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(versions); i++) {
        const GPtrArray *names =
            qmp_schema_commands(recorded_schema(versions[i]));

        assert_true(names->len > 100);
        for (guint j = 1; j < names->len; j++) {
            assert_true(strcmp(names->pdata[j - 1], names->pdata[j]) < 0);
        }
    }
}

/* ---- types ---- */

static QmpSchemaMember member_of(const QmpSchema *schema, JsonObject *type,
                                 const char *name)
{
    g_autoptr(GArray) members = qmp_schema_members(schema, type, NULL);

    for (guint i = 0; i < members->len; i++) {
        QmpSchemaMember *member = &g_array_index(members, QmpSchemaMember, i);
        if (strcmp(member->name, name) == 0) {
            return *member;
        }
    }
    fail_msg("no member %s", name);
    return (QmpSchemaMember){ 0 };
}

static const struct {
    const char *command, *argument, *text;
    QmpSchemaKind kind;
    bool is_optional;
} types[] = {
    { "set_link", "name", "string", QMP_SCHEMA_STRING, false },
    { "set_link", "up", "bool", QMP_SCHEMA_BOOL, false },
    { "balloon", "value", "int", QMP_SCHEMA_INT, false },
    { "qom-set", "value", "any", QMP_SCHEMA_ANY, false },
    { "device_add", "id", "string", QMP_SCHEMA_STRING, true },
    { "announce-self", "interfaces", "[string]", QMP_SCHEMA_ARRAY, true },
    { "migrate-set-parameters", "multifd-compression", "enum", QMP_SCHEMA_ENUM,
      true },
    { "migrate-set-parameters", "tls-creds", "string or null",
      QMP_SCHEMA_ALTERNATE, true },
    { "migrate-set-capabilities", "capabilities", "[object]", QMP_SCHEMA_ARRAY,
      false },
    { "blockdev-add", "backing", "object or string or null",
      QMP_SCHEMA_ALTERNATE, true },
};

static void types_have_a_kind_and_words(void **state)
{
    const QmpSchema *schema = recorded_schema("10.0");

    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        JsonObject *command = qmp_schema_command(schema, types[i].command);
        QmpSchemaMember member = member_of(
            schema, qmp_schema_arguments(schema, command), types[i].argument);
        g_autofree char *text = qmp_schema_type_to_text(schema, member.type);

        print_message("%s %s\n", types[i].command, types[i].argument);
        assert_int_equal(qmp_schema_kind(member.type), types[i].kind);
        assert_int_equal(member.is_optional, types[i].is_optional);
        assert_string_equal(text, types[i].text);
    }
}

/* A socket's address in one object with its transport: a tag behind a tag. */
static void variants_may_have_variants(void **state)
{
    const QmpSchema *schema = recorded_schema("10.0");
    JsonObject *type =
        qmp_schema_arguments(schema, qmp_schema_command(schema, "migrate"));
    JsonObject *channel =
        qmp_schema_element(schema, member_of(schema, type, "channels").type);
    JsonObject *address = member_of(schema, channel, "addr").type;
    JsonObject *socket = qmp_schema_variant(schema, address, "socket");

    assert_string_equal(qmp_schema_tag(address), "transport");
    assert_string_equal(qmp_schema_tag(socket), "type");
    assert_null(qmp_schema_variant(schema, address, "pigeon"));
    assert_null(qmp_schema_variant(schema, channel, "main"));
    member_of(schema, address, "path"); /* of some value of both */
    member_of(schema, address, "filename");
}

static void a_list_has_elements(void **state)
{
    const QmpSchema *schema = recorded_schema("10.0");
    JsonObject *reply = qmp_schema_reply(
        schema, qmp_schema_command(schema, "query-migrate-capabilities"));
    JsonObject *element = qmp_schema_element(schema, reply);

    assert_int_equal(qmp_schema_kind(reply), QMP_SCHEMA_ARRAY);
    assert_int_equal(qmp_schema_kind(element), QMP_SCHEMA_OBJECT);
    assert_null(qmp_schema_element(schema, element));
    assert_null(qmp_schema_element(schema, NULL));
}

static const char *const values[] = { "\"s\"", "1",   "1.5", "true",
                                      "null",  "[1]", "{}" };

static const struct {
    QmpSchemaKind kind;
    bool holds[G_N_ELEMENTS(values)];
} kinds[] = {
    { QMP_SCHEMA_ANY, { 1, 1, 1, 1, 1, 1, 1 } },
    { QMP_SCHEMA_STRING, { 1, 0, 0, 0, 0, 0, 0 } },
    { QMP_SCHEMA_INT, { 0, 1, 0, 0, 0, 0, 0 } },
    { QMP_SCHEMA_NUMBER, { 0, 1, 1, 0, 0, 0, 0 } },
    { QMP_SCHEMA_BOOL, { 0, 0, 0, 1, 0, 0, 0 } },
    { QMP_SCHEMA_NULL, { 0, 0, 0, 0, 1, 0, 0 } },
    { QMP_SCHEMA_ENUM, { 1, 0, 0, 0, 0, 0, 0 } },
    { QMP_SCHEMA_ARRAY, { 0, 0, 0, 0, 0, 1, 0 } },
    { QMP_SCHEMA_OBJECT, { 0, 0, 0, 0, 0, 0, 1 } },
    { QMP_SCHEMA_ALTERNATE, { 0, 0, 0, 0, 0, 0, 0 } },
};

static void a_value_is_of_some_kinds(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(values); i++) {
        g_autoptr(JsonNode) node = json_value(values[i]);

        for (size_t j = 0; j < G_N_ELEMENTS(kinds); j++) {
            print_message("%s, kind %d\n", values[i], kinds[j].kind);
            assert_int_equal(qmp_schema_is_kind(node, kinds[j].kind),
                             kinds[j].holds[i]);
        }
    }
}

/* ---- features ---- */

static void commands_and_events_have_features(void **state)
{
    const QmpSchema *schema = recorded_schema("7.2");
    JsonObject *backup = qmp_schema_command(schema, "drive-backup");
    JsonObject *colo = qmp_schema_command(schema, "x-colo-lost-heartbeat");
    JsonObject *status = qmp_schema_command(schema, "query-status");
    JsonObject *event = qmp_schema_event(schema, "MEM_UNPLUG_ERROR");

    assert_true(qmp_schema_has_feature(backup, "deprecated"));
    assert_false(qmp_schema_has_feature(backup, "unstable"));
    assert_true(qmp_schema_has_feature(colo, "unstable"));
    assert_false(qmp_schema_has_feature(status, "deprecated"));
    assert_true(qmp_schema_has_feature(event, "deprecated"));
}

static void members_have_features(void **state)
{
    const QmpSchema *schema = recorded_schema("10.0");
    JsonObject *type = qmp_schema_arguments(
        schema, qmp_schema_command(schema, "migrate-set-parameters"));

    assert_true(member_of(schema, type, "x-checkpoint-delay").is_unstable);
    assert_false(member_of(schema, type, "x-checkpoint-delay").is_deprecated);
    assert_false(member_of(schema, type, "max-bandwidth").is_unstable);
}

/* An enum's members are its values. */
static void values_have_features(void **state)
{
    const QmpSchema *schema = recorded_schema("10.0");
    JsonObject *command =
        qmp_schema_command(schema, "query-migrate-capabilities");
    JsonObject *row =
        qmp_schema_element(schema, qmp_schema_reply(schema, command));
    JsonObject *type = member_of(schema, row, "capability").type;

    assert_true(member_of(schema, type, "zero-blocks").is_deprecated);
    assert_true(member_of(schema, type, "x-colo").is_unstable);
    assert_false(member_of(schema, type, "multifd").is_deprecated);
    assert_false(member_of(schema, type, "multifd").is_unstable);
}

/* Before 6.2 there were "values" alone. */
static void reads_the_values_of_an_old_qemu(void **state)
{
    g_autoptr(JsonNode) reply = json_value(
        "[{\"name\":\"c\",\"meta-type\":\"command\",\"arg-type\":\"1\"},"
        "{\"name\":\"1\",\"meta-type\":\"enum\",\"values\":[\"a\",2,\"b\"]}]");
    g_autoptr(QmpSchema) schema = qmp_schema_new(reply);
    JsonObject *type =
        qmp_schema_arguments(schema, qmp_schema_command(schema, "c"));
    g_autoptr(GPtrArray) found = qmp_schema_values(schema, type);

    assert_int_equal(found->len, 2);
    assert_string_equal(found->pdata[0], "a");
    assert_string_equal(found->pdata[1], "b");
}

static void what_is_no_list_is_no_schema(void **state)
{
    static const char *const replies[] = { "{}", "1", "null", "\"x\"" };

    for (size_t i = 0; i < G_N_ELEMENTS(replies); i++) {
        g_autoptr(JsonNode) reply = json_value(replies[i]);

        assert_null(qmp_schema_new(reply));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_commands_and_events),
        cmocka_unit_test(knows_what_a_command_takes),
        cmocka_unit_test(knows_what_a_command_returns),
        cmocka_unit_test(commands_are_sorted),
        cmocka_unit_test(types_have_a_kind_and_words),
        cmocka_unit_test(variants_may_have_variants),
        cmocka_unit_test(a_list_has_elements),
        cmocka_unit_test(a_value_is_of_some_kinds),
        cmocka_unit_test(commands_and_events_have_features),
        cmocka_unit_test(members_have_features),
        cmocka_unit_test(values_have_features),
        cmocka_unit_test(reads_the_values_of_an_old_qemu),
        cmocka_unit_test(what_is_no_list_is_no_schema),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
