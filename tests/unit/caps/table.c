/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table beside what real QEMUs have. */
#include "tests/lib/check.h"

#include "caps/table.h"
#include "caps/wish.h"
#include "tests/lib/recorded.h"

static const char *const versions[] = { "7.2", "10.0" };

static const CapsRow *rows_of(bool capabilities, size_t *ret_n)
{
    return capabilities ? caps_table_capabilities(ret_n)
                        : caps_table_parameters(ret_n);
}

static const CapsRow *find(bool capabilities, const char *name)
{
    return capabilities ? caps_table_capability(name)
                        : caps_table_parameter(name);
}

static bool has(const CapsInventory *inventory, bool capabilities,
                const char *name)
{
    return capabilities ? caps_inventory_has(inventory, name)
                        : caps_inventory_has_parameter(inventory, name);
}

static void has_a_row_for_all_that_they_have(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(versions); i++) {
        g_auto(CapsInventory) inventory = { 0 };
        recorded_inventory(&inventory, versions[i]);
        for (int capabilities = 0; capabilities < 2; capabilities++) {
            g_auto(GStrv) names =
                caps_inventory_names(&inventory, capabilities);
            for (char **name = names; *name; name++) {
                check_case(*name, find(capabilities, *name) != NULL);
            }
        }
    }
}

/* Since and until are right, as far as these two can tell. */
static void they_have_what_is_of_their_version(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(versions); i++) {
        g_auto(CapsInventory) inventory = { 0 };
        recorded_inventory(&inventory, versions[i]);
        for (int capabilities = 0; capabilities < 2; capabilities++) {
            size_t n;
            const CapsRow *rows = rows_of(capabilities, &n);
            for (size_t j = 0; j < n; j++) {
                bool is_of =
                    inventory.version >= rows[j].since &&
                    (rows[j].until == 0 || inventory.version < rows[j].until);
                check_case(rows[j].name, has(&inventory, capabilities,
                                             rows[j].name) == is_of);
            }
        }
    }
}

static void their_values_are_the_usual_ones(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(versions); i++) {
        g_auto(CapsInventory) inventory = { 0 };
        size_t n;
        const CapsRow *rows = caps_table_parameters(&n);
        recorded_inventory(&inventory, versions[i]);
        for (size_t j = 0; j < n; j++) {
            g_autofree char *value =
                caps_inventory_value(&inventory, rows[j].name);
            check_case(rows[j].name, !value || !rows[j].usual ||
                                         strcmp(value, rows[j].usual) == 0);
        }
    }
}

/* A unit or a range is of a number; else QEMU's value would be refused. */
static void numbers_are_numbers(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(versions); i++) {
        g_auto(CapsInventory) inventory = { 0 };
        size_t n;
        const CapsRow *rows = caps_table_parameters(&n);
        recorded_inventory(&inventory, versions[i]);
        for (size_t j = 0; j < n; j++) {
            g_auto(GStrv) values = NULL;
            CapsType type =
                caps_inventory_type(&inventory, rows[j].name, &values);
            bool is_number =
                rows[j].unit != UNIT_NONE || rows[j].min || rows[j].max;
            check_case(rows[j].name, !is_number == (type != CAPS_TYPE_NUMBER) ||
                                         type == CAPS_TYPE_UNKNOWN);
        }
    }
}

static void check_row(const CapsRow *row)
{
    check_case(row->name,
               row->sides >= NEEDED_BY_SOURCE && row->sides <= NEEDED_BY_BOTH);
    check_case(row->name, row->since > 0);
    check_case(row->name, row->until == 0 || row->until > row->since);
    /* who is gone was deprecated before, with a word of when */
    check_case(row->name, !row->until || row->deprecated);
    check_case(row->name,
               !row->deprecated || caps_version_parse(row->deprecated) > 0);
    check_case(row->name, row->help && !strpbrk(row->help, "\n"));
    check_case(row->name, row->help[strlen(row->help) - 1] != '.');
    check_case(row->name, row->max == 0 || row->min <= row->max);
    check_case(row->name, !row->or_zero || row->min > 0);
    check_case(row->name, !row->taken_for || row->min > 0);
    check_case(row->name,
               !row->at_least || caps_table_parameter(row->at_least));
    check_case(row->name, row->heeded_since == 0 ||
                              (row->usual && row->heeded_since > row->since));
}

static void rows_are_sorted_and_whole(void **state)
{
    for (int capabilities = 0; capabilities < 2; capabilities++) {
        size_t n;
        const CapsRow *rows = rows_of(capabilities, &n);
        for (size_t i = 0; i < n; i++) {
            check_row(&rows[i]);
            check_case(rows[i].name,
                       i == 0 || strcmp(rows[i - 1].name, rows[i].name) < 0);
            assert_ptr_equal(find(capabilities, rows[i].name), &rows[i]);
        }
    }
}

static void usual_values_are_right_ones(void **state)
{
    size_t n;
    const CapsRow *rows = caps_table_parameters(&n);

    for (size_t i = 0; i < n; i++) {
        g_autoptr(CapsWish) wish = caps_wish_parameter(
            rows[i].name, rows[i].usual ? rows[i].usual : "");
        check_case(rows[i].name, !rows[i].usual || caps_wish_check(wish, NULL));
    }
}

static const struct {
    const char *name;
    NeededBy sides;
} sides[] = {
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
    for (size_t i = 0; i < G_N_ELEMENTS(sides); i++) {
        check_case(sides[i].name, caps_row_sides(caps_table_capability(
                                      sides[i].name)) == sides[i].sides);
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
        const CapsRow *row = caps_table_parameter(parameters[i].name);

        check_case(parameters[i].name,
                   caps_row_sides(row) == parameters[i].sides);
        check_case(parameters[i].name,
                   caps_row_unit(row) == parameters[i].unit);
    }
    assert_string_equal(needed_by_name(NEEDED_BY_SOURCE), "source");
    assert_string_equal(needed_by_name(NEEDED_BY_DESTINATION), "destination");
    assert_string_equal(needed_by_name(NEEDED_BY_BOTH), "both");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_a_row_for_all_that_they_have),
        cmocka_unit_test(they_have_what_is_of_their_version),
        cmocka_unit_test(their_values_are_the_usual_ones),
        cmocka_unit_test(numbers_are_numbers),
        cmocka_unit_test(rows_are_sorted_and_whole),
        cmocka_unit_test(usual_values_are_right_ones),
        cmocka_unit_test(knows_the_side_of_capabilities),
        cmocka_unit_test(knows_the_side_and_unit_of_parameters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
