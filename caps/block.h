/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The blocks of memory of one QEMU, from the table that x-query-ramblock prints
 * for people: main memory, memory of devices, their ROMs.  The stream has each
 * by its name and length, and it is the only command that tells page sizes.
 * Pure.
 */
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    char *name;      /* "pc.ram", "0000:00:02.0/vga.vram"; "": no device has
                      * it, it is not migrated */
    char *page_size; /* as printed: "4 KiB" */
    uint64_t offset; /* among all blocks, not what the guest sees */
    uint64_t used_bytes, total_bytes; /* used < total: can be made longer */
} CapsBlock;

/* An array of CapsBlock that owns them; NULL: @text is not such a table. */
GPtrArray *caps_blocks_parse(const char *text);

const CapsBlock *caps_blocks_find(const GPtrArray *blocks, const char *name);
