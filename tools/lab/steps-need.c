/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/lab/steps-need.h"

#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "qmp/json.h"
#include "tools/lab/accel.h"

/* ---- this host ---- */

static bool has_userfaultfd(void)
{
    long fd = syscall(SYS_userfaultfd, O_CLOEXEC);
    if (fd < 0) {
        fd = syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY);
    }
    if (fd >= 0) {
        close((int)fd);
    }
    return fd >= 0;
}

const char *steps_host_lacks(const Scenario *scenario)
{
    for (guint i = 0; i < scenario->needs->len; i++) {
        const ScenarioNeed *need = scenario->needs->pdata[i];
        if (need->kind == NEED_KVM && !accel_kvm_is_plausible()) {
            return "no KVM on this host";
        }
        if (need->kind == NEED_ROOT && geteuid() != 0) {
            return "this user is not root";
        }
        if (need->kind == NEED_USERFAULTFD && !has_userfaultfd()) {
            return "this user may not use userfaultfd";
        }
    }
    return NULL;
}

/* ---- a QEMU ---- */

/* "9.2" is before "9.2.1" and equals "9.2.0".  By all numbers, unlike those of
 * caps/version.h: a stable release may have mended what is looked for. */
static int compare_versions(const char *a, const char *b)
{
    g_auto(GStrv) left = g_strsplit(a, ".", -1);
    g_auto(GStrv) right = g_strsplit(b, ".", -1);
    guint n = MAX(g_strv_length(left), g_strv_length(right));
    for (guint i = 0; i < n; i++) {
        gint64 x =
            i < g_strv_length(left) ? g_ascii_strtoll(left[i], NULL, 10) : 0;
        gint64 y =
            i < g_strv_length(right) ? g_ascii_strtoll(right[i], NULL, 10) : 0;
        if (x != y) {
            return x < y ? -1 : 1;
        }
    }
    return 0;
}

static bool version_fits(const ScenarioNeed *need, const char *version)
{
    return compare_holds(need->compare, compare_versions(version, need->word),
                         0);
}

static bool has_it(const ScenarioNeed *need, const StepsSide *watched)
{
    const JsonObject *before = watched->before;
    if (need->kind == NEED_ARGUMENT) {
        return watched->schema &&
               qmp_schema_takes_argument(watched->schema, need->word,
                                         need->argument);
    }
    g_autofree char *name =
        g_strdup_printf("%s %s",
                        need->kind == NEED_CAPABILITY  ? "capability"
                        : need->kind == NEED_PARAMETER ? "parameter"
                                                       : "command",
                        need->word);
    return json_object_has_member((JsonObject *)before, name);
}

static char *find_unmet(const Steps *script)
{
    for (guint i = 0; i < script->scenario->needs->len; i++) {
        const ScenarioNeed *need = script->scenario->needs->pdata[i];
        for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
            const StepsSide *watched = script->sides[side];
            const char *version = qmp_client_version(watched->client);
            bool is_met =
                need->kind < NEED_VERSION ||
                (need->kind == NEED_VERSION ? version_fits(need, version)
                                            : has_it(need, watched));
            if (!is_met) {
                return g_strdup_printf("needs %s; the %s is QEMU %s",
                                       need->text, side_name(side), version);
            }
        }
    }
    return NULL;
}

/* ---- questions ---- */

/* What is asked, and how its answer becomes members by name. */
static const struct {
    const char *command, *kind, *key;
    bool is_setting;
} questions[] = {
    { "query-migrate-capabilities", "capability", "capability", true },
    { "query-migrate-parameters", "parameter", NULL, true },
    { "query-commands", "command", "name", false },
    { "query-migrate", "migration", NULL, false },
    { "query-qmp-schema", NULL, NULL, false }, /* long: only if it is needed */
};

static void keep(JsonObject *into, const char *kind, const char *name,
                 JsonNode *value)
{
    g_autofree char *member = g_strdup_printf("%s %s", kind, name);
    json_object_set_member(into, member, json_node_copy(value));
}

static void keep_all(JsonObject *into, guint question, JsonNode *answer)
{
    const char *kind = questions[question].kind;
    if (JSON_NODE_HOLDS_OBJECT(answer)) {
        JsonObject *object = json_node_get_object(answer);
        g_autoptr(GList) names = json_object_get_members(object);
        for (GList *name = names; name; name = name->next) {
            keep(into, kind, name->data,
                 json_object_get_member(object, name->data));
        }
    }
    JsonArray *array =
        JSON_NODE_HOLDS_ARRAY(answer) ? json_node_get_array(answer) : NULL;
    for (guint i = 0; array && i < json_array_get_length(array); i++) {
        JsonNode *element = json_array_get_element(array, i);
        const char *name = qmp_json_string(json_node_get_object(element),
                                           questions[question].key);
        if (name) {
            keep(into, kind, name, element);
        }
    }
}

/* One round of questions to one QEMU. */
typedef struct {
    Steps *script;
    StepsSide *watched;
    guint question;
    unsigned wait_ms; /* for each answer */
    JsonObject *answers;
    void (*done)(Steps *script, StepsSide *watched, JsonObject *answers);
} Round;

static void ask_next(Round *round);

static bool is_over(const Round *round)
{
    const GPtrArray *needs = round->script->scenario->needs;
    bool wants_schema = false;
    for (guint i = 0; i < needs->len; i++) {
        const ScenarioNeed *need = needs->pdata[i];
        wants_schema |= need->kind == NEED_ARGUMENT;
    }
    return round->question == G_N_ELEMENTS(questions) ||
           (!questions[round->question].kind && !wants_schema);
}

static void round_end(Round *round)
{
    round->done(round->script, round->watched, round->answers);
    json_object_unref(round->answers);
    g_free(round);
}

static void on_answer(GObject *object, GAsyncResult *result, gpointer user_data)
{
    Round *round = user_data;
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonNode) node =
        qmp_client_execute_finish(QMP_CLIENT(object), result, &error);

    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
        json_object_unref(round->answers);
        g_free(round);
        return;
    }
    if (node && !questions[round->question].kind) {
        g_clear_pointer(&round->watched->schema, qmp_schema_unref);
        round->watched->schema = qmp_schema_new(node);
    } else if (node) {
        keep_all(round->answers, round->question, node);
    }
    round->question++;
    if (error && error->code != QMP_ERROR_COMMAND) {
        round_end(round); /* it is silent or gone: the next would be so too */
    } else {
        ask_next(round);
    }
}

static void ask_next(Round *round)
{
    QmpClient *client = round->watched->client;
    if (is_over(round) || !client) {
        round_end(round);
        return;
    }
    g_autoptr(QmpCommand) command =
        qmp_command_new(questions[round->question].command);
    qmp_client_execute_async(client, command, round->wait_ms,
                             round->script->cancellable, on_answer, round);
}

static void ask(Steps *script, StepsSide *watched, unsigned wait_ms,
                void (*done)(Steps *, StepsSide *, JsonObject *))
{
    Round *round = g_new0(Round, 1);
    round->script = script;
    round->watched = watched;
    round->answers = json_object_new();
    round->done = done;
    round->wait_ms = wait_ms;
    ask_next(round);
}

static void take_before(Steps *script, StepsSide *watched, JsonObject *answers)
{
    g_clear_pointer(&watched->before, json_object_unref);
    watched->before = json_object_ref(answers);
    if (!script->sides[SIDE_SOURCE]->before ||
        !script->sides[SIDE_DESTINATION]->before ||
        !script->sides[SIDE_SOURCE]->client ||
        !script->sides[SIDE_DESTINATION]->client) {
        return;
    }
    g_autofree char *unmet = find_unmet(script);
    if (unmet) {
        script->handlers.unmet(unmet, script->user_data);
    } else {
        script->handlers.ready(script->user_data);
    }
}

void steps_ask_before(Steps *script, Side side)
{
    ask(script, script->sides[side], STEPS_MS, take_before);
}

/* ---- the last time ---- */

static bool is_setting(const char *name)
{
    for (guint i = 0; i < G_N_ELEMENTS(questions); i++) {
        if (questions[i].is_setting &&
            g_str_has_prefix(name, questions[i].kind)) {
            return true;
        }
    }
    return false;
}

/* On the side that has the guest now. */
static void note_changes(Steps *script, StepsSide *watched, JsonObject *after)
{
    g_autoptr(GString) changed = g_string_new(script->changed);
    g_autoptr(GList) names =
        watched->before ? json_object_get_members(watched->before) : NULL;

    for (GList *name = names; name; name = name->next) {
        JsonNode *was = json_object_get_member(watched->before, name->data);
        JsonNode *is = json_object_get_member(after, name->data);
        if (is_setting(name->data) && is && !json_node_equal(was, is)) {
            g_string_append_printf(changed, "%s%s on the %s",
                                   changed->len ? ", " : "", (char *)name->data,
                                   side_name(watched->side));
        }
    }
    g_free(script->changed);
    script->changed = changed->len ? g_strdup(changed->str) : NULL;
}

static void take_after(Steps *script, StepsSide *watched, JsonObject *answers)
{
    const char *status = qmp_json_string(answers, "migration status");
    if (status) {
        steps_see_status(script, watched->side, status);
    }
    if (watched->side == script->guest) {
        note_changes(script, watched, answers);
    }
    if (--script->n_asking == 0) {
        script->handlers.finished(script->user_data);
    }
}

void steps_finish(Steps *script, Side guest)
{
    script->guest = guest;
    script->n_asking = N_SIDES;
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        ask(script, script->sides[side], STEPS_LAST_MS, take_after);
    }
}
