/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What a run would send: the machine itself goes on from the end of inspect, and
 * two QEMUs that do all they are told answer.  So a rehearsal cannot say
 * anything else than the run does.  Pure.
 */
#include "orchestrator/migration.h"

#define REHEARSED_PORT "PORT"

typedef struct {
    Side side;
    QmpCommand *command;
} RehearsedCommand;

/*
 * @m has ended after inspect (check_only) without a failure, and is used up by
 * this.  Returns all RehearsedCommands that change something, in order; free
 * with g_ptr_array_unref().  Where QEMU would choose a port, it is
 * REHEARSED_PORT.
 */
GPtrArray *rehearse(Migration *m);
