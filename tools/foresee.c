/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/foresee.h"

#include <stdio.h>

#include "orchestrator/survey.h"
#include "tools/interrupt.h"
#include "tools/plain.h"

typedef struct {
    GMainLoop *loop;
    Surveyor *surveyor; /* NULL: it is over */
} Foresight;

static void on_done(gpointer user_data)
{
    Foresight *foresight = user_data;
    g_main_loop_quit(foresight->loop);
}

static void on_interrupt(gpointer user_data)
{
    Foresight *foresight = user_data;
    if (foresight->surveyor) {
        surveyor_cancel(foresight->surveyor);
    }
}

static void measure(const Settings *settings, const QmpAddress *address,
                    Measured *measured, Failure *failure)
{
    static Foresight foresight; /* signals may come until the program ends */
    foresight.loop = g_main_loop_new(NULL, FALSE);
    foresight.surveyor = surveyor_new(address, 0, settings->measure_us,
                                      measured, failure, on_done, &foresight);
    interrupt_watch(on_interrupt, &foresight);
    g_main_loop_run(foresight.loop);
    g_clear_pointer(&foresight.surveyor, surveyor_free);
    g_clear_pointer(&foresight.loop, g_main_loop_unref);
}

Forecast *foresee(const Settings *settings, const QmpAddress *address,
                  Failure *failure)
{
    g_auto(Measured) measured = { 0 };
    measure(settings, address, &measured, failure);
    return failure->code == FAILURE_NONE
               ? forecast_new(&measured, &settings->migration)
               : NULL;
}

JsonObject *foresee_result(const Forecast *forecast, const Migration *m)
{
    if (!forecast) {
        return NULL;
    }
    JsonObject *prediction = json_object_new();
    forecast_add_json(forecast, m, prediction);
    return prediction;
}

JsonNode *foresee_document(const Forecast *forecast, const Migration *m)
{
    JsonObject *document = json_object_new();
    JsonNode *node = json_node_new(JSON_NODE_OBJECT);
    json_object_set_string_member(document, "schema", "qmigrate.prediction/1");
    json_object_set_string_member(document, "qmigrate", QMIGRATE_VERSION);
    forecast_add_json(forecast, m, document);
    json_node_take_object(node, document);
    return node;
}

Forecast *foresee_from(const Settings *settings,
                       const MigrationSettings *migration,
                       const Measured *measured, const Failure *failure)
{
    if (failure->code != FAILURE_NONE) {
        g_autofree char *text = failure_to_text(failure);
        plain_print(stderr, "warning: no prediction: %s", text);
        return NULL;
    }
    Forecast *forecast = forecast_new(measured, migration);
    g_autofree char *text = forecast_to_text(forecast);
    if (!settings->quiet) {
        plain_print(stderr, "%s", text);
    }
    return forecast;
}

Forecast *foresee_migration(const Settings *settings, const QmpAddress *address)
{
    g_auto(Measured) measured = { 0 };
    Failure failure = { 0 };
    measure(settings, address, &measured, &failure);
    Forecast *forecast =
        foresee_from(settings, &settings->migration, &measured, &failure);
    failure_clear(&failure);
    return forecast;
}
