/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Says what orchestrator/host.h knows of a process, for host.py: PID CHANNELS */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "orchestrator/host.h"

int main(int argc, char **argv)
{
    static const char *const ways[] = {
        [USERFAULTFD_UNKNOWN] = "unknown",
        [USERFAULTFD_NO] = "no",
        [USERFAULTFD_BY_CAPABILITY] = "capability",
        [USERFAULTFD_BY_SYSCTL] = "sysctl",
        [USERFAULTFD_BY_DEVICE] = "device",
    };
    static const char *const answers[] = {
        [ANSWER_UNKNOWN] = "unknown",
        [ANSWER_NO] = "no",
        [ANSWER_YES] = "yes",
    };
    if (argc != 3) {
        return 2;
    }
    ProcessFacts process = host_read_process("", atoi(argv[1]));
    HostFacts host = host_read("", atoi(argv[1]));
    printf("{\"userfaultfd\":\"%s\",\"may_lock_all\":\"%s\","
           "\"locked_limit_bytes\":%" PRId64 ",\"needs_bytes\":%" PRId64 "}\n",
           ways[process.userfaultfd], answers[process.may_lock_all],
           process.locked_limit_bytes,
           host_zero_copy_needs_bytes(&host, atoi(argv[2])));
    return 0;
}
