/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Addresses of monitors, as every verb that asks a QEMU takes them. */
#include "qmp/address.h"

/* What --help says of them, and the option that belongs to tls:, for a table of
 * GOptionEntry; it fills in @folder, a char *. */
#define MONITORS_HELP                                                          \
    "QMP is unix:PATH (or a path), tcp:HOST:PORT, tls:HOST:PORT, fd:N or "     \
    "exec:COMMAND."
/* clang-format off */
#define MONITORS_TLS_ENTRY(folder)                                             \
    { "monitor-tls", 0, 0, G_OPTION_ARG_FILENAME, &(folder),                   \
      "Folder with the credentials for tls: addresses: ca-cert.pem, "          \
      "client-cert.pem and client-key.pem, or keys.psk", "DIR" }
/* clang-format on */

/*
 * Fills in @addresses from @words, both @n long; where there is no word there is
 * no address.  Reads the credentials in @folder, which may be NULL, and gives them
 * to each tls: address; one needs the other.  What is there when it fails is the
 * caller's too.
 */
gboolean monitors_read(char *const words[], size_t n, const char *folder,
                       QmpAddress *addresses[], GError **error);
