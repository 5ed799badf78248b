/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A command as data: what to say, not yet to whom.  Plans are lists of these,
 * so a dry run and a test need no socket.
 */
#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    char *name;
    JsonObject *arguments; /* NULL: none */
    bool oob;              /* "exec-oob": overtakes what is queued */
    int fd;                /* goes along by SCM_RIGHTS; -1: none; not owned */
} QmpCommand;

QmpCommand *qmp_command_new(const char *name);
QmpCommand *qmp_command_copy(const QmpCommand *command);
void qmp_command_free(QmpCommand *command);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QmpCommand, qmp_command_free)

/* Each sets one argument and returns @command, so that calls chain. */
QmpCommand *qmp_command_set_string(QmpCommand *command, const char *name,
                                   const char *value);
QmpCommand *qmp_command_set_int(QmpCommand *command, const char *name,
                                int64_t value);
QmpCommand *qmp_command_set_bool(QmpCommand *command, const char *name,
                                 bool value);
/* Takes @value over. */
QmpCommand *qmp_command_set_node(QmpCommand *command, const char *name,
                                 JsonNode *value);

/*
 * {"execute":...,"arguments":{...},"id":N} on one line, with a line feed and no
 * blanks: QEMU reads byte by byte, at 3 us each.  Without @id when it is negative:
 * the form that documents quote.
 */
char *qmp_command_to_text(const QmpCommand *command, int64_t id);
