/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Reads a folder of TLS credentials: the shell of tls/files.h.  What cannot be
 * read is in what is returned, for the inspection to tell.
 */
#include "tls/files.h"

/*
 * @folder itself, or, where qmigrate tls make wrote it for several hosts, that of
 * @host in it; of the only host, if no other is there.
 */
TlsCredentials *tls_credentials_load(const char *folder, const char *host);

/* The folders in @folder that are credentials themselves: their names, sorted.
 * Free with g_ptr_array_unref(). */
GPtrArray *tls_credentials_hosts(const char *folder);
