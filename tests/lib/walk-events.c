/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/lib/walk-events.h"

#include "orchestrator/phases.h"
#include "orchestrator/uri.h"

/* Both QEMUs take what a migration sets, in whatever form, and know file:. */
#define COMMAND(name, type)                                                    \
    "{\"name\":\"" name "\",\"meta-type\":\"command\",\"arg-type\":\"" type    \
    "\"}"
#define SCHEMA                                                                 \
    "[" COMMAND("migrate-set-capabilities", "any") "," COMMAND(                \
        "migrate-set-parameters",                                              \
        "any") "," COMMAND("migrate",                                          \
                           "uri") ","                                          \
                                  "{\"name\":\"uri\",\"meta-type\":"           \
                                  "\"object\",\"members\":["                   \
                                  "{\"name\":\"channels\",\"type\":\"any\","   \
                                  "\"default\":null}]}]"
#define CAPABILITIES(events, return_path, pause, postcopy)                     \
    "[{\"capability\":\"events\",\"state\":" events "},"                       \
    "{\"capability\":\"return-path\",\"state\":" return_path "},"              \
    "{\"capability\":\"pause-before-switchover\",\"state\":" pause "},"        \
    "{\"capability\":\"postcopy-ram\",\"state\":" postcopy "}]"
#define FRESH   CAPABILITIES("false", "false", "false", "false")
#define WATCHED CAPABILITIES("true", "false", "false", "false")
#define ALL_SET CAPABILITIES("true", "true", "true", "false")
#define ARMED   CAPABILITIES("true", "true", "false", "true")
#define ARMED_D CAPABILITIES("true", "false", "false", "true")
#define PARAMETERS                                                             \
    "{\"downtime-limit\":300,\"tls-creds\":\"\",\"tls-hostname\":\"\","        \
    "\"tls-authz\":\"\"}"

/* clang-format off */
static const char *const run_states[] = {
    "running", "paused", "inmigrate", "finish-migrate", "postmigrate",
};
static const char *const statuses[] = {
    "none", "setup", "active", "pre-switchover", "device", "completed",
    "failed", "cancelling", "cancelled", "postcopy-active", "postcopy-paused",
    "postcopy-recover",
    "quite-new",
};
static const char *const events[] = { "STOP", "RESUME", "MIGRATION_PASS" };
#define MIRROR(status)                                                         \
    "[{\"id\":\"j\",\"type\":\"mirror\",\"status\":\"" status                 \
    "\",\"current-progress\":9,\"total-progress\":9}]"
static const char *const jobs[] = { "[]", MIRROR("ready"), MIRROR("running") };
/* clang-format on */

G_GNUC_PRINTF(1, 2) static JsonNode *json(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    JsonNode *node = json_from_string(text, NULL);
    g_assert(node);
    return node;
}

static void add(GArray *steps, Event event, JsonNode *value)
{
    WalkStep step = { .event = event, .value = value };
    if (event.kind == EVENT_REPLY) {
        step.event.value = value;
    } else if (value) {
        step.event.data = json_node_get_object(value);
    }
    g_array_append_val(steps, step);
}

static void add_reply(GArray *steps, Side side, Ask ask, JsonNode *value)
{
    add(steps, (Event){ .kind = EVENT_REPLY, .side = side, .ask = ask }, value);
}

/* What the guest is made of is asked by many questions that are all alike: the
 * first stands for them. */
static bool is_more_of_machine(Ask ask)
{
    return ask > ASK_MACHINE && ask <= ASK_MACHINE_LAST;
}

static void add_questions(GArray *steps, Side side)
{
    add_reply(steps, side, ASK_CAPABILITIES, json(FRESH));
    add_reply(steps, side, ASK_CAPABILITIES, json(ALL_SET));
    add_reply(steps, side, ASK_PARAMETERS, json(PARAMETERS));
    add_reply(steps, side, ASK_SCHEMA, json(SCHEMA));
    add_reply(steps, side, ASK_KVM,
              json("{\"enabled\":false,\"present\":true}"));
    add_reply(steps, side, ASK_MACHINE, json("\"pc-q35-7.2-machine\""));
    for (size_t i = 0; i < G_N_ELEMENTS(jobs); i++) {
        add_reply(steps, side, ASK_JOBS, json("%s", jobs[i]));
    }
    add_reply(steps, side, ASK_BLOCK_JOBS, json("[]"));
    add(steps,
        (Event){ .kind = EVENT_QMP,
                 .side = side,
                 .name = "JOB_STATUS_CHANGE",
                 .qemu_time_us = 1 },
        json("{\"id\":\"j\",\"status\":\"created\"}"));
    add_reply(steps, side, ASK_THREADS, json("[{\"name\":\"multifdsend_0\"}]"));
    for (size_t i = 0; i < G_N_ELEMENTS(run_states); i++) {
        add_reply(steps, side, ASK_RUN_STATE,
                  json("{\"status\":\"%s\"}", run_states[i]));
    }
    for (size_t i = 0; i < G_N_ELEMENTS(statuses); i++) {
        add_reply(steps, side, ASK_MIGRATION,
                  json("{\"status\":\"%s\",\"ram\":{\"transferred\":1000}}",
                       statuses[i]));
        add(steps,
            (Event){ .kind = EVENT_QMP,
                     .side = side,
                     .name = "MIGRATION",
                     .qemu_time_us = 1 },
            json("{\"status\":\"%s\"}", statuses[i]));
    }
    /* One that began long ago: that proves whose it is. */
    add_reply(steps, side, ASK_MIGRATION,
              json("{\"status\":\"active\",\"total-time\":%d}", WALK_LONG_MS));
    add_reply(
        steps, side, ASK_MIGRATION,
        json("{\"status\":\"completed\",\"total-time\":%d}", WALK_LONG_MS));
}

static void add_side(GArray *steps, Side side)
{
    add(steps,
        (Event){ .kind = EVENT_CONNECTED, .side = side, .pid = 100 + side },
        NULL);
    add(steps,
        (Event){ .kind = EVENT_LOST,
                 .side = side,
                 .text = "gone",
                 .code = FAILURE_MONITOR_LOST },
        NULL);
    add(steps, (Event){ .kind = EVENT_DIED, .side = side }, NULL);
    add_questions(steps, side);
    for (Ask ask = TELL_SETTING; ask < N_ASKS; ask++) {
        add_reply(steps, side, ask, json("{}"));
    }
    for (Ask ask = 0; ask < N_ASKS; ask++) {
        if (is_more_of_machine(ask)) {
            continue;
        }
        add(steps,
            (Event){
                .kind = EVENT_REFUSED, .side = side, .ask = ask, .text = "no" },
            NULL);
        add(steps, (Event){ .kind = EVENT_SILENT, .side = side, .ask = ask },
            NULL);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(events); i++) {
        add(steps,
            (Event){ .kind = EVENT_QMP,
                     .side = side,
                     .name = events[i],
                     .qemu_time_us = 1 },
            NULL);
    }
}

static void clear_step(gpointer step)
{
    g_clear_pointer(&((WalkStep *)step)->value, json_node_unref);
}

static GArray *steps_new(void)
{
    GArray *steps = g_array_new(FALSE, FALSE, sizeof(WalkStep));
    g_array_set_clear_func(steps, clear_step);
    return steps;
}

GArray *walk_alphabet(void)
{
    static const EventKind plain[] = { EVENT_START, EVENT_TICK, EVENT_DEADLINE,
                                       EVENT_CANCEL, EVENT_DETACH };
    GArray *steps = steps_new();

    for (size_t i = 0; i < G_N_ELEMENTS(plain); i++) {
        add(steps, (Event){ .kind = plain[i] }, NULL);
    }
    add_side(steps, SIDE_SOURCE);
    add_side(steps, SIDE_DESTINATION);
    return steps;
}

/* ---- the straight way ---- */

/* What follows the questions of inspect. */
typedef struct {
    EventKind kind;
    Side side;
    Ask ask;
    const char *name, *value;
} Straight;

#define S SIDE_SOURCE
#define D SIDE_DESTINATION
/* clang-format off */
#define READ_BACK(source, destination)                                         \
    { EVENT_REPLY, S, ASK_CAPABILITIES, NULL, source },                        \
    { EVENT_REPLY, S, ASK_PARAMETERS, NULL, PARAMETERS },                      \
    { EVENT_REPLY, D, ASK_CAPABILITIES, NULL, destination },                   \
    { EVENT_REPLY, D, ASK_PARAMETERS, NULL, PARAMETERS }
#define SETTLED                                                                \
    { EVENT_REPLY, D, TELL_CONT, NULL, "{}" },                                 \
    { EVENT_REPLY, D, ASK_RUN_STATE, NULL, "{\"status\":\"running\"}" },       \
    { EVENT_REPLY, D, ASK_MIGRATION, NULL, "{\"status\":\"completed\"}" },     \
    { EVENT_REPLY, S, ASK_RUN_STATE, NULL, "{\"status\":\"postmigrate\"}" },   \
    { EVENT_REPLY, S, ASK_MIGRATION, NULL, "{\"status\":\"completed\"}" }

static const Straight live[] = {
    READ_BACK(ALL_SET, WATCHED),
    { EVENT_REPLY, D, TELL_INCOMING, NULL, "{}" },
    { EVENT_REPLY, D, ASK_MIGRATION, NULL, "{\"status\":\"setup\"}" },
    { EVENT_REPLY, S, TELL_MIGRATE, NULL, "{}" },
    { EVENT_QMP, S, 0, "MIGRATION", "{\"status\":\"active\"}" },
    { EVENT_TICK },
    { EVENT_QMP, S, 0, "STOP", NULL },
    { EVENT_QMP, S, 0, "MIGRATION", "{\"status\":\"pre-switchover\"}" },
    { EVENT_REPLY, S, TELL_CONTINUE, NULL, "{}" },
    { EVENT_QMP, S, 0, "MIGRATION", "{\"status\":\"device\"}" },
    { EVENT_QMP, D, 0, "MIGRATION", "{\"status\":\"completed\"}" },
    { EVENT_QMP, S, 0, "MIGRATION", "{\"status\":\"completed\"}" },
    SETTLED,
};

#define STREAMING                                                              \
    "{\"status\":\"postcopy-active\",\"ram\":{\"transferred\":1,"          \
    "\"remaining\":1,\"total\":9}}"
#define SAYS_ACTIVE                                                            \
    { EVENT_REPLY, S, ASK_MIGRATION, NULL, STREAMING },                        \
    {                                                                          \
        EVENT_REPLY, D, ASK_MIGRATION, NULL,                                   \
            "{\"status\":\"postcopy-active\"}"                                 \
    }

/* 10.0's order of events. */
static const Straight armed[] = {
    READ_BACK(ARMED, ARMED_D),
    { EVENT_REPLY, D, TELL_INCOMING, NULL, "{}" },
    { EVENT_REPLY, D, ASK_MIGRATION, NULL, "{\"status\":\"setup\"}" },
    { EVENT_REPLY, S, TELL_MIGRATE, NULL, "{}" },
    { EVENT_QMP, S, 0, "MIGRATION", "{\"status\":\"active\"}" },
    { EVENT_QMP, S, 0, "MIGRATION_PASS", NULL },
    { EVENT_REPLY, S, TELL_POSTCOPY, NULL, "{}" },
    { EVENT_QMP, S, 0, "STOP", NULL },
    { EVENT_QMP, S, 0, "MIGRATION", "{\"status\":\"device\"}" },
    { EVENT_QMP, S, 0, "MIGRATION", "{\"status\":\"postcopy-active\"}" },
    { EVENT_QMP, D, 0, "MIGRATION", "{\"status\":\"postcopy-active\"}" },
    { EVENT_REPLY, S, ASK_RUN_STATE, NULL, "{\"status\":\"finish-migrate\"}" },
    { EVENT_REPLY, D, TELL_CONT, NULL, "{}" },
    { EVENT_QMP, D, 0, "RESUME", NULL },
    { EVENT_TICK },
    SAYS_ACTIVE,
    { EVENT_TICK },
    SAYS_ACTIVE,
    { EVENT_TICK }, /* one answer more, and a stall is proved: see the walk */
    { EVENT_REPLY, S, ASK_MIGRATION, NULL, STREAMING },
    { EVENT_QMP, D, 0, "MIGRATION", "{\"status\":\"completed\"}" },
    { EVENT_QMP, S, 0, "MIGRATION", "{\"status\":\"completed\"}" },
    { EVENT_REPLY, D, ASK_RUN_STATE, NULL, "{\"status\":\"running\"}" },
    { EVENT_REPLY, D, ASK_MIGRATION, NULL, "{\"status\":\"completed\"}" },
    { EVENT_REPLY, S, ASK_RUN_STATE, NULL, "{\"status\":\"postmigrate\"}" },
    { EVENT_REPLY, S, ASK_MIGRATION, NULL, "{\"status\":\"completed\"}" },
};

static const Straight saved[] = {
    READ_BACK(WATCHED, WATCHED),
    { EVENT_QMP, S, 0, "STOP", NULL },
    { EVENT_REPLY, S, TELL_STOP, NULL, "{}" },
    { EVENT_REPLY, S, TELL_MIGRATE, NULL, "{}" },
    { EVENT_QMP, S, 0, "MIGRATION", "{\"status\":\"active\"}" },
    { EVENT_TICK },
    { EVENT_QMP, S, 0, "MIGRATION", "{\"status\":\"completed\"}" },
    { EVENT_REPLY, S, ASK_MIGRATION, NULL, "{\"status\":\"completed\"}" },
    { EVENT_REPLY, S, ASK_MIGRATION, NULL, "{\"status\":\"completed\"}" },
    { EVENT_REPLY, S, ASK_RUN_STATE, NULL, "{\"status\":\"postmigrate\"}" },
    { EVENT_REPLY, D, TELL_INCOMING, NULL, "{}" },
    { EVENT_QMP, D, 0, "MIGRATION", "{\"status\":\"active\"}" },
    { EVENT_QMP, D, 0, "MIGRATION", "{\"status\":\"completed\"}" },
    SETTLED,
};
/* clang-format on */
#undef S
#undef D

static void lay(GArray *steps, Event event, JsonNode *value)
{
    event.pid = 100 + event.side;
    event.qemu_time_us = 1000 + steps->len;
    add(steps, event, value);
}

/* NULL: refused, as by a QEMU that is older than the question. */
static JsonNode *answer(Side side, Ask ask)
{
    switch ((int)ask) {
    case ASK_RUN_STATE:
        return json("{\"status\":\"%s\"}",
                    side == SIDE_SOURCE ? "running" : "inmigrate");
    case ASK_MIGRATION:
        return json("{}");
    case ASK_CAPABILITIES:
        return json(FRESH);
    case ASK_PARAMETERS:
        return json(PARAMETERS);
    case ASK_SCHEMA:
        return json(SCHEMA);
    default:
        return NULL;
    }
}

static void lay_answers(GArray *steps, const Migration *m, Side side)
{
    for (Ask ask = 0; ask < N_ASKS; ask++) {
        if (m->waiting[side] & ASK_BIT(ask)) {
            JsonNode *value = answer(side, ask);
            lay(steps,
                (Event){ .kind = value ? EVENT_REPLY : EVENT_REFUSED,
                         .side = side,
                         .ask = ask,
                         .text = "no" },
                value);
        }
    }
}

static void lay_all(GArray *steps, const Straight *rest, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *value = rest[i].value;
        lay(steps,
            (Event){ .kind = rest[i].kind,
                     .side = rest[i].side,
                     .ask = rest[i].ask,
                     .name = rest[i].name },
            value ? json("%s", value) : NULL);
    }
}

static void lay_reply(GArray *steps, Side side, Ask ask)
{
    lay(steps, (Event){ .kind = EVENT_REPLY, .side = side, .ask = ask },
        json("{}"));
}

/* What is set has not changed since it was read back. */
static void lay_settings(GArray *steps, Side side)
{
    for (Ask ask = ASK_CAPABILITIES; ask <= ASK_PARAMETERS; ask++) {
        lay(steps, (Event){ .kind = EVENT_REPLY, .side = side, .ask = ask },
            NULL);
    }
}

/* Backwards; what TLS needs is taken from both. */
static void lay_undo(GArray *steps, const Migration *m)
{
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        if (side == SIDE_DESTINATION || m->settings->secure) {
            lay_settings(steps, side);
        }
    }
    for (guint i = m->steps->len; i-- > 0;) {
        const CapsStep *step = m->steps->pdata[i];
        if (step->undo->arguments &&
            (step->side == SIDE_DESTINATION || m->settings->secure)) {
            lay_reply(steps, step->side, TELL_UNDO);
        }
    }
}

/* What is asked in inspect, and then told, the machine itself says. */
GArray *walk_straight(const MigrationSettings *settings)
{
    g_autoptr(Migration) m = migration_new(settings);
    GArray *steps = steps_new();

    lay(steps, (Event){ .kind = EVENT_START }, NULL);
    lay(steps, (Event){ .kind = EVENT_CONNECTED, .side = SIDE_SOURCE }, NULL);
    lay(steps, (Event){ .kind = EVENT_CONNECTED, .side = SIDE_DESTINATION },
        NULL);
    for (guint i = 0; i < steps->len; i++) {
        walk_feed(m, &g_array_index(steps, WalkStep, i).event);
    }
    guint n = steps->len;
    lay_answers(steps, m, SIDE_SOURCE);
    lay_answers(steps, m, SIDE_DESTINATION);
    for (; n < steps->len; n++) {
        walk_feed(m, &g_array_index(steps, WalkStep, n).event);
    }
    if (!settings->check_only) {
        for (guint i = 0; i < m->steps->len; i++) {
            const CapsStep *step = m->steps->pdata[i];
            lay_reply(steps, step->side, TELL_SETTING);
        }
        if (uri_is_file(settings->uri)) {
            lay_all(steps, saved, G_N_ELEMENTS(saved));
        } else if (settings->wishes) {
            lay_all(steps, armed, G_N_ELEMENTS(armed));
        } else {
            lay_all(steps, live, G_N_ELEMENTS(live));
        }
        lay_undo(steps, m);
    }
    return steps;
}

void walk_feed(Migration *m, const Event *event)
{
    migration_feed(m, event);
    for (Ask ask = 0; ask < N_ASKS; ask++) {
        if (is_more_of_machine(ask) && m->waiting[event->side] & ASK_BIT(ask)) {
            migration_feed(m, &(Event){ .kind = EVENT_REFUSED,
                                        .time_us = event->time_us,
                                        .side = event->side,
                                        .ask = ask,
                                        .text = "no" });
        }
    }
}

/* An answer that an earlier phase waited for: the others change nothing. */
static bool counts_late(const Migration *m, const Event *event)
{
    bool is_told_there = event->side == SIDE_SOURCE
                             ? event->ask == TELL_MIGRATE && m->context.started
                             : event->ask == TELL_INCOMING;
    return is_told_there || event->ask == ASK_RUN_STATE ||
           event->ask == ASK_MIGRATION || event->ask == TELL_CONT;
}

bool walk_can_come(const Migration *m, const Event *event)
{
    switch (event->kind) {
    case EVENT_START:
        return m->phase == PHASE_INSPECT && m->start_us == 0;
    case EVENT_CONNECTED:
        return m->connecting[event->side] && !m->facts[event->side].dead;
    case EVENT_QMP:
        return m->facts[event->side].connected;
    case EVENT_REFUSED:
    case EVENT_SILENT:
    case EVENT_REPLY:
        return m->facts[event->side].connected &&
               (phase_is_waiting_for(m, event->side, event->ask) ||
                counts_late(m, event));
    case EVENT_LOST:
        return m->facts[event->side].connected || m->connecting[event->side];
    case EVENT_DIED:
        return !m->facts[event->side].dead;
    default:
        return m->start_us != 0;
    }
}
