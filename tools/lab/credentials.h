/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* TLS credentials for one lab: both QEMUs are on this host. */
#include <glib.h>

/*
 * Writes files as QEMU names them into @folder, for localhost and its addresses;
 * the CA's key is nowhere.  @kind: "x509" or "psk"; @identity: of a PSK, NULL:
 * QEMU's own.
 */
gboolean credentials_make(const char *folder, const char *kind,
                          const char *identity, GError **error);
