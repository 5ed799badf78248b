/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Numbers that the C files and start.S share. */

#define STACK_BYTES 16384
#define TRAMPOLINE  0x8000 /* below 1 MiB, a page's start: see a start-up IPI */
#define SLEEP_NOTE                                                             \
    0x8800 /* three words of 64 bits: what suspend.c keeps where */

#define VECTOR_TICK 32 /* boot vCPU: its timer */
#define VECTOR_WAKE 33 /* the others: their timer, or an IPI */
#define VECTORS     34
