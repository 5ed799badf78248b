/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "caps/units.h"

#include <inttypes.h>
#include <string.h>

#define KI     UINT64_C(1024)
#define K      UINT64_C(1000)
#define FINEST 6u /* digits behind the point */

/* clang-format off */
static const struct {
    const char *name;
    const char *symbol;
    const char *example;
} units[] = {
    [UNIT_NONE]             = { "a plain number", "", "4" },
    [UNIT_BYTES]            = { "bytes", "B", "512MiB" },
    [UNIT_BYTES_PER_SECOND] = { "bytes per second", "B/s",
                                "128MiB/s or 10Gbit/s" },
    [UNIT_MIB_PER_SECOND]   = { "MiB per second", "MiB/s", "50MiB/s" },
    [UNIT_MILLISECONDS]     = { "milliseconds", "ms", "300ms or 2s" },
    [UNIT_MICROSECONDS]     = { "microseconds", "us", "500us or 2ms" },
    [UNIT_PERCENT]          = { "percent", "%", "20%" },
};

typedef struct {
    const char *suffix;
    Unit unit;
    uint64_t factor, divisor;
} Suffix;

static const Suffix suffixes[] = {
    { "B",   UNIT_BYTES, 1, 1 },
    { "kB",  UNIT_BYTES, K, 1 },             { "KiB", UNIT_BYTES, KI, 1 },
    { "MB",  UNIT_BYTES, K * K, 1 },         { "MiB", UNIT_BYTES, KI * KI, 1 },
    { "GB",  UNIT_BYTES, K * K * K, 1 },     { "GiB", UNIT_BYTES, KI * KI * KI, 1 },
    { "TB",  UNIT_BYTES, K * K * K * K, 1 }, { "TiB", UNIT_BYTES, KI * KI * KI * KI, 1 },
    { "B/s",    UNIT_BYTES_PER_SECOND, 1, 1 },
    { "kB/s",   UNIT_BYTES_PER_SECOND, K, 1 },
    { "MB/s",   UNIT_BYTES_PER_SECOND, K * K, 1 },
    { "GB/s",   UNIT_BYTES_PER_SECOND, K * K * K, 1 },
    { "KiB/s",  UNIT_BYTES_PER_SECOND, KI, 1 },
    { "MiB/s",  UNIT_BYTES_PER_SECOND, KI * KI, 1 },
    { "GiB/s",  UNIT_BYTES_PER_SECOND, KI * KI * KI, 1 },
    { "bit/s",  UNIT_BYTES_PER_SECOND, 1, 8 },
    { "kbit/s", UNIT_BYTES_PER_SECOND, K, 8 },
    { "Mbit/s", UNIT_BYTES_PER_SECOND, K * K, 8 },
    { "Gbit/s", UNIT_BYTES_PER_SECOND, K * K * K, 8 },
    { "MiB/s",  UNIT_MIB_PER_SECOND, 1, 1 },
    { "GiB/s",  UNIT_MIB_PER_SECOND, KI, 1 },
    { "us",  UNIT_MILLISECONDS, 1, K },
    { "ms",  UNIT_MILLISECONDS, 1, 1 },
    { "s",   UNIT_MILLISECONDS, K, 1 },
    { "min", UNIT_MILLISECONDS, 60 * K, 1 },
    { "h",   UNIT_MILLISECONDS, 3600 * K, 1 },
    { "us",  UNIT_MICROSECONDS, 1, 1 },
    { "ms",  UNIT_MICROSECONDS, K, 1 },
    { "s",   UNIT_MICROSECONDS, K * K, 1 },
    { "%",   UNIT_PERCENT, 1, 1 },
};
/* clang-format on */

const char *unit_name(Unit unit)
{
    return units[unit].name;
}

const char *unit_symbol(Unit unit)
{
    return units[unit].symbol;
}

static gboolean refuse(const char *text, Unit unit, const char *why,
                       GError **error)
{
    g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                "'%s' %s; it takes %s, for example %s", text, why,
                units[unit].name, units[unit].example);
    return FALSE;
}

/*
 * Digits, and at most FINEST more behind a point: scaled / 10^n_fraction.
 * NULL, or what is wrong with it.
 */
static const char *parse_decimal(const char *text, uint64_t *ret_scaled,
                                 unsigned *ret_n_fraction, const char **ret_end)
{
    unsigned __int128 scaled = 0;
    unsigned n_fraction = 0;
    gboolean in_fraction = FALSE;

    for (; g_ascii_isdigit(*text) || (*text == '.' && !in_fraction); text++) {
        if (*text == '.') {
            in_fraction = TRUE;
            continue;
        }
        scaled = scaled * 10 + (*text - '0');
        n_fraction += in_fraction;
        if (n_fraction > FINEST) {
            return "is too fine";
        }
        if (scaled > UINT64_MAX) {
            return "does not fit in 64 bits";
        }
    }
    *ret_scaled = scaled;
    *ret_n_fraction = n_fraction;
    *ret_end = text;
    return NULL;
}

static const Suffix *find_suffix(const char *text, Unit unit)
{
    static const Suffix none = { "", UNIT_NONE, 1, 1 };
    for (size_t i = 0; i < G_N_ELEMENTS(suffixes); i++) {
        if (suffixes[i].unit == unit && strcmp(suffixes[i].suffix, text) == 0) {
            return &suffixes[i];
        }
    }
    return *text == '\0' ? &none : NULL;
}

gboolean unit_parse(const char *text, Unit unit, uint64_t *ret, GError **error)
{
    const char *end;
    uint64_t scaled;
    unsigned n_fraction;

    if (!g_ascii_isdigit(text[0])) {
        return refuse(text, unit, "is not a number from 0", error);
    }
    const char *wrong = parse_decimal(text, &scaled, &n_fraction, &end);
    if (wrong) {
        return refuse(text, unit, wrong, error);
    }
    while (*end == ' ') {
        end++;
    }
    const Suffix *suffix = find_suffix(end, unit);
    if (!suffix) {
        return refuse(text, unit, "has a unit that does not fit", error);
    }
    unsigned __int128 value = (unsigned __int128)scaled * suffix->factor;
    uint64_t divisor = suffix->divisor;
    while (n_fraction-- > 0) {
        divisor *= 10;
    }
    /* In 0.1GiB there is a part of a byte that nobody misses. */
    if (value % divisor != 0 &&
        (unit == UNIT_MILLISECONDS || suffix->factor < K)) {
        return refuse(text, unit, "is too fine", error);
    }
    if (value / divisor > UINT64_MAX) {
        return refuse(text, unit, "does not fit in 64 bits", error);
    }
    *ret = (uint64_t)(value / divisor);
    return TRUE;
}

static char *scaled(double value, double step, const char *const *names,
                    size_t n)
{
    size_t i = 0;
    while (value >= step && i + 1 < n) {
        value /= step;
        i++;
    }
    if (i == 0 || value >= 100) {
        return g_strdup_printf("%.0f %s", value, names[i]);
    }
    return g_strdup_printf(value < 10 ? "%.2f %s" : "%.1f %s", value, names[i]);
}

char *unit_format(uint64_t value, Unit unit)
{
    static const char *const bytes[] = { "B", "KiB", "MiB", "GiB", "TiB" };
    static const char *const rates[] = { "B/s", "KiB/s", "MiB/s", "GiB/s",
                                         "TiB/s" };
    switch (unit) {
    case UNIT_BYTES:
        return scaled(value, KI, bytes, G_N_ELEMENTS(bytes));
    case UNIT_BYTES_PER_SECOND:
        return scaled(value, KI, rates, G_N_ELEMENTS(rates));
    case UNIT_MIB_PER_SECOND:
        return g_strdup_printf("%" PRIu64 " MiB/s", value);
    case UNIT_MILLISECONDS:
        return value >= 10000 ? g_strdup_printf("%.1f s", value / 1000.0)
                              : g_strdup_printf("%" PRIu64 " ms", value);
    case UNIT_MICROSECONDS:
        return g_strdup_printf("%" PRIu64 " us", value);
    case UNIT_PERCENT:
        return g_strdup_printf("%" PRIu64 " %%", value);
    case UNIT_NONE:
        break;
    }
    return g_strdup_printf("%" PRIu64, value);
}
