/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* A certificate authority of a test's own, and the files that it gives out. */
#include <glib.h>
#include <gnutls/x509.h>
#include <stdbool.h>

typedef struct {
    gnutls_x509_privkey_t key;
    gnutls_x509_crt_t certificate;
    unsigned n_issued;
} FakeCa;

typedef struct {
    const char *dns; /* may be NULL, as the next one */
    const char *ip;
    bool is_client;
    int from_days, until_days; /* from now; both 0: valid for a day */
    bool is_revoked;           /* a ca-crl.pem says so */
    bool is_weak;              /* signed with SHA-1 */
} FakeCertificate;

FakeCa *fake_ca_new(void);
void fake_ca_free(FakeCa *ca);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FakeCa, fake_ca_free)

/* ca-cert.pem. */
void fake_ca_put(const FakeCa *ca, const char *folder);
/* STEM-cert.pem and STEM-key.pem. */
void fake_ca_issue(FakeCa *ca, const char *folder, const char *stem,
                   const FakeCertificate *what);
