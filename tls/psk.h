/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * keys.psk: lines of IDENTITY:KEY, the key in hexadecimal.  Pure.
 *
 * The destination has gnutls look an identity up for each connection, which skips
 * lines that it cannot read; the source takes the first line that begins with its
 * identity, to the line feed.  What both read the same way is right here.
 */
#include <glib.h>
#include <stdbool.h>

#define TLS_PSK_IDENTITY "qemu" /* QEMU's own, where none is named */

typedef struct {
    char *identity;
    char *key;  /* in lower case */
    guint line; /* from 1 */
    guint bytes;
} TlsPsk;

typedef struct {
    GPtrArray *keys; /* TlsPsk; of several with one identity the first counts */
    guint bad_line;  /* the first that is none, 0: all are */
    char *bad;       /* why */
} TlsPskFile;

TlsPskFile *tls_psk_parse(GBytes *bytes);
void tls_psk_free(TlsPskFile *file); /* takes NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TlsPskFile, tls_psk_free)

/* NULL: there is none. */
const TlsPsk *tls_psk_find(const TlsPskFile *file, const char *identity);

/* "a, b", at most a few.  Free with g_free(). */
char *tls_psk_identities(const TlsPskFile *file);

/* Can it stand in a file: why not, or NULL. */
const char *tls_psk_identity_fault(const char *identity);
