/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What QEMU is told of each kind of address. */
#include "tests/lib/check.h"

#include "orchestrator/way.h"

static const struct {
    const char *text, *uri, *channel;
    CapsVersion version;
} told[] = {
    { "unix:/a b", "unix:/a b",
      "{\"transport\":\"socket\",\"type\":\"unix\",\"path\":\"/a b\"}" },
    { "tcp:[::1]:4444", "tcp:[::1]:4444",
      "{\"transport\":\"socket\",\"type\":\"inet\",\"host\":\"::1\",\"port\":"
      "\"4444\"}" },
    { "tcp::0", "tcp::0",
      "{\"transport\":\"socket\",\"type\":\"inet\",\"host\":\"\",\"port\":"
      "\"0\"}" },
    { "tcp:h:PORT", "tcp:h:PORT", /* of a rehearsal */
      "{\"transport\":\"socket\",\"type\":\"inet\",\"host\":\"h\",\"port\":"
      "\"PORT\"}" },
    { "file:/g", "file:/g",
      "{\"transport\":\"file\",\"filename\":\"/g\",\"offset\":0}" },
    { "file:/g,offset=0x1000", "file:/g,offset=0x1000",
      "{\"transport\":\"file\",\"filename\":\"/g\",\"offset\":4096}" },
    { "fdset:/g", "file:/dev/fdset/7001",
      "{\"transport\":\"file\",\"filename\":\"/dev/fdset/"
      "7001\",\"offset\":0}" },
    { "fdset:/g,offset=0x10", "file:/dev/fdset/7001,offset=16",
      "{\"transport\":\"file\",\"filename\":\"/dev/fdset/"
      "7001\",\"offset\":16}" },
    { "fd:/g", "fd:qmigrate",
      "{\"transport\":\"socket\",\"type\":\"fd\",\"str\":\"qmigrate\"}",
      CAPS_VERSION(10, 2) },
    { "fd:/g", "file:/dev/fdset/7001",
      "{\"transport\":\"file\",\"filename\":\"/dev/fdset/"
      "7001\",\"offset\":0}",
      CAPS_VERSION(11, 0) },
    { "fd:pair", "fd:qmigrate",
      "{\"transport\":\"socket\",\"type\":\"fd\",\"str\":\"qmigrate\"}" },
    { "exec:a | b", "exec:a | b",
      "{\"transport\":\"exec\",\"args\":[\"/bin/sh\",\"-c\",\"a | b\"]}" },
};

static char *text_of(JsonObject *object)
{
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
    json_node_take_object(node, object);
    return json_to_string(node, FALSE);
}

static void qemu_is_told_in_its_words(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(told); i++) {
        g_autofree char *uri = way_to_qemu(told[i].text, told[i].version);
        g_autofree char *channel =
            text_of(way_to_channel(told[i].text, told[i].version));
        check_case(told[i].text, strcmp(uri, told[i].uri) == 0);
        check_case(told[i].text, strcmp(channel, told[i].channel) == 0);
    }
    assert_null(way_to_channel("nothing", 0));
}

static void by_uri_or_by_channels(void **state)
{
    MigrationSettings settings = { .uri = (char *)"unix:/s" };
    Migration m = { .settings = &settings };
    g_autoptr(QmpCommand) by_uri = qmp_command_new("migrate");
    g_autoptr(QmpCommand) by_channels = qmp_command_new("migrate");

    way_tell(&m, SIDE_SOURCE, by_uri, "fd:pair");
    settings.as_channels = true;
    way_tell(&m, SIDE_SOURCE, by_channels, "unix:/s");
    g_autofree char *first = qmp_command_to_text(by_uri, -1);
    g_autofree char *second = qmp_command_to_text(by_channels, -1);
    assert_string_equal(first, "{\"execute\":\"migrate\",\"arguments\":{"
                               "\"uri\":\"fd:qmigrate\"}}\n");
    assert_string_equal(
        second, "{\"execute\":\"migrate\",\"arguments\":{\"channels\":[{"
                "\"channel-type\":\"main\",\"addr\":{\"transport\":\"socket\","
                "\"type\":\"unix\",\"path\":\"/s\"}}]}}\n");
}

/* The steps, and what undoes each, a line each. */
static char *plan_of(const char *uri, const char *parameters,
                     CapsVersion destination)
{
    const MigrationSettings settings = { .uri = (char *)uri,
                                         .no_preflight = true };
    Migration m = { .settings = &settings };
    g_autoptr(GPtrArray) steps =
        g_ptr_array_new_with_free_func((GDestroyNotify)caps_step_free);
    g_autoptr(GString) text = g_string_new(NULL);

    m.steps = steps;
    m.inventories[SIDE_DESTINATION].version = destination;
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        g_autoptr(JsonNode) node = json_from_string(parameters, NULL);
        m.wanted[side].parameters = json_object_ref(json_node_get_object(node));
    }
    way_judge(&m);
    for (guint i = 0; i < steps->len; i++) {
        const CapsStep *step = steps->pdata[i];
        g_autofree char *arguments =
            text_of(json_object_ref(step->command->arguments));
        g_string_append_printf(text, "%s %s %s, %s%s\n", side_name(step->side),
                               step->command->name, arguments, step->undo->name,
                               step->undo->arguments ? "" : " not");
    }
    caps_inventory_clear(&m.wanted[SIDE_SOURCE]);
    caps_inventory_clear(&m.wanted[SIDE_DESTINATION]);
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static void both_are_passed_what_they_need(void **state)
{
#define SET "add-fd {\"fdset-id\":7001,\"opaque\":"
    static const struct {
        const char *uri, *parameters, *plan;
        CapsVersion destination;
    } cases[] = {
        { "unix:/s", "{}", "" },
        { "file:/g", "{\"direct-io\":true}", "" },
        { "exec:cat", "{}", "" },
        { "fd:pair", "{}",
          "source getfd {\"fdname\":\"qmigrate\"}, closefd\n"
          "destination getfd {\"fdname\":\"qmigrate\"}, closefd\n" },
        { "fd:/g", "{\"direct-io\":true}",
          "source getfd {\"fdname\":\"qmigrate\"}, closefd\n"
          "destination getfd {\"fdname\":\"qmigrate\"}, closefd\n" },
        { "fd:/g", "{}",
          "source getfd {\"fdname\":\"qmigrate\"}, closefd\n"
          "destination " SET "\"plain\"}, remove-fd\n",
          CAPS_VERSION(11, 1) },
        { "fdset:/g", "{\"direct-io\":false}",
          "source " SET "\"plain\"}, remove-fd\n"
          "destination " SET "\"plain\"}, remove-fd\n" },
        { "fdset:/g", "{\"direct-io\":true}",
          "source " SET "\"plain\"}, remove-fd\n"
          "source " SET "\"direct\"}, remove-fd not\n"
          "destination " SET "\"plain\"}, remove-fd\n"
          "destination " SET "\"direct\"}, remove-fd not\n" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *plan =
            plan_of(cases[i].uri, cases[i].parameters, cases[i].destination);
        check_case(plan, strcmp(plan, cases[i].plan) == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(qemu_is_told_in_its_words),
        cmocka_unit_test(by_uri_or_by_channels),
        cmocka_unit_test(both_are_passed_what_they_need),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
