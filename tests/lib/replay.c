/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/lib/replay.h"

#include <string.h>

#include "qmp/json.h"
#include "qmp/parser.h"
#include "tests/lib/recorded.h"

static int64_t number(JsonObject *line, const char *name)
{
    int64_t value = 0;

    qmp_json_int64(line, name, &value);
    return value;
}

static bool is_kind(JsonObject *line, const char *kind)
{
    return g_strcmp0(qmp_json_string(line, "kind"), kind) == 0;
}

/* ---- one event ---- */

static EventKind event_kind(const char *word)
{
    for (EventKind kind = 0; kind < N_EVENTS; kind++) {
        if (g_strcmp0(event_name(kind), word) == 0) {
            return kind;
        }
    }
    g_error("trace: no event %s", word);
}

/* An older trace may have the command alone: "qom-get". */
static Ask event_ask(const char *word)
{
    for (Ask ask = 0; word && ask < N_ASKS; ask++) {
        if (strcmp(ask_name(ask), word) == 0) {
            return ask;
        }
    }
    for (Ask ask = 0; word && ask < N_ASKS; ask++) {
        if (g_str_has_prefix(ask_name(ask), word)) {
            return ask;
        }
    }
    return 0;
}

static FailureCode event_code(const char *word)
{
    for (FailureCode code = 0; word && code < N_FAILURES; code++) {
        if (strcmp(failure_row(code)->word, word) == 0) {
            return code;
        }
    }
    return FAILURE_NONE;
}

static void feed(Replay *replay, JsonObject *line)
{
    Migration *m = replay->migration;
    Event event = {
        .kind = event_kind(qmp_json_string(line, "event")),
        .time_us = number(line, "time_us"),
        .side = g_strcmp0(qmp_json_string(line, "side"), "destination") == 0,
        .ask = event_ask(qmp_json_string(line, "ask")),
        .value = json_object_get_member(line, "value"),
        .text = qmp_json_string(line, "text"),
        .code = event_code(qmp_json_string(line, "code")),
        .pid = number(line, "pid"),
        .version = qmp_json_string(line, "version"),
        .name = qmp_json_string(line, "name"),
        .data = qmp_json_object(line, "data"),
        .qemu_time_us = number(line, "qemu_time_us"),
    };

    if (event.kind == EVENT_CONNECTED && !event.version) {
        event.version = replay->version[event.side];
    }
    migration_feed(m, &event);
}

static bool was_asked(const Replay *replay, Side side, const char *name)
{
    g_autofree char *answer = g_strdup_printf("\"side\":\"%s\",\"ask\":\"%s\"",
                                              side_name(side), name);

    return strstr(replay->text, answer) != NULL;
}

/* What it was never asked, its QEMU did not know: so an older trace plays. */
static void refuse_what_is_new(Replay *replay, Side side)
{
    Migration *m = replay->migration;

    for (Ask ask = 0; ask < N_ASKS; ask++) {
        const char *name = ask_name(ask);
        bool is_old =
            was_asked(replay, side, name) ||
            (ask == ASK_MACHINE && was_asked(replay, side, "qom-get"));

        if ((m->waiting[side] & ASK_BIT(ask)) && !is_old) {
            migration_feed(m, &(Event){ .kind = EVENT_REFUSED,
                                        .time_us = m->now_us,
                                        .side = side,
                                        .ask = ask,
                                        .text = "not in this trace" });
        }
    }
}

/* ---- what it is told, and what comes of it ---- */

static void take_settings(MigrationSettings *settings, JsonObject *requested)
{
    JsonObject *capabilities = qmp_json_object(requested, "capabilities");
    JsonObject *parameters = qmp_json_object(requested, "parameters");
    g_autoptr(GList) on = json_object_get_members(capabilities);
    g_autoptr(GList) set = json_object_get_members(parameters);

    settings->uri = g_strdup(qmp_json_string(requested, "uri"));
    settings->timeout_us = number(requested, "timeout_us");
    settings->wishes =
        g_ptr_array_new_with_free_func((GDestroyNotify)caps_wish_free);
    for (GList *at = on; at; at = at->next) {
        g_ptr_array_add(
            settings->wishes,
            caps_wish_capability(at->data, json_object_get_boolean_member(
                                               capabilities, at->data)));
    }
    for (GList *at = set; at; at = at->next) {
        g_ptr_array_add(settings->wishes,
                        caps_wish_parameter(
                            at->data, qmp_json_string(parameters, at->data)));
    }
}

static void add_phase(GString *phases, const char *name)
{
    g_string_append_printf(phases, "%s%s", phases->len ? " " : "", name);
}

static void add_told(GString *told, const char *side, const char *command)
{
    static const char *const questions[] = { "query-", "x-query-", "qom-",
                                             "human-monitor-command",
                                             "qmp_capabilities" };
    bool asks = false;

    for (size_t i = 0; i < G_N_ELEMENTS(questions); i++) {
        asks = asks || g_str_has_prefix(command, questions[i]);
    }
    if (!asks) {
        g_string_append_printf(told, "%s %s\n", side, command);
    }
}

static void take_actions(Replay *replay)
{
    GPtrArray *actions = replay->migration->actions;

    for (guint i = 0; i < actions->len; i++) {
        const Action *action = actions->pdata[i];

        if (action->kind == ACTION_SEND) {
            recorded_check_command(replay->version[action->side],
                                   action->command);
            add_told(replay->told, side_name(action->side),
                     action->command->name);
        }
    }
    g_ptr_array_set_size(actions, 0);
}

/*
 * Older traces do not read back what was set, or ask for it again before it is
 * restored: then it is as it was set.  @line is what comes next.
 */
static void answer_read_back(Replay *replay, JsonObject *line)
{
    static const Ask asks[] = { ASK_CAPABILITIES, ASK_PARAMETERS };
    Migration *m = replay->migration;
    const char *next = qmp_json_string(line, "ask");
    bool reads_back = m->phase == PHASE_PREPARE || m->phase == PHASE_ROLL_BACK;

    for (int i = 0; reads_back && i < 4; i++) {
        Side side = i / 2;
        Ask ask = asks[i % 2];

        if ((m->waiting[side] & ASK_BIT(ask)) &&
            g_strcmp0(next, ask_name(ASK_CAPABILITIES)) != 0 &&
            g_strcmp0(next, ask_name(ASK_PARAMETERS)) != 0) {
            migration_feed(m, &(Event){ .kind = EVENT_REPLY,
                                        .time_us = m->now_us,
                                        .side = side,
                                        .ask = ask });
            take_actions(replay);
        }
    }
}

static void take_event(Replay *replay, JsonObject *line)
{
    PhaseId before;

    if (!replay->migration) {
        replay->migration = migration_new(&replay->settings);
        add_phase(replay->phases, phase_row(PHASE_INSPECT)->name);
    }
    before = replay->migration->phase;
    answer_read_back(replay, line);
    feed(replay, line);
    take_actions(replay);
    if (g_strcmp0(qmp_json_string(line, "event"), "connected") == 0) {
        refuse_what_is_new(replay, g_strcmp0(qmp_json_string(line, "side"),
                                             "destination") == 0);
        take_actions(replay);
    }
    if (replay->migration->phase != before) {
        add_phase(replay->phases, phase_row(replay->migration->phase)->name);
    }
}

static void take_line(Replay *replay, JsonObject *line)
{
    if (is_kind(line, "event")) {
        take_event(replay, line);
    } else if (is_kind(line, "settings")) {
        take_settings(&replay->settings, qmp_json_object(line, "requested"));
    } else if (is_kind(line, "phase")) {
        const char *to = qmp_json_string(line, "to");

        if (!replay->recorded_phases->len ||
            strcmp(to, qmp_json_string(line, "from")) != 0) {
            add_phase(replay->recorded_phases, to);
        }
    } else if (is_kind(line, "qmp") &&
               g_strcmp0(qmp_json_string(line, "direction"), "sent") == 0) {
        JsonObject *message = qmp_json_object(line, "message");
        const char *command = qmp_json_string(message, "execute");

        add_told(replay->recorded_told, qmp_json_string(line, "side"),
                 command ? command : qmp_json_string(message, "exec-oob"));
    }
}

static char *read_trace(const char *name)
{
    g_autofree char *file = g_strdup_printf("%s.jsonl", name);
    g_autofree char *path =
        g_build_filename(g_getenv("QMIGRATE_TEST_DATA"), "traces", file, NULL);
    g_autoptr(GError) error = NULL;
    char *text = NULL;

    if (!g_file_get_contents(path, &text, NULL, &error)) {
        g_error("%s", error->message);
    }
    return text;
}

static void take_versions(Replay *replay, const char *name)
{
    g_auto(GStrv) words = g_strsplit(name, "-", -1);
    guint n = g_strv_length(words);
    bool differ = n > 3 && strcmp(words[n - 2], "to") == 0;

    replay->version[SIDE_SOURCE] = g_strdup(words[n - (differ ? 3 : 1)]);
    replay->version[SIDE_DESTINATION] = g_strdup(words[n - 1]);
}

Replay *replay_new(const char *name, guint nth, guint n_events)
{
    g_autoptr(Replay) replay = g_new0(Replay, 1);
    replay->text = read_trace(name);
    g_auto(GStrv) lines = g_strsplit(replay->text, "\n", -1);
    guint at = 0, n_fed = 0;

    take_versions(replay, name);
    replay->phases = g_string_new(NULL);
    replay->recorded_phases = g_string_new(NULL);
    replay->told = g_string_new(NULL);
    replay->recorded_told = g_string_new(NULL);
    for (char **each = lines; *each && **each; each++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(JsonObject) line =
            qmp_parse_object(*each, strlen(*each), &error);

        if (!line) {
            g_error("trace: %s: %s", *each, error->message);
        }
        at += is_kind(line, "settings");
        if (at == nth + 1 && (!is_kind(line, "event") || n_fed++ < n_events)) {
            take_line(replay, line);
        }
    }
    return replay->migration ? g_steal_pointer(&replay) : NULL;
}

void replay_free(Replay *replay)
{
    g_clear_pointer(&replay->migration, migration_free);
    migration_settings_clear(&replay->settings);
    g_string_free(replay->phases, TRUE);
    g_string_free(replay->recorded_phases, TRUE);
    g_string_free(replay->told, TRUE);
    g_string_free(replay->recorded_told, TRUE);
    g_free(replay->text);
    g_free(replay->version[SIDE_SOURCE]);
    g_free(replay->version[SIDE_DESTINATION]);
    g_free(replay);
}
