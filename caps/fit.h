/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Which features fit a pair of QEMUs, found by agreeing on each.  Pure. */
#include "caps/feature.h"
#include "caps/inventory.h"

typedef struct {
    const CapsFeature *feature;
    bool fits;
    char *text; /* what it takes besides, or why it does not; may be empty */
} CapsFit;

/* Of CapsFit, one for each feature; free with g_ptr_array_unref(). */
GPtrArray *caps_fit(const CapsInventory inventories[N_SIDES]);
