/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A session with one QEMU for people to look at: what comes is handed on as the
 * text that QEMU wrote, since a parsed value does not keep every number.
 */
#include "qmp/client.h"
#include "qmp/schema.h"

typedef struct Talk Talk;

/* Texts are not terminated, and valid for the call. */
typedef struct {
    /* Connected, and QEMU has said what it has, if it can. */
    void (*ready)(Talk *talk, gpointer user_data);
    /* A whole event message. */
    void (*event)(Talk *talk, const char *text, size_t n, gpointer user_data);
    /* There was no connection, or there is none any more. */
    void (*over)(Talk *talk, const GError *error, gpointer user_data);
} TalkHandlers;

/* The value that @command returned, or @error. */
typedef void TalkAnswer(Talk *talk, const QmpCommand *command,
                        const char *value, size_t n, const GError *error,
                        gpointer user_data);

/* @timeout_ms: for connecting, and for each command from then on. */
Talk *talk_new(const QmpAddress *address, unsigned timeout_ms,
               const TalkHandlers *handlers, gpointer user_data);

/* Nothing is called any more. */
void talk_free(Talk *talk);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Talk, talk_free)

/* @answer is called once, unless the talk is freed before. */
void talk_say(Talk *talk, const QmpCommand *command, TalkAnswer *answer,
              gpointer user_data);

const QmpSchema *talk_schema(Talk *talk); /* NULL: QEMU has none */
const char *talk_version(Talk *talk);     /* once it is ready */
bool talk_ends_as_told(Talk *talk);       /* we made QEMU quit */
