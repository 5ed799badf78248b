/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What we show to a monitor behind TLS, and by what we believe it: a folder in
 * the layout that QEMU's own credentials have.  Read once, unchanged from then
 * on, and shared by reference.
 *
 * With ca-cert.pem it is certificates: the monitor's must be signed by that CA
 * and be for the host of the address, and must not be listed in ca-crl.pem,
 * which may be missing.  client-cert.pem and client-key.pem are ours, for
 * monitors that want one; both or neither.
 * With keys.psk it is a key that both have: its first line, NAME:KEY, the key in
 * hexadecimal digits.  A folder has the one or the other.
 */
#include <glib.h>

typedef struct QmpCredentials QmpCredentials;

/* Fails with QMP_ERROR_USAGE; the message is one phrase and starts with the file
 * or the folder. */
QmpCredentials *qmp_credentials_load(const char *folder, GError **error);
/* What is not as safe as it should be, one phrase with its hint, or NULL. */
const char *qmp_credentials_warning(const QmpCredentials *credentials);

QmpCredentials *qmp_credentials_ref(QmpCredentials *credentials);
void qmp_credentials_unref(QmpCredentials *credentials);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QmpCredentials, qmp_credentials_unref)
