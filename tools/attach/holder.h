/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Who else is connected to a unix socket: a monitor that does not greet serves
 * somebody else.  The kernel tells it of sockets of this host and network
 * namespace, and names the process if it may be looked at.
 */
#include "qmp/address.h"

/* "process 4711 (qmigrate run ...)"; NULL: not known.  Free with g_free(). */
char *holder_find(const QmpAddress *address);
