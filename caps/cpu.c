/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "caps/cpu.h"

#include <stdbool.h>
#include <string.h>

#include "qmp/json.h"

/*
 * Read from QEMU 7.2 and 10.0: each property of a vCPU turned on alone, and
 * which bit that set.
 */
/* clang-format off */
static const struct {
    uint32_t eax, ecx;
    const char *reg;
    const char *names[32];
} named[] = {
    { 1, 0, "ECX", {
      [0] = "pni", [1] = "pclmulqdq", [2] = "dtes64", [3] = "monitor",
      [4] = "ds-cpl", [5] = "vmx", [6] = "smx", [7] = "est", [8] = "tm2",
      [9] = "ssse3", [10] = "cid", [12] = "fma", [13] = "cx16", [14] = "xtpr",
      [15] = "pdcm", [17] = "pcid", [18] = "dca", [19] = "sse4-1",
      [20] = "sse4-2", [21] = "x2apic", [22] = "movbe", [23] = "popcnt",
      [24] = "tsc-deadline", [25] = "aes", [26] = "xsave", [28] = "avx",
      [29] = "f16c", [30] = "rdrand", [31] = "hypervisor", } },
    { 1, 0, "EDX", {
      [0] = "fpu", [1] = "vme", [2] = "de", [3] = "pse", [4] = "tsc",
      [5] = "msr", [6] = "pae", [7] = "mce", [8] = "cx8", [9] = "apic",
      [11] = "sep", [12] = "mtrr", [13] = "pge", [14] = "mca", [15] = "cmov",
      [16] = "pat", [17] = "pse36", [18] = "pn", [19] = "clflush", [21] = "ds",
      [22] = "acpi", [23] = "mmx", [24] = "fxsr", [25] = "sse", [26] = "sse2",
      [27] = "ss", [28] = "ht", [29] = "tm", [30] = "ia64", [31] = "pbe", } },
    { 6, 0, "EAX", {
      [2] = "arat", } },
    { 7, 0, "EBX", {
      [0] = "fsgsbase", [1] = "tsc-adjust", [2] = "sgx", [3] = "bmi1",
      [4] = "hle", [5] = "avx2", [6] = "fdp-excptn-only", [7] = "smep",
      [8] = "bmi2", [9] = "erms", [10] = "invpcid", [11] = "rtm",
      [13] = "zero-fcs-fds", [14] = "mpx", [16] = "avx512f", [17] = "avx512dq",
      [18] = "rdseed", [19] = "adx", [20] = "smap", [21] = "avx512ifma",
      [22] = "pcommit", [23] = "clflushopt", [24] = "clwb", [25] = "intel-pt",
      [26] = "avx512pf", [27] = "avx512er", [28] = "avx512cd", [29] = "sha-ni",
      [30] = "avx512bw", [31] = "avx512vl", } },
    { 7, 0, "ECX", {
      [1] = "avx512vbmi", [2] = "umip", [3] = "pku", [5] = "waitpkg",
      [6] = "avx512vbmi2", [8] = "gfni", [9] = "vaes", [10] = "vpclmulqdq",
      [11] = "avx512vnni", [12] = "avx512bitalg", [14] = "avx512-vpopcntdq",
      [16] = "la57", [22] = "rdpid", [24] = "bus-lock-detect",
      [25] = "cldemote", [27] = "movdiri", [28] = "movdir64b", [30] = "sgxlc",
      [31] = "pks", } },
    { 7, 0, "EDX", {
      [2] = "avx512-4vnniw", [3] = "avx512-4fmaps", [4] = "fsrm",
      [8] = "avx512-vp2intersect", [10] = "md-clear", [14] = "serialize",
      [16] = "tsx-ldtrk", [19] = "arch-lbr", [22] = "amx-bf16",
      [23] = "avx512-fp16", [24] = "amx-tile", [25] = "amx-int8",
      [26] = "spec-ctrl", [27] = "stibp", [28] = "flush-l1d",
      [29] = "arch-capabilities", [30] = "core-capability", [31] = "ssbd", } },
    { 7, 1, "EAX", {
      [0] = "sha512", [1] = "sm3", [2] = "sm4", [4] = "avx-vnni",
      [5] = "avx512-bf16", [7] = "cmpccxadd", [10] = "fzrm", [11] = "fsrs",
      [12] = "fsrc", [18] = "lkgs", [19] = "wrmsrns", [21] = "amx-fp16",
      [23] = "avx-ifma", [26] = "lam", } },
    { 7, 1, "EDX", {
      [4] = "avx-vnni-int8", [5] = "avx-ne-convert", [8] = "amx-complex",
      [10] = "avx-vnni-int16", [14] = "prefetchiti", } },
    { 7, 2, "EDX", {
      [0] = "intel-psfd", [1] = "ipred-ctrl", [2] = "rrsba-ctrl",
      [3] = "ddpd-u", [4] = "bhi-ctrl", [5] = "mcdt-no", } },
    { 13, 1, "EAX", {
      [0] = "xsaveopt", [1] = "xsavec", [2] = "xgetbv1", [3] = "xsaves",
      [4] = "xfd", } },
    { 18, 0, "EAX", {
      [0] = "sgx1", [1] = "sgx2", } },
    { 18, 0, "EBX", {
      [0] = "sgx-exinfo", } },
    { 18, 1, "EAX", {
      [1] = "sgx-debug", [2] = "sgx-mode64", [4] = "sgx-provisionkey",
      [5] = "sgx-tokenkey", [7] = "sgx-kss", } },
    { 0x40000001, 0, "EDX", {
      [0] = "kvm-hint-dedicated", } },
    { 0x80000001, 0, "ECX", {
      [0] = "lahf-lm", [1] = "cmp-legacy", [2] = "svm", [3] = "extapic",
      [4] = "cr8legacy", [5] = "abm", [6] = "sse4a", [7] = "misalignsse",
      [8] = "3dnowprefetch", [9] = "osvw", [10] = "ibs", [11] = "xop",
      [12] = "skinit", [13] = "wdt", [15] = "lwp", [16] = "fma4", [17] = "tce",
      [19] = "nodeid-msr", [21] = "tbm", [22] = "topoext",
      [23] = "perfctr-core", [24] = "perfctr-nb", } },
    { 0x80000001, 0, "EDX", {
      [11] = "syscall", [20] = "nx", [22] = "mmxext", [25] = "fxsr-opt",
      [26] = "pdpe1gb", [27] = "rdtscp", [29] = "lm", [30] = "3dnowext",
      [31] = "3dnow", } },
    { 0x80000007, 0, "EBX", {
      [0] = "overflow-recov", [1] = "succor", } },
    { 0x80000007, 0, "EDX", {
      [8] = "invtsc", } },
    { 0x80000008, 0, "EBX", {
      [0] = "clzero", [2] = "xsaveerptr", [9] = "wbnoinvd", [12] = "ibpb",
      [14] = "ibrs", [15] = "amd-stibp", [17] = "stibp-always-on",
      [24] = "amd-ssbd", [25] = "virt-ssbd", [26] = "amd-no-ssb",
      [28] = "amd-psfd", } },
    { 0x80000021, 0, "EAX", {
      [0] = "no-nested-data-bp", [2] = "lfence-always-serializing",
      [6] = "null-sel-clr-base", [8] = "auto-ibrs", [24] = "eraps",
      [27] = "sbpb", [28] = "ibpb-brtype", [29] = "srso-no",
      [30] = "srso-user-kernel-no", } },
    { 0x80000022, 0, "EAX", {
      [0] = "perfmon-v2", } },
    { 0xc0000001, 0, "EDX", {
      [2] = "xstore", [3] = "xstore-en", [6] = "xcrypt", [7] = "xcrypt-en",
      [8] = "ace2", [9] = "ace2-en", [10] = "phe", [11] = "phe-en",
      [12] = "pmm", [13] = "pmm-en", } },
};
/* clang-format on */

/*
 * "ht" and "cmp-legacy" follow from the cores and threads of a socket.  QEMU
 * 7.2 adds them when the guest asks, 10.0 has them in its words.
 */
static bool is_of_topology(const CapsCpuWord *word, unsigned bit)
{
    return (word->eax == 1 && strcmp(word->reg, "EDX") == 0 && bit == 28) ||
           (word->eax == 0x80000001 && strcmp(word->reg, "ECX") == 0 &&
            bit == 1);
}

static bool take_word(JsonNode *node, CapsCpuWord *word)
{
    JsonObject *row =
        JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
    const char *reg = row ? qmp_json_string(row, "cpuid-register") : NULL;
    uint64_t eax, ecx = 0, bits;

    if (!reg || strlen(reg) >= sizeof(word->reg) ||
        !qmp_json_size(row, "cpuid-input-eax", &eax) ||
        !qmp_json_size(row, "features", &bits)) {
        return false;
    }
    qmp_json_size(row, "cpuid-input-ecx", &ecx);
    *word = (CapsCpuWord){ .eax = eax, .ecx = ecx, .bits = bits };
    g_strlcpy(word->reg, reg, sizeof(word->reg));
    return true;
}

GArray *caps_cpu_words_parse(JsonNode *reply)
{
    if (!reply || !JSON_NODE_HOLDS_ARRAY(reply)) {
        return NULL;
    }
    JsonArray *rows = json_node_get_array(reply);
    g_autoptr(GArray) words = g_array_new(FALSE, FALSE, sizeof(CapsCpuWord));
    for (guint i = 0; i < json_array_get_length(rows); i++) {
        CapsCpuWord word;
        if (!take_word(json_array_get_element(rows, i), &word)) {
            return NULL;
        }
        g_array_append_val(words, word);
    }
    return words->len > 0 ? g_steal_pointer(&words) : NULL;
}

static const char *bit_name(const CapsCpuWord *word, unsigned bit)
{
    for (size_t i = 0; i < G_N_ELEMENTS(named); i++) {
        if (named[i].eax == word->eax && named[i].ecx == word->ecx &&
            strcmp(named[i].reg, word->reg) == 0) {
            return named[i].names[bit];
        }
    }
    return NULL;
}

/* What a QEMU does not tell it does not have. */
static uint32_t same_bits(const GArray *words, const CapsCpuWord *word)
{
    for (guint i = 0; i < words->len; i++) {
        const CapsCpuWord *at = &g_array_index(words, CapsCpuWord, i);
        if (at->eax == word->eax && at->ecx == word->ecx &&
            strcmp(at->reg, word->reg) == 0) {
            return at->bits;
        }
    }
    return 0;
}

GPtrArray *caps_cpu_words_missing(const GArray *words, const GArray *others)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    guint n_named = 0;

    for (guint i = 0; i < words->len; i++) {
        const CapsCpuWord *word = &g_array_index(words, CapsCpuWord, i);
        uint32_t missing = word->bits & ~same_bits(others, word);
        for (unsigned bit = 0; bit < 32; bit++) {
            const char *name = bit_name(word, bit);
            if (!(missing >> bit & 1) || is_of_topology(word, bit)) {
                continue;
            } else if (name) {
                g_ptr_array_insert(names, n_named++, g_strdup(name));
            } else {
                g_ptr_array_add(names,
                                g_strdup_printf("CPUID[0x%x,%u].%s bit %u",
                                                word->eax, word->ecx, word->reg,
                                                bit));
            }
        }
    }
    return names;
}
