/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a QEMU has, from the replies of real ones and from odd ones. */
#include "tests/lib/check.h"

#include "caps/inventory.h"
#include "tests/lib/recorded-pair.h"
#include "tests/lib/recorded.h"

static const struct {
    const char *version, *capability;
    bool has;
} had[] = {
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
    for (size_t i = 0; i < G_N_ELEMENTS(had); i++) {
        CapsInventory inventory = { 0 };

        recorded_inventory(&inventory, had[i].version);
        check_case(had[i].capability,
                   caps_inventory_has(&inventory, had[i].capability) ==
                       had[i].has);
        check_case(had[i].capability,
                   !caps_inventory_is_on(&inventory, had[i].capability));
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
};

static void knows_the_arguments_of_the_real_one(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(arguments); i++) {
        g_auto(CapsInventory) inventory = { 0 };

        recorded_inventory(&inventory, arguments[i].version);
        if (caps_inventory_has_argument(&inventory, arguments[i].command,
                                        arguments[i].argument) !=
            arguments[i].has) {
            fail_msg("%s: %s/%s", arguments[i].version, arguments[i].command,
                     arguments[i].argument);
        }
        assert_true(caps_inventory_has_command(&inventory, "migrate"));
        assert_false(caps_inventory_has_command(&inventory, "migrate-nothing"));
    }
}

static const struct {
    const char *version, *parameter;
    CapsType type;
    const char *values; /* of an enum */
} types[] = {
    { "7.2", "downtime-limit", CAPS_TYPE_NUMBER },
    { "7.2", "cpu-throttle-tailslow", CAPS_TYPE_BOOL },
    { "7.2", "tls-creds", CAPS_TYPE_STRING },
    { "7.2", "multifd-compression", CAPS_TYPE_ENUM, "none zlib zstd" },
    { "7.2", "block-bitmap-mapping", CAPS_TYPE_OTHER },
    { "7.2", "zero-page-detection", CAPS_TYPE_UNKNOWN },
    { "10.0", "zero-page-detection", CAPS_TYPE_ENUM, "none legacy multifd" },
    { "10.0", "mode", CAPS_TYPE_ENUM, "normal cpr-reboot cpr-transfer" },
    { "10.0", "direct-io", CAPS_TYPE_BOOL },
    { "10.0", "", CAPS_TYPE_UNKNOWN },
};

static void knows_the_types_of_the_real_one(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        g_auto(CapsInventory) inventory = { 0 };
        g_auto(GStrv) values = NULL;

        recorded_inventory(&inventory, types[i].version);
        check_case(types[i].parameter,
                   caps_inventory_type(&inventory, types[i].parameter,
                                       &values) == types[i].type);
        g_autofree char *all = values ? g_strjoinv(" ", values) : NULL;
        check_case(types[i].parameter, g_strcmp0(all, types[i].values) == 0);
        check_case(
            types[i].parameter,
            caps_inventory_has_parameter(&inventory, types[i].parameter) ==
                (types[i].type != CAPS_TYPE_UNKNOWN));
    }
}

/* Without a schema a value tells its type, but no enum. */
static void a_value_tells_its_type(void **state)
{
    static const struct {
        const char *value;
        CapsType type;
    } cases[] = {
        { "1", CAPS_TYPE_NUMBER },   { "1.5", CAPS_TYPE_NUMBER },
        { "true", CAPS_TYPE_BOOL },  { "\"none\"", CAPS_TYPE_STRING },
        { "[]", CAPS_TYPE_OTHER },   { "{}", CAPS_TYPE_OTHER },
        { "null", CAPS_TYPE_OTHER },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(CapsInventory) inventory = { 0 };
        g_auto(GStrv) values = NULL;
        g_autofree char *text = g_strdup_printf("{\"x\":%s}", cases[i].value);
        g_autoptr(JsonNode) reply = json_value(text);

        assert_true(caps_inventory_take_parameters(&inventory, reply));
        check_case(cases[i].value,
                   caps_inventory_type(&inventory, "x", &values) ==
                       cases[i].type);
        assert_null(values);
        check_case(cases[i].value,
                   caps_inventory_has_parameter(&inventory, "x"));
    }
}

static const struct {
    const char *parameter, *value;
} now[] = {
    { "downtime-limit", "300" },      { "multifd-compression", "none" },
    { "direct-io", "false" },         { "tls-creds", "" },
    { "block-bitmap-mapping", NULL }, { "nonsense", NULL },
};

static void shows_values_as_text(void **state)
{
    g_auto(CapsInventory) inventory = { 0 };

    recorded_inventory(&inventory, "10.0");
    for (size_t i = 0; i < G_N_ELEMENTS(now); i++) {
        g_autofree char *value =
            caps_inventory_value(&inventory, now[i].parameter);
        check_case(now[i].parameter, g_strcmp0(value, now[i].value) == 0);
    }
}

/* Also what has no value until it is set. */
static void names_are_all_and_sorted(void **state)
{
    g_auto(CapsInventory) inventory = { 0 };

    recorded_inventory(&inventory, "10.0");
    for (int capabilities = 0; capabilities < 2; capabilities++) {
        g_auto(GStrv) names = caps_inventory_names(&inventory, capabilities);
        for (guint i = 1; names[i]; i++) {
            check_case(names[i], strcmp(names[i - 1], names[i]) < 0);
        }
        assert_int_equal(g_strv_length(names), capabilities ? 22 : 29);
        assert_true(g_strv_contains((const char *const *)names,
                                    capabilities ? "mapped-ram"
                                                 : "block-bitmap-mapping"));
    }
}

static void knows_the_accelerator_and_version(void **state)
{
    g_auto(CapsInventory) inventory = { 0 };
    g_autoptr(JsonNode) on = json_value("{\"enabled\":true,\"present\":true}");
    g_autoptr(JsonNode) off =
        json_value("{\"enabled\":false,\"present\":true}");
    g_autoptr(JsonNode) odd = json_value("{\"enabled\":1}");

    assert_string_equal(caps_inventory_version(&inventory),
                        "(version not told)");
    caps_inventory_take_version(&inventory, "10.0.2 (Debian)");
    assert_string_equal(caps_inventory_version(&inventory), "10.0.2 (Debian)");
    assert_int_equal(inventory.version, CAPS_VERSION(10, 0));
    assert_true(caps_inventory_take_kvm(&inventory, on));
    assert_string_equal(inventory.accel, "kvm");
    assert_true(caps_inventory_take_kvm(&inventory, off));
    assert_string_equal(inventory.accel, "another");
    assert_false(caps_inventory_take_kvm(&inventory, odd));
    assert_false(caps_inventory_take_kvm(&inventory, NULL));
    assert_string_equal(inventory.accel, "another");
}

static void knows_nothing_before_it_was_told(void **state)
{
    CapsInventory inventory = { 0 };

    assert_false(caps_inventory_has(&inventory, "events"));
    assert_false(caps_inventory_is_on(&inventory, "events"));
    assert_false(caps_inventory_has_argument(&inventory, "migrate", "uri"));
    assert_false(caps_inventory_has_parameter(&inventory, "max-bandwidth"));
    assert_false(caps_inventory_has_command(&inventory, "migrate"));
    assert_null(caps_inventory_value(&inventory, "max-bandwidth"));
    for (int capabilities = 0; capabilities < 2; capabilities++) {
        g_auto(GStrv) names = caps_inventory_names(&inventory, capabilities);
        assert_null(names[0]);
    }
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
    g_auto(CapsInventory) inventory = { 0 };
    g_autoptr(JsonNode) reply =
        recorded_reply("query-migrate-parameters", "10.0");
    g_autoptr(QmpCommand) number = qmp_command_set_int(
        qmp_command_new("migrate-set-parameters"), "downtime-limit", 7);
    g_autoptr(QmpCommand) state_on = qmp_command_set_node(
        qmp_command_new("migrate-set-capabilities"), "capabilities",
        json_value("[{\"capability\":\"events\",\"state\":true}]"));
    g_autoptr(QmpCommand) nothing = qmp_command_new("migrate-set-parameters");

    recorded_inventory(&inventory, "10.0");
    assert_true(caps_inventory_take_parameters(&inventory, reply));
    caps_inventory_apply(&inventory, number);
    caps_inventory_apply(&inventory, state_on);
    caps_inventory_apply(&inventory, nothing);
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
}

static void a_copy_changes_alone(void **state)
{
    g_auto(CapsInventory) inventory = { 0 };
    g_auto(CapsInventory) copy = { 0 };

    recorded_inventory(&inventory, "10.0");
    inventory.accel = g_strdup("kvm");
    g_autofree char *before = recorded_settings_to_text(&inventory);
    caps_inventory_copy(&inventory, &copy);
    g_autofree char *copied = recorded_settings_to_text(&copy);
    assert_string_equal(before, copied);
    assert_string_equal(copy.version_text, "10.0.2");
    assert_int_equal(copy.version, inventory.version);
    assert_string_equal(copy.accel, "kvm");
    assert_true(caps_inventory_has_argument(&copy, "migrate", "uri"));
    caps_inventory_turn(&copy, "multifd", true);
    json_object_set_int_member(copy.parameters, "downtime-limit", 1);
    g_autofree char *after = recorded_settings_to_text(&inventory);
    assert_string_equal(before, after);
}

/* Something can be wished for where nothing was told. */
static void a_copy_of_nothing_can_be_set(void **state)
{
    g_auto(CapsInventory) inventory = { 0 };
    g_auto(CapsInventory) copy = { 0 };

    caps_inventory_copy(&inventory, &copy);
    assert_non_null(copy.parameters);
    assert_null(copy.capabilities);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_what_the_real_one_has),
        cmocka_unit_test(knows_the_arguments_of_the_real_one),
        cmocka_unit_test(knows_the_types_of_the_real_one),
        cmocka_unit_test(a_value_tells_its_type),
        cmocka_unit_test(shows_values_as_text),
        cmocka_unit_test(names_are_all_and_sorted),
        cmocka_unit_test(knows_the_accelerator_and_version),
        cmocka_unit_test(knows_nothing_before_it_was_told),
        cmocka_unit_test(odd_replies_tell_nothing),
        cmocka_unit_test(a_later_reply_replaces),
        cmocka_unit_test(taking_a_command_changes_only_that),
        cmocka_unit_test(a_copy_changes_alone),
        cmocka_unit_test(a_copy_of_nothing_can_be_set),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
