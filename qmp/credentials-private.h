/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What a TLS session needs of the credentials: one of both kinds. */
#include <gnutls/gnutls.h>
#include <stdbool.h>

#include "qmp/credentials.h"

struct QmpCredentials {
    char *folder;
    gnutls_certificate_credentials_t x509; /* NULL: it is a key */
    bool has_certificate;                  /* of our own */
    gnutls_psk_client_credentials_t psk;   /* NULL: it is certificates */
    char *name;                            /* whose key that is */
    char *warning;
    unsigned last_mode; /* permissions of the file that was read last */
};
