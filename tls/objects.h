/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * QEMU's objects of TLS as commands: each object-add with the object-del that
 * takes it back.  Pure; nothing is sent here.
 */
#include "qmp/command.h"
#include "qmp/schema.h"
#include "tls/authz.h"
#include "tls/finding.h"

typedef struct {
    QmpCommand *command, *undo;
} TlsStep;

void tls_step_free(TlsStep *step); /* takes NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TlsStep, tls_step_free)

/* @folder: with the files of tls/files.h, on QEMU's host.  @verifies: the other
 * side; a destination may do without. */
TlsStep *tls_object_x509(const char *id, const char *folder, TlsRole role,
                         bool verifies);

/* @identity: whose key the source uses; NULL: QEMU's own. */
TlsStep *tls_object_psk(const char *id, const char *folder, TlsRole role,
                        const char *identity);

/* Encrypted, and open to anybody in between. */
TlsStep *tls_object_anon(const char *id, TlsRole role);

TlsStep *tls_object_authz(const char *id, const TlsAuthz *authz);

/* Does this QEMU know the object that @step adds, with all that is said of it?
 * What it does not know is told. */
void tls_step_check(const TlsStep *step, const QmpSchema *schema, TlsRole role,
                    GPtrArray *findings);
