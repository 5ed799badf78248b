/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rate is kept by a budget: a page is due every so many picoseconds, and
 * what was missed is written later, up to BACKLOG_PS.  Between its pages a vCPU
 * sleeps, longer the more vCPUs there are: a host that emulates us needs its
 * CPUs for the migration, and every wake-up takes some of them.
 */
#include "tools/guest/writer.h"

#include "tools/guest/content.h"
#include "tools/guest/interrupt.h"
#include "tools/guest/memory.h"
#include "tools/guest/proof.h"
#include "tools/guest/x86.h"

#define BACKLOG_PS       100000000000ull
#define SLEEP_MIN_NS     1000000u
#define SLEEP_PER_CPU_NS 500000u
#define SLEEP_MIN_MAX_NS 8000000u
#define PS_PER_NS        1000u

static volatile uint64_t ps_per_page; /* of one vCPU; 0: write nothing */
static Pattern pattern;
static uint64_t random_seed;
static uint64_t sleep_min_ns;
static volatile bool running;

void writer_set_rate(uint64_t bytes_per_s)
{
    ps_per_page =
        bytes_per_s > 0
            ? PAGE_BYTES * 1000000000000ull / bytes_per_s * smp_count() + 1
            : 0;
}

void writer_init(const Options *options)
{
    writer_set_rate(options->rate_bytes_per_s);
    sleep_min_ns = (uint64_t)SLEEP_PER_CPU_NS * smp_count();
    if (sleep_min_ns < SLEEP_MIN_NS) {
        sleep_min_ns = SLEEP_MIN_NS;
    } else if (sleep_min_ns > SLEEP_MIN_MAX_NS) {
        sleep_min_ns = SLEEP_MIN_MAX_NS;
    }
    pattern = options->pattern;
    random_seed = options->seed;
}

void writer_start(void)
{
    running = true;
}

/* xorshift64* */
static uint64_t next_random(Cpu *cpu)
{
    uint64_t value = cpu->random;

    if (value == 0) {
        value = content_mix(random_seed + cpu->index) | 1;
    }
    value ^= value >> 12;
    value ^= value << 25;
    value ^= value >> 27;
    cpu->random = value;
    return value * 0x2545f4914f6cdd1dull;
}

static uint64_t random_below(Cpu *cpu, uint64_t end)
{
    return (uint64_t)((unsigned __int128)next_random(cpu) * end >> 64);
}

/*
 * Page n of vCPU i's slice is page n * cpus + i of the working set, so that the
 * first tenths of all slices are the first tenth of the whole.
 */
static uint64_t next_page(Cpu *cpu)
{
    uint64_t cpus = smp_count();
    uint64_t slice = (proof_working_set_pages() - cpu->index + cpus - 1) / cpus;
    uint64_t hot = slice / 10 > 0 ? slice / 10 : 1;
    uint64_t n;

    if (pattern == PATTERN_SEQUENTIAL) {
        n = cpu->position < slice ? cpu->position : 0;
        cpu->position = n + 1;
    } else if (pattern == PATTERN_RANDOM || slice == hot) {
        n = random_below(cpu, slice);
    } else if (random_below(cpu, 10) > 0) {
        n = random_below(cpu, hot);
    } else {
        n = hot + random_below(cpu, slice - hot);
    }
    return n * cpus + cpu->index;
}

static void write_page(Cpu *cpu, uint64_t index)
{
    volatile uint64_t *page = memory_test_page(index);
    uint64_t begin, ns;
    Marks marks;

    memory_before_write();
    marks = content_marks((uint64_t *)page, proof_next_generation(index));
    begin = x86_tsc();
    page[0] = marks.first;
    page[PAGE_WORDS - 1] = marks.last;
    ns = clock_ns_from_tsc(x86_tsc() - begin);
    proof_count_write();
    cpu->histogram[63 - __builtin_clzll(ns | 1)]++;
    cpu->pages++;
}

uint64_t writer_run(Cpu *cpu)
{
    uint64_t now_ps, ns;

    if (!running || ps_per_page == 0) {
        return WRITER_NOTHING_DUE;
    }
    now_ps = clock_now_ns(&cpu->clock) * PS_PER_NS;
    if (cpu->due_ps == 0) {
        cpu->due_ps = now_ps;
    }
    if (now_ps > cpu->due_ps + BACKLOG_PS) {
        cpu->due_ps = now_ps - BACKLOG_PS;
    }
    while (cpu->due_ps <= now_ps && !guest_is_wanted(cpu)) {
        write_page(cpu, next_page(cpu));
        interrupts_take();
        cpu->due_ps += ps_per_page;
    }
    now_ps = clock_now_ns(&cpu->clock) * PS_PER_NS;
    if (cpu->due_ps <= now_ps) {
        return 0;
    }
    ns = (cpu->due_ps - now_ps) / PS_PER_NS;
    return ns > sleep_min_ns ? ns : sleep_min_ns;
}
