/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The parts of caps_machine_compare(): each looks only at what both tell. */
#include "caps/device.h"
#include "caps/finding.h"
#include "caps/layout.h"
#include "caps/machine.h"

static inline bool machines_tell(const CapsMachine machines[N_SIDES],
                                 CapsMachineQuestion question)
{
    return machines[SIDE_SOURCE].told[question] &&
           machines[SIDE_DESTINATION].told[question];
}

/* Both sizes for people, in bytes where they would read the same. */
void machine_size_words(uint64_t one, uint64_t other, char **ret_one,
                        char **ret_other);

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
/* Of two devices of one type at one place. */
void machine_compare_properties(const CapsDevice *source,
                                const CapsDevice *destination,
                                GPtrArray *findings);
void machine_compare_disk(const CapsMachine machines[N_SIDES],
                          const CapsDevice *source,
                          const CapsDevice *destination, GPtrArray *findings);
