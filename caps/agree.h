/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Two inventories and the user's wishes give either what to send to each side,
 * in the order that QEMU needs and each with what puts it back, or every reason
 * why not.  Pure: commands are returned, never sent.
 */
#include "caps/finding.h"
#include "caps/inventory.h"
#include "caps/rules.h"
#include "caps/wish.h"

typedef struct {
    Side side;
    QmpCommand *command;
    QmpCommand *undo;
    bool may_be_used_up; /* then QEMU refuses @undo, and all is well */
    bool is_left;        /* it could not be put back */
    bool is_undoing;     /* @undo was sent, and not answered so far */
    bool is_restored;    /* @undo was sent and accepted */
    bool is_undo_refused;
} CapsStep;

void caps_step_free(CapsStep *step);

/* What @undo sets, for people: "events=false, max-bandwidth=1".  Free with
 * g_free(). */
char *caps_step_undo_text(const CapsStep *step);

typedef struct {
    CapsTransport transport;
    GPtrArray *wishes;   /* of CapsWish; a later one wins */
    bool let_qemu_judge; /* what does not fit becomes a warning */
} CapsRequest;

/*
 * @ret_steps (of CapsStep) holds only what differs from what is set.
 * @ret_wanted is what will be set then, to be cleared in any case.  Returns
 * false, with nothing to be sent, if an error is among what was added to
 * @findings.
 */
bool caps_agree(const CapsInventory inventories[N_SIDES],
                const CapsRequest *request, CapsInventory ret_wanted[N_SIDES],
                GPtrArray *ret_steps, GPtrArray *findings);
