/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Two inventories and the user's wishes give either what to send to each side,
 * each with what puts it back, or every reason why not.  Pure: commands are
 * returned, never sent.
 */
#include "caps/inventory.h"
#include "caps/side.h"
#include "qmp/command.h"

typedef struct {
    char *name;
    char *value; /* as the user wrote it; NULL for a capability */
    bool on;     /* capability */
} CapsWish;

void caps_wish_free(CapsWish *wish);
CapsWish *caps_wish_capability(const char *name, bool on);
CapsWish *caps_wish_parameter(const char *name, const char *value);

typedef struct {
    Side side;
    QmpCommand *command;
    QmpCommand *undo;
} CapsStep;

void caps_step_free(CapsStep *step);

typedef struct {
    bool unknown; /* no such name or value; else: the two do not fit */
    Side side;
    char *text; /* one phrase */
    char *hint; /* or NULL */
} CapsReason;

void caps_reason_free(CapsReason *reason);

/*
 * @wishes: of CapsWish, a later one wins.  @ret_steps (of CapsStep) holds only
 * what differs from what is set, capabilities first.  Returns false with
 * @ret_reasons (of CapsReason) filled and nothing to be sent.
 */
bool caps_agree(const CapsInventory inventories[N_SIDES], GPtrArray *wishes,
                GPtrArray *ret_steps, GPtrArray *ret_reasons);
