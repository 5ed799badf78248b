/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/scenario/private.h"

static void setting_free(gpointer data)
{
    ScenarioSetting *setting = data;
    g_free(setting->key);
    g_strfreev(setting->values);
    g_clear_pointer(&setting->choices, g_ptr_array_unref);
    g_free(setting);
}

void moment_clear(Moment *moment)
{
    g_free(moment->word);
    g_free(moment->text);
}

void scenario_action_free(ScenarioAction *action)
{
    if (!action) {
        return;
    }
    g_free(action->name);
    g_free(action->value);
    g_clear_pointer(&action->arguments, json_object_unref);
    g_free(action->text);
    g_free(action);
}

static void step_free(gpointer data)
{
    ScenarioStep *step = data;
    moment_clear(&step->moment);
    g_ptr_array_unref(step->actions);
    g_free(step);
}

void expectation_free(Expectation *expectation)
{
    if (!expectation) {
        return;
    }
    g_strfreev(expectation->words);
    g_free(expectation->text);
    g_free(expectation);
}

void need_free(ScenarioNeed *need)
{
    if (!need) {
        return;
    }
    g_free(need->word);
    g_free(need->argument);
    g_free(need->text);
    g_free(need);
}

GPtrArray *settings_new(void)
{
    return g_ptr_array_new_with_free_func(setting_free);
}

ScenarioSetting *setting_copy(const ScenarioSetting *from)
{
    ScenarioSetting *setting = g_new0(ScenarioSetting, 1);
    setting->spot = from->spot;
    setting->key = g_strdup(from->key);
    setting->values = g_strdupv(from->values);
    setting->choices = from->choices ? g_ptr_array_ref(from->choices) : NULL;
    return setting;
}

Scenario *scenario_new(Spot spot, const char *name)
{
    Scenario *scenario = g_new0(Scenario, 1);
    scenario->spot = spot;
    scenario->name = g_strdup(name);
    scenario->settings = settings_new();
    scenario->needs = g_ptr_array_new_with_free_func((GDestroyNotify)need_free);
    scenario->steps = g_ptr_array_new_with_free_func(step_free);
    scenario->expectations =
        g_ptr_array_new_with_free_func((GDestroyNotify)expectation_free);
    scenario->deadline_us = SCENARIO_DEADLINE_US;
    scenario->n_repeat = 1;
    scenario->before = g_string_new(NULL);
    scenario->after = g_string_new(NULL);
    return scenario;
}

void scenario_free(Scenario *scenario)
{
    if (!scenario) {
        return;
    }
    g_free(scenario->name);
    g_ptr_array_unref(scenario->settings);
    g_ptr_array_unref(scenario->needs);
    g_ptr_array_unref(scenario->steps);
    g_ptr_array_unref(scenario->expectations);
    g_string_free(scenario->before, TRUE);
    g_string_free(scenario->after, TRUE);
    g_strfreev(scenario->covers);
    g_strfreev(scenario->report);
    g_free(scenario);
}
