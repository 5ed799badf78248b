/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The memory's proof.  A table outside the tested pages has each page's
 * generation, which is the number of its writes.  A page that went missing
 * disagrees with the table, a piece of the table that went missing with its
 * pages; and if both are old, the sum of all generations disagrees with what
 * the vCPUs counted in registers.
 */
#include "tools/guest/smp.h"
#include "tools/guest/text.h"

/* Before memory_begin_test(), whose pages the table is for. */
void proof_init(void);

/* Jobs for all vCPUs together. */
void proof_fill(void);
void proof_verify(Line *report);

/* The generation that a write to page @index begins. */
uint64_t proof_next_generation(uint64_t index);

/* Counts a write of the calling vCPU, in its XMM15. */
void proof_count_write(void);

/* Pages that are written again and again; 0 bytes: all. */
void proof_set_working_set(uint64_t bytes);
uint64_t proof_working_set_pages(void);
