/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The sockets of a link, which blocks; each a descriptor, or -1 with errno. */
#include <glib.h>

/* To unix:PATH or tcp:HOST:PORT. */
int link_connect(const char *uri);

int link_listen_unix(const char *path);
/* At a port of 127.0.0.1 that is free. */
int link_listen_tcp(unsigned *port);

/* What is sent is not held back until there is more; only TCP does that. */
void link_send_at_once(int end);
