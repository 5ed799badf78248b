/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The load: each vCPU writes its slice of the working set, at its rate. */
#include "tools/guest/options.h"
#include "tools/guest/smp.h"

#define WRITER_NOTHING_DUE UINT64_MAX

void writer_init(const Options *options);

/* From now on; on the first vCPU, and then on all as they come by. */
void writer_start(void);

/* From now on so many bytes per second, by all vCPUs together; 0: nothing. */
void writer_set_rate(uint64_t bytes_per_s);

/*
 * Writes what is due, unless @cpu is wanted elsewhere.  Returns for how many
 * nanoseconds nothing is due.
 */
uint64_t writer_run(Cpu *cpu);

/* Whether the vCPU should leave off writing, or not go to sleep. */
bool guest_is_wanted(const Cpu *cpu);
