/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What a user wants of one capability or parameter, and what that makes of one
 * QEMU's settings.  Pure.
 */
#include "caps/finding.h"
#include "caps/inventory.h"
#include "caps/table.h"

typedef struct {
    char *name;
    char *value;  /* as the user wrote it; NULL for a capability */
    bool on;      /* capability */
    char *option; /* the feature it comes from, "compress"; NULL: none */
} CapsWish;

CapsWish *caps_wish_capability(const char *name, bool on);
CapsWish *caps_wish_parameter(const char *name, const char *value);
CapsWish *caps_wish_copy(const CapsWish *wish);
void caps_wish_free(CapsWish *wish);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CapsWish, caps_wish_free)

/* NULL: it is newer than the table. */
const CapsRow *caps_wish_row(const CapsWish *wish);

/* Is it that something be off?  Then it needs nothing. */
bool caps_wish_is_off(const CapsWish *wish);

/* Unit and range of a value, as far as the table knows them.  Fails in
 * G_OPTION_ERROR_BAD_VALUE. */
gboolean caps_wish_check(const CapsWish *wish, GError **error);

/* Does the QEMU of @inventory have it? */
bool caps_wish_is_known(const CapsWish *wish, const CapsInventory *inventory);

/*
 * Sets it in @inventory, or adds to @findings why that cannot be.  It must be
 * known there.
 */
void caps_wish_apply(const CapsWish *wish, CapsInventory *inventory, Side side,
                     GPtrArray *findings);
