/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One base page, combined with a key per page: as incompressible as if each
 * page were drawn anew, since compressors look for equal strings, but a load
 * and an exclusive or per word to make and to check.  Emulation is quick at
 * that: plain 64-bit words are twice as fast there as SSE.
 */
#include "tools/guest/content.h"

#include "tools/guest/memory.h"

#define CONSTANT       0x5a5a5a5a5a5a5a5aull
#define PERIOD_WORDS   128u /* compressible: of each so many ... */
#define NOISE_WORDS    29u  /* ... so many are noise: zlib makes 1/4 of it */
#define LAST           (PAGE_WORDS - 1)
#define UNROLLED_WORDS 6u /* divides the words between the marks */

static uint64_t base[PAGE_WORDS] __attribute__((aligned(4096)));
static uint64_t seed_key, key_mask, mark_mask;

/* The finalizer of splitmix64. */
uint64_t content_mix(uint64_t value)
{
    value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9ull;
    value = (value ^ value >> 27) * 0x94d049bb133111ebull;
    return value ^ value >> 31;
}

void content_init(Content content, uint64_t seed)
{
    seed_key = content_mix(seed + 0x9e3779b97f4a7c15ull);
    mark_mask = content == CONTENT_ZERO ? 0 : UINT64_MAX;
    key_mask = content >= CONTENT_COMPRESSIBLE ? UINT64_MAX : 0;
    for (unsigned i = 0; i < PAGE_WORDS; i++) {
        if (content == CONTENT_CONSTANT) {
            base[i] = CONSTANT;
        } else if (content == CONTENT_RANDOM ||
                   (content == CONTENT_COMPRESSIBLE &&
                    i % PERIOD_WORDS < NOISE_WORDS)) {
            base[i] = content_mix(seed_key + i * 0x9e3779b97f4a7c15ull);
        }
    }
}

static uint64_t page_key(const uint64_t *page)
{
    return content_mix((uintptr_t)page ^ seed_key);
}

Marks content_marks(const uint64_t *page, uint64_t generation)
{
    uint64_t key = page_key(page) + generation * 0x9e3779b97f4a7c15ull;

    return (Marks){ content_mix(key) & mark_mask,
                    content_mix(~key) & mark_mask };
}

void content_fill(uint64_t *page)
{
    Marks marks = content_marks(page, 0);
    uint64_t key = page_key(page) & key_mask;

    page[0] = marks.first;
    for (unsigned i = 1; i < LAST; i += UNROLLED_WORDS) {
        page[i] = base[i] ^ key;
        page[i + 1] = base[i + 1] ^ key;
        page[i + 2] = base[i + 2] ^ key;
        page[i + 3] = base[i + 3] ^ key;
        page[i + 4] = base[i + 4] ^ key;
        page[i + 5] = base[i + 5] ^ key;
    }
    page[LAST] = marks.last;
}

bool content_check(const uint64_t *page, uint64_t generation)
{
    Marks marks = content_marks(page, generation);
    uint64_t key = page_key(page) & key_mask;
    uint64_t wrong = (page[0] ^ marks.first) | (page[LAST] ^ marks.last);

    for (unsigned i = 1; i < LAST; i += UNROLLED_WORDS) {
        wrong |= page[i] ^ base[i] ^ key;
        wrong |= page[i + 1] ^ base[i + 1] ^ key;
        wrong |= page[i + 2] ^ base[i + 2] ^ key;
        wrong |= page[i + 3] ^ base[i + 3] ^ key;
        wrong |= page[i + 4] ^ base[i + 4] ^ key;
        wrong |= page[i + 5] ^ base[i + 5] ^ key;
    }
    return wrong == 0;
}

uint64_t content_expected(const uint64_t *page, uint64_t generation, unsigned i)
{
    Marks marks = content_marks(page, generation);

    if (i == 0) {
        return marks.first;
    }
    return i == LAST ? marks.last : base[i] ^ (page_key(page) & key_mask);
}
