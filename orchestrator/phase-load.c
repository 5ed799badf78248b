/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * load: the source has written all of the guest to a file, now the destination
 * reads it.
 */
#include "orchestrator/phases.h"

#define FILE_BYTES_PER_S (16 << 20) /* a slow disk does more */

unsigned phase_file_ms(const Migration *m)
{
    if (!m->context.through_file || !m->context.started) {
        return 0;
    }
    int64_t bytes =
        MAX(m->sample.transferred_bytes, 0) + MAX(m->sample.remaining_bytes, 0);
    return (unsigned)MIN(bytes / (FILE_BYTES_PER_S / 1000), G_MAXINT / 2);
}

PhaseId load_enter(Migration *m)
{
    m->switchover_us = m->now_us;
    /* From here on it may have the guest, and without -S run it. */
    m->context.handed_over = true;
    /* After an interrupted qmigrate it may be reading it already. */
    if (!m->settings->recover_only ||
        !status_is_in_progress(m->facts[SIDE_DESTINATION].status)) {
        phase_tell_incoming(m);
    }
    return m->phase;
}

/* Nothing is asked: reading can keep QEMU from answering until it is over. */
PhaseId load_handle(Migration *m, const Event *event)
{
    if (event->kind == EVENT_CANCEL) {
        phase_note(m, "too late to cancel: the destination gets the guest");
    }
    PhaseId next = phase_check_end(m);
    return next == m->phase && phase_has_completed(m) ? PHASE_SETTLE : next;
}
