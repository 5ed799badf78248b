/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What the migration needs of the hosts, held against what the kernel says of
 * both QEMUs' processes.  Pure. */
#include "orchestrator/migration.h"

/* Adds to m->findings; after m->wanted is known. */
void preflight_check_host(Migration *m);
/* Its part about the guest's memory. */
void preflight_check_memory(Migration *m);

/* What the caller found out of this host, unless the QEMU that uses the address
 * sees another network or other files. */
void preflight_take_found(Migration *m);
