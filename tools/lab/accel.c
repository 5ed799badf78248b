/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/lab/accel.h"

#include <fcntl.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define N_ENTRIES 256
#define SSE3      (1u << 0)  /* CPUID 1, ECX: in every processor with KVM */
#define LONG_MODE (1u << 29) /* CPUID 0x80000001, EDX */

gboolean accel_kvm_is_plausible(void)
{
    gboolean has_sse3 = FALSE;
    gboolean has_long_mode = FALSE;
    int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
    if (fd < 0) {
        return FALSE;
    }
    g_autofree struct kvm_cpuid2 *cpuid =
        g_malloc0(sizeof(*cpuid) + N_ENTRIES * sizeof(cpuid->entries[0]));
    cpuid->nent = N_ENTRIES;
    if (ioctl(fd, KVM_GET_SUPPORTED_CPUID, cpuid) == 0) {
        for (unsigned i = 0; i < cpuid->nent; i++) {
            const struct kvm_cpuid_entry2 *entry = &cpuid->entries[i];
            has_sse3 |= entry->function == 1 && (entry->ecx & SSE3);
            has_long_mode |=
                entry->function == 0x80000001u && (entry->edx & LONG_MODE);
        }
    }
    close(fd);
    return has_sse3 && has_long_mode;
}
