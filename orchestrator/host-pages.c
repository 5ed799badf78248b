/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "orchestrator/host-pages.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>

#include "orchestrator/host-text.h"

#define PAGE_BYTES  4096u
#define MOST_PAGES  32768u /* looked at in 30 ms, and off by less than 1 % */
#define BATCH_PAGES 256u   /* in one call; the kernel takes 1024 */
#define BLOCKS_MAX  64u

typedef struct {
    uint64_t start, bytes;
    bool is_taken;
} Mapping;

typedef struct {
    uint64_t address;
    uint64_t first; /* what it held at the first look, as a hash; 0: zeros */
    uint64_t last;
    bool is_dirty;
} Page;

struct HostPages {
    pid_t pid;
    double all_bytes;
    unsigned n;
    Page *pages;
    char *buffer;
};

static GArray *read_mappings(pid_t pid)
{
    GArray *mappings = g_array_new(FALSE, FALSE, sizeof(Mapping));
    g_autofree char *maps = host_text("", "/proc/%d/maps", (int)pid);
    g_auto(GStrv) lines = g_strsplit(maps ? maps : "", "\n", -1);
    for (char **line = lines; *line; line++) {
        unsigned long long start, end;
        char may[5];
        if (sscanf(*line, "%llx-%llx %4s", &start, &end, may) == 3 &&
            may[0] == 'r' && may[1] == 'w') {
            const Mapping mapping = { start, end - start, false };
            g_array_append_val(mappings, mapping);
        }
    }
    return mappings;
}

/* NULL: there is none of that size, or not one more. */
static const Mapping *take_mapping(GArray *mappings, uint64_t bytes)
{
    for (guint i = 0; i < mappings->len; i++) {
        Mapping *mapping = &g_array_index(mappings, Mapping, i);
        if (mapping->bytes == bytes && !mapping->is_taken) {
            mapping->is_taken = true;
            return mapping;
        }
    }
    return NULL;
}

/* Knuth's multiplier: spreads what is near. */
static uint64_t scatter(uint64_t number)
{
    return (number * 0x9e3779b97f4a7c15ull) >> 32;
}

/* One page of each stretch of equal length, anywhere in it: evenly over all of
 * the memory, and in step with no stride of the guest. */
static void choose_pages(HostPages *pages, const Mapping blocks[],
                         unsigned n_blocks)
{
    uint64_t stride = (uint64_t)(pages->all_bytes / PAGE_BYTES) / MOST_PAGES;
    uint64_t seed = 0;
    stride = MAX(stride + 1, 1);
    pages->pages = g_new0(
        Page, (size_t)(pages->all_bytes / PAGE_BYTES / stride) + n_blocks);
    for (unsigned i = 0; i < n_blocks; i++) {
        uint64_t n = blocks[i].bytes / PAGE_BYTES;
        for (uint64_t at = 0; at + stride <= n; at += stride) {
            uint64_t page = at + scatter(seed++) % stride;
            pages->pages[pages->n++].address =
                blocks[i].start + page * PAGE_BYTES;
        }
    }
}

/* 0 for a page of zeros and, as good as, for no other. */
static uint64_t hash_page(const char *page)
{
    uint64_t hash = 0, words[4];
    for (size_t i = 0; i < PAGE_BYTES; i += sizeof(words)) {
        memcpy(words, page + i, sizeof(words));
        uint64_t mixed = words[0] + 3 * words[1] + 5 * words[2] + 7 * words[3];
        hash = (hash ^ mixed) * 0x9e3779b97f4a7c15ull;
        hash ^= hash >> 29;
    }
    return hash;
}

static bool read_batch(const HostPages *pages, const Page *batch, unsigned n)
{
    struct iovec remote[BATCH_PAGES];
    const struct iovec local = { pages->buffer, (size_t)n * PAGE_BYTES };
    for (unsigned i = 0; i < n; i++) {
        remote[i] =
            (struct iovec){ (void *)(uintptr_t)batch[i].address, PAGE_BYTES };
    }
    return process_vm_readv(pages->pid, &local, 1, remote, n, 0) ==
           (ssize_t)local.iov_len;
}

static bool read_all(HostPages *pages)
{
    for (unsigned at = 0; at < pages->n; at += BATCH_PAGES) {
        unsigned n = MIN(BATCH_PAGES, pages->n - at);
        if (!read_batch(pages, &pages->pages[at], n)) {
            return false;
        }
        for (unsigned i = 0; i < n; i++) {
            pages->pages[at + i].last =
                hash_page(pages->buffer + (size_t)i * PAGE_BYTES);
        }
    }
    return true;
}

static bool take_first_look(HostPages *pages)
{
    if (!read_all(pages)) {
        return false;
    }
    for (unsigned i = 0; i < pages->n; i++) {
        pages->pages[i].first = pages->pages[i].last;
    }
    return true;
}

static unsigned find_blocks(pid_t pid, const uint64_t sizes[], unsigned n_sizes,
                            Mapping blocks[])
{
    g_autoptr(GArray) mappings = read_mappings(pid);
    unsigned n = 0;
    for (; n < MIN(n_sizes, BLOCKS_MAX); n++) {
        const Mapping *mapping = take_mapping(mappings, sizes[n]);
        if (!mapping) {
            break;
        }
        blocks[n] = *mapping;
    }
    return n;
}

HostPages *host_pages_new(pid_t pid, const uint64_t sizes[], unsigned n_sizes,
                          const char **ret_why)
{
    Mapping blocks[BLOCKS_MAX];

    *ret_why = "the process that has it is not known";
    if (pid <= 0 || n_sizes == 0) {
        return NULL;
    }
    *ret_why = "it is not found in QEMU's process";
    if (find_blocks(pid, sizes, n_sizes, blocks) < n_sizes) {
        return NULL;
    }
    g_autoptr(HostPages) pages = g_new0(HostPages, 1);
    pages->pid = pid;
    pages->buffer = g_malloc((size_t)BATCH_PAGES * PAGE_BYTES);
    for (unsigned i = 0; i < n_sizes; i++) {
        pages->all_bytes += blocks[i].bytes;
    }
    choose_pages(pages, blocks, n_sizes);
    if (pages->n == 0 || !take_first_look(pages)) {
        *ret_why = errno == EPERM ? "this user may not read it"
                                  : "the kernel does not let it be read";
        return NULL;
    }
    return g_steal_pointer(&pages);
}

void host_pages_free(HostPages *pages)
{
    g_free(pages->pages);
    g_free(pages->buffer);
    g_free(pages);
}

bool host_pages_look(HostPages *pages, HostPagesFound *ret)
{
    unsigned n_nonzero = 0, n_dirty = 0;
    if (!read_all(pages)) {
        return false;
    }
    for (unsigned i = 0; i < pages->n; i++) {
        Page *page = &pages->pages[i];
        page->is_dirty |= page->last != page->first;
        n_dirty += page->is_dirty;
        n_nonzero += page->last != 0;
    }
    double each = pages->all_bytes / pages->n;
    *ret =
        (HostPagesFound){ pages->all_bytes, n_nonzero * each, n_dirty * each };
    return true;
}
