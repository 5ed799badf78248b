/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* qmigrate run's own work, beside the options: what addresses mean here. */
#include "orchestrator/migration.h"
#include "qmp/address.h"
#include "tools/settings.h"

/*
 * What can be known before a QEMU is asked.  Fills in what the user left open:
 * settings->uri (a unix socket in a place of its own when both monitors are
 * local, else tcp on the destination monitor's host with port 0),
 * destination_host, link_bits_per_s, and what was found out about the address.
 * Fails in G_OPTION_ERROR when nothing can be known of where the destination
 * is.
 */
gboolean migrate_prepare(MigrationSettings *settings,
                         QmpAddress *const address[N_SIDES], GError **error);

/* Do both lead to the same socket, however they are spelt? */
gboolean migrate_is_same_place(const QmpAddress *source,
                               const QmpAddress *destination);

/* Removes a socket that was chosen by us: QEMU leaves it behind. */
void migrate_remove_socket(const Migration *m);

/*
 * Removes the file that a source on this host wrote for nothing: the guest has
 * run on, and loaded from there it would run twice.  In all other cases the
 * file is left: it may be what there is of the guest.
 */
void migrate_remove_file(const Migration *m);
