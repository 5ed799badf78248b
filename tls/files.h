/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A folder of TLS credentials as QEMU lays it out, as data: which files there
 * are, what each holds, who may read it.  Pure; tls/credentials.h reads one.
 *
 * QEMU knows the files by their names.  A server (the destination) reads
 * ca-cert.pem, server-cert.pem and server-key.pem, and ca-crl.pem if it is there;
 * a client (the source) ca-cert.pem, and client-cert.pem with client-key.pem if
 * they are there.  With tls-creds-psk both read keys.psk alone.
 */
#include <stdbool.h>

#include "tls/finding.h"

typedef enum {
    TLS_KIND_NONE, /* neither of both */
    TLS_KIND_X509,
    TLS_KIND_PSK,
} TlsKind;

typedef enum {
    TLS_FILE_CA_CERT,
    TLS_FILE_CA_CRL,
    TLS_FILE_SERVER_CERT,
    TLS_FILE_SERVER_KEY,
    TLS_FILE_CLIENT_CERT,
    TLS_FILE_CLIENT_KEY,
    TLS_FILE_PSK,
    TLS_FILE_CA_KEY, /* QEMU does not read it: it has no place there */
    N_TLS_FILES,
} TlsFileId;

typedef struct {
    GBytes *bytes; /* NULL: it is not there, or cannot be read */
    char *error;   /* why it cannot be read; NULL: it can, or is not there */
    unsigned mode; /* the permission bits */
} TlsFile;

typedef struct {
    char *folder;   /* what QEMU's dir= gets */
    char *error;    /* why the folder cannot be read, NULL: it can */
    bool is_absent; /* because it is not there */
    char *hosts;    /* "a, b": it has folders of several, NULL: it has not */
    TlsFile files[N_TLS_FILES];
} TlsCredentials;

/* An empty folder. */
TlsCredentials *tls_credentials_new(const char *folder);
void tls_credentials_free(TlsCredentials *credentials);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TlsCredentials, tls_credentials_free)

/* Puts a copy of @n bytes there. */
void tls_credentials_put(TlsCredentials *credentials, TlsFileId id,
                         const void *bytes, gsize n, unsigned mode);

/* Of both kinds x509 counts. */
TlsKind tls_credentials_kind(const TlsCredentials *credentials);
const char *tls_kind_name(TlsKind kind); /* "x509", "psk", "none" */

/* Is there, readable or not? */
bool tls_credentials_has(const TlsCredentials *credentials, TlsFileId id);

/* Has it what this end of a connection needs, if only in part? */
bool tls_credentials_is_for(const TlsCredentials *credentials, TlsRole role);

const char *tls_file_name(TlsFileId id); /* "ca-cert.pem" */
bool tls_file_is_secret(TlsFileId id);
TlsFileId tls_file_cert(TlsRole role);
TlsFileId tls_file_key(TlsRole role);

/* FOLDER/NAME.  Free with g_free(). */
char *tls_credentials_path(const TlsCredentials *credentials, TlsFileId id);
