/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Where the guest sees its memory, from what "info mtree -f" prints for people:
 * the only command that shows at which guest address each block of memory is.
 * Pure.
 */
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    char *block;    /* "pc.ram", "m0"; a device's memory has the name in it
                     * without the device */
    uint64_t base;  /* guest address of the block's first byte, had it one */
    uint64_t start; /* the lowest guest address that is mapped so */
} CapsMapping;

/*
 * An array of CapsMapping that owns them, in the order of guest addresses; of
 * what is mapped in pieces with one base, the first.  NULL: @text is not what
 * QEMU 7.2 to 11.1 print.
 */
GPtrArray *caps_layout_parse(const char *text);

bool caps_layout_has(const GPtrArray *layout, const char *block);
/* Has every piece of @block in @one a piece of the same base in @other? */
bool caps_layout_is_in(const GPtrArray *one, const GPtrArray *other,
                       const char *block);
/* "0x0 and 0x100000000": where @block is.  Free with g_free(). */
char *caps_layout_to_text(const GPtrArray *layout, const char *block);
