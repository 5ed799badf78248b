/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/lab/line.h"

#include <stddef.h>
#include <string.h>

/* clang-format off */
static const struct {
    const char *word;
    LineKind kind;
} kinds[] = {
    { "hello",  LINE_HELLO },  { "ready",  LINE_READY },
    { "b",      LINE_BEAT },   { "rate",   LINE_RATE },
    { "writes", LINE_WRITES }, { "bad",    LINE_BAD },
    { "verify", LINE_VERIFY }, { "panic",  LINE_PANIC },
    { "off",    LINE_OFF },    { "suspended", LINE_SUSPENDED },
    { "awake",  LINE_AWAKE },
};

static const struct {
    const char *name;
    size_t offset;
} members[] = {
    { "cpus",              offsetof(Line, n_cpus) },
    { "memory-bytes",      offsetof(Line, memory_bytes) },
    { "working-set-bytes", offsetof(Line, working_set_bytes) },
    { "above-4g-bytes",    offsetof(Line, above_4g_bytes) },
    { "cpu",               offsetof(Line, cpu) },
    { "pages",             offsetof(Line, pages) },
    { "us",                offsetof(Line, time_us) },
    { "bad",               offsetof(Line, bad) },
    { "lost-writes",       offsetof(Line, lost_writes) },
};
/* clang-format on */

static bool parse_number(const char *text, size_t n, uint64_t *ret)
{
    char digits[24];
    if (n == 0 || n >= sizeof(digits)) {
        return false;
    }
    memcpy(digits, text, n);
    digits[n] = '\0';
    return g_ascii_string_to_unsigned(digits, 10, 0, UINT64_MAX, ret, NULL);
}

static void take_member(Line *line, const char *word, size_t n)
{
    const char *equals = memchr(word, '=', n);
    if (!equals) {
        return;
    }
    size_t n_name = equals - word;
    uint64_t value;
    if (!parse_number(equals + 1, n - n_name - 1, &value)) {
        return;
    }
    uint64_t bucket;
    if (line->kind == LINE_WRITES && parse_number(word, n_name, &bucket) &&
        bucket < LINE_BUCKETS) {
        line->writes[bucket] = value;
        return;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(members); i++) {
        if (strlen(members[i].name) == n_name &&
            memcmp(members[i].name, word, n_name) == 0) {
            *(uint64_t *)((char *)line + members[i].offset) = value;
            line->n_members++;
        }
    }
}

/* A beat comes a thousand times a second and has two plain numbers. */
static void take_beat(Line *line, const char *rest)
{
    size_t n_number = strcspn(rest, " ");
    const char *time = rest + n_number + (rest[n_number] == ' ');
    if (!parse_number(rest, n_number, &line->beat) ||
        !parse_number(time, strlen(time), &line->beat_us)) {
        line->kind = LINE_OTHER; /* cut off: half a line is no beat */
    }
}

Line guest_line_parse(const char *text)
{
    Line line = { .text = text };
    size_t n_word = strcspn(text, " ");

    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (strlen(kinds[i].word) == n_word &&
            memcmp(kinds[i].word, text, n_word) == 0) {
            line.kind = kinds[i].kind;
        }
    }
    const char *at = text + n_word;
    if (line.kind == LINE_BEAT) {
        take_beat(&line, *at ? at + 1 : at);
        return line;
    }
    while (line.kind != LINE_OTHER && *at == ' ') {
        at++;
        size_t n = strcspn(at, " ");
        take_member(&line, at, n);
        at += n;
    }
    /* A migration can cut a line: half a proof is none. */
    if (line.kind == LINE_VERIFY && line.n_members < 3) {
        line.kind = LINE_OTHER;
    }
    return line;
}
