/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The interrupt table, one for all vCPUs.  Interrupts are off; whoever has
 * nothing to do, or much, lets them come.
 */

void interrupt_init(void);
void interrupt_init_cpu(void);

/* Lets those come that are due. */
void interrupts_take(void);

/* Sleeps until one has come. */
void interrupts_wait(void);
