/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/caps/inquiry.h"

#include "qmp/client.h"
#include "tools/interrupt.h"

#define CONNECT_TIMEOUT_MS 5000u
#define ANSWER_TIMEOUT_MS  10000u /* a schema of 200 KB, of a QEMU under load */

typedef struct {
    GMainLoop *loop;
    GCancellable *cancellable;
    Inquired *qemus;
    QmpClient *clients[N_SIDES];
    Failure *failure; /* the first one */
    guint n_pending;  /* answers, and connections */
} Inquiry;

static void take_capabilities(Inquired *qemus, Side side, JsonNode *reply)
{
    caps_inventory_take_capabilities(&qemus->inventories[side], reply);
}

static void take_parameters(Inquired *qemus, Side side, JsonNode *reply)
{
    caps_inventory_take_parameters(&qemus->inventories[side], reply);
}

static void take_schema(Inquired *qemus, Side side, JsonNode *reply)
{
    caps_inventory_take_schema(&qemus->inventories[side], reply);
}

static void take_kvm(Inquired *qemus, Side side, JsonNode *reply)
{
    caps_inventory_take_kvm(&qemus->inventories[side], reply);
}

static void take_machine(Inquired *qemus, Side side, JsonNode *reply)
{
    caps_machine_take(&qemus->machines[side], CAPS_MACHINE_TYPE, reply);
}

/* clang-format off */
static const struct {
    const char *command; /* NULL: the machine's own question */
    void (*take)(Inquired *qemus, Side side, JsonNode *reply);
    bool is_optional; /* a refusal is an answer too */
} questions[] = {
    { "query-migrate-capabilities", take_capabilities, false },
    { "query-migrate-parameters",   take_parameters,   false },
    { "query-qmp-schema",           take_schema,       true },
    { "query-kvm",                  take_kvm,          true },
    { NULL,                         take_machine,      true },
};
/* clang-format on */

/* One connection or one answer that is waited for. */
typedef struct {
    Inquiry *inquiry;
    Side side;
    size_t question;
} Call;

static Call *call_new(Inquiry *inquiry, Side side, size_t question)
{
    Call *call = g_new0(Call, 1);
    *call = (Call){ inquiry, side, question };
    inquiry->n_pending++;
    return call;
}

/* The last one ends it all, so that nothing is left behind of a connection. */
static void call_end(Call *call)
{
    if (--call->inquiry->n_pending == 0) {
        g_main_loop_quit(call->inquiry->loop);
    }
    g_free(call);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Call, call_end)

/* The first one counts: what is under way then is cancelled, and fails too.
 * @side N_SIDES: of none.  Takes @message over. */
static void fail(Inquiry *inquiry, FailureCode code, Side side, char *message)
{
    if (inquiry->failure->code != FAILURE_NONE) {
        g_free(message);
        return;
    }
    *inquiry->failure = (Failure){ .code = code,
                                   .phase = "inspect",
                                   .has_side = side < N_SIDES,
                                   .side = side,
                                   .message = message };
    g_cancellable_cancel(inquiry->cancellable);
}

static QmpCommand *question_command(size_t question)
{
    return questions[question].command
               ? qmp_command_new(questions[question].command)
               : caps_machine_question(CAPS_MACHINE_TYPE);
}

static void fail_question(const Call *call, const GError *error)
{
    g_autoptr(QmpCommand) command = question_command(call->question);
    FailureCode code = failure_code_from_qmp(error);

    if (g_error_matches(error, QMP_ERROR, QMP_ERROR_COMMAND)) {
        fail(call->inquiry, FAILURE_QMP_REFUSED, call->side,
             g_strdup_printf("QEMU refused %s: %s", command->name,
                             error->message));
    } else if (code == FAILURE_MONITOR_SILENT) {
        fail(call->inquiry, code, call->side,
             g_strdup_printf("no answer to %s within %u s", command->name,
                             ANSWER_TIMEOUT_MS / 1000));
    } else {
        fail(call->inquiry, code ? code : FAILURE_ENVIRONMENT, call->side,
             g_strdup(error->message));
    }
}

static void on_answer(GObject *object, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(Call) call = user_data;
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonNode) reply =
        qmp_client_execute_finish(QMP_CLIENT(object), result, &error);

    if (reply) {
        questions[call->question].take(call->inquiry->qemus, call->side, reply);
    } else if (!questions[call->question].is_optional ||
               !g_error_matches(error, QMP_ERROR, QMP_ERROR_COMMAND)) {
        fail_question(call, error);
    }
}

static void ask_all(Inquiry *inquiry, Side side)
{
    for (size_t i = 0; i < G_N_ELEMENTS(questions); i++) {
        g_autoptr(QmpCommand) command = question_command(i);
        qmp_client_execute_async(inquiry->clients[side], command,
                                 ANSWER_TIMEOUT_MS, inquiry->cancellable,
                                 on_answer, call_new(inquiry, side, i));
    }
}

static void on_connected(GObject *object, GAsyncResult *result,
                         gpointer user_data)
{
    g_autoptr(Call) call = user_data;
    g_autoptr(GError) error = NULL;
    g_autoptr(QmpClient) client = qmp_client_connect_finish(result, &error);
    Inquiry *inquiry = call->inquiry;

    if (!client) {
        FailureCode code = failure_code_from_qmp(error);
        fail(inquiry, code ? code : FAILURE_ENVIRONMENT, call->side,
             g_strdup(error->message));
        return;
    }
    caps_inventory_take_version(&inquiry->qemus->inventories[call->side],
                                qmp_client_version(client));
    inquiry->clients[call->side] = g_steal_pointer(&client);
    ask_all(inquiry, call->side);
}

static void on_interrupt(gpointer user_data)
{
    Inquiry *inquiry = user_data;
    if (inquiry->n_pending > 0) {
        fail(inquiry, FAILURE_CANCELLED, N_SIDES,
             g_strdup("cancelled as asked"));
    }
}

static void close_all(Inquiry *inquiry)
{
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        if (inquiry->clients[side]) {
            qmp_client_close(inquiry->clients[side]);
            g_clear_object(&inquiry->clients[side]);
        }
    }
    g_clear_object(&inquiry->cancellable);
    g_clear_pointer(&inquiry->loop, g_main_loop_unref);
}

bool inquire(Inquired *qemus, Failure *failure)
{
    static Inquiry inquiry; /* signals may come until the program ends */
    const QmpClientHandlers handlers = { 0 };

    inquiry = (Inquiry){ .loop = g_main_loop_new(NULL, FALSE),
                         .cancellable = g_cancellable_new(),
                         .qemus = qemus,
                         .failure = failure };
    interrupt_watch(on_interrupt, &inquiry);
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        if (qemus->addresses[side]) {
            qmp_client_connect_async(qemus->addresses[side], CONNECT_TIMEOUT_MS,
                                     &handlers, NULL, inquiry.cancellable,
                                     on_connected, call_new(&inquiry, side, 0));
        }
    }
    if (inquiry.n_pending > 0) {
        g_main_loop_run(inquiry.loop);
    }
    close_all(&inquiry);
    return failure->code == FAILURE_NONE;
}

void inquired_clear(Inquired *qemus)
{
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        g_clear_pointer(&qemus->addresses[side], qmp_address_free);
        caps_inventory_clear(&qemus->inventories[side]);
        caps_machine_clear(&qemus->machines[side]);
    }
}
