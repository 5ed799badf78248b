/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/guest/options.h"

#include "tools/guest/serial.h"

#include <stdbool.h>
#include <stddef.h>

#define BEAT_MIN_US 50u /* shorter and the guest does nothing else */

/* The value if @word is "NAME=VALUE". */
static const char *value_of(const char *word, const char *name)
{
    while (*name != '\0' && *word == *name) {
        word++;
        name++;
    }
    return *name == '\0' && *word == '=' ? word + 1 : NULL;
}

static bool is_end(char c)
{
    return c == '\0' || c == ' ' || c == '\t' || c == '\n';
}

static void refuse(const char *name, const char *value)
{
    Line line = { .n = 0 };
    char copy[32];
    size_t n = 0;

    while (n < sizeof(copy) - 1 && !is_end(value[n])) {
        copy[n] = value[n];
        n++;
    }
    copy[n] = '\0';
    line_add(&line, "panic %s cannot be %s", name, copy);
    panic_line(&line);
}

static void parse_number(const char *word, const char *name, uint64_t *number)
{
    const char *value = value_of(word, name);
    uint64_t sum = 0;

    if (value == NULL) {
        return;
    }
    for (const char *c = value; !is_end(*c) || c == value; c++) {
        if (*c < '0' || *c > '9' || sum > UINT64_MAX / 10 - 1) {
            refuse(name, value);
        }
        sum = sum * 10 + (uint64_t)(*c - '0');
    }
    *number = sum;
}

/* The place of the word's value among @names, which end in NULL. */
static unsigned parse_name(const char *word, const char *name,
                           const char *const *names, unsigned otherwise)
{
    const char *value = value_of(word, name);

    if (value == NULL) {
        return otherwise;
    }
    for (unsigned i = 0; names[i] != NULL; i++) {
        size_t n = 0;

        while (names[i][n] != '\0' && value[n] == names[i][n]) {
            n++;
        }
        if (names[i][n] == '\0' && is_end(value[n])) {
            return i;
        }
    }
    refuse(name, value);
    return otherwise;
}

Options options_parse(const char *command_line)
{
    static const char *const patterns[] = { "sequential", "random", "hot-cold",
                                            NULL };
    static const char *const contents[] = { "zero", "constant", "compressible",
                                            "random", NULL };
    Options options = {
        .content = CONTENT_RANDOM, .beat_us = 1000, .seed = 1, .tlb_flush = 1
    };

    for (const char *word = command_line; *word != '\0'; word++) {
        if (word > command_line && !is_end(word[-1])) {
            continue;
        }
        parse_number(word, "rate", &options.rate_bytes_per_s);
        parse_number(word, "working-set", &options.working_set_bytes);
        parse_number(word, "beat-us", &options.beat_us);
        parse_number(word, "seed", &options.seed);
        parse_number(word, "tlb-flush", &options.tlb_flush);
        options.pattern =
            parse_name(word, "pattern", patterns, options.pattern);
        options.content =
            parse_name(word, "content", contents, options.content);
    }
    if (options.beat_us > 0 && options.beat_us < BEAT_MIN_US) {
        panic("beat-us is less than 50");
    }
    return options;
}
