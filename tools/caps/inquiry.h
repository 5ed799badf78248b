/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Asks one QEMU, or two at once, what they have.  All questions go out together;
 * none of them changes anything.
 */
#include "caps/inventory.h"
#include "caps/machine.h"
#include "orchestrator/failure.h"
#include "qmp/address.h"

typedef struct {
    QmpAddress *addresses[N_SIDES]; /* NULL: there is none to be asked */
    CapsInventory inventories[N_SIDES];
    CapsMachine machines[N_SIDES]; /* of each only the type */
} Inquired;

void inquired_clear(Inquired *qemus);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Inquired, inquired_clear)

/*
 * Fills in what those with an address said, if there are any.  Returns when all
 * is answered; false: not all was, and why, also after Ctrl-C.
 */
bool inquire(Inquired *qemus, Failure *failure);
