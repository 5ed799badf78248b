/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which side needs a setting, and in which unit it is, beside real QEMUs. */
#include "tests/lib/check.h"

#include "caps/table.h"
#include "tests/lib/recorded.h"

static const struct {
    const char *name;
    NeededBy sides;
} capabilities[] = {
    { "events", NEEDED_BY_BOTH },
    { "return-path", NEEDED_BY_SOURCE },
    { "pause-before-switchover", NEEDED_BY_SOURCE },
    { "auto-converge", NEEDED_BY_SOURCE },
    { "zero-copy-send", NEEDED_BY_SOURCE },
    { "release-ram", NEEDED_BY_SOURCE },
    { "late-block-activate", NEEDED_BY_DESTINATION },
    { "postcopy-blocktime", NEEDED_BY_DESTINATION },
    /* A mismatch of these hangs or kills: both, always. */
    { "postcopy-ram", NEEDED_BY_BOTH },
    { "postcopy-preempt", NEEDED_BY_BOTH },
    { "multifd", NEEDED_BY_BOTH },
    { "switchover-ack", NEEDED_BY_BOTH },
    { "mapped-ram", NEEDED_BY_BOTH },
    { "x-ignore-shared", NEEDED_BY_BOTH },
    { "newer-than-this-program", NEEDED_BY_BOTH },
    { "", NEEDED_BY_BOTH },
};

static void knows_the_side_of_capabilities(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(capabilities); i++) {
        check_case(capabilities[i].name,
                   caps_table_capability_sides(capabilities[i].name) ==
                       capabilities[i].sides);
    }
}

static const struct {
    const char *name;
    NeededBy sides;
    Unit unit;
} parameters[] = {
    { "downtime-limit", NEEDED_BY_SOURCE, UNIT_MILLISECONDS },
    { "max-bandwidth", NEEDED_BY_SOURCE, UNIT_BYTES_PER_SECOND },
    { "avail-switchover-bandwidth", NEEDED_BY_SOURCE, UNIT_BYTES_PER_SECOND },
    { "max-postcopy-bandwidth", NEEDED_BY_SOURCE, UNIT_BYTES_PER_SECOND },
    { "xbzrle-cache-size", NEEDED_BY_BOTH, UNIT_BYTES },
    { "multifd-channels", NEEDED_BY_BOTH, UNIT_NONE },
    { "multifd-compression", NEEDED_BY_BOTH, UNIT_NONE },
    { "cpu-throttle-initial", NEEDED_BY_SOURCE, UNIT_PERCENT },
    { "announce-max", NEEDED_BY_DESTINATION, UNIT_MILLISECONDS },
    { "announce-rounds", NEEDED_BY_DESTINATION, UNIT_NONE },
    { "tls-creds", NEEDED_BY_BOTH, UNIT_NONE },
    { "tls-hostname", NEEDED_BY_SOURCE, UNIT_NONE },
    { "tls-authz", NEEDED_BY_DESTINATION, UNIT_NONE },
    { "newer-than-this-program", NEEDED_BY_BOTH, UNIT_NONE },
};

static void knows_the_side_and_unit_of_parameters(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(parameters); i++) {
        const char *name = parameters[i].name;

        check_case(name,
                   caps_table_parameter_sides(name) == parameters[i].sides);
        check_case(name, caps_table_parameter_unit(name) == parameters[i].unit);
    }
}

/* A unit is for what QEMU holds as a whole number; else it would be refused. */
static void units_are_of_numbers(void **state)
{
    static const char *const versions[] = { "7.2", "10.0" };

    for (size_t i = 0; i < G_N_ELEMENTS(versions); i++) {
        g_autoptr(JsonNode) reply =
            recorded_reply("query-migrate-parameters", versions[i]);
        JsonObject *now = json_node_get_object(reply);
        g_autoptr(GList) names = json_object_get_members(now);

        for (GList *at = names; at; at = at->next) {
            JsonNode *value = json_object_get_member(now, at->data);

            check_case((const char *)at->data,
                       caps_table_parameter_unit(at->data) == UNIT_NONE ||
                           json_node_get_value_type(value) == G_TYPE_INT64);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_the_side_of_capabilities),
        cmocka_unit_test(knows_the_side_and_unit_of_parameters),
        cmocka_unit_test(units_are_of_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
