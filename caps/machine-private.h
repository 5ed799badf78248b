/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The parts of caps_machine_compare(): each looks only at what both tell. */
#include "caps/finding.h"
#include "caps/layout.h"
#include "caps/machine.h"

static inline bool machines_tell(const CapsMachine machines[N_SIDES],
                                 CapsMachineQuestion question)
{
    return machines[SIDE_SOURCE].told[question] &&
           machines[SIDE_DESTINATION].told[question];
}

void machine_compare_memory(const CapsMachine machines[N_SIDES],
                            const CapsInventory wanted[N_SIDES],
                            GPtrArray *findings);
void machine_compare_layout(const CapsMachine machines[N_SIDES],
                            GPtrArray *findings);
/* @version: of the source. */
void machine_compare_cpus(const CapsMachine machines[N_SIDES],
                          CapsVersion version, GPtrArray *findings);
/* @same_version: any difference is in how both were started. */
void machine_compare_devices(const CapsMachine machines[N_SIDES],
                             bool same_version, GPtrArray *findings);
