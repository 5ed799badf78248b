/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a QEMU has, from the replies of real ones and from odd ones. */
#include "tests/lib/check.h"

#include "caps/inventory.h"
#include "tests/lib/recorded.h"

static const struct {
    const char *version, *capability;
    bool has;
} capabilities[] = {
    { "7.2", "events", true },
    { "10.0", "events", true },
    { "7.2", "multifd", true },
    { "10.0", "multifd", true },
    { "7.2", "compress", true },
    { "10.0", "compress", false },
    { "7.2", "block", true },
    { "10.0", "block", false },
    { "7.2", "switchover-ack", false },
    { "10.0", "switchover-ack", true },
    { "7.2", "mapped-ram", false },
    { "10.0", "mapped-ram", true },
    { "7.2", "switchover-hold", false },
    { "10.0", "switchover-hold", false },
    { "10.0", "", false },
    { "10.0", "Events", false },
};

static void has_what_the_real_one_has(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(capabilities); i++) {
        CapsInventory inventory = { 0 };

        recorded_inventory(&inventory, capabilities[i].version);
        check_case(capabilities[i].capability,
                   caps_inventory_has(&inventory, capabilities[i].capability) ==
                       capabilities[i].has);
        check_case(
            capabilities[i].capability,
            !caps_inventory_is_on(&inventory, capabilities[i].capability));
        caps_inventory_clear(&inventory);
    }
}

static const struct {
    const char *version, *command, *argument;
    bool has;
} arguments[] = {
    { "7.2", "migrate-incoming", "uri", true },
    { "7.2", "migrate-incoming", "exit-on-error", false },
    { "7.2", "migrate-incoming", "channels", false },
    { "10.0", "migrate-incoming", "uri", true },
    { "10.0", "migrate-incoming", "exit-on-error", true },
    { "10.0", "migrate-incoming", "channels", true },
    { "7.2", "migrate", "resume", true },
    { "7.2", "migrate", "blk", true },
    { "10.0", "migrate", "resume", true },
    { "10.0", "migrate", "blk", false },
    { "7.2", "migrate-set-parameters", "avail-switchover-bandwidth", false },
    { "10.0", "migrate-set-parameters", "avail-switchover-bandwidth", true },
    { "10.0", "migrate-recover", "uri", true },
    { "10.0", "migrate-nothing", "uri", false },
    /* only what is asked for is kept */
    { "10.0", "blockdev-add", "driver", false },
};

static void knows_the_arguments_of_the_real_one(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(arguments); i++) {
        CapsInventory inventory = { 0 };
        g_autoptr(JsonNode) schema =
            recorded_reply("query-qmp-schema", arguments[i].version);

        assert_true(caps_inventory_take_schema(&inventory, schema));
        if (caps_inventory_has_argument(&inventory, arguments[i].command,
                                        arguments[i].argument) !=
            arguments[i].has) {
            fail_msg("%s: %s/%s", arguments[i].version, arguments[i].command,
                     arguments[i].argument);
        }
        caps_inventory_clear(&inventory);
    }
}

static void knows_nothing_before_it_was_told(void **state)
{
    CapsInventory inventory = { 0 };

    assert_false(caps_inventory_has(&inventory, "events"));
    assert_false(caps_inventory_is_on(&inventory, "events"));
    assert_false(caps_inventory_has_argument(&inventory, "migrate", "uri"));
    assert_null(caps_inventory_nearest(&inventory, "events", true));
    assert_null(caps_inventory_nearest(&inventory, "max-bandwidth", false));
    caps_inventory_clear(&inventory);
}

typedef bool Take(CapsInventory *inventory, JsonNode *reply);

static const struct {
    const char *what;
    Take *take;
    const char *reply;
    bool taken;
} odd[] = {
#define CAPS   caps_inventory_take_capabilities
#define PARAMS caps_inventory_take_parameters
#define SCHEMA caps_inventory_take_schema
    { "an object", CAPS, "{}", false },
    { "a number", CAPS, "1", false },
    { "null", CAPS, "null", false },
    { "rows of no kind", CAPS, "[1,null,[],\"x\",{}]", true },
    { "a name that is none", CAPS, "[{\"capability\":1,\"state\":true}]",
      true },
    { "a state that is none", CAPS,
      "[{\"capability\":\"events\",\"state\":\"on\"}]", true },
    { "an array", PARAMS, "[]", false },
    { "a text", PARAMS, "\"x\"", false },
    { "an object", SCHEMA, "{}", false },
    { "rows of no kind", SCHEMA, "[1,null,[],\"x\",{}]", true },
    { "no type", SCHEMA, "[{\"name\":\"migrate\",\"meta-type\":\"command\"}]",
      true },
    { "a type that is nowhere", SCHEMA,
      "[{\"name\":\"migrate\",\"meta-type\":\"command\",\"arg-type\":\"9\"}]",
      true },
    { "members of no kind", SCHEMA,
      "[{\"name\":\"migrate\",\"meta-type\":\"command\",\"arg-type\":\"9\"},"
      "{\"name\":\"9\",\"members\":[1,{},{\"name\":2}]}]",
      true },
    { "members that are none", SCHEMA,
      "[{\"name\":\"migrate\",\"meta-type\":\"command\",\"arg-type\":\"9\"},"
      "{\"name\":\"9\",\"members\":{}}]",
      true },
#undef CAPS
#undef PARAMS
#undef SCHEMA
};

static void odd_replies_tell_nothing(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(odd); i++) {
        CapsInventory inventory = { 0 };
        g_autoptr(JsonNode) reply = json_value(odd[i].reply);

        check_case(odd[i].what, odd[i].take(&inventory, reply) == odd[i].taken);
        check_case(odd[i].what, !odd[i].take(&inventory, NULL));
        assert_false(caps_inventory_has(&inventory, "events"));
        assert_false(caps_inventory_has_argument(&inventory, "migrate", "uri"));
        caps_inventory_clear(&inventory);
    }
}

/* What an earlier reply said is forgotten, what is not asked for stays. */
static void a_later_reply_replaces(void **state)
{
    CapsInventory inventory = { 0 };
    g_autoptr(JsonNode) first =
        json_value("[{\"capability\":\"a\",\"state\":true}]");
    g_autoptr(JsonNode) second =
        json_value("[{\"capability\":\"b\",\"state\":false}]");

    assert_true(caps_inventory_take_capabilities(&inventory, first));
    assert_true(caps_inventory_is_on(&inventory, "a"));
    assert_true(caps_inventory_take_capabilities(&inventory, second));
    assert_false(caps_inventory_has(&inventory, "a"));
    assert_true(caps_inventory_has(&inventory, "b"));
    caps_inventory_clear(&inventory);
}

static void taking_a_command_changes_only_that(void **state)
{
    CapsInventory inventory = { 0 };
    g_autoptr(JsonNode) reply =
        recorded_reply("query-migrate-parameters", "10.0");
    g_autoptr(QmpCommand) number = qmp_command_set_int(
        qmp_command_new("migrate-set-parameters"), "downtime-limit", 7);
    g_autoptr(QmpCommand) state_on = qmp_command_set_node(
        qmp_command_new("migrate-set-capabilities"), "capabilities",
        json_value("[{\"capability\":\"events\",\"state\":true}]"));

    recorded_inventory(&inventory, "10.0");
    assert_true(caps_inventory_take_parameters(&inventory, reply));
    caps_inventory_apply(&inventory, number);
    caps_inventory_apply(&inventory, state_on);
    assert_int_equal(
        json_object_get_int_member(inventory.parameters, "downtime-limit"), 7);
    assert_int_equal(
        json_object_get_int_member(inventory.parameters, "multifd-channels"),
        2);
    assert_true(caps_inventory_is_on(&inventory, "events"));
    assert_false(caps_inventory_is_on(&inventory, "multifd"));
    /* the reply itself is not ours to change */
    assert_int_equal(json_object_get_int_member(json_node_get_object(reply),
                                                "downtime-limit"),
                     300);
    caps_inventory_clear(&inventory);
}

static const struct {
    const char *name;
    bool capability;
    const char *nearest;
} meant[] = {
    { "event", true, "events" },
    { "returnpath", true, "return-path" },
    { "multi-fd", true, "multifd" },
    { "downtime_limit", false, "downtime-limit" },
    { "max-bandwith", false, "max-bandwidth" },
    { "max-bandwith", true, NULL },
    { "quite-another-thing", true, NULL },
};

static void suggests_by_kind(void **state)
{
    CapsInventory inventory = { 0 };

    recorded_inventory(&inventory, "7.2");
    for (size_t i = 0; i < G_N_ELEMENTS(meant); i++) {
        const char *nearest = caps_inventory_nearest(&inventory, meant[i].name,
                                                     meant[i].capability);

        check_case(meant[i].name, g_strcmp0(nearest, meant[i].nearest) == 0);
    }
    caps_inventory_clear(&inventory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_what_the_real_one_has),
        cmocka_unit_test(knows_the_arguments_of_the_real_one),
        cmocka_unit_test(knows_nothing_before_it_was_told),
        cmocka_unit_test(odd_replies_tell_nothing),
        cmocka_unit_test(a_later_reply_replaces),
        cmocka_unit_test(taking_a_command_changes_only_that),
        cmocka_unit_test(suggests_by_kind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
