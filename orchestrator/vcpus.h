/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The CPU time of a QEMU's vCPUs, by the kernel's own count: it stands still
 * while the guest is stopped.  Reading it costs one system call for each vCPU. */
#include <json-glib/json-glib.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct Vcpus Vcpus;

/* @reply: of query-cpus-fast.  NULL: the threads cannot be seen. */
Vcpus *vcpus_open(pid_t pid, JsonNode *reply);
void vcpus_free(Vcpus *vcpus); /* takes NULL */

/* Of all of them; 0: not known.  Takes NULL. */
int64_t vcpus_used_ns(const Vcpus *vcpus);
unsigned vcpus_count(const Vcpus *vcpus);
