/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The link between both QEMUs of a lab: the source connects to it instead of the
 * destination, and it passes on what comes, as fast and as late as told, until it is
 * to break.  Connections are passed on in the order in which they came: QEMU 7.2
 * tells the stream from the channel of a preempt by that alone.  Its work is done by
 * threads of its own, so that it never waits for qmigrate, nor qmigrate for it.
 */
#include <glib.h>

#include "tools/scenario/scenario.h"

typedef struct Link Link;

Link *link_new(void);
/* Ends all connections and waits for the threads. */
void link_free(Link *link);

/*
 * Listens for the source, at a unix socket in @folder, or at a port of its own if
 * @is_tcp.  Returns the address as QEMU spells it, for g_free(); NULL with @error.
 */
char *link_listen(Link *link, const char *folder, gboolean is_tcp,
                  GError **error);

/* Where the destination listens, unix:PATH or tcp:HOST:PORT; may change. */
void link_set_target(Link *link, const char *uri);

/* @number: bytes per second of a rate, 0: none; microseconds of a delay. */
void link_do(Link *link, LinkVerb verb, uint64_t number);
