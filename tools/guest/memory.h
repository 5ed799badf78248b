/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The guest's RAM: the first of it is this program's, in pieces that are never
 * given back; the rest is under test, numbered by pages.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE_BYTES 4096u
#define PAGE_WORDS (PAGE_BYTES / sizeof(uint64_t))

/* Reads the memory map and makes all RAM reachable. @info: hvm_start_info */
void memory_init(const void *info);

/* Whole pages, zeroed.  Panics if there is not enough. */
void *memory_allocate(size_t bytes);

/* RAM in all, more than what is left for tests. */
uint64_t memory_ram_pages(void);

/* No more memory_allocate(); what is left is under test. */
void memory_begin_test(void);
uint64_t memory_test_pages(void);
uint64_t memory_test_pages_above_4g(void);
uint64_t *memory_test_page(uint64_t index);

/*
 * QEMU 7.2 under TCG forgets to take "dirty" out of its copy of the TLB when a
 * migration reads the dirty bitmap: what is written through such an entry later
 * is lost.  An entry that is made afterwards is right, so whoever is about to
 * write drops them all; above all after an access to a device, which waits for
 * as long as the bitmap is read.  See docs/guest.rst.
 */
void memory_before_write(void);
extern bool memory_flushes_tlb; /* does it?  Also read by start.S */
