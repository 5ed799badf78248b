/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/guest/proof.h"

#include "tools/guest/content.h"
#include "tools/guest/interrupt.h"
#include "tools/guest/memory.h"
#include "tools/guest/serial.h"

#define CHUNK_PAGES  512u
#define BAD_REPORTED 8u

static uint64_t *generations;
static uint64_t working_set_pages;
static uint64_t next_page; /* of the job under way */

static uint64_t bad_count;
static uint64_t bad_pages[BAD_REPORTED]; /* the lowest, ascending */
static unsigned bad_pages_count;
static bool bad_lock;

void proof_init(void)
{
    generations = memory_allocate(memory_ram_pages() * sizeof(*generations));
}

void proof_set_working_set(uint64_t bytes)
{
    uint64_t pages = bytes / PAGE_BYTES + (bytes % PAGE_BYTES > 0);

    if (pages == 0) {
        pages = memory_test_pages();
    }
    if (pages > memory_test_pages()) {
        panic("working-set is more than the memory under test");
    }
    working_set_pages = pages > smp_count() ? pages : smp_count();
}

uint64_t proof_working_set_pages(void)
{
    return working_set_pages;
}

uint64_t proof_next_generation(uint64_t index)
{
    return ++generations[index];
}

/* The compiler is told to leave the XMM registers alone. */
void proof_count_write(void)
{
    uint64_t count;

    __asm__ volatile("movq %%xmm15, %0; inc %0; movq %0, %%xmm15"
                     : "=r"(count)
                     :
                     : "cc");
}

static uint64_t counted_writes(void)
{
    uint64_t count;

    __asm__ volatile("movq %%xmm15, %0" : "=r"(count));
    return count;
}

/* The next share of a job; false when all are given out. */
static bool take_chunk(uint64_t *ret_first, uint64_t *ret_end)
{
    uint64_t pages = memory_test_pages();
    uint64_t first =
        __atomic_fetch_add(&next_page, CHUNK_PAGES, __ATOMIC_RELAXED);

    if (first >= pages) {
        return false;
    }
    *ret_first = first;
    *ret_end = pages - first > CHUNK_PAGES ? first + CHUNK_PAGES : pages;
    return true;
}

static void fill_job(Cpu *cpu)
{
    uint64_t first, end;

    __asm__ volatile("pxor %xmm15, %xmm15");
    while (take_chunk(&first, &end)) {
        for (uint64_t i = first; i < end; i++) {
            content_fill(memory_test_page(i));
            interrupts_take();
        }
    }
}

void proof_fill(void)
{
    next_page = 0;
    smp_run(fill_job);
}

static void note_bad(uint64_t index)
{
    unsigned i;

    while (__atomic_test_and_set(&bad_lock, __ATOMIC_ACQUIRE)) {
    }
    bad_count++;
    if (bad_pages_count < BAD_REPORTED) {
        bad_pages[bad_pages_count++] = UINT64_MAX;
    }
    i = bad_pages_count - 1;
    if (index < bad_pages[i]) {
        for (; i > 0 && bad_pages[i - 1] > index; i--) {
            bad_pages[i] = bad_pages[i - 1];
        }
        bad_pages[i] = index;
    }
    __atomic_clear(&bad_lock, __ATOMIC_RELEASE);
}

static void verify_job(Cpu *cpu)
{
    uint64_t first, end;

    cpu->counted = counted_writes();
    while (take_chunk(&first, &end)) {
        for (uint64_t i = first; i < end; i++) {
            if (!content_check(memory_test_page(i), generations[i])) {
                note_bad(i);
            }
            if (generations[i] > 0) {
                __atomic_fetch_add(&smp_cpu((unsigned)(i % smp_count()))->known,
                                   generations[i], __ATOMIC_RELAXED);
            }
            interrupts_take();
        }
    }
}

static void report_bad(uint64_t index)
{
    const uint64_t *page = memory_test_page(index);
    Line line = { .n = 0 };

    for (unsigned i = 0; i < PAGE_WORDS; i++) {
        uint64_t expected = content_expected(page, generations[index], i);

        if (page[i] != expected) {
            line_add(&line, "bad page=%lu offset=%lu expected=%lx found=%lx",
                     (uint64_t)page, i * sizeof(*page), expected, page[i]);
            serial_send(&line);
            return;
        }
    }
}

void proof_verify(Line *report)
{
    uint64_t lost = 0;

    next_page = 0;
    bad_count = 0;
    bad_pages_count = 0;
    for (unsigned i = 0; i < smp_count(); i++) {
        smp_cpu(i)->known = 0;
    }
    smp_run(verify_job);
    for (unsigned i = 0; i < bad_pages_count; i++) {
        report_bad(bad_pages[i]);
    }
    for (unsigned i = 0; i < smp_count(); i++) {
        Cpu *cpu = smp_cpu(i);

        lost += cpu->counted > cpu->known ? cpu->counted - cpu->known
                                          : cpu->known - cpu->counted;
    }
    line_add(report, "verify pages=%lu bad=%lu lost-writes=%lu",
             memory_test_pages(), bad_count, lost);
}
