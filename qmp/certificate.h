/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Why the peer's certificate was not accepted, in words. */
#include <gnutls/gnutls.h>

/* @host: who it should have been; @folder: where the CA is.  Free with g_free().
 */
char *qmp_certificate_words(gnutls_session_t session, const char *host,
                            const char *folder);
