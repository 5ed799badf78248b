/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The descriptors that go along with a machine's commands (orchestrator/way.h):
 * opened when their command is sent, closed when QEMU has answered, so that a
 * QEMU's end is seen at the other end of a pair of sockets.
 */
#include "orchestrator/migration.h"

typedef struct Passed Passed;

Passed *passed_new(void);
/* Also removes a file that was made for a migration that never @began. */
void passed_free(Passed *passed, bool began);

/* Opens what @command passes to @side for @uri, and sets its fd.  Fails in G_IO_ERROR;
 * of a command that passes nothing never. */
bool passed_open(Passed *passed, const char *uri, Side side,
                 QmpCommand *command, GError **error);

/* QEMU has it, or does not want it. */
void passed_close(Passed *passed);
