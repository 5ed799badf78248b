/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the live line says. */
#include "tests/lib/check.h"

#include "tools/progress.h"

#define MIB INT64_C(1048576)

static const struct {
    const char *what;
    PhaseId phase;
    int64_t migrate_us, now_us;
    int64_t pass, sent_bytes, left_bytes, sent_per_s, dirty_per_s;
    const char *line;
} cases[] = {
    { "before it starts", PHASE_INSPECT, 0, 5000000, -1, -1, -1, -1, -1,
      "inspect" },
    { "started, nothing known", PHASE_TRANSFER, 1000000, 1100000, -1, -1, -1,
      -1, -1, "transfer" },
    { "in the first pass", PHASE_TRANSFER, 1000000, 1100000, 1, 12 * MIB,
      244 * MIB, 128 * MIB, -1,
      "transfer 0.1 s  pass 1  12.0 MiB sent, 244 MiB left, 128 MiB/s" },
    { "later", PHASE_TRANSFER, 1000000, 13500000, 7, 1536 * MIB, 3 * MIB,
      117 * MIB, 10 * MIB,
      "transfer 12.5 s  pass 7  1.50 GiB sent, 3.00 MiB left, 117 MiB/s, "
      "dirtied 10.0 MiB/s" },
    { "an idle guest", PHASE_TRANSFER, 1000000, 2000000, 2, 1, 0, 0, 0,
      "transfer 1.0 s  pass 2  1 B sent, 0 B left, 0 B/s, dirtied 0 B/s" },
};

static void says_in_one_line(void **state)
{
    static const MigrationSettings settings = { 0 };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Migration) m = migration_new(&settings);

        m->phase = cases[i].phase;
        m->migrate_us = cases[i].migrate_us;
        m->now_us = cases[i].now_us;
        m->sample.pass = cases[i].pass;
        m->sample.transferred_bytes = cases[i].sent_bytes;
        m->sample.remaining_bytes = cases[i].left_bytes;
        m->sample.sent_bytes_per_s = cases[i].sent_per_s;
        m->sample.dirty_bytes_per_s = cases[i].dirty_per_s;
        g_autofree char *line = progress_line(m);
        if (strcmp(line, cases[i].line) != 0) {
            fail_msg("%s: %s", cases[i].what, line);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_in_one_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
