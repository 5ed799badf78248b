/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON to what QMP means by it. */
#include "qmp/message.h"

#include "qmp/error.h"
#include "qmp/json.h"
#include "qmp/parser.h"

/* "7.2.22", or "unknown": the greeting's form is older than its promises. */
static char *version_to_text(JsonObject *qemu)
{
    int64_t major, minor, micro;

    if (!qmp_json_int64(qemu, "major", &major) ||
        !qmp_json_int64(qemu, "minor", &minor) ||
        !qmp_json_int64(qemu, "micro", &micro)) {
        return g_strdup("unknown");
    }
    return g_strdup_printf("%" G_GINT64_FORMAT ".%" G_GINT64_FORMAT
                           ".%" G_GINT64_FORMAT,
                           major, minor, micro);
}

static bool array_has_string(JsonArray *array, const char *wanted)
{
    guint n = array ? json_array_get_length(array) : 0;

    for (guint i = 0; i < n; i++) {
        JsonNode *node = json_array_get_element(array, i);

        if (JSON_NODE_HOLDS_VALUE(node) &&
            json_node_get_value_type(node) == G_TYPE_STRING &&
            g_str_equal(json_node_get_string(node), wanted)) {
            return true;
        }
    }
    return false;
}

static bool read_greeting(QmpMessage *message, GError **error)
{
    JsonObject *qmp = qmp_json_object(message->object, "QMP");
    JsonObject *version = qmp_json_object(qmp, "version");
    const char *package = qmp_json_string(version, "package");

    if (!qmp) {
        g_set_error(error, QMP_ERROR, QMP_ERROR_PROTOCOL,
                    "a greeting without content");
        return false;
    }
    message->version = version_to_text(qmp_json_object(version, "qemu"));
    message->package = g_strdup(package ? package : "");
    message->has_oob =
        array_has_string(qmp_json_array(qmp, "capabilities"), "oob");
    return true;
}

static void read_id(QmpMessage *message)
{
    message->has_id = qmp_json_size(message->object, "id", &message->id);
}

static bool read_return(QmpMessage *message, GError **error)
{
    message->value = json_object_get_member(message->object, "return");
    read_id(message);
    return true;
}

static bool read_error(QmpMessage *message, GError **error)
{
    JsonObject *body = qmp_json_object(message->object, "error");

    message->error_class = qmp_json_string(body, "class");
    message->error_desc = qmp_json_string(body, "desc");
    if (!message->error_class || !message->error_desc) {
        g_set_error(error, QMP_ERROR, QMP_ERROR_PROTOCOL,
                    "an error without class or description");
        return false;
    }
    read_id(message);
    return true;
}

/* QEMU says -1 for both where the host's clock failed it. */
static int64_t time_from_stamp(JsonObject *stamp)
{
    int64_t seconds, microseconds, time_us;

    if (!qmp_json_int64(stamp, "seconds", &seconds) ||
        !qmp_json_int64(stamp, "microseconds", &microseconds) || seconds < 0 ||
        microseconds < 0 ||
        __builtin_mul_overflow(seconds, G_USEC_PER_SEC, &time_us) ||
        __builtin_add_overflow(time_us, microseconds, &time_us)) {
        return -1;
    }
    return time_us;
}

static bool read_event(QmpMessage *message, GError **error)
{
    message->event = qmp_json_string(message->object, "event");
    if (!message->event) {
        g_set_error(error, QMP_ERROR, QMP_ERROR_PROTOCOL,
                    "an event without name");
        return false;
    }
    message->data = qmp_json_object(message->object, "data");
    message->time_us =
        time_from_stamp(qmp_json_object(message->object, "timestamp"));
    return true;
}

/* By the member that makes a message what it is. */
static const struct {
    const char *member;
    QmpMessageKind kind;
    bool (*read)(QmpMessage *message, GError **error);
} kinds[] = {
    { "return", QMP_MESSAGE_RETURN, read_return },
    { "event", QMP_MESSAGE_EVENT, read_event },
    { "error", QMP_MESSAGE_ERROR, read_error },
    { "QMP", QMP_MESSAGE_GREETING, read_greeting },
};

static bool read_any(QmpMessage *message, GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (json_object_has_member(message->object, kinds[i].member)) {
            message->kind = kinds[i].kind;
            return kinds[i].read(message, error);
        }
    }
    g_set_error(error, QMP_ERROR, QMP_ERROR_PROTOCOL,
                "neither a greeting nor a reply nor an event");
    return false;
}

QmpMessage *qmp_message_parse(const char *text, size_t n, GError **error)
{
    JsonObject *object = qmp_parse_object(text, n, error);
    g_autoptr(QmpMessage) message = NULL;

    if (!object) {
        return NULL;
    }
    message = g_new0(QmpMessage, 1);
    message->object = object;
    message->time_us = -1;
    return read_any(message, error) ? g_steal_pointer(&message) : NULL;
}

void qmp_message_free(QmpMessage *message)
{
    if (message) {
        json_object_unref(message->object);
        g_free(message->version);
        g_free(message->package);
        g_free(message);
    }
}
