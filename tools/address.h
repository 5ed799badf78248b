/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What this host tells of the migration address, before any QEMU is asked.  It
 * counts only for QEMUs that run here: the caller knows, the preflight asks
 * again (orchestrator/preflight-host.h).
 */
#include "orchestrator/migration.h"
#include "qmp/address.h"

/*
 * Fills in settings->link_bits_per_s, unless the user did, from the interface by
 * which a source on this host would send.  May ask the resolver, if
 * --multifd=auto needs to know.
 */
void address_find_link(MigrationSettings *settings);

/* Adds to settings->found why a destination on this host could not listen there,
 * or a source write the file, and sets settings->file_free_bytes. */
void address_check(MigrationSettings *settings);

/* Adds that @side, whose monitor is at @address on no unix socket, cannot be
 * passed a descriptor, if there is one. */
void address_check_passing(MigrationSettings *settings, Side side,
                           const QmpAddress *address);
