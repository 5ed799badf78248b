/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/lib/inspected.h"

#include <string.h>

#include "tests/lib/recorded.h"

/* ---- what is wished for ---- */

static void add_feature(MigrationSettings *settings, char *word)
{
    char *equals = strchr(word, '=');

    if (equals) {
        *equals = '\0';
    }
    g_ptr_array_add(settings->features,
                    caps_feature_wish_new(caps_feature(word + strlen("--")),
                                          equals ? equals + 1 : NULL));
}

static void add_wish(MigrationSettings *settings, char *word)
{
    char *equals = strchr(word, '=');

    if (equals) {
        *equals = '\0';
        g_ptr_array_add(settings->wishes,
                        caps_wish_parameter(word, equals + 1));
    } else {
        g_ptr_array_add(settings->wishes,
                        caps_wish_capability(word + 1, *word == '+'));
    }
}

static void add_wishes(MigrationSettings *settings, const char *words)
{
    g_auto(GStrv) each = g_strsplit(words ? words : "", " ", -1);

    settings->wishes =
        g_ptr_array_new_with_free_func((GDestroyNotify)caps_wish_free);
    settings->features =
        g_ptr_array_new_with_free_func((GDestroyNotify)caps_feature_wish_free);
    for (char **word = each; *word && **word; word++) {
        if (g_str_has_prefix(*word, "--")) {
            add_feature(settings, *word);
        } else {
            add_wish(settings, *word);
        }
    }
}

/* ---- what is answered ---- */

static JsonNode *usual_answer(const Inspection *inspection, Side side, Ask ask)
{
    const char *version = inspection->version[side];

    switch ((int)ask) {
    case ASK_RUN_STATE:
        return json_value(side == SIDE_SOURCE ? "{\"status\":\"running\"}"
                                              : "{\"status\":\"inmigrate\"}");
    case ASK_MIGRATION:
        return json_value("{}");
    case ASK_CAPABILITIES:
        return recorded_reply("query-migrate-capabilities", version);
    case ASK_PARAMETERS:
        return recorded_reply("query-migrate-parameters", version);
    case ASK_SCHEMA:
        return recorded_reply("query-qmp-schema", version);
    case ASK_MACHINE ... ASK_MACHINE_LAST:
        return recorded_machine_reply(ask - ASK_MACHINE, version);
    default:
        return NULL;
    }
}

/* NULL: refused. */
static JsonNode *answer(const Inspection *inspection, Side side, Ask ask)
{
    for (size_t i = 0; i < INSPECTED_REPLIES_MAX; i++) {
        const InspectedReply *reply = &inspection->replies[i];
        if (reply->side == side && reply->ask == ask && reply->value) {
            return *reply->value ? json_value(reply->value) : NULL;
        }
    }
    return usual_answer(inspection, side, ask);
}

static void feed(Migration *m, Event event)
{
    event.time_us = m->now_us + 1;
    migration_feed(m, &event);
    g_ptr_array_set_size(m->actions, 0);
}

static void connect_side(const Inspection *inspection, Migration *m, Side side)
{
    bool is_old = strcmp(inspection->version[side], "7.2") == 0;

    feed(m, (Event){ .kind = EVENT_CONNECTED,
                     .side = side,
                     .pid = inspection->pid[side],
                     .version = is_old ? "7.2.22" : "10.0.2",
                     .process = &inspection->process[side],
                     .host = &inspection->host[side] });
}

static void answer_all(const Inspection *inspection, Migration *m, Side side)
{
    for (Ask ask = 0; ask < N_ASKS; ask++) {
        if (m->waiting[side] & ASK_BIT(ask)) {
            g_autoptr(JsonNode) value = answer(inspection, side, ask);
            feed(m, (Event){ .kind = value ? EVENT_REPLY : EVENT_REFUSED,
                             .side = side,
                             .ask = ask,
                             .value = value,
                             .text = "no" });
        }
    }
}

Inspected *inspected_new(const Inspection *inspection)
{
    const char *uri = inspection->uri;
    Inspected *inspected = g_new0(Inspected, 1);
    MigrationSettings *settings = &inspected->settings;

    settings->uri = g_strdup(uri ? uri : "tcp:127.0.0.1:0");
    settings->link_bits_per_s = inspection->link_bits_per_s;
    settings->file_free_bytes = inspection->file_free_bytes;
    settings->no_preflight = inspection->no_preflight;
    settings->check_only = !inspection->is_run;
    settings->found = inspection->found;
    settings->secure = inspection->secure;
    add_wishes(settings, inspection->wishes);

    Migration *m = inspected->m = migration_new(settings);
    feed(m, (Event){ .kind = EVENT_START });
    connect_side(inspection, m, SIDE_SOURCE);
    connect_side(inspection, m, SIDE_DESTINATION);
    answer_all(inspection, m, SIDE_SOURCE);
    answer_all(inspection, m, SIDE_DESTINATION);
    return inspected;
}

void inspected_free(Inspected *inspected)
{
    migration_free(inspected->m);
    migration_settings_clear(&inspected->settings);
    g_free(inspected);
}
