/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Makes TLS credentials, as texts: a CA, certificates that it signs, keys of PSK.
 * No file and no clock; chance is gnutls's.
 *
 * Keys are ECDSA on P-256, signatures with SHA-256.  The key usage is that of such
 * a key, digital signatures alone, and not critical: QEMU 10.0 refuses a critical
 * one without the enciphering of keys, which such a key cannot do.
 */
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "tls/finding.h"

typedef struct {
    char *certificate, *key; /* PEM */
} TlsMade;

void tls_made_clear(TlsMade *made);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TlsMade, tls_made_clear)

/* What a certificate is for. */
typedef struct {
    char *text;       /* "a.example", "10.0.0.1" */
    guint8 bytes[16]; /* of an address */
    guint n_bytes;    /* 0: it is a name */
} TlsName;

/* Valid from, and until, in seconds since 1970. */
typedef struct {
    int64_t from_s, until_s;
} TlsSpan;

bool tls_make_ca(const char *name, TlsSpan span, TlsMade *ret_made,
                 GError **error);

/* @names (TlsName): the first becomes the common name.  It is not valid for
 * longer than the CA. */
bool tls_make_host(const TlsMade *ca, const GPtrArray *names, TlsRole role,
                   TlsSpan span, TlsMade *ret_made, GError **error);

/* Lines for keys.psk.  Free with g_free(). */
char *tls_make_psk(const char *identity, GError **error);
