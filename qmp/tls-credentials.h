/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What a client needs for TLS, out of a folder in QEMU's layout; and why a peer
 * is not who it should be, in words. */
#include <glib.h>
#include <gnutls/gnutls.h>
#include <stdbool.h>

typedef struct {
    gnutls_certificate_credentials_t x509; /* one of both */
    gnutls_psk_client_credentials_t psk;
} QmpTlsCredentials;

/* Fails with QMP_ERROR_USAGE; @ret is to be cleared in any case. */
bool qmp_tls_credentials_load(const char *folder, QmpTlsCredentials *ret,
                              GError **error);
void qmp_tls_credentials_clear(QmpTlsCredentials *credentials);

/* Sets what both sides can agree on. */
bool qmp_tls_credentials_use(const QmpTlsCredentials *credentials,
                             gnutls_session_t session);

/* Of a session that ended with @result, one phrase.  @host: NULL with a PSK.  Free
 * with g_free(). */
char *qmp_tls_explain(gnutls_session_t session, int result, const char *host);
