/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Wishes and two real inventories to commands and what puts them back. */
#include "tests/lib/check.h"

#include "caps/agree.h"
#include "caps/table.h"
#include "qmp/json.h"
#include "tests/lib/recorded.h"

typedef struct {
    CapsInventory inventories[N_SIDES];
    GPtrArray *wishes, *steps, *reasons;
} Pair;

static void pair_init(Pair *pair, const char *source, const char *destination)
{
    *pair = (Pair){ 0 };
    recorded_inventory(&pair->inventories[SIDE_SOURCE], source);
    recorded_inventory(&pair->inventories[SIDE_DESTINATION], destination);
    pair->wishes =
        g_ptr_array_new_with_free_func((GDestroyNotify)caps_wish_free);
    pair->steps =
        g_ptr_array_new_with_free_func((GDestroyNotify)caps_step_free);
    pair->reasons =
        g_ptr_array_new_with_free_func((GDestroyNotify)caps_reason_free);
}

static void pair_clear(Pair *pair)
{
    caps_inventory_clear(&pair->inventories[SIDE_SOURCE]);
    caps_inventory_clear(&pair->inventories[SIDE_DESTINATION]);
    g_ptr_array_unref(pair->wishes);
    g_ptr_array_unref(pair->steps);
    g_ptr_array_unref(pair->reasons);
}

/* "+events -xbzrle downtime-limit=1s": on, off, and a value. */
static void wish(Pair *pair, const char *words)
{
    g_auto(GStrv) each = g_strsplit(words, " ", -1);

    for (char **word = each; *word; word++) {
        char *equals = strchr(*word, '=');

        if (equals) {
            *equals = '\0';
            g_ptr_array_add(pair->wishes,
                            caps_wish_parameter(*word, equals + 1));
        } else if (**word) {
            g_ptr_array_add(pair->wishes,
                            caps_wish_capability(*word + 1, **word == '+'));
        }
    }
}

static bool agree(Pair *pair)
{
    return caps_agree(pair->inventories, pair->wishes, pair->steps,
                      pair->reasons);
}

static void add_arguments(GString *text, JsonObject *arguments)
{
    JsonArray *list = qmp_json_array(arguments, "capabilities");
    g_autoptr(GList) names = json_object_get_members(arguments);

    for (guint i = 0; list && i < json_array_get_length(list); i++) {
        JsonObject *row = json_array_get_object_element(list, i);

        g_string_append_printf(
            text, " %c%s",
            json_object_get_boolean_member(row, "state") ? '+' : '-',
            json_object_get_string_member(row, "capability"));
    }
    for (GList *at = names; !list && at; at = at->next) {
        g_autofree char *value =
            qmp_json_to_text(json_object_get_member(arguments, at->data));

        g_string_append_printf(text, " %s=%s", (char *)at->data, value);
    }
}

/* "S +events; D +events; S downtime-limit=1000". */
static char *plan_text(const GPtrArray *steps, bool undo)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < steps->len; i++) {
        const CapsStep *step = steps->pdata[i];

        g_string_append_printf(text, "%s%c", i ? "; " : "",
                               step->side == SIDE_SOURCE ? 'S' : 'D');
        add_arguments(text,
                      undo ? step->undo->arguments : step->command->arguments);
    }
    return g_string_free(text, FALSE);
}

static const struct {
    const char *what, *source, *destination, *wishes, *plan, *undo;
} plans[] = {
    { "nothing wished", "7.2", "10.0", "", "", "" },
    { "off already", "7.2", "10.0", "-multifd", "", "" },
    { "set already", "7.2", "10.0",
      "downtime-limit=300 max-bandwidth=128MiB/s multifd-compression=none", "",
      "" },
    { "on both", "7.2", "10.0", "+events", "S +events; D +events",
      "S -events; D -events" },
    { "on the source", "7.2", "10.0", "+return-path", "S +return-path",
      "S -return-path" },
    { "on the destination", "7.2", "10.0", "+postcopy-blocktime",
      "D +postcopy-blocktime", "D -postcopy-blocktime" },
    { "a quantity, on the source", "7.2", "10.0", "downtime-limit=2s",
      "S downtime-limit=2000", "S downtime-limit=300" },
    { "on the destination", "7.2", "10.0", "announce-rounds=7",
      "D announce-rounds=7", "D announce-rounds=5" },
    { "an on and off", "7.2", "10.0", "cpu-throttle-tailslow=on",
      "S cpu-throttle-tailslow=true", "S cpu-throttle-tailslow=false" },
    { "true is on", "7.2", "10.0", "cpu-throttle-tailslow=true",
      "S cpu-throttle-tailslow=true", "S cpu-throttle-tailslow=false" },
    { "a word, on both", "7.2", "10.0", "multifd-compression=zstd",
      "S multifd-compression=\"zstd\"; D multifd-compression=\"zstd\"",
      "S multifd-compression=\"none\"; D multifd-compression=\"none\"" },
    { "an empty word", "7.2", "10.0", "tls-creds=", "", "" },
    { "all of one kind in one command", "7.2", "10.0",
      "+xbzrle +auto-converge +return-path",
      "S +auto-converge +return-path +xbzrle",
      "S -auto-converge -return-path -xbzrle" },
    { "capabilities first, side by side", "7.2", "10.0",
      "multifd-channels=4 +multifd downtime-limit=1",
      "S +multifd; S downtime-limit=1 multifd-channels=4; D +multifd; "
      "D multifd-channels=4",
      "S -multifd; S downtime-limit=300 multifd-channels=2; D -multifd; "
      "D multifd-channels=2" },
    { "a later wish wins", "7.2", "10.0", "+xbzrle -xbzrle", "", "" },
    { "a later wish wins", "7.2", "10.0", "-xbzrle +xbzrle", "S +xbzrle",
      "S -xbzrle" },
    { "a later value wins", "7.2", "10.0", "downtime-limit=1 downtime-limit=2",
      "S downtime-limit=2", "S downtime-limit=300" },
    { "back to what it is", "7.2", "10.0",
      "downtime-limit=1 downtime-limit=300", "", "" },
    { "2^64 - 1 goes as QEMU takes it", "7.2", "10.0",
      "max-bandwidth=18446744073709551615", "S max-bandwidth=-1",
      "S max-bandwidth=134217728" },
    { "off what only one side has", "10.0", "7.2", "-switchover-ack", "", "" },
    { "off what nobody has", "10.0", "7.2", "-nonsense", "", "" },
    { "the source alone has it and needs it", "10.0", "7.2",
      "avail-switchover-bandwidth=1Gbit/s",
      "S avail-switchover-bandwidth=125000000",
      "S avail-switchover-bandwidth=0" },
};

static void plans_only_what_differs(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(plans); i++) {
        Pair pair;

        pair_init(&pair, plans[i].source, plans[i].destination);
        wish(&pair, plans[i].wishes);
        check_case(plans[i].what, agree(&pair));
        check_case(plans[i].what, pair.reasons->len == 0);
        g_autofree char *plan = plan_text(pair.steps, false);
        g_autofree char *undo = plan_text(pair.steps, true);
        if (strcmp(plan, plans[i].plan) != 0 ||
            strcmp(undo, plans[i].undo) != 0) {
            fail_msg("%s: %s, put back by %s", plans[i].what, plan, undo);
        }
        pair_clear(&pair);
    }
}

static const struct {
    const char *what, *source, *destination, *wishes;
    const char *reasons; /* "S TEXT (HINT)" for each, a part of it */
} refused[] = {
    { "unknown on both", "7.2", "10.0", "+event",
      "S there is no capability 'event' (did you mean events?)\n"
      "D there is no capability 'event' (did you mean events?)\n" },
    { "unknown on the destination", "10.0", "7.2", "+mapped-ram",
      "D there is no capability 'mapped-ram'" },
    { "unknown on the source", "7.2", "10.0", "+switchover-ack",
      "S there is no capability 'switchover-ack'" },
    { "what is no migration", "7.2", "7.2", "+x-colo",
      "S x-colo cannot be turned on: it keeps both QEMUs running" },
    { "what we need", "7.2", "7.2", "-events",
      "S events cannot be turned off: both QEMUs are watched by it" },
    { "nothing near", "7.2", "7.2", "+something-else",
      "S there is no capability 'something-else'\n" },
    { "a parameter nobody has", "7.2", "7.2", "downtime_limit=1",
      "S there is no parameter 'downtime_limit' (did you mean "
      "downtime-limit?)\n" },
    { "one that the source needs and has not", "7.2", "10.0",
      "avail-switchover-bandwidth=1",
      "S there is no parameter 'avail-switchover-bandwidth'" },
    { "a capability as a parameter", "7.2", "7.2", "xbzrle=on",
      "there is no parameter 'xbzrle'" },
    { "a parameter as a capability", "7.2", "7.2", "+downtime-limit",
      "there is no capability 'downtime-limit'" },
    { "neither on nor off", "7.2", "7.2", "cpu-throttle-tailslow=maybe",
      "S cpu-throttle-tailslow: 'maybe' is neither on nor off" },
    { "no number", "7.2", "7.2", "multifd-channels=many",
      "S multifd-channels: 'many' is not a number" },
    { "a unit of another kind", "7.2", "7.2", "downtime-limit=1GiB",
      "S downtime-limit: '1GiB' has a unit that does not fit" },
    { "more than 64 bits", "7.2", "7.2", "max-bandwidth=18446744073709551616",
      "does not fit in 64 bits" },
    { "one wrong of many", "7.2", "10.0", "+events +nonsense +xbzrle",
      "S there is no capability 'nonsense'" },
};

static void refuses_with_every_reason(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(refused); i++) {
        Pair pair;
        g_autoptr(GString) text = g_string_new(NULL);

        pair_init(&pair, refused[i].source, refused[i].destination);
        wish(&pair, refused[i].wishes);
        check_case(refused[i].what, !agree(&pair));
        check_case(refused[i].what, pair.steps->len == 0);
        for (guint j = 0; j < pair.reasons->len; j++) {
            const CapsReason *reason = pair.reasons->pdata[j];

            g_string_append_printf(text, "%c %s",
                                   reason->side == SIDE_SOURCE ? 'S' : 'D',
                                   reason->text);
            if (reason->hint) {
                g_string_append_printf(text, " (%s)", reason->hint);
            }
            g_string_append_c(text, '\n');
        }
        if (!strstr(text->str, refused[i].reasons)) {
            fail_msg("%s: %s", refused[i].what, text->str);
        }
        pair_clear(&pair);
    }
}

/* A QEMU whose limit is 2^64 - 1 gets exactly that back. */
static void undo_keeps_64_bits(void **state)
{
    Pair pair;
    g_autoptr(JsonNode) reply = json_value(
        "{\"max-bandwidth\":18446744073709551615,\"downtime-limit\":300}");

    pair_init(&pair, "10.0", "10.0");
    caps_inventory_take_parameters(&pair.inventories[SIDE_SOURCE], reply);
    wish(&pair, "max-bandwidth=1GiB/s");
    assert_true(agree(&pair));
    g_autofree char *undo = plan_text(pair.steps, true);
    assert_string_equal(undo, "S max-bandwidth=-1");
    pair_clear(&pair);
}

static char *inventory_text(const CapsInventory *inventory)
{
    GString *text = g_string_new(NULL);
    g_autoptr(GList) names =
        g_list_sort(g_hash_table_get_keys(inventory->capabilities),
                    (GCompareFunc)g_strcmp0);

    for (GList *at = names; at; at = at->next) {
        g_string_append_printf(text, "%d",
                               caps_inventory_is_on(inventory, at->data));
    }
    g_autoptr(GList) members =
        g_list_sort(json_object_get_members(inventory->parameters),
                    (GCompareFunc)g_strcmp0);
    for (GList *at = members; at; at = at->next) {
        g_autofree char *value = qmp_json_to_text(
            json_object_get_member(inventory->parameters, at->data));

        g_string_append_printf(text, " %s=%s", (char *)at->data, value);
    }
    return g_string_free(text, FALSE);
}

static void wish_at_random(Pair *pair, GRand *dice)
{
    static const char *const some[] = {
        "+events",
        "-return-path",
        "+return-path",
        "+xbzrle",
        "-xbzrle",
        "+multifd",
        "+postcopy-ram",
        "-postcopy-ram",
        "+release-ram",
        "+postcopy-blocktime",
        "+validate-uuid",
        "downtime-limit=0",
        "downtime-limit=2s",
        "max-bandwidth=18446744073709551615",
        "max-bandwidth=0",
        "max-bandwidth=9223372036854775808",
        "multifd-channels=255",
        "multifd-channels=2",
        "multifd-compression=zlib",
        "tls-hostname=a.b",
        "tls-creds=tls0",
        "announce-max=1s",
        "cpu-throttle-tailslow=on",
        "cpu-throttle-tailslow=off",
        "xbzrle-cache-size=128MiB",
    };
    guint n = g_rand_int_range(dice, 0, 12);

    g_ptr_array_set_size(pair->wishes, 0);
    for (guint i = 0; i < n; i++) {
        wish(pair, some[g_rand_int_range(dice, 0, G_N_ELEMENTS(some))]);
    }
}

/* Every wish that a side needs is true there; nothing else has changed. */
static void check_fulfilled(const Pair *pair)
{
    for (Side side = 0; side < N_SIDES; side++) {
        g_autoptr(GHashTable) last = g_hash_table_new(g_str_hash, g_str_equal);

        for (guint i = 0; i < pair->wishes->len; i++) {
            const CapsWish *one = pair->wishes->pdata[i];

            if (!one->value &&
                (caps_table_capability_sides(one->name) & (1 << side))) {
                g_hash_table_insert(last, one->name, GINT_TO_POINTER(one->on));
            }
        }
        GHashTableIter iter;
        gpointer name, on;
        g_hash_table_iter_init(&iter, last);
        while (g_hash_table_iter_next(&iter, &name, &on)) {
            check_case((const char *)name,
                       caps_inventory_is_on(&pair->inventories[side], name) ==
                           GPOINTER_TO_INT(on));
        }
    }
}

static void walk_steps(Pair *pair, bool undo)
{
    for (guint i = 0; i < pair->steps->len; i++) {
        const CapsStep *step =
            pair->steps->pdata[undo ? pair->steps->len - 1 - i : i];

        caps_inventory_apply(&pair->inventories[step->side],
                             undo ? step->undo : step->command);
    }
}

/* From any state that other plans led to, a plan and its undo lead back. */
static void undo_leads_back(void **state)
{
    GRand *dice = g_rand_new_with_seed(42);
    guint n_steps = 0;
    Pair pair;

    pair_init(&pair, "7.2", "10.0");
    for (int round = 0; round < 2000; round++) {
        char *before[N_SIDES], *after;

        wish_at_random(&pair, dice);
        g_ptr_array_set_size(pair.steps, 0);
        assert_true(agree(&pair));
        n_steps += pair.steps->len;
        for (Side side = 0; side < N_SIDES; side++) {
            before[side] = inventory_text(&pair.inventories[side]);
        }
        walk_steps(&pair, false);
        check_fulfilled(&pair);
        /* once there, the same wishes ask for nothing more */
        g_autoptr(GPtrArray) none =
            g_ptr_array_new_with_free_func((GDestroyNotify)caps_step_free);
        assert_true(
            caps_agree(pair.inventories, pair.wishes, none, pair.reasons));
        assert_int_equal(none->len, 0);
        walk_steps(&pair, true);
        for (Side side = 0; side < N_SIDES; side++) {
            after = inventory_text(&pair.inventories[side]);
            assert_string_equal(after, before[side]);
            g_free(after);
            g_free(before[side]);
        }
        if (g_rand_boolean(dice)) {
            walk_steps(&pair, false); /* the next round starts from here */
        }
    }
    assert_true(n_steps > 2000);
    pair_clear(&pair);
    g_rand_free(dice);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plans_only_what_differs),
        cmocka_unit_test(refuses_with_every_reason),
        cmocka_unit_test(undo_keeps_64_bits),
        cmocka_unit_test(undo_leads_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
