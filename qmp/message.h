/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * One message that QEMU sent: text to meaning.  Pure.  It is strict about JSON
 * (see qmp/parser.h) and tolerant where QMP asks for it: unknown members are
 * ignored, unknown events are events.
 */
#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum {
    QMP_MESSAGE_GREETING,
    QMP_MESSAGE_RETURN,
    QMP_MESSAGE_ERROR,
    QMP_MESSAGE_EVENT,
} QmpMessageKind;

typedef struct {
    QmpMessageKind kind;
    JsonObject *object; /* the whole message */
    bool has_id;        /* return, error: is there an "id" that is a whole
                         * number from 0, as we send them */
    uint64_t id;
    JsonNode *value; /* return: of any type.  Inside @object, as all below */
    const char *error_class, *error_desc; /* error */
    const char *event;                    /* event: its name */
    JsonObject *data;                     /* event: may be NULL */
    int64_t time_us; /* event: QEMU's wall clock since 1970, -1 if unknown */
    bool has_oob;    /* greeting */
    char *version;   /* greeting: "7.2.22", or "unknown" */
    char *package;   /* greeting: the distribution's words, may be empty */
} QmpMessage;

/* Fails with QMP_ERROR_PROTOCOL.  @text need not end in NUL. */
QmpMessage *qmp_message_parse(const char *text, size_t n, GError **error);
void qmp_message_free(QmpMessage *message);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QmpMessage, qmp_message_free)
