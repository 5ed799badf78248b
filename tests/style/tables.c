/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Prints the tables of the code that pages tell, as JSON, for tables.py: the
 * failures, findings, outcomes, phases, and all members that a document can
 * have.
 */
#include <stdio.h>

#include "orchestrator/rehearse.h"
#include "orchestrator/report.h"
#include "qmp/json.h"
#include "tools/lab/steps.h"
#include "tools/scenario/parse.h"
#include "tools/attach/document.h"
#include "tools/caps/document.h"
#include "tools/foresee.h"
#include "tools/host.h"
#include "tools/lab/options.h"
#include "tools/lab/verify.h"
#include "tools/tls/view.h"

static void add_string(JsonObject *row, const char *name, const char *value)
{
    json_object_set_string_member(row, name, value ? value : "");
}

static JsonArray *failures(void)
{
    JsonArray *array = json_array_new();
    for (FailureCode code = 0; code < N_FAILURES; code++) {
        const FailureRow *from = failure_row(code);
        JsonObject *row = json_object_new();
        add_string(row, "word", from->word);
        add_string(row, "meaning", from->meaning);
        add_string(row, "hint", from->hint);
        add_string(row, "outcome", outcome_row(from->outcome)->name);
        json_array_add_object_element(array, row);
    }
    return array;
}

static JsonArray *findings(void)
{
    JsonArray *array = json_array_new();
    for (FindingCode code = 0; code < N_FINDING_CODES; code++) {
        const FindingRow *from = finding_row(code);
        JsonObject *row = json_object_new();
        add_string(row, "word", from->word);
        add_string(row, "meaning", from->meaning);
        json_array_add_object_element(array, row);
    }
    return array;
}

static JsonArray *tls_findings(void)
{
    JsonArray *array = json_array_new();
    for (TlsFindingCode code = 0; code < N_TLS_FINDINGS; code++) {
        const TlsFindingRow *from = tls_finding_row(code);
        JsonObject *row = json_object_new();
        add_string(row, "word", from->word);
        add_string(row, "meaning", from->meaning);
        add_string(row, "mend", from->mend);
        json_array_add_object_element(array, row);
    }
    return array;
}

static JsonArray *outcomes(void)
{
    JsonArray *array = json_array_new();
    for (Outcome outcome = 0; outcome < N_OUTCOMES; outcome++) {
        const OutcomeRow *from = outcome_row(outcome);
        JsonObject *row = json_object_new();
        json_object_set_int_member(row, "exit_code", from->exit_code);
        add_string(row, "name", from->name);
        add_string(row, "guest", from->guest);
        add_string(row, "meaning", from->meaning);
        json_array_add_object_element(array, row);
    }
    return array;
}

static JsonArray *phases(void)
{
    JsonArray *array = json_array_new();
    for (PhaseId phase = 0; phase < N_PHASES; phase++) {
        const PhaseRow *from = phase_row(phase);
        JsonObject *row = json_object_new();
        add_string(row, "name", from->name);
        add_string(row, "on_failure", phase_row(from->on_failure)->name);
        json_object_set_int_member(row, "deadline_ms", from->deadline_ms);
        json_object_set_int_member(row, "tick_ms", from->tick_ms);
        json_array_add_object_element(array, row);
    }
    return array;
}

static JsonArray *events(void)
{
    JsonArray *array = json_array_new();
    for (EventKind kind = 0; kind < N_EVENTS; kind++) {
        json_array_add_string_element(array, event_name(kind));
    }
    return array;
}

static JsonArray *asks(void)
{
    JsonArray *array = json_array_new();
    for (Ask ask = 0; ask < N_ASKS; ask++) {
        json_array_add_string_element(array, ask_name(ask));
    }
    return array;
}

static JsonNode *parse(const char *text)
{
    return json_from_string(text, NULL);
}

/* A migration of which everything is there that a result can tell. */
static Migration *eventful(const MigrationSettings *settings)
{
    Migration *m = migration_new(settings);
    g_autoptr(JsonNode) capabilities =
        parse("[{\"capability\": \"events\", \"state\": true}]");
    g_autoptr(JsonNode) parameters = parse("{\"downtime-limit\": 300}");

    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        caps_inventory_take_capabilities(&m->inventories[side], capabilities);
        caps_inventory_take_parameters(&m->inventories[side], parameters);
    }
    Sample sample = sample_unknown();
    g_array_append_val(m->passes, sample);
    g_ptr_array_add(m->notes, g_strdup("a note"));
    g_ptr_array_add(m->wishes, caps_wish_capability("events", true));
    findings_add(m->findings, FINDING_CHOSEN, FINDING_NOTE, N_SIDES, NULL, "x");
    return m;
}

static char *one_scenario(const char *path, gpointer user_data, GError **error)
{
    return g_strdup("[scenario a]\nat start: cancel\n");
}

/* What a scenario adds; its logs the lab has. */
static JsonObject *scripted(void)
{
    static const char *const keys[] = { NULL };
    static const StepsHandlers handlers = { NULL };
    g_autoptr(ScenarioFile) file =
        scenario_file_parse("a.ini", keys, one_scenario, NULL, NULL);
    g_autoptr(Steps) script =
        steps_new(file->scenarios->pdata[0], &handlers, NULL);
    JsonObject *object = steps_to_json(script);
    json_object_set_object_member(object, "logs", json_object_new());
    return object;
}

static JsonNode *result(void)
{
    MigrationSettings settings = { 0 };
    g_autoptr(Migration) m = eventful(&settings);
    g_autoptr(JsonObject) host = host_describe();
    Failure failure = { .code = FAILURE_DEADLINE };
    Verify verify = { .writes[10] = 1 };
    Beats beats;

    beats_init(&beats);
    g_autoptr(JsonObject) proof = verify_to_json(&verify, &beats);
    beats_clear(&beats);
    const LabOptions options = { .pattern = (char *)"random",
                                 .content = (char *)"random" };
    g_autoptr(JsonObject) lab = lab_options_to_json(&options);
    g_autoptr(JsonObject) script = scripted();
    const ReportExtras extras = { .verify = proof,
                                  .lab = lab,
                                  .host = host,
                                  .script = script,
                                  .guest_downtime_us = -1 };
    const Verdict verdict = { .action = POLICY_SET, .rule = "" };
    g_array_append_val(m->decisions, verdict);
    m->context.postcopy = true;
    return report_result(OUTCOME_FAILED, &failure, m, &extras);
}

static JsonNode *check(void)
{
    MigrationSettings settings = { 0 };
    g_autoptr(Migration) m = eventful(&settings);
    const char *const version[N_SIDES] = { NULL };
    return report_check(m, version);
}

static JsonNode *plan(void)
{
    MigrationSettings settings = { 0 };
    g_autoptr(Migration) m = eventful(&settings);
    g_autoptr(QmpCommand) command = qmp_command_set_string(
        qmp_command_new("migrate"), "uri", "unix:/run/stream");
    RehearsedCommand told = { SIDE_SOURCE, command };
    g_autoptr(GPtrArray) commands = g_ptr_array_new();
    g_ptr_array_add(commands, &told);
    return report_plan(commands, m->findings);
}

/* Of a migration that was said not to converge. */
static JsonNode *prediction(void)
{
    MigrationSettings settings = { .link_bits_per_s = 8 };
    g_autoptr(Migration) m = eventful(&settings);
    const MeasurePoint point = { 1, 1e6 };
    g_auto(Measured) measured = { .memory_bytes = 1e6, .first_bytes = 1e6 };
    measured.points = g_array_new(FALSE, FALSE, sizeof(MeasurePoint));
    g_array_append_val(measured.points, point);
    settings.timeout_us = 1;
    m->migrate_us = 1;
    g_autoptr(Forecast) forecast = forecast_new(&measured, &settings);
    return foresee_document(forecast, m);
}

/* What qmigrate caps writes of two QEMUs. */
static JsonNode *caps(void)
{
    g_auto(Inquired) qemus = { 0 };
    g_autoptr(JsonNode) capabilities =
        parse("[{\"capability\": \"events\", \"state\": true}]");
    g_autoptr(JsonNode) parameters = parse("{\"downtime-limit\": 300}");

    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        CapsInventory *inventory = &qemus.inventories[side];
        qemus.addresses[side] = qmp_address_parse("a.qmp", NULL);
        caps_inventory_take_capabilities(inventory, capabilities);
        caps_inventory_take_parameters(inventory, parameters);
    }
    return document_new(&qemus);
}

/* What qmigrate status writes of two QEMUs. */
static JsonNode *status(void)
{
    g_auto(AttachOptions) options = { 0 };
    g_autoptr(Attached) a = attached_new(ATTACHED_LOOK, true);
    g_autoptr(JsonNode) capabilities =
        parse("[{\"capability\": \"events\", \"state\": true}]");

    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        options.address[side] = qmp_address_parse("a.qmp", NULL);
        caps_inventory_take_capabilities(&a->inventories[side], capabilities);
    }
    return attach_document_new(a, &options);
}

/* What qmigrate tls check writes. */
static JsonNode *tls_check(void)
{
    g_autoptr(GPtrArray) findings = tls_findings_new();
    g_autoptr(GPtrArray) folders = g_ptr_array_new();
    tls_findings_add(findings, TLS_FINDING_NAME, TLS_ERROR, TLS_SERVER, "f",
                     "x");
    return view_tls_document(findings, folders);
}

int main(void)
{
    JsonObject *all = json_object_new();
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);

    json_object_set_array_member(all, "failures", failures());
    json_object_set_array_member(all, "findings", findings());
    json_object_set_array_member(all, "tls_findings", tls_findings());
    json_object_set_array_member(all, "outcomes", outcomes());
    json_object_set_array_member(all, "phases", phases());
    json_object_set_array_member(all, "events", events());
    json_object_set_array_member(all, "asks", asks());
    json_object_set_member(all, "result", result());
    json_object_set_member(all, "check", check());
    json_object_set_member(all, "plan", plan());
    json_object_set_member(all, "prediction", prediction());
    json_object_set_member(all, "caps", caps());
    json_object_set_member(all, "status", status());
    json_object_set_member(all, "tls_check", tls_check());
    json_node_take_object(node, all);
    g_autofree char *text = qmp_json_to_text(node);
    puts(text);
    return 0;
}
