/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tls/files.h"

static const struct {
    const char *name;
    bool is_secret;
} rows[N_TLS_FILES] = {
    [TLS_FILE_CA_CERT] = { "ca-cert.pem", false },
    [TLS_FILE_CA_CRL] = { "ca-crl.pem", false },
    [TLS_FILE_SERVER_CERT] = { "server-cert.pem", false },
    [TLS_FILE_SERVER_KEY] = { "server-key.pem", true },
    [TLS_FILE_CLIENT_CERT] = { "client-cert.pem", false },
    [TLS_FILE_CLIENT_KEY] = { "client-key.pem", true },
    [TLS_FILE_PSK] = { "keys.psk", true },
    [TLS_FILE_CA_KEY] = { "ca-key.pem", true },
};

const char *tls_file_name(TlsFileId id)
{
    g_assert(id < N_TLS_FILES);
    return rows[id].name;
}

bool tls_file_is_secret(TlsFileId id)
{
    g_assert(id < N_TLS_FILES);
    return rows[id].is_secret;
}

TlsFileId tls_file_cert(TlsRole role)
{
    return role == TLS_SERVER ? TLS_FILE_SERVER_CERT : TLS_FILE_CLIENT_CERT;
}

TlsFileId tls_file_key(TlsRole role)
{
    return role == TLS_SERVER ? TLS_FILE_SERVER_KEY : TLS_FILE_CLIENT_KEY;
}

TlsCredentials *tls_credentials_new(const char *folder)
{
    TlsCredentials *credentials = g_new0(TlsCredentials, 1);
    credentials->folder = g_strdup(folder);
    return credentials;
}

void tls_credentials_free(TlsCredentials *credentials)
{
    if (!credentials) {
        return;
    }
    for (TlsFileId id = 0; id < N_TLS_FILES; id++) {
        g_clear_pointer(&credentials->files[id].bytes, g_bytes_unref);
        g_free(credentials->files[id].error);
    }
    g_free(credentials->folder);
    g_free(credentials->error);
    g_free(credentials->hosts);
    g_free(credentials);
}

void tls_credentials_put(TlsCredentials *credentials, TlsFileId id,
                         const void *bytes, gsize n, unsigned mode)
{
    TlsFile *file = &credentials->files[id];
    g_clear_pointer(&file->bytes, g_bytes_unref);
    g_clear_pointer(&file->error, g_free);
    file->bytes = g_bytes_new(bytes, n);
    file->mode = mode;
}

bool tls_credentials_has(const TlsCredentials *credentials, TlsFileId id)
{
    return credentials->files[id].bytes || credentials->files[id].error;
}

bool tls_credentials_is_for(const TlsCredentials *credentials, TlsRole role)
{
    return tls_credentials_kind(credentials) == TLS_KIND_PSK ||
           tls_credentials_has(credentials, tls_file_cert(role)) ||
           tls_credentials_has(credentials, tls_file_key(role));
}

TlsKind tls_credentials_kind(const TlsCredentials *credentials)
{
    for (TlsFileId id = TLS_FILE_CA_CERT; id <= TLS_FILE_CLIENT_KEY; id++) {
        if (tls_credentials_has(credentials, id)) {
            return TLS_KIND_X509;
        }
    }
    return tls_credentials_has(credentials, TLS_FILE_PSK) ? TLS_KIND_PSK
                                                          : TLS_KIND_NONE;
}

const char *tls_kind_name(TlsKind kind)
{
    static const char *const names[] = { "none", "x509", "psk" };
    return names[kind];
}

char *tls_credentials_path(const TlsCredentials *credentials, TlsFileId id)
{
    return g_build_filename(credentials->folder, tls_file_name(id), NULL);
}
