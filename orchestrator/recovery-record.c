/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "orchestrator/recovery-record.h"

#include <stddef.h>
#include <string.h>

#include "qmp/json.h"
#include "qmp/parser.h"

#define HEADING "qmigrate.journal/2 marks="

#define MARK(letter, member)                                                   \
    {                                                                          \
        letter, offsetof(RecoveryRecord, member)                               \
    }
/* The order is that of the file.  A new member goes to the end. */
static const struct {
    char letter;
    size_t offset;
} marks[] = {
    MARK('g', context.guest_ran),     MARK('f', context.through_file),
    MARK('h', context.held),          MARK('m', context.started),
    MARK('p', context.postcopy_sent), MARK('o', context.handed_over),
    MARK('c', context.cont_sent),     MARK('e', is_over),
};

static const size_t numbers[] = {
    offsetof(RecoveryRecord, evidence.began_min_us),
    offsetof(RecoveryRecord, evidence.began_max_us),
    offsetof(RecoveryRecord, evidence.stopped_ns),
    offsetof(RecoveryRecord, evidence.looked_us),
    offsetof(RecoveryRecord, evidence.looked_ns),
    offsetof(RecoveryRecord, evidence.sent_bytes),
};

#define N_DIGITS 16
/* Letters, then " " and digits for each number and for their sum: a number that
 * was only stored in part does not agree with it. */
#define MARKS_SIZE                                                             \
    (G_N_ELEMENTS(marks) + (G_N_ELEMENTS(numbers) + 1) * (1 + N_DIGITS))

G_STATIC_ASSERT(MARKS_SIZE < RECOVERY_MARKS_MAX);

static bool *member(RecoveryRecord *record, size_t i)
{
    return (bool *)((char *)record + marks[i].offset);
}

static int64_t *number(RecoveryRecord *record, size_t i)
{
    return (int64_t *)((char *)record + numbers[i]);
}

/* Faster than printf(): the guest may be waiting. */
static char *put_number(char *to, uint64_t value)
{
    *to++ = ' ';
    for (int i = N_DIGITS - 1; i >= 0; i--, value >>= 4) {
        to[i] = "0123456789abcdef"[value & 15];
    }
    return to + N_DIGITS;
}

size_t recovery_record_marks(const RecoveryRecord *record,
                             char ret[RECOVERY_MARKS_MAX])
{
    RecoveryRecord copy = *record;
    uint64_t sum = 1; /* so that a file of zeroes is none */
    char *to = ret;
    for (size_t i = 0; i < G_N_ELEMENTS(marks); i++) {
        *to++ = *member(&copy, i) ? marks[i].letter : '-';
    }
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
        uint64_t value = *number(&copy, i);
        to = put_number(to, value);
        sum = sum * 31 + value;
    }
    put_number(to, sum);
    return MARKS_SIZE;
}

size_t recovery_record_marks_offset(void)
{
    return strlen(HEADING);
}

static void clear(gpointer data)
{
    RecoveryRecord *record = data;
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        g_free(record->address[side]);
    }
    g_free(record->uri);
    g_clear_pointer(&record->steps, g_ptr_array_unref);
}

RecoveryRecord *recovery_record_new(void)
{
    RecoveryRecord *record = g_rc_box_new0(RecoveryRecord);
    record->steps =
        g_ptr_array_new_with_free_func((GDestroyNotify)caps_step_free);
    return record;
}

RecoveryRecord *recovery_record_ref(const RecoveryRecord *record)
{
    return g_rc_box_acquire((RecoveryRecord *)record);
}

void recovery_record_unref(RecoveryRecord *record)
{
    if (record) {
        g_rc_box_release_full(record, clear);
    }
}

/* ---- to text ---- */

static JsonObject *process_to_json(const RecoveryRecord *record, Side side)
{
    const ProcessIdentity *process = &record->process[side];
    JsonObject *object = json_object_new();
    json_object_set_string_member(object, "monitor", record->address[side]);
    json_object_set_int_member(object, "pid", process->pid);
    json_object_set_int_member(object, "start_ticks", process->start_ticks);
    json_object_set_int_member(object, "pid_namespace", process->pid_namespace);
    json_object_set_string_member(object, "boot_id", process->boot_id);
    return object;
}

static JsonObject *command_to_json(const QmpCommand *command)
{
    JsonObject *object = json_object_new();
    json_object_set_string_member(object, "execute", command->name);
    if (command->arguments) {
        json_object_set_object_member(object, "arguments",
                                      json_object_ref(command->arguments));
    }
    return object;
}

static JsonArray *steps_to_json(const GPtrArray *steps)
{
    JsonArray *array = json_array_new();
    for (guint i = 0; i < steps->len; i++) {
        const CapsStep *step = steps->pdata[i];
        JsonObject *object = json_object_new();
        json_object_set_string_member(object, "side", side_name(step->side));
        json_object_set_object_member(object, "set",
                                      command_to_json(step->command));
        json_object_set_object_member(object, "restore",
                                      command_to_json(step->undo));
        json_object_set_boolean_member(object, "may_be_used_up",
                                       step->may_be_used_up);
        json_array_add_object_element(array, object);
    }
    return array;
}

char *recovery_record_to_text(const RecoveryRecord *record)
{
    char letters[RECOVERY_MARKS_MAX];
    size_t n = recovery_record_marks(record, letters);
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
    JsonObject *object = json_object_new();

    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        json_object_set_object_member(object, side_name(side),
                                      process_to_json(record, side));
    }
    json_object_set_string_member(object, "uri", record->uri);
    json_object_set_boolean_member(object, "channels", record->as_channels);
    json_object_set_int_member(object, "migrate_us", record->migrate_us);
    json_object_set_array_member(object, "settings",
                                 steps_to_json(record->steps));
    json_node_take_object(node, object);
    g_autofree char *body = json_to_string(node, TRUE);
    return g_strdup_printf(HEADING "%.*s\n%s\n", (int)n, letters, body);
}

/* ---- from text ---- */

static bool read_process(RecoveryRecord *record, Side side,
                         JsonObject *document)
{
    ProcessIdentity *process = &record->process[side];
    JsonObject *object = qmp_json_object(document, side_name(side));
    const char *boot_id = object ? qmp_json_string(object, "boot_id") : NULL;
    uint64_t pid = 0;
    if (!boot_id || !qmp_json_size(object, "pid", &pid) || pid > G_MAXINT ||
        !qmp_json_size(object, "start_ticks", &process->start_ticks) ||
        !qmp_json_size(object, "pid_namespace", &process->pid_namespace)) {
        return false;
    }
    process->pid = (pid_t)pid;
    g_strlcpy(process->boot_id, boot_id, sizeof(process->boot_id));
    record->address[side] = g_strdup(qmp_json_string(object, "monitor"));
    return process_identity_is_known(process) && record->address[side];
}

static QmpCommand *read_command(JsonObject *step, const char *name)
{
    JsonObject *object = qmp_json_object(step, name);
    const char *execute = object ? qmp_json_string(object, "execute") : NULL;
    JsonObject *arguments =
        object ? qmp_json_object(object, "arguments") : NULL;
    if (!execute) {
        return NULL;
    }
    QmpCommand *command = qmp_command_new(execute);
    command->arguments = arguments ? json_object_ref(arguments) : NULL;
    return command;
}

static bool read_step(RecoveryRecord *record, JsonNode *node)
{
    if (!JSON_NODE_HOLDS_OBJECT(node)) {
        return false;
    }
    JsonObject *object = json_node_get_object(node);
    const char *side = qmp_json_string(object, "side");
    CapsStep *step = g_new0(CapsStep, 1);
    g_ptr_array_add(record->steps, step);
    step->side = g_strcmp0(side, side_name(SIDE_SOURCE)) == 0
                     ? SIDE_SOURCE
                     : SIDE_DESTINATION;
    step->command = read_command(object, "set");
    step->undo = read_command(object, "restore");
    return side && step->command && step->undo &&
           qmp_json_bool(object, "may_be_used_up", &step->may_be_used_up);
}

static bool read_document(RecoveryRecord *record, JsonObject *document)
{
    JsonArray *steps = qmp_json_array(document, "settings");
    const char *uri = qmp_json_string(document, "uri");
    bool is_read =
        steps && uri &&
        qmp_json_int64(document, "migrate_us", &record->migrate_us) &&
        qmp_json_bool(document, "channels", &record->as_channels);
    for (Side side = SIDE_SOURCE; is_read && side < N_SIDES; side++) {
        is_read = read_process(record, side, document);
    }
    for (guint i = 0; is_read && i < json_array_get_length(steps); i++) {
        is_read = read_step(record, json_array_get_element(steps, i));
    }
    record->uri = g_strdup(uri);
    return is_read;
}

/* NULL: there is none. */
static const char *read_number(const char *text, uint64_t *ret)
{
    g_autofree char *digits =
        *text == ' ' ? g_strndup(text + 1, N_DIGITS) : g_strdup("");
    bool is_whole = strspn(digits, "0123456789abcdef") == N_DIGITS;
    *ret = is_whole ? g_ascii_strtoull(digits, NULL, 16) : 0;
    return is_whole ? text + 1 + N_DIGITS : NULL;
}

/* What does not agree with its sum is not known.  NULL: there is none. */
static const char *read_evidence(RecoveryRecord *record, const char *text)
{
    uint64_t sum = 1, stored = 0, value = 0;
    for (size_t i = 0; text && i < G_N_ELEMENTS(numbers); i++) {
        text = read_number(text, &value);
        *number(record, i) = (int64_t)value;
        sum = sum * 31 + value;
    }
    text = text ? read_number(text, &stored) : NULL;
    if (sum != stored) {
        record->evidence = (Evidence){ 0 };
    }
    return text;
}

/* Returns what follows, NULL: that is no line of marks. */
static const char *read_marks(RecoveryRecord *record, const char *text)
{
    if (!g_str_has_prefix(text, HEADING)) {
        return NULL;
    }
    const char *letters = text + strlen(HEADING);
    for (size_t i = 0; i < G_N_ELEMENTS(marks); i++) {
        if (letters[i] != marks[i].letter && letters[i] != '-') {
            return NULL;
        }
        *member(record, i) = letters[i] != '-';
    }
    const char *end = read_evidence(record, letters + G_N_ELEMENTS(marks));
    return end && *end == '\n' ? end + 1 : NULL;
}

RecoveryRecord *recovery_record_from_text(const char *text)
{
    g_autoptr(RecoveryRecord) record = recovery_record_new();
    const char *body = read_marks(record, text);
    g_autoptr(JsonObject) document =
        body ? qmp_parse_object(body, strlen(body), NULL) : NULL;
    return document && read_document(record, document)
               ? g_steal_pointer(&record)
               : NULL;
}
