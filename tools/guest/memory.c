/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/guest/memory.h"

#include "tools/guest/serial.h"
#include "tools/guest/x86.h"

#define REGIONS_MAX   16
#define GIB           (1ull << 30)
#define PRESENT       0x3u /* and writable */
#define LARGE         0x80u
#define ENTRIES       512u
#define MEMORY_RAM    1u
#define LOW_END       0x100000u /* below are firmware and trampoline */
#define CPUID_1G_PAGE (1u << 26)

/* From Xen's public start_info.h, version 1. */
typedef struct StartInfo {
    uint32_t magic, version, flags, modules;
    uint64_t module_list, command_line, rsdp, memory_map;
    uint32_t memory_map_entries, reserved;
} StartInfo;

typedef struct MapEntry {
    uint64_t address, size;
    uint32_t type, reserved;
} MapEntry;

typedef struct Region {
    uint64_t address;
    uint64_t pages;
} Region;

extern uint64_t boot_pml4[];
extern char image_end[];

bool memory_flushes_tlb = true;

static Region regions[REGIONS_MAX]; /* the first begins with this program */
static unsigned region_count;
static uint64_t allocated_end;

static void region_add(uint64_t start, uint64_t end)
{
    if (start < LOW_END) {
        start = LOW_END;
    }
    start = (start + PAGE_BYTES - 1) & ~(uint64_t)(PAGE_BYTES - 1);
    end &= ~(uint64_t)(PAGE_BYTES - 1);
    if (start >= end) {
        return;
    }
    if (region_count == REGIONS_MAX) {
        panic("too many pieces of memory");
    }
    regions[region_count++] = (Region){ start, (end - start) / PAGE_BYTES };
}

void *memory_allocate(size_t bytes)
{
    uint64_t start = allocated_end;
    uint64_t *words = (uint64_t *)start;

    bytes = (bytes + PAGE_BYTES - 1) & ~(size_t)(PAGE_BYTES - 1);
    if (bytes > regions[0].address + regions[0].pages * PAGE_BYTES - start) {
        panic("too little memory");
    }
    for (size_t i = 0; i < bytes / sizeof(*words); i++) {
        words[i] = 0;
    }
    allocated_end += bytes;
    return words;
}

/* The table that @entry points to, made where there is none. */
static uint64_t *table_below(uint64_t *entry)
{
    if (*entry == 0) {
        *entry = (uint64_t)memory_allocate(PAGE_BYTES) | PRESENT;
    }
    return (uint64_t *)(*entry & ~(uint64_t)(PAGE_BYTES - 1));
}

/* Nothing to flush: none of these was present before. */
static void map_gib(uint64_t address, bool large)
{
    uint64_t *pdpt = table_below(&boot_pml4[address / (ENTRIES * GIB)]);
    uint64_t *entry = &pdpt[address / GIB % ENTRIES];
    uint64_t *directory;

    if (*entry != 0) {
        return;
    }
    if (large) {
        *entry = address | PRESENT | LARGE;
        return;
    }
    directory = table_below(entry);
    for (unsigned i = 0; i < ENTRIES; i++) {
        directory[i] = (address + i * (GIB / ENTRIES)) | PRESENT | LARGE;
    }
}

static bool has_gib_pages(void)
{
    uint32_t last_leaf, eax, edx;

    x86_cpuid(0x80000000, &last_leaf, &edx);
    if (last_leaf < 0x80000001) {
        return false;
    }
    x86_cpuid(0x80000001, &eax, &edx);
    return edx & CPUID_1G_PAGE;
}

static void map_regions(void)
{
    bool large = has_gib_pages();

    for (unsigned i = 0; i < region_count; i++) {
        uint64_t end = regions[i].address + regions[i].pages * PAGE_BYTES;

        if (end > ENTRIES * ENTRIES * GIB / 2) {
            panic("more memory than four levels of tables reach");
        }
        for (uint64_t at = regions[i].address / GIB * GIB; at < end;
             at += GIB) {
            map_gib(at, large);
        }
    }
}

void memory_init(const void *info)
{
    const StartInfo *start = info;
    const MapEntry *map = (const MapEntry *)start->memory_map;

    if (start->version < 1 || start->memory_map == 0) {
        panic("no memory map");
    }
    for (uint32_t i = 0; i < start->memory_map_entries; i++) {
        if (map[i].type == MEMORY_RAM) {
            region_add(map[i].address, map[i].address + map[i].size);
        }
    }
    allocated_end = (uint64_t)image_end;
    allocated_end = (allocated_end + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1ull);
    if (region_count == 0 || regions[0].address != LOW_END ||
        regions[0].pages * PAGE_BYTES + LOW_END < allocated_end) {
        panic("too little memory");
    }
    map_regions();
}

uint64_t memory_ram_pages(void)
{
    uint64_t pages = 0;

    for (unsigned i = 0; i < region_count; i++) {
        pages += regions[i].pages;
    }
    return pages;
}

void memory_begin_test(void)
{
    regions[0].pages -= (allocated_end - regions[0].address) / PAGE_BYTES;
    regions[0].address = allocated_end;
}

uint64_t memory_test_pages(void)
{
    return memory_ram_pages();
}

uint64_t memory_test_pages_above_4g(void)
{
    uint64_t pages = 0;

    for (unsigned i = 0; i < region_count; i++) {
        if (regions[i].address >= 4 * GIB) {
            pages += regions[i].pages;
        }
    }
    return pages;
}

uint64_t *memory_test_page(uint64_t index)
{
    unsigned i = 0;

    while (index >= regions[i].pages) {
        index -= regions[i++].pages;
    }
    return (uint64_t *)(regions[i].address + index * PAGE_BYTES);
}

void memory_before_write(void)
{
    if (memory_flushes_tlb) {
        x86_tlb_flush();
    }
}
