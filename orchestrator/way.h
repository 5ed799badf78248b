/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The way of the stream as QEMU is told of it: by "uri" or by "channels", and
 * by descriptors that are passed to it before.  Pure; orchestrator/passed.h opens
 * them.
 */
#include "orchestrator/migration.h"

#define WAY_FD_NAME "qmigrate" /* of getfd */
#define WAY_FDSET   7001       /* of add-fd: one that nobody else will choose */
#define WAY_DIRECT  "direct"   /* opaque of add-fd: this one is O_DIRECT */

/* What a QEMU of this version calls an address of ours (orchestrator/uri.h).  Free
 * with g_free(). */
char *way_to_qemu(const char *text, CapsVersion version);

/* The same as MigrationChannel's "addr"; NULL: @text is no address. */
JsonObject *way_to_channel(const char *text, CapsVersion version);

/* Adds the argument that tells @text to @side, as the user wants it told. */
void way_tell(const Migration *m, Side side, QmpCommand *command,
              const char *text);

/* Behind the agreement: adds what stands in the way of it to the findings, and
 * the passing of descriptors to m->steps. */
void way_judge(Migration *m);
