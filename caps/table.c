/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "caps/table.h"

#include <string.h>

typedef struct {
    const char *name;
    NeededBy sides;
    Unit unit;
    const char *never_on, *never_off; /* capability: why */
} Row;

#define S    NEEDED_BY_SOURCE
#define D    NEEDED_BY_DESTINATION
#define BOTH NEEDED_BY_BOTH

/* clang-format off */
static const Row capabilities[] = {
    { "auto-converge",           S },
    { "background-snapshot",     S, .never_on =
      "it saves the guest to a file and leaves it where it is" },
    { "dirty-limit",             S },
    { "events",                  BOTH, .never_off =
      "both QEMUs are watched by it" },
    { "late-block-activate",     D },
    { "pause-before-switchover", S },
    { "postcopy-blocktime",      D },
    { "release-ram",             S },
    { "return-path",             S },
    { "validate-uuid",           S },
    { "x-colo",                  BOTH, .never_on =
      "it keeps both QEMUs running: that is no migration" },
    { "xbzrle",                  S },
    { "zero-copy-send",          S },
};

static const Row parameters[] = {
    { "announce-initial",           D,    UNIT_MILLISECONDS },
    { "announce-max",               D,    UNIT_MILLISECONDS },
    { "announce-rounds",            D,    UNIT_NONE },
    { "announce-step",              D,    UNIT_MILLISECONDS },
    { "avail-switchover-bandwidth", S,    UNIT_BYTES_PER_SECOND },
    { "cpu-throttle-increment",     S,    UNIT_PERCENT },
    { "cpu-throttle-initial",       S,    UNIT_PERCENT },
    { "cpu-throttle-tailslow",      S,    UNIT_NONE },
    { "downtime-limit",             S,    UNIT_MILLISECONDS },
    { "max-bandwidth",              S,    UNIT_BYTES_PER_SECOND },
    { "max-cpu-throttle",           S,    UNIT_PERCENT },
    { "max-postcopy-bandwidth",     S,    UNIT_BYTES_PER_SECOND },
    { "multifd-channels",           BOTH, UNIT_NONE },
    { "throttle-trigger-threshold", S,    UNIT_PERCENT },
    { "tls-authz",                  D,    UNIT_NONE },
    { "tls-hostname",               S,    UNIT_NONE },
    { "vcpu-dirty-limit",           S,    UNIT_NONE },
    { "x-checkpoint-delay",         S,    UNIT_MILLISECONDS },
    { "x-vcpu-dirty-limit-period",  S,    UNIT_MILLISECONDS },
    { "xbzrle-cache-size",          BOTH, UNIT_BYTES },
};
/* clang-format on */

static const Row *find(const Row *rows, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(rows[i].name, name) == 0) {
            return &rows[i];
        }
    }
    return NULL;
}

NeededBy caps_table_capability_sides(const char *name)
{
    const Row *row = find(capabilities, G_N_ELEMENTS(capabilities), name);
    return row ? row->sides : NEEDED_BY_BOTH;
}

const char *caps_table_capability_refusal(const char *name, bool on)
{
    const Row *row = find(capabilities, G_N_ELEMENTS(capabilities), name);
    if (!row) {
        return NULL;
    }
    return on ? row->never_on : row->never_off;
}

NeededBy caps_table_parameter_sides(const char *name)
{
    const Row *row = find(parameters, G_N_ELEMENTS(parameters), name);
    return row ? row->sides : NEEDED_BY_BOTH;
}

Unit caps_table_parameter_unit(const char *name)
{
    const Row *row = find(parameters, G_N_ELEMENTS(parameters), name);
    return row ? row->unit : UNIT_NONE;
}
