/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "caps/units.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#define KI 1024.0
#define K  1000.0

/* clang-format off */
static const struct {
    const char *name;
    const char *example;
} units[] = {
    [UNIT_NONE]             = { "a plain number", "4" },
    [UNIT_BYTES]            = { "bytes", "512MiB" },
    [UNIT_BYTES_PER_SECOND] = { "bytes per second", "128MiB/s or 10Gbit/s" },
    [UNIT_MILLISECONDS]     = { "milliseconds", "300ms or 2s" },
    [UNIT_PERCENT]          = { "percent", "20%" },
};

static const struct {
    const char *suffix;
    Unit unit;
    double factor;
} suffixes[] = {
    { "B",   UNIT_BYTES, 1 },
    { "kB",  UNIT_BYTES, K },             { "KiB", UNIT_BYTES, KI },
    { "MB",  UNIT_BYTES, K * K },         { "MiB", UNIT_BYTES, KI * KI },
    { "GB",  UNIT_BYTES, K * K * K },     { "GiB", UNIT_BYTES, KI * KI * KI },
    { "TB",  UNIT_BYTES, K * K * K * K }, { "TiB", UNIT_BYTES, KI * KI * KI * KI },
    { "B/s",     UNIT_BYTES_PER_SECOND, 1 },
    { "kB/s",    UNIT_BYTES_PER_SECOND, K },
    { "MB/s",    UNIT_BYTES_PER_SECOND, K * K },
    { "GB/s",    UNIT_BYTES_PER_SECOND, K * K * K },
    { "KiB/s",   UNIT_BYTES_PER_SECOND, KI },
    { "MiB/s",   UNIT_BYTES_PER_SECOND, KI * KI },
    { "GiB/s",   UNIT_BYTES_PER_SECOND, KI * KI * KI },
    { "bit/s",   UNIT_BYTES_PER_SECOND, 1 / 8.0 },
    { "kbit/s",  UNIT_BYTES_PER_SECOND, K / 8 },
    { "Mbit/s",  UNIT_BYTES_PER_SECOND, K * K / 8 },
    { "Gbit/s",  UNIT_BYTES_PER_SECOND, K * K * K / 8 },
    { "us",  UNIT_MILLISECONDS, 1 / K },
    { "ms",  UNIT_MILLISECONDS, 1 },
    { "s",   UNIT_MILLISECONDS, K },
    { "min", UNIT_MILLISECONDS, 60 * K },
    { "h",   UNIT_MILLISECONDS, 3600 * K },
    { "%",   UNIT_PERCENT, 1 },
};
/* clang-format on */

const char *unit_name(Unit unit)
{
    return units[unit].name;
}

static gboolean refuse(const char *text, Unit unit, const char *why,
                       GError **error)
{
    g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                "'%s' %s; it takes %s, for example %s", text, why,
                units[unit].name, units[unit].example);
    return FALSE;
}

gboolean unit_parse(const char *text, Unit unit, uint64_t *ret, GError **error)
{
    char *end = NULL;
    uint64_t whole = 0;

    if (!g_ascii_isdigit(text[0])) {
        return refuse(text, unit, "is not a number from 0", error);
    }
    /* Bare numbers keep all their 64 bits. */
    size_t n_digits = strspn(text, "0123456789");
    if (text[n_digits] == '\0') {
        return g_ascii_string_to_unsigned(text, 10, 0, UINT64_MAX, ret, NULL)
                   ? TRUE
                   : refuse(text, unit, "does not fit in 64 bits", error);
    }

    double number = g_ascii_strtod(text, &end);
    while (*end == ' ') {
        end++;
    }
    double factor = *end == '\0' ? 1 : 0;
    for (size_t i = 0; i < G_N_ELEMENTS(suffixes); i++) {
        if (suffixes[i].unit == unit && strcmp(suffixes[i].suffix, end) == 0) {
            factor = suffixes[i].factor;
        }
    }
    if (factor == 0) {
        return refuse(text, unit, "has a unit that does not fit", error);
    }
    double value = number * factor;
    if (!(value < 0x1p64)) {
        return refuse(text, unit, "does not fit in 64 bits", error);
    }
    whole = (uint64_t)value;
    if (fabs(value - (double)whole) > 1e-6 * fmax(1, value)) {
        return refuse(text, unit, "is too fine", error);
    }
    *ret = whole;
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
    case UNIT_MILLISECONDS:
        return value >= 10000 ? g_strdup_printf("%.1f s", value / 1000.0)
                              : g_strdup_printf("%" PRIu64 " ms", value);
    case UNIT_PERCENT:
        return g_strdup_printf("%" PRIu64 " %%", value);
    case UNIT_NONE:
        break;
    }
    return g_strdup_printf("%" PRIu64, value);
}
