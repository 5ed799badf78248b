/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/lab/credentials.h"

#include <string.h>

#include "tls/files.h"
#include "tls/make.h"
#include "tls/psk.h"
#include "tools/tls/names.h"
#include "tools/tls/write.h"

#define EARLIER_S 3600
#define LONGER_S  (60 * 24 * 3600) /* than any lab, and than what is warned of */

static gboolean write_file(const char *folder, TlsFileId id, const char *text,
                           GError **error)
{
    g_autofree char *path = g_build_filename(folder, tls_file_name(id), NULL);
    return write_secret(path, text, /* force= */ FALSE, error);
}

static gboolean write_host(const char *folder, const TlsMade *ca,
                           const GPtrArray *names, TlsRole role, TlsSpan span,
                           GError **error)
{
    g_auto(TlsMade) made = { 0 };
    return tls_make_host(ca, names, role, span, &made, error) &&
           write_file(folder, tls_file_cert(role), made.certificate, error) &&
           write_file(folder, tls_file_key(role), made.key, error);
}

static gboolean make_x509(const char *folder, GError **error)
{
    int64_t now_s = g_get_real_time() / G_USEC_PER_SEC;
    const TlsSpan span = { now_s - EARLIER_S, now_s + LONGER_S };
    g_autoptr(GPtrArray) names = names_parse("localhost", error);
    g_auto(TlsMade) ca = { 0 };

    return names && tls_make_ca("qmigrate lab", span, &ca, error) &&
           write_file(folder, TLS_FILE_CA_CERT, ca.certificate, error) &&
           write_host(folder, &ca, names, TLS_SERVER, span, error) &&
           write_host(folder, &ca, names, TLS_CLIENT, span, error);
}

gboolean credentials_make(const char *folder, const char *kind,
                          const char *identity, GError **error)
{
    if (strcmp(kind, "psk") != 0) {
        return make_x509(folder, error);
    }
    g_autofree char *text =
        tls_make_psk(identity ? identity : TLS_PSK_IDENTITY, error);
    return text && write_file(folder, TLS_FILE_PSK, text, error);
}
