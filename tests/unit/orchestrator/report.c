/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The result document, made of recorded migrations. */
#include "tests/lib/check.h"

#include <inttypes.h>

#include "orchestrator/report.h"
#include "qmp/json.h"
#include "tests/lib/recorded.h"
#include "tests/lib/replay.h"

/* The node at "error/qemu/source" of @result; NULL: not there. */
static JsonNode *find(JsonNode *result, const char *path)
{
    g_auto(GStrv) names = g_strsplit(path, "/", -1);
    JsonNode *node = result;

    for (char **name = names; node && *name; name++) {
        node = JSON_NODE_HOLDS_OBJECT(node)
                   ? json_object_get_member(json_node_get_object(node), *name)
                   : NULL;
    }
    return node;
}

static JsonNode *report_of(const char *name, const ReportExtras *extras)
{
    g_autoptr(Replay) replay = replay_new(name, 0, G_MAXUINT);
    const Migration *m = replay->migration;

    return report_result(m->outcome, &m->failure, m, extras);
}

static const ReportExtras nothing_more = { .guest_downtime_us = -1 };

/* Every member that schema qmigrate.result/1 promises: never renamed, and
 * null, never absent, when it is not known. */
static const char *const promised[] = {
    "schema",
    "outcome",
    "exit_code",
    "guest",
    "guest_state",
    "text",
    "error",
    "requested",
    "requested/uri",
    "requested/timeout_us",
    "requested/link_bits_per_s",
    "requested/capabilities",
    "requested/parameters",
    "requested/features",
    "effective",
    "effective/source/capabilities",
    "effective/source/parameters",
    "effective/destination/capabilities",
    "effective/destination/parameters",
    "policy",
    "decisions",
    "time_us",
    "time_us/setup",
    "time_us/precopy",
    "time_us/switchover",
    "time_us/postcopy",
    "time_us/total",
    "passes",
    "downtime_us",
    "downtime_us/limit",
    "downtime_us/qemu",
    "downtime_us/events",
    "downtime_us/guest",
    "downtime_us/handover",
    "bytes",
    "bytes/ram_total",
    "bytes/transferred",
    "bytes/remaining",
    "features",
    "features/zero_copy_fallbacks",
    "features/multifd_channels",
    "features/compression_ratio",
    "features/throttle_percent",
    "features/wishes",
    "findings",
    "notes",
    "verify",
    "host",
    "versions",
    "versions/qmigrate",
    "versions/source",
    "versions/destination",
};

static void has_all_that_is_promised(void **state)
{
    static const char *const names[] = { "straight-7.2", "straight-10.0",
                                         "cancelled-10.0", "port-taken-10.0",
                                         "other-memory-7.2" };
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(JsonNode) result = report_of(names[i], &nothing_more);

        for (size_t j = 0; j < G_N_ELEMENTS(promised); j++) {
            if (!find(result, promised[j])) {
                fail_msg("%s: there is no %s", names[i], promised[j]);
            }
        }
    }
}

static const struct {
    const char *name, *path, *value;
} values[] = {
    { "straight-10.0", "schema", "\"qmigrate.result/1\"" },
    { "straight-10.0", "outcome", "\"migrated\"" },
    { "straight-10.0", "exit_code", "0" },
    { "straight-10.0", "guest", "\"destination\"" },
    { "straight-10.0", "guest_state", "\"running\"" },
    { "straight-10.0", "text", "\"the guest runs on the destination\"" },
    { "paused-10.0", "guest_state", "\"prelaunch\"" },
    { "paused-10.0", "exit_code", "0" },
    { "straight-10.0", "error", "null" },
    { "straight-10.0", "verify", "null" },
    { "straight-10.0", "host", "null" },
    { "straight-10.0", "versions/source", "null" },
    { "straight-10.0", "requested/uri", "\"tcp:127.0.0.1:0\"" },
    { "straight-10.0", "requested/timeout_us", "null" },
    { "straight-10.0", "time_us/postcopy", "null" },
    { "straight-10.0", "downtime_us/limit", "300000" },
    { "straight-10.0", "downtime_us/qemu", "60000" },
    { "straight-10.0", "downtime_us/guest", "null" },
    { "straight-10.0", "bytes/ram_total", "67641344" },
    { "straight-10.0", "bytes/transferred", "69372919" },
    { "straight-10.0", "bytes/remaining", "0" },
    { "straight-10.0", "effective/source/capabilities/return-path", "true" },
    { "straight-10.0", "effective/source/capabilities/multifd", "false" },
    { "settings-7.2", "requested/capabilities/multifd", "true" },
    { "settings-7.2", "requested/parameters/multifd-channels", "\"4\"" },
    { "settings-7.2", "effective/source/parameters/multifd-channels", "4" },
    { "settings-7.2", "effective/destination/parameters/multifd-channels",
      "4" },
    { "settings-7.2", "downtime_us/limit", "500000" },
    { "settings-7.2", "requested/features", "{}" },
    { "settings-7.2", "requested/link_bits_per_s", "null" },
    { "straight-10.0", "features/wishes", "[]" },
    { "straight-10.0", "features/zero_copy_fallbacks", "null" },
    { "straight-10.0", "features/compression_ratio", "null" },
    { "timeout-7.2", "requested/timeout_us", "1000000" },
    { "timeout-7.2", "outcome", "\"failed\"" },
    { "timeout-7.2", "exit_code", "4" },
    { "timeout-7.2", "guest", "\"source\"" },
    { "other-memory-7.2", "guest", "\"source\"" },
    { "timeout-7.2", "error/code", "\"timeout\"" },
    { "timeout-7.2", "error/phase", "\"transfer\"" },
    { "timeout-7.2", "error/side", "null" },
    { "timeout-7.2", "downtime_us/qemu", "null" },
    { "timeout-7.2", "downtime_us/events", "null" },
    { "timeout-7.2", "downtime_us/handover", "null" },
    { "timeout-7.2", "time_us/switchover", "null" },
    { "cancelled-7.2", "outcome", "\"cancelled\"" },
    { "cancelled-7.2", "exit_code", "5" },
    { "cancelled-7.2", "text",
      "\"as requested; the guest runs on the source\"" },
    { "other-memory-10.0", "error/code", "\"destination-failed\"" },
    { "other-memory-10.0", "error/side", "\"destination\"" },
    { "other-memory-10.0", "error/qemu/source",
      "\"Sibling indicated error 1\"" },
    { "other-memory-10.0", "error/qemu/destination",
      "\"load of migration failed: Invalid argument\"" },
    { "port-taken-10.0", "outcome", "\"error\"" },
    { "port-taken-10.0", "error/code", "\"incoming-refused\"" },
    { "port-taken-10.0", "error/qemu/destination",
      "\"Failed to find an available port: Address already in use\"" },
    { "port-taken-10.0", "time_us/total", "null" },
    { "port-taken-10.0", "bytes/transferred", "null" },
    /* paused all the time: nothing stopped, nothing resumed */
    { "paused-10.0", "downtime_us/events", "null" },
    { "paused-10.0", "downtime_us/handover", "null" },
    /* it ran by itself before it said "completed" */
    { "autostart-10.0", "downtime_us/handover", "0" },
};

static void says_what_was(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(values); i++) {
        g_autoptr(JsonNode) result = report_of(values[i].name, &nothing_more);
        JsonNode *node = find(result, values[i].path);
        g_autofree char *value = node ? qmp_json_to_text(node) : NULL;

        if (g_strcmp0(value, values[i].value) != 0) {
            fail_msg("%s: %s is %s, not %s", values[i].name, values[i].path,
                     value ? value : "not there", values[i].value);
        }
    }
}

static int64_t number_at(JsonNode *result, const char *path)
{
    JsonNode *node = find(result, path);

    if (!node || json_node_get_value_type(node) != G_TYPE_INT64) {
        fail_msg("%s is no number", path);
    }
    return json_node_get_int(node);
}

static void times_fit_each_other(void **state)
{
    static const char *const names[] = {
        "straight-7.2",         "straight-10.0", "straight-7.2-to-10.0",
        "straight-10.0-to-7.2", "autostart-7.2", "no-pause-10.0"
    };
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(JsonNode) result = report_of(names[i], &nothing_more);
        int64_t total = number_at(result, "time_us/total");
        int64_t precopy = number_at(result, "time_us/precopy");
        int64_t events = number_at(result, "downtime_us/events");

        check_case(names[i],
                   precopy + number_at(result, "time_us/switchover") == total);
        check_case(names[i], number_at(result, "time_us/setup") <= precopy);
        check_case(names[i],
                   number_at(result, "downtime_us/handover") <= events);
        check_case(names[i], events < total);
        check_case(names[i], number_at(result, "bytes/normal") <=
                                 number_at(result, "bytes/transferred"));
    }
}

/* A number's name ends in its unit, or in what it counts. */
static void check_names(JsonNode *node, const char *name, const char *parent)
{
    static const char *const units[] = { "_us",        "_bytes",    "_per_s",
                                         "_ns",        "_percent",  "_pages",
                                         "_channels",  "_requests", "_misses",
                                         "_fallbacks", "_attempts" };
    bool unit = g_str_has_prefix(parent, "bytes") ||
                g_str_has_suffix(parent, "_us") ||
                strcmp(name, "exit_code") == 0 || strcmp(name, "pass") == 0;

    for (size_t i = 0; i < G_N_ELEMENTS(units); i++) {
        unit |= g_str_has_suffix(name, units[i]);
    }
    if (JSON_NODE_HOLDS_OBJECT(node) && strcmp(name, "effective") != 0) {
        JsonObject *object = json_node_get_object(node);
        g_autoptr(GList) members = json_object_get_members(object);

        for (GList *at = members; at; at = at->next) {
            check_names(json_object_get_member(object, at->data), at->data,
                        name);
        }
    } else if (JSON_NODE_HOLDS_ARRAY(node)) {
        JsonArray *array = json_node_get_array(node);

        for (guint i = 0; i < json_array_get_length(array); i++) {
            check_names(json_array_get_element(array, i), "row", name);
        }
    } else if (JSON_NODE_HOLDS_VALUE(node) &&
               json_node_get_value_type(node) == G_TYPE_INT64) {
        check_case(name, unit);
        check_case(name, json_node_get_int(node) >= 0); /* unknown is null */
    }
}

static void names_end_in_their_unit(void **state)
{
    g_autoptr(JsonNode) result = report_of("straight-10.0", &nothing_more);

    check_names(result, "", "");
}

static void extras_are_added(void **state)
{
    g_autoptr(JsonNode) verify = json_value("{\"memory\":\"intact\"}");
    g_autoptr(JsonNode) host = json_value("{\"processors\":2}");
    const ReportExtras extras = { .version = { "7.2.22", "10.0.2" },
                                  .verify = json_node_get_object(verify),
                                  .host = json_node_get_object(host),
                                  .guest_downtime_us = 0 };
    g_autoptr(JsonNode) result = report_of("straight-10.0", &extras);

    assert_int_equal(number_at(result, "downtime_us/guest"), 0);
    assert_string_equal(json_node_get_string(find(result, "versions/source")),
                        "7.2.22");
    assert_string_equal(
        json_node_get_string(find(result, "versions/destination")), "10.0.2");
    assert_true(json_node_equal(find(result, "verify"), verify));
    assert_true(json_node_equal(find(result, "host"), host));
}

/* Nothing was touched, so it is where it was, if anybody knows. */
static void the_guest_of_who_asked_nobody(void **state)
{
    static const struct {
        Outcome outcome;
        const char *guest;
    } cases[] = {
        { OUTCOME_ERROR, "unknown" },
        { OUTCOME_USAGE, "unknown" },
        { OUTCOME_REFUSED, "unknown" },
        { OUTCOME_CANCELLED, "source" },
    };
    const Failure failure = { .code = FAILURE_USAGE, .phase = "start" };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(JsonNode) result =
            report_result(cases[i].outcome, &failure, NULL, &nothing_more);
        assert_string_equal(json_node_get_string(find(result, "guest")),
                            cases[i].guest);
    }
}

/* It is a result all the same when it did not come to a migration. */
static void without_a_migration(void **state)
{
    Failure failure = { .code = FAILURE_NO_QEMU,
                        .phase = "start",
                        .message = (char *)"no such file" };
    g_autoptr(JsonNode) result =
        report_result(OUTCOME_SKIP, &failure, NULL, &nothing_more);

    assert_int_equal(number_at(result, "exit_code"), 125);
    assert_string_equal(json_node_get_string(find(result, "error/code")),
                        "no-qemu");
    for (size_t i = 0; i < G_N_ELEMENTS(promised); i++) {
        if (!strchr(promised[i], '/')) {
            check_case(promised[i], find(result, promised[i]));
        }
    }
}

static void several_in_one(void **state)
{
    g_autoptr(GPtrArray) runs =
        g_ptr_array_new_with_free_func((GDestroyNotify)json_node_unref);
    g_ptr_array_add(runs, report_of("straight-7.2", &nothing_more));
    g_ptr_array_add(runs, report_of("cancelled-7.2", &nothing_more));
    g_autoptr(JsonNode) results = report_results(runs);
    JsonArray *array = json_node_get_array(find(results, "runs"));

    assert_string_equal(json_node_get_string(find(results, "schema")),
                        "qmigrate.results/1");
    assert_int_equal(json_array_get_length(array), 2);
    for (guint i = 0; i < 2; i++) {
        assert_true(
            json_node_equal(json_array_get_element(array, i), runs->pdata[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_all_that_is_promised),
        cmocka_unit_test(says_what_was),
        cmocka_unit_test(times_fit_each_other),
        cmocka_unit_test(names_end_in_their_unit),
        cmocka_unit_test(extras_are_added),
        cmocka_unit_test(the_guest_of_who_asked_nobody),
        cmocka_unit_test(without_a_migration),
        cmocka_unit_test(several_in_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
