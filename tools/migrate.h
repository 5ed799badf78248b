/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* qmigrate run's own work, beside the options: what addresses mean here. */
#include "qmp/address.h"
#include "tools/settings.h"

/*
 * Fills in what the user left open: settings->uri (a unix socket in a place of
 * its own when both monitors are local, else tcp on the destination monitor's
 * host with port 0) and destination_host.  Fails in G_OPTION_ERROR when
 * nothing can be known of where the destination is.
 */
gboolean migrate_choose_uri(MigrationSettings *settings,
                            const QmpAddress *source,
                            const QmpAddress *destination, GError **error);

/* Do both lead to the same socket, however they are spelt? */
gboolean migrate_is_same_place(const QmpAddress *source,
                               const QmpAddress *destination);

/*
 * What would be lost if a QEMU on this host listened at @uri: before it binds a
 * unix socket it removes whatever is at that path, a plain file too.  NULL:
 * nothing; else one phrase, free with g_free().
 */
char *migrate_what_is_in_the_way(const char *uri);
