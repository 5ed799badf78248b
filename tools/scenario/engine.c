/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/scenario/engine.h"

#include <string.h>

void engine_init(Engine *engine, const Scenario *scenario)
{
    *engine =
        (Engine){ .scenario = scenario,
                  .due_us = -1,
                  .remaining_bytes = G_MAXUINT64,
                  .taken_us = g_array_new(FALSE, FALSE, sizeof(int64_t)) };
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        engine->statuses[side] = g_ptr_array_new_with_free_func(g_free);
    }
}

void engine_clear(Engine *engine)
{
    g_clear_pointer(&engine->taken_us, g_array_unref);
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        g_clear_pointer(&engine->statuses[side], g_ptr_array_unref);
    }
}

static const char *status_now(const Engine *engine, Side side)
{
    const GPtrArray *statuses = engine->statuses[side];
    return statuses->len > engine->n_before[side]
               ? statuses->pdata[statuses->len - 1]
               : "none";
}

static void note(Engine *engine, const Sight *sight)
{
    engine->is_told =
        sight->kind == MOMENT_EVENT || sight->kind == MOMENT_GUEST;
    switch (sight->kind) {
    case MOMENT_START:
        engine->has_started = true;
        engine->start_us = engine->last_us = sight->time_us;
        break;
    case MOMENT_STATUS:
        if (strcmp(status_now(engine, sight->side), sight->word) != 0) {
            g_ptr_array_add(engine->statuses[sight->side],
                            g_strdup(sight->word));
        }
        break;
    case MOMENT_PASS:
        engine->passes = sight->number;
        break;
    case MOMENT_REMAINING:
        engine->remaining_bytes = sight->number;
        break;
    case MOMENT_BEATS:
        engine->beats = sight->number;
        break;
    case MOMENT_END:
        engine->has_ended = true;
        break;
    case MOMENT_EVENT:
    case MOMENT_GUEST:
    case MOMENT_STEP:
        break;
    }
}

/* An event and a line are there while they are told, for one step; all else
 * stays so. */
static bool has_come(const Engine *engine, const Moment *moment,
                     const Sight *sight)
{
    switch (moment->kind) {
    case MOMENT_START:
    case MOMENT_STEP:
        return true;
    case MOMENT_STATUS:
        return strcmp(status_now(engine, moment->side), moment->word) == 0;
    case MOMENT_EVENT:
        return engine->is_told && sight->kind == MOMENT_EVENT &&
               sight->side == moment->side &&
               strcmp(sight->word, moment->word) == 0;
    case MOMENT_GUEST:
        return engine->is_told && sight->kind == MOMENT_GUEST &&
               strcmp(sight->word, moment->word) == 0;
    case MOMENT_PASS:
        return engine->passes >= moment->number;
    case MOMENT_REMAINING:
        return engine->remaining_bytes < moment->number;
    case MOMENT_BEATS:
        return engine->beats >= moment->number;
    case MOMENT_END:
        return engine->has_ended;
    }
    return false;
}

/* The moment of the next step, from when on its delay counts. */
static void look_for(Engine *engine, const ScenarioStep *step,
                     const Sight *sight)
{
    const Moment *moment = &step->moment;
    if (!engine->has_started || engine->due_us >= 0 ||
        !has_come(engine, moment, sight)) {
        return;
    }
    if (moment->kind == MOMENT_EVENT || moment->kind == MOMENT_GUEST) {
        engine->is_told = false;
    }
    int64_t from_us =
        moment->kind == MOMENT_STEP ? engine->last_us : sight->time_us;
    engine->due_us = from_us + (int64_t)moment->delay_us;
}

/* What stands behind it is for the migration that it asks for. */
static bool asks_for_next(const ScenarioStep *step)
{
    for (guint i = 0; i < step->actions->len; i++) {
        const ScenarioAction *action = step->actions->pdata[i];
        if (action->kind == ACT_AGAIN) {
            return true;
        }
    }
    return false;
}

void engine_take(Engine *engine, const Sight *sight, GPtrArray *due)
{
    note(engine, sight);
    while (!engine->waits_for_next &&
           engine->next < engine->scenario->steps->len) {
        ScenarioStep *step = engine->scenario->steps->pdata[engine->next];
        look_for(engine, step, sight);
        if (engine->due_us < 0 || engine->due_us > sight->time_us) {
            return;
        }
        int64_t since_us = sight->time_us - engine->start_us;
        g_array_append_val(engine->taken_us, since_us);
        engine->last_us = sight->time_us;
        engine->due_us = -1;
        engine->next++;
        g_ptr_array_add(due, step);
        engine->waits_for_next = asks_for_next(step);
    }
}

int64_t engine_due_us(const Engine *engine)
{
    return engine->due_us;
}

void engine_again(Engine *engine)
{
    engine->passes = engine->beats = 0;
    engine->remaining_bytes = G_MAXUINT64;
    engine->has_ended = engine->waits_for_next = false;
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        engine->n_before[side] = engine->statuses[side]->len;
    }
}

const ScenarioStep *engine_missing(const Engine *engine)
{
    return engine->next < engine->scenario->steps->len
               ? engine->scenario->steps->pdata[engine->next]
               : NULL;
}

static JsonObject *statuses_to_json(const Engine *engine)
{
    JsonObject *statuses = json_object_new();
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        JsonArray *array = json_array_new();
        for (guint i = 0; i < engine->statuses[side]->len; i++) {
            json_array_add_string_element(array,
                                          engine->statuses[side]->pdata[i]);
        }
        json_object_set_array_member(statuses, side_name(side), array);
    }
    return statuses;
}

JsonObject *engine_to_json(const Engine *engine)
{
    JsonObject *script = json_object_new();
    JsonArray *steps = json_array_new();

    json_object_set_string_member(script, "name", engine->scenario->name);
    for (guint i = 0; i < engine->scenario->steps->len; i++) {
        const ScenarioStep *step = engine->scenario->steps->pdata[i];
        JsonObject *one = json_object_new();
        json_object_set_int_member(one, "line", step->spot.line);
        json_object_set_string_member(one, "moment", step->moment.text);
        if (i < engine->taken_us->len) {
            json_object_set_int_member(
                one, "time_us", g_array_index(engine->taken_us, int64_t, i));
        } else {
            json_object_set_null_member(one, "time_us");
        }
        json_array_add_object_element(steps, one);
    }
    json_object_set_array_member(script, "steps", steps);
    json_object_set_object_member(script, "statuses", statuses_to_json(engine));
    return script;
}
