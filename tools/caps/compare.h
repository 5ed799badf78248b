/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Capabilities or parameters of two QEMUs, beside each other.  Pure. */
#include "caps/inventory.h"
#include "caps/side.h"

typedef struct {
    char *name;
    bool has[N_SIDES];
    char *values[N_SIDES]; /* "on" and "off", or as QEMU writes it; NULL: it is
                            * not set, or not there */
    bool differs;
} Compared;

/* All that either has (of Compared), by name; g_ptr_array_unref(). */
GPtrArray *compare(const CapsInventory inventories[N_SIDES], bool capabilities);
