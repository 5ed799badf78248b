/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A migration that goes on, as it is told to people. */
#include "tests/lib/check.h"

#include "tools/attach/view.h"

#define CAPABILITIES                                                           \
    "[{\"capability\": \"events\", \"state\": true},"                          \
    " {\"capability\": \"xbzrle\", \"state\": false},"                         \
    " {\"capability\": \"postcopy-ram\", \"state\": true}]"
#define PARAMETERS                                                             \
    "{\"downtime-limit\": 300, \"max-bandwidth\": 8388608,"                    \
    " \"multifd-channels\": 2, \"newer-than-we-are\": 7}"
#define RAM                                                                    \
    "\"total-time\": 12300, \"ram\": {\"total\": 1073741824,"                  \
    " \"remaining\": 209715200, \"transferred\": 3221225472,"                  \
    " \"dirty-sync-count\": 7, \"mbps\": 838.8608, \"page-size\": 4096,"       \
    " \"dirty-pages-rate\": 25600}"

static JsonNode *parse(const char *text)
{
    JsonNode *node = json_from_string(text, NULL);
    assert_non_null(node);
    return node;
}

static Attached *seen(const char *source_migration, const char *run_state)
{
    Attached *a = attached_new(ATTACHED_LOOK, false);
    g_autoptr(JsonNode) reply = parse(source_migration);
    g_autoptr(JsonNode) capabilities = parse(CAPABILITIES);
    g_autoptr(JsonNode) parameters = parse(PARAMETERS);

    a->has_begun = true;
    a->facts[SIDE_SOURCE].connected = true;
    facts_take_query_migrate(&a->facts[SIDE_SOURCE], reply);
    g_strlcpy(a->facts[SIDE_SOURCE].run_state, run_state,
              sizeof(a->facts[SIDE_SOURCE].run_state));
    a->migration[SIDE_SOURCE] = json_node_ref(reply);
    a->sample = sample_from_query_migrate(reply, 0);
    caps_inventory_take_capabilities(&a->inventories[SIDE_SOURCE],
                                     capabilities);
    caps_inventory_take_parameters(&a->inventories[SIDE_SOURCE], parameters);
    caps_inventory_take_version(&a->inventories[SIDE_SOURCE], "10.0.2");
    return a;
}

static void tells_one_screen(void **state)
{
    g_autoptr(Attached) a = seen(
        "{\"status\": \"active\", \"cpu-throttle-percentage\": 20, " RAM "}",
        "running");
    g_auto(AttachOptions)
        options = { .address = { qmp_address_parse("a b.qmp", NULL) } };
    g_autofree char *text = view_all(a, &options);
    assert_string_equal(
        text,
        "active: the guest runs on the source, and its memory is sent\n"
        "  time        12.3 s\n"
        "  memory      pass 7: 200 MiB of 1.00 GiB left, 3.00 GiB sent\n"
        "  speed       100 MiB/s, the guest dirties 100 MiB/s\n"
        "  switchover  would take 2.0 s now; downtime-limit 300 ms\n"
        "  throttle    the guest is held up for 20 % of its time\n"
        "  post-copy   armed\n"
        "  source      QEMU 10.0.2, running, migration active\n"
        "  set         on the source: events, postcopy-ram, max-bandwidth "
        "8 MiB/s (default 128 MiB/s)\n"
        "  next        qmigrate cancel --source 'a b.qmp'\n"
        "              qmigrate postcopy --source 'a b.qmp'\n"
        "              qmigrate qmp 'a b.qmp' migrate-set-parameters "
        "downtime-limit=2001: it would switch over now\n");
}

static void tells_one_line(void **state)
{
    g_autoptr(Attached) a =
        seen("{\"status\": \"active\", " RAM "}", "running");
    g_autofree char *line = view_line(a);
    assert_string_equal(line, "active 12.3 s  pass 7  3.00 GiB sent, 200 MiB "
                              "left, 100 MiB/s, dirtied 100 MiB/s, "
                              "switchover 2.0 s");
    g_autoptr(Attached) none = seen("{\"status\": \"setup\"}", "running");
    g_autofree char *bare = view_line(none);
    assert_string_equal(bare, "setup");
    none->moved_us = 1;
    none->now_us = 7000001;
    g_autofree char *still = view_line(none);
    assert_string_equal(still, "setup  nothing has moved for 7.0 s");
}

/* What there is to be done, by status; the first line of it. */
static void says_what_is_next(void **state)
{
    static const struct {
        const char *reply, *run_state, *next; /* NULL: nothing */
    } cases[] = {
        { "{}", "running", NULL },
        { "{\"status\": \"setup\"}", "running",
          "qmigrate cancel --source a.qmp" },
        { "{\"status\": \"device\", " RAM "}", "finish-migrate", NULL },
        { "{\"status\": \"postcopy-active\", " RAM "}", "finish-migrate",
          NULL },
        { "{\"status\": \"postcopy-paused\", " RAM "}", "finish-migrate",
          "qmigrate recover --source a.qmp --destination QMP" },
        { "{\"status\": \"completed\", " RAM "}", "postmigrate",
          "qmigrate status --source a.qmp --destination QMP" },
        { "{\"status\": \"completed\"}", "running", NULL },
        { "{\"status\": \"failed\"}", "running", NULL },
    };
    g_auto(AttachOptions)
        options = { .address = { qmp_address_parse("a.qmp", NULL) } };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Attached) a = seen(cases[i].reply, cases[i].run_state);
        a->may_be_handed = true;
        g_autoptr(GPtrArray) next = view_next(a, &options);
        const char *first = next->len ? next->pdata[0] : NULL;
        if (g_strcmp0(first, cases[i].next) != 0) {
            fail_msg("%s: %s", cases[i].reply, first ? first : "nothing");
        }
    }
}

static void tells_who_waits_for_cont(void **state)
{
    g_autoptr(Attached) a =
        seen("{\"status\": \"postcopy-active\", " RAM "}", "finish-migrate");
    Facts *destination = &a->facts[SIDE_DESTINATION];
    g_auto(AttachOptions)
        options = { .address = { qmp_address_parse("a.qmp", NULL),
                                 qmp_address_parse("b.qmp", NULL) } };
    a->has_destination = destination->connected = true;
    destination->status = STATUS_POSTCOPY;
    g_strlcpy(destination->run_state, "paused", sizeof(destination->run_state));

    g_autofree char *text = view_all(a, &options);
    check_contains(text, "the guest is on the destination, paused: it waits "
                         "for cont, and part of its memory on the source\n");
    check_contains(text, "  next        qmigrate qmp b.qmp cont, unless the "
                         "guest was paused before\n");
    g_autofree char *line = view_line(a);
    check_contains(line, "waits for cont");

    g_clear_pointer(&options.address[SIDE_DESTINATION], qmp_address_free);
    a->has_destination = destination->connected = false;
    a->wish = ATTACHED_POSTCOPY;
    g_autofree char *alone = view_all(a, &options);
    check_contains(alone, "  next        qmigrate qmp DESTINATION cont");
}

static void shows_what_blocks(void **state)
{
    g_autoptr(Attached) a =
        seen("{\"status\": \"failed\", \"error-desc\": \"no way\", "
             "\"blocked-reasons\": [\"a device\", 7]}",
             "running");
    g_auto(AttachOptions)
        options = { .address = { qmp_address_parse("a.qmp", NULL) } };
    g_autofree char *text = view_all(a, &options);
    check_contains(text, "failed: the guest runs on the source\n");
    check_contains(text, "  error       the source's QEMU says: no way\n");
    check_contains(text, "  blocked     a device\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_one_screen),
        cmocka_unit_test(tells_one_line),
        cmocka_unit_test(says_what_is_next),
        cmocka_unit_test(tells_who_waits_for_cont),
        cmocka_unit_test(shows_what_blocks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
