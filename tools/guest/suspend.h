/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Sleep: S3 and S5, by ACPI.  From S3 the firmware wakes the boot vCPU in real
 * mode; memory is as it was, and all devices are as after a reset.
 */
#include "tools/guest/acpi.h"

/* Before memory_begin_test(): it takes memory. */
void suspend_init(const Acpi *acpi);

/* For good. */
void suspend_power_off(void);

/* Returns when somebody has woken us.  With one vCPU: the others would have to be
 * started anew. */
void suspend_to_ram(void);
