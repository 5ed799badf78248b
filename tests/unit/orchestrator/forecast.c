/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What settings make of a prediction, and how it is told. */
#include "tests/lib/check.h"

#include "orchestrator/forecast.h"
#include "qmp/json.h"
#include "tests/lib/recorded.h"

#define MIB (1024.0 * 1024)

/* 256 MiB, round and round at @rate_mib. */
static void guest(Measured *measured, double rate_mib)
{
    *measured =
        (Measured){ .memory_bytes = 256 * MIB,
                    .first_bytes = 200 * MIB,
                    .is_first_known = true,
                    .points = g_array_new(FALSE, FALSE, sizeof(MeasurePoint)) };
    recorded_inventory(&measured->inventory, "10.0");
    for (double seconds = 0.25; seconds <= 4; seconds *= 2) {
        const MeasurePoint point = { seconds, seconds * rate_mib * MIB };
        g_array_append_val(measured->points, point);
    }
}

static void wish(MigrationSettings *settings, const char *name,
                 const char *value)
{
    if (!settings->wishes) {
        settings->wishes =
            g_ptr_array_new_with_free_func((GDestroyNotify)caps_wish_free);
    }
    g_ptr_array_add(settings->wishes, caps_wish_parameter(name, value));
}

static void qemus_own_limits_hold_unless_others_are_wished_for(void **state)
{
    g_auto(Measured) measured = { 0 };
    MigrationSettings settings = { 0 };
    guest(&measured, 10);
    g_autoptr(Forecast) own = forecast_new(&measured, &settings);
    assert_true(forecast_before(own)->bandwidth_bytes_per_s == 128 * MIB);
    wish(&settings, "max-bandwidth", "32MiB/s");
    g_autoptr(Forecast) wished = forecast_new(&measured, &settings);
    assert_true(forecast_before(wished)->bandwidth_bytes_per_s == 32 * MIB);
    assert_true(forecast_before(wished)->model.total_us >
                forecast_before(own)->model.total_us);
    migration_settings_clear(&settings);
}

static void a_slow_link_counts_for_more_than_a_high_limit(void **state)
{
    g_auto(Measured) measured = { 0 };
    const MigrationSettings settings = { .link_bits_per_s = 100000000 };
    guest(&measured, 10);
    g_autoptr(Forecast) forecast = forecast_new(&measured, &settings);
    assert_true(forecast_before(forecast)->bandwidth_bytes_per_s == 12.5e6);
}

static void without_limit_and_link_it_is_null(void **state)
{
    g_auto(Measured) measured = { 0 };
    g_autoptr(JsonObject) object = json_object_new();
    MigrationSettings settings = { 0 };
    guest(&measured, 10);
    wish(&settings, "max-bandwidth", "0");
    g_autoptr(Forecast) forecast = forecast_new(&measured, &settings);
    g_autofree char *text = forecast_to_text(forecast);
    forecast_add_json(forecast, NULL, object);
    assert_true(json_object_get_null_member(object, "before"));
    assert_false(json_object_has_member(object, "actual"));
    check_contains(text, "none without a bandwidth");
    /* two QEMUs of one host have a link that we know */
    settings.uri = g_strdup("unix:/run/stream");
    g_autoptr(Forecast) local = forecast_new(&measured, &settings);
    assert_true(forecast_before(local)->converges);
    migration_settings_clear(&settings);
}

static void what_it_needs_is_told_twice(void **state)
{
    g_auto(Measured) measured = { 0 };
    g_autoptr(JsonObject) object = json_object_new();
    MigrationSettings settings = { .timeout_us = 20000000 };
    guest(&measured, 60);
    wish(&settings, "max-bandwidth", "32MiB/s");
    g_autoptr(Forecast) forecast = forecast_new(&measured, &settings);
    g_autofree char *text = forecast_to_text(forecast);
    forecast_add_json(forecast, NULL, object);
    JsonObject *needs =
        qmp_json_object(qmp_json_object(object, "before"), "needs");
    assert_non_null(needs);
    check_contains(text, qmp_json_string(needs, "text"));
    check_contains(text, "of it 200 MiB not zero");
    migration_settings_clear(&settings);
}

static void the_limit_is_where_the_policy_starts(void **state)
{
    g_auto(Measured) measured = { 0 };
    g_autoptr(JsonObject) object = json_object_new();
    int64_t start_us = 0, most_us = 0;
    MigrationSettings settings = { .policy = policy_spec_find("adaptive") };
    guest(&measured, 10);
    g_autoptr(Forecast) forecast = forecast_new(&measured, &settings);
    g_autofree char *text = forecast_to_text(forecast);
    check_contains(text, "downtime-limit 100 ms (up to 300 ms), policy ");
    forecast_add_json(forecast, NULL, object);
    JsonObject *inputs = qmp_json_object(object, "inputs");
    assert_true(qmp_json_int64(inputs, "downtime_limit_us", &start_us));
    assert_true(qmp_json_int64(inputs, "max_downtime_us", &most_us));
    assert_int_equal(start_us, 100000);
    assert_int_equal(most_us, 300000);
    settings.policy = policy_spec_find("qemu");
    g_autoptr(Forecast) qemus = forecast_new(&measured, &settings);
    g_autofree char *left = forecast_to_text(qemus);
    check_contains(left, "downtime-limit 300 ms, policy qemu");
}

/* One that took as long as its model does, but for a tenth. */
static void it_is_held_against_what_became_of_it(void **state)
{
    g_auto(Measured) measured = { 0 };
    g_autoptr(JsonObject) object = json_object_new();
    const MigrationSettings settings = { .link_bits_per_s = 1000000000 };
    guest(&measured, 10);
    g_autoptr(Forecast) forecast = forecast_new(&measured, &settings);
    g_autoptr(Migration) m = migration_new(&settings);
    m->outcome = OUTCOME_MIGRATED;
    m->migrate_us = 1;
    m->settled_us =
        1 + (int64_t)(forecast_before(forecast)->model.total_us * 1.1);
    forecast_add_json(forecast, m, object);
    JsonObject *errors = qmp_json_object(object, "error_percent");
    double error = 0;
    assert_true(qmp_json_double(errors, "before", &error));
    assert_true(error < -9 && error > -9.2);
    assert_true(json_object_get_null_member(object, "corrected"));
    assert_null(forecast_again_to_text(forecast, m));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(qemus_own_limits_hold_unless_others_are_wished_for),
        cmocka_unit_test(a_slow_link_counts_for_more_than_a_high_limit),
        cmocka_unit_test(without_limit_and_link_it_is_null),
        cmocka_unit_test(what_it_needs_is_told_twice),
        cmocka_unit_test(the_limit_is_where_the_policy_starts),
        cmocka_unit_test(it_is_held_against_what_became_of_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
