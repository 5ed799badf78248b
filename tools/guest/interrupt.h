/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The interrupt table, one for all vCPUs. */

void interrupt_init(void);
void interrupt_init_cpu(void);
