/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/lab/steps.h"

#include <string.h>

#include "qmp/client.h"
#include "qmp/json.h"
#include "tools/lab/steps-act.h"
#include "tools/lab/steps-need.h"

static void take(Steps *script, const Sight *sight);

/* ---- the clock ---- */

static gboolean on_clock(gpointer user_data)
{
    Steps *script = user_data;
    script->clock_source = 0;
    take(script,
         &(Sight){ .kind = MOMENT_STEP, .time_us = g_get_monotonic_time() });
    return G_SOURCE_REMOVE;
}

static void wind_clock(Steps *script)
{
    int64_t due_us = engine_due_us(&script->engine);
    g_clear_handle_id(&script->clock_source, g_source_remove);
    if (due_us >= 0) {
        int64_t wait_us = MAX(due_us - g_get_monotonic_time(), 0);
        script->clock_source =
            g_timeout_add((guint)((wait_us + 999) / 1000), on_clock, script);
    }
}

/* ---- what is seen ---- */

static void check_abandoned(Steps *script)
{
    if (script->is_orphan && !script->is_recovering &&
        !engine_missing(&script->engine)) {
        script->is_orphan = false; /* it is told once */
        script->handlers.abandoned(script->user_data);
    }
}

static void take(Steps *script, const Sight *sight)
{
    g_autoptr(GPtrArray) due = g_ptr_array_new();

    engine_take(&script->engine, sight, due);
    for (guint i = 0; i < due->len; i++) {
        const ScenarioStep *step = due->pdata[i];
        for (guint j = 0; j < step->actions->len; j++) {
            steps_act(script, step->actions->pdata[j]);
        }
    }
    wind_clock(script);
    check_abandoned(script);
}

static void take_event(Steps *script, Side side, const char *name,
                       JsonObject *data, int64_t qemu_time_us)
{
    Sight sight = { .kind = MOMENT_EVENT,
                    .time_us = g_get_monotonic_time(),
                    .side = side,
                    .word = name };
    /* Both of our monitors tell the same. */
    if (qemu_time_us > 0 && qemu_time_us <= script->heard_us[side]) {
        return;
    }
    script->heard_us[side] = MAX(script->heard_us[side], qemu_time_us);
    take(script, &sight);
    const char *status = data ? qmp_json_string(data, "status") : NULL;
    int64_t pass = 0;
    if (strcmp(name, "MIGRATION") == 0 && status) {
        sight.kind = MOMENT_STATUS;
        sight.word = status;
        take(script, &sight);
    } else if (strcmp(name, "MIGRATION_PASS") == 0 && data &&
               qmp_json_int64(data, "pass", &pass)) {
        sight.kind = MOMENT_PASS;
        sight.number = pass;
        take(script, &sight);
    }
}

void steps_see_status(Steps *script, Side side, const char *status)
{
    take(script, &(Sight){ .kind = MOMENT_STATUS,
                           .time_us = g_get_monotonic_time(),
                           .side = side,
                           .word = status });
}

void steps_note_refused(Steps *script, const ScenarioAction *action,
                        const char *why)
{
    g_autofree char *what =
        g_strdup_printf("%s:%u: %s: %s", action->spot.file, action->spot.line,
                        action->text, why);
    json_array_add_string_element(script->refused, what);
}

void steps_see(Steps *script, const Event *event)
{
    if (event->kind == EVENT_QMP) {
        take_event(script, event->side, event->name, event->data,
                   event->qemu_time_us);
    }
}

void steps_see_progress(Steps *script, const Migration *m)
{
    if (m->context.started && m->sample.remaining_bytes >= 0 &&
        m->facts[SIDE_SOURCE].status == STATUS_ACTIVE) {
        take(script, &(Sight){ .kind = MOMENT_REMAINING,
                               .time_us = g_get_monotonic_time(),
                               .number = m->sample.remaining_bytes });
    }
}

void steps_see_beats(Steps *script, uint64_t n)
{
    if (script->is_running) {
        take(script, &(Sight){ .kind = MOMENT_BEATS,
                               .time_us = g_get_monotonic_time(),
                               .number = ++script->n_beats });
    }
}

void steps_see_line(Steps *script, const char *line)
{
    g_autofree char *word = g_strndup(line, strcspn(line, " "));
    take(script, &(Sight){ .kind = MOMENT_GUEST,
                           .time_us = g_get_monotonic_time(),
                           .word = word });
}

void steps_start(Steps *script)
{
    script->is_running = true;
    script->is_orphan = script->is_recovering = false;
    script->n_migrations++;
    script->n_beats = 0;
    take(script, &(Sight){ .kind = script->n_migrations == 1 ? MOMENT_START
                                                             : MOMENT_STEP,
                           .time_us = g_get_monotonic_time() });
}

void steps_see_orphan(Steps *script)
{
    script->is_running = false;
    script->is_orphan = true;
    check_abandoned(script);
}

void steps_see_end(Steps *script)
{
    script->is_running = false;
    take(script,
         &(Sight){ .kind = MOMENT_END, .time_us = g_get_monotonic_time() });
}

bool steps_wants_again(Steps *script)
{
    bool wants = script->wants_again;
    script->wants_again = false;
    if (wants) {
        engine_again(&script->engine);
    }
    return wants;
}

/* ---- both monitors ---- */

static void on_event(QmpClient *client, const QmpEvent *event,
                     gpointer user_data)
{
    StepsSide *watched = user_data;
    if (!watched->script->is_running) { /* the run tells, and earlier */
        take_event(watched->script, watched->side, event->name, event->data,
                   event->time_us);
    }
}

static void on_closed(QmpClient *client, const GError *error,
                      gpointer user_data)
{
    StepsSide *watched = user_data;
    g_clear_object(&watched->client);
}

static void on_connected(GObject *object, GAsyncResult *result,
                         gpointer user_data)
{
    g_autoptr(GError) error = NULL;
    QmpClient *client = qmp_client_connect_finish(result, &error);

    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
        return;
    }
    StepsSide *watched = user_data;
    Steps *script = watched->script;
    watched->client = client;
    if (!client) {
        script->handlers.unreachable(error->message, script->user_data);
        return;
    }
    steps_ask_before(script, watched->side);
}

void steps_watch(Steps *script, Side side, Qemu *qemu)
{
    static const QmpClientHandlers handlers = { .event = on_event,
                                                .closed = on_closed };
    StepsSide *watched = script->sides[side];
    watched->qemu = qemu;
    qmp_client_connect_async(qemu_watch(qemu), STEPS_MS, &handlers, watched,
                             script->cancellable, on_connected, watched);
}

void steps_forget(Steps *script, Side side)
{
    StepsSide *watched = script->sides[side];
    g_clear_object(&watched->client);
    g_clear_pointer(&watched->before, json_object_unref);
    g_clear_pointer(&watched->schema, qmp_schema_unref);
    watched->qemu = NULL;
    script->heard_us[side] = 0;
}

void steps_turn(Steps *script)
{
    StepsSide *source = script->sides[SIDE_SOURCE];
    steps_forget(script, SIDE_SOURCE);
    script->sides[SIDE_SOURCE] = script->sides[SIDE_DESTINATION];
    script->sides[SIDE_DESTINATION] = source;
    script->sides[SIDE_SOURCE]->side = SIDE_SOURCE;
    source->side = SIDE_DESTINATION;
    script->heard_us[SIDE_SOURCE] = script->heard_us[SIDE_DESTINATION];
    script->heard_us[SIDE_DESTINATION] = 0;
}

Link *steps_link(Steps *script)
{
    return script->link;
}

Steps *steps_new(const Scenario *scenario, const StepsHandlers *handlers,
                 gpointer user_data)
{
    Steps *script = g_new0(Steps, 1);
    script->scenario = scenario;
    script->handlers = *handlers;
    script->user_data = user_data;
    script->cancellable = g_cancellable_new();
    script->refused = json_array_new();
    engine_init(&script->engine, scenario);
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        script->sides[side] = g_new0(StepsSide, 1);
        script->sides[side]->script = script;
        script->sides[side]->side = side;
    }
    if (scenario->uses_link) {
        script->link = link_new();
    }
    return script;
}

void steps_free(Steps *script)
{
    if (!script) {
        return;
    }
    g_cancellable_cancel(script->cancellable);
    g_clear_handle_id(&script->clock_source, g_source_remove);
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        steps_forget(script, side);
        g_free(script->sides[side]);
    }
    g_clear_pointer(&script->link, link_free);
    engine_clear(&script->engine);
    json_array_unref(script->refused);
    g_object_unref(script->cancellable);
    g_free(script->changed);
    g_free(script);
}

JsonObject *steps_to_json(const Steps *script)
{
    JsonObject *object = engine_to_json(&script->engine);
    json_object_set_int_member(object, "migrations", script->n_migrations);
    json_object_set_array_member(object, "refused",
                                 json_array_ref(script->refused));
    json_object_set_string_member(object, "changed", script->changed);
    return object;
}
