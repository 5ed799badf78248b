/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Connect, ask what is needed at once, then look: at the memory if that is
 * allowed, else by calc-dirty-rate, length after length.  One answer or one
 * timer is waited for at a time, but for the questions.
 */
#include "orchestrator/survey-private.h"

#include "orchestrator/host.h"
#include "qmp/json.h"

#define CONNECT_TIMEOUT_MS 5000u
#define ANSWER_TIMEOUT_MS  10000u

/* What is waited for; a callback comes even after surveyor_free(). */
typedef struct {
    Surveyor *surveyor; /* only valid if not cancelled */
    GCancellable *cancellable;
    const char *what;
} Call;

static Call *call_new(Surveyor *surveyor, const char *what)
{
    Call *call = g_new0(Call, 1);
    *call = (Call){ surveyor, g_object_ref(surveyor->cancellable), what };
    return call;
}

static void call_free(Call *call)
{
    g_object_unref(call->cancellable);
    g_free(call);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Call, call_free)

static gboolean on_over(gpointer user_data)
{
    Surveyor *surveyor = user_data;
    surveyor->source = 0;
    surveyor->done(surveyor->user_data);
    return G_SOURCE_REMOVE;
}

void surveyor_end(Surveyor *surveyor)
{
    g_clear_handle_id(&surveyor->source, g_source_remove);
    g_cancellable_cancel(surveyor->cancellable);
    if (surveyor->client) {
        qmp_client_close(surveyor->client);
        g_clear_object(&surveyor->client);
    }
    surveyor->source = g_idle_add(on_over, surveyor);
}

void surveyor_fail(Surveyor *surveyor, FailureCode code, char *message)
{
    if (surveyor->failure->code != FAILURE_NONE) {
        g_free(message);
        return;
    }
    *surveyor->failure = (Failure){
        .code = code,
        .phase = "measure",
        .has_side = code != FAILURE_CANCELLED,
        .side = SIDE_SOURCE,
        .message = message,
    };
    surveyor_end(surveyor);
}

static void fail_error(Surveyor *surveyor, const char *what,
                       const GError *error)
{
    FailureCode code = failure_code_from_qmp(error);
    if (g_error_matches(error, QMP_ERROR, QMP_ERROR_COMMAND)) {
        surveyor_fail(
            surveyor, FAILURE_QMP_REFUSED,
            g_strdup_printf("QEMU refused %s: %s", what, error->message));
    } else {
        surveyor_fail(surveyor, code ? code : FAILURE_ENVIRONMENT,
                      g_strdup(error->message));
    }
}

void surveyor_ask(Surveyor *surveyor, const char *what,
                  const QmpCommand *command, GAsyncReadyCallback callback)
{
    qmp_client_execute_async(surveyor->client, command, ANSWER_TIMEOUT_MS,
                             surveyor->cancellable, callback,
                             call_new(surveyor, what));
}

JsonNode *surveyor_take_answer(GObject *object, GAsyncResult *result,
                               gpointer call_data, Surveyor **ret_surveyor)
{
    g_autoptr(Call) call = call_data;
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonNode) reply =
        qmp_client_execute_finish(QMP_CLIENT(object), result, &error);
    if (g_cancellable_is_cancelled(call->cancellable)) {
        return NULL;
    }
    if (!reply) {
        fail_error(call->surveyor, call->what, error);
        return NULL;
    }
    *ret_surveyor = call->surveyor;
    return g_steal_pointer(&reply);
}

/* ---- by reading memory ---- */

static gboolean on_look(gpointer user_data);

static void wait_for_look(Surveyor *surveyor)
{
    int64_t due_us = surveyor->begin_us +
                     measure_look_us(surveyor->measure_us, surveyor->look) -
                     g_get_monotonic_time();
    surveyor->source = g_timeout_add_full(
        G_PRIORITY_DEFAULT, MAX(due_us, 0) / 1000, on_look, surveyor, NULL);
}

static void take_memory(Measured *measured, const HostPagesFound *found)
{
    measured->memory_bytes = found->all_bytes;
    measured->first_bytes = found->nonzero_bytes;
    measured->is_first_known = TRUE;
}

static gboolean on_look(gpointer user_data)
{
    Surveyor *surveyor = user_data;
    int64_t now_us = g_get_monotonic_time();
    HostPagesFound found;

    surveyor->source = 0;
    if (!host_pages_look(surveyor->pages, &found)) {
        surveyor_fail(surveyor, FAILURE_CANNOT_MEASURE,
                      g_strdup("the guest's memory cannot be read any more"));
        return G_SOURCE_REMOVE;
    }
    const MeasurePoint point = { (now_us - surveyor->begin_us) / 1e6,
                                 found.dirty_bytes };
    g_array_append_val(surveyor->measured->points, point);
    take_memory(surveyor->measured, &found);
    if (++surveyor->look == MEASURE_LOOKS) {
        surveyor_end(surveyor);
    } else {
        wait_for_look(surveyor);
    }
    return G_SOURCE_REMOVE;
}

/* ---- what is asked first ---- */

static void start_looking(Surveyor *surveyor)
{
    Measured *measured = surveyor->measured;
    HostPagesFound found;

    surveyor->begin_us = g_get_monotonic_time();
    surveyor->pages =
        host_pages_new(surveyor->pid, surveyor->blocks, surveyor->n_blocks,
                       &measured->why_not_memory);
    if (surveyor->pages) {
        measured->why_not_memory = NULL;
    }
    if (!facts_run_state_is(&surveyor->facts, "running")) {
        measured->method = MEASURED_PAUSED;
        if (surveyor->pages && host_pages_look(surveyor->pages, &found)) {
            take_memory(measured, &found);
        }
        surveyor_end(surveyor);
    } else if (surveyor->pages) {
        measured->method = MEASURED_MEMORY;
        wait_for_look(surveyor);
    } else {
        surveyor_ask_rates(surveyor);
    }
}

static void judge(Surveyor *surveyor)
{
    const Facts *facts = &surveyor->facts;
    if (status_is_in_progress(facts->status)) {
        surveyor_fail(surveyor, FAILURE_MIGRATING_ALREADY,
                      g_strdup_printf("it is being migrated already: %s",
                                      facts->status_word));
    } else if (facts_run_state_is(facts, "inmigrate") ||
               facts_run_state_is(facts, "postmigrate")) {
        surveyor_fail(surveyor, FAILURE_SOURCE_STATE,
                      g_strdup_printf("it has no guest: %s", facts->run_state));
    } else if (surveyor->measured->memory_bytes <= 0) {
        surveyor_fail(surveyor, FAILURE_SOURCE_STATE,
                      g_strdup("its guest has no memory"));
    } else {
        start_looking(surveyor);
    }
}

static void take_status(Surveyor *surveyor, JsonNode *reply)
{
    facts_take_query_status(&surveyor->facts, reply);
}

static void take_migration(Surveyor *surveyor, JsonNode *reply)
{
    facts_take_query_migrate(&surveyor->facts, reply);
}

static void take_parameters(Surveyor *surveyor, JsonNode *reply)
{
    caps_inventory_take_parameters(&surveyor->measured->inventory, reply);
}

static void take_capabilities(Surveyor *surveyor, JsonNode *reply)
{
    caps_inventory_take_capabilities(&surveyor->measured->inventory, reply);
}

static void take_size(Surveyor *surveyor, JsonNode *reply)
{
    uint64_t base = 0, plugged = 0;
    if (JSON_NODE_HOLDS_OBJECT(reply)) {
        JsonObject *size = json_node_get_object(reply);
        qmp_json_size(size, "base-memory", &base);
        qmp_json_size(size, "plugged-memory", &plugged);
    }
    surveyor->measured->memory_bytes = (double)base + plugged;
    surveyor->measured->first_bytes = surveyor->measured->memory_bytes;
}

static void take_blocks(Surveyor *surveyor, JsonNode *reply)
{
    JsonArray *blocks =
        JSON_NODE_HOLDS_ARRAY(reply) ? json_node_get_array(reply) : NULL;
    for (guint i = 0; blocks && i < json_array_get_length(blocks); i++) {
        JsonNode *block = json_array_get_element(blocks, i);
        if (surveyor->n_blocks < BLOCKS_MAX && JSON_NODE_HOLDS_OBJECT(block) &&
            qmp_json_size(json_node_get_object(block), "size",
                          &surveyor->blocks[surveyor->n_blocks])) {
            surveyor->n_blocks++;
        }
    }
}

/* Whose memory is looked into. */
static void take_cpus(Surveyor *surveyor, JsonNode *reply)
{
    pid_t peer = qmp_client_peer_pid(surveyor->client);
    if (surveyor->pid == 0 && host_has_vcpus("", peer, reply)) {
        surveyor->pid = peer;
    }
}

/* clang-format off */
static const struct {
    const char *command;
    void (*take)(Surveyor *surveyor, JsonNode *reply);
} questions[] = {
    { "query-status",              take_status },
    { "query-migrate",             take_migration },
    { "query-migrate-parameters",  take_parameters },
    { "query-migrate-capabilities", take_capabilities },
    { "query-memory-size-summary", take_size },
    { "query-memdev",              take_blocks },
    { "query-cpus-fast",           take_cpus },
};
/* clang-format on */

/* They are answered in the order in which they were asked. */
static void on_answer(GObject *object, GAsyncResult *result, gpointer user_data)
{
    Surveyor *surveyor;
    g_autoptr(JsonNode) reply =
        surveyor_take_answer(object, result, user_data, &surveyor);
    if (!reply) {
        return;
    }
    questions[surveyor->n_answers++].take(surveyor, reply);
    if (surveyor->n_answers == G_N_ELEMENTS(questions)) {
        judge(surveyor);
    }
}

static void on_connected(GObject *object, GAsyncResult *result,
                         gpointer user_data)
{
    g_autoptr(Call) call = user_data;
    g_autoptr(GError) error = NULL;
    g_autoptr(QmpClient) client = qmp_client_connect_finish(result, &error);
    Surveyor *surveyor = call->surveyor;
    if (g_cancellable_is_cancelled(call->cancellable)) {
        return;
    }
    if (!client) {
        fail_error(surveyor, call->what, error);
        return;
    }
    caps_inventory_take_version(&surveyor->measured->inventory,
                                qmp_client_version(client));
    surveyor->client = g_steal_pointer(&client);
    for (size_t i = 0; i < G_N_ELEMENTS(questions); i++) {
        g_autoptr(QmpCommand) command = qmp_command_new(questions[i].command);
        surveyor_ask(surveyor, questions[i].command, command, on_answer);
    }
}

Surveyor *surveyor_new(const QmpAddress *address, pid_t pid, int64_t measure_us,
                       Measured *ret, Failure *failure, SurveyDone *done,
                       gpointer user_data)
{
    const QmpClientHandlers handlers = { 0 };
    Surveyor *surveyor = g_new0(Surveyor, 1);
    surveyor->measured = ret;
    surveyor->failure = failure;
    surveyor->done = done;
    surveyor->user_data = user_data;
    surveyor->measure_us = measure_us;
    surveyor->pid = pid;
    surveyor->cancellable = g_cancellable_new();
    ret->points = g_array_new(FALSE, FALSE, sizeof(MeasurePoint));
    qmp_client_connect_async(address, CONNECT_TIMEOUT_MS, &handlers, NULL,
                             surveyor->cancellable, on_connected,
                             call_new(surveyor, "the connection"));
    return surveyor;
}

void surveyor_cancel(Surveyor *surveyor)
{
    surveyor_fail(surveyor, FAILURE_CANCELLED, g_strdup("cancelled as asked"));
}

void surveyor_free(Surveyor *surveyor)
{
    g_clear_handle_id(&surveyor->source, g_source_remove);
    g_cancellable_cancel(surveyor->cancellable);
    if (surveyor->client) {
        qmp_client_close(surveyor->client);
        g_clear_object(&surveyor->client);
    }
    g_object_unref(surveyor->cancellable);
    g_clear_pointer(&surveyor->pages, host_pages_free);
    g_clear_pointer(&surveyor->lengths, g_array_unref);
    facts_clear(&surveyor->facts);
    g_free(surveyor);
}
