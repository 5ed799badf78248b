/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The features of a vCPU as the guest reads them: words of CPUID, and what
 * QEMU's -cpu option calls their bits.  Pure.
 */
#include <json-glib/json-glib.h>
#include <stdint.h>

typedef struct {
    uint32_t eax, ecx; /* CPUID's input; ecx is 0 where it does not matter */
    char reg[4];       /* "EAX" to "EDX" */
    uint32_t bits;
} CapsCpuWord;

/* Of CapsCpuWord, from the QOM property feature-words of an x86 vCPU; NULL: it
 * is not of that shape. */
GArray *caps_cpu_words_parse(JsonNode *reply);

/* The bits of @words that @others lack, each by its name, those without one
 * last as "CPUID[7,0].EBX bit 5".  An array of strings that owns them. */
GPtrArray *caps_cpu_words_missing(const GArray *words, const GArray *others);
