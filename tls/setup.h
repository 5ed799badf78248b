/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What both QEMUs are told for a migration over TLS: objects, each with what takes
 * it back, and parameters.  Pure.  Findings of it are those of
 * tls_inspect_pair(); that QEMU may lack something is tls_setup_check()'s.
 */
#include "tls/inspect.h"
#include "tls/objects.h"

typedef struct {
    const char *name; /* "tls-creds", "tls-hostname", "tls-authz" */
    char *value;      /* "": QEMU's default */
} TlsParameter;

typedef struct {
    GPtrArray *steps[N_TLS_ROLES]; /* TlsStep, in order; undone backwards, when
                                    * the parameters are back */
    GPtrArray *parameters[N_TLS_ROLES]; /* TlsParameter, to be set after them */
} TlsSetup;

/* @prefix begins the ids of the objects. */
TlsSetup *tls_setup_new(const TlsPair *pair, const char *prefix);
void tls_setup_free(TlsSetup *setup); /* takes NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TlsSetup, tls_setup_free)

/* What the QEMU of @role would refuse to know. */
void tls_setup_check(const TlsSetup *setup, TlsRole role,
                     const QmpSchema *schema, GPtrArray *findings);
