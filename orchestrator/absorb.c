/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an event says, taken into the facts, whatever the phase makes of it. */
#include "orchestrator/phases.h"

#include <string.h>

#include "qmp/json.h"

static void take_sample(Migration *m, JsonNode *reply)
{
    Sample sample = sample_from_query_migrate(
        reply, m->migrate_us ? m->now_us - m->migrate_us : 0);
    /* In setup, failed and cancelled QEMU says nothing: keep what it said. */
    if (sample.transferred_bytes < 0) {
        return;
    }
    if (sample.transferred_bytes > m->sample.transferred_bytes) {
        m->moved_us = m->now_us;
        stall_move(&m->stall, m->now_us);
    }
    Sample *last = m->passes->len > 0
                       ? &g_array_index(m->passes, Sample, m->passes->len - 1)
                       : NULL;
    if (last && last->pass == sample.pass) {
        *last = sample;
    } else {
        g_array_append_val(m->passes, sample);
    }
    m->sample = sample;
    m->throttle_max_percent =
        MAX(m->throttle_max_percent, sample.throttle_percent);
    m->dirty_limit_max_us = MAX(m->dirty_limit_max_us, sample.dirty_limit_us);
}

/* Those that send for multifd, under the names they had and have: at most so
 * many were at work together. */
static void take_threads(Migration *m, JsonNode *reply)
{
    int n = 0;
    if (!reply || !JSON_NODE_HOLDS_ARRAY(reply)) {
        return;
    }
    JsonArray *threads = json_node_get_array(reply);
    for (guint i = 0; i < json_array_get_length(threads); i++) {
        JsonNode *node = json_array_get_element(threads, i);
        const char *name =
            JSON_NODE_HOLDS_OBJECT(node)
                ? qmp_json_string(json_node_get_object(node), "name")
                : NULL;
        n += name && (strstr(name, "multifdsend_") || strstr(name, "/send_"));
    }
    /* None on the host: before 11.0 its threads have no names of their own. */
    if (n > 0 || caps_inventory_has_command(&m->inventories[SIDE_SOURCE],
                                            "query-migrationthreads")) {
        m->n_channels = MAX(m->n_channels, n);
    }
}

/* Nobody else has migrated the source so far, as far as we know. */
static bool is_evidence_ours(const Migration *m)
{
    bool is_before = !m->context.started || m->context.ours.proof == OURS_ASKED;
    return m->phase > PHASE_EXAMINE && m->phase < PHASE_RESOLVE &&
           !m->context.ours.is_external &&
           (is_before || m->context.ours.proof == OURS_PROVED);
}

/* How the vCPUs of the source stand, at a moment of which it is known whether
 * the guest runs. */
static void look_at_guest(Migration *m, const Event *event)
{
    const Facts *source = &m->facts[SIDE_SOURCE];
    if (event->side != SIDE_SOURCE || event->vcpu_ns <= 0) {
        return;
    }
    m->vcpu_ns = event->vcpu_ns;
    m->n_vcpus = event->n_vcpus;
    if (phase_is_event(event, SIDE_SOURCE, "RESUME")) {
        m->is_resumed = true;
        evidence_resume(&m->evidence);
    }
    m->is_resumed &=
        !(event->kind == EVENT_REPLY && event->ask == ASK_RUN_STATE) &&
        !phase_is_event(event, SIDE_SOURCE, "STOP");
    if (is_evidence_ours(m) && source->run_state[0] && !m->is_resumed) {
        evidence_look(&m->evidence, m->now_us, event->vcpu_ns,
                      source->stopped || !facts_is_running(source));
    }
}

/* Whose migration the source reports, and how far it is. */
static void take_source(Migration *m, JsonNode *reply)
{
    const Sample sample = sample_from_query_migrate(reply, 0);
    JsonObject *info = reply && JSON_NODE_HOLDS_OBJECT(reply)
                           ? json_node_get_object(reply)
                           : NULL;
    const char *word = info ? qmp_json_string(info, "status") : NULL;

    ours_take_reply(&m->context.ours, status_from_word(word ? word : "none"),
                    sample.total_us, m->now_us);
    if (is_evidence_ours(m) && m->context.ours.proof == OURS_PROVED &&
        m->context.ours.ended == STATUS_UNKNOWN) {
        const EvidenceNow now = phase_evidence_now(m, &sample);
        evidence_take_total(&m->evidence, &now);
    }
    if (m->context.ours.proof >= OURS_DOUBTFUL || m->phase == PHASE_EXAMINE) {
        take_sample(m, reply);
    }
}

static void take_blocktime(Migration *m, JsonNode *reply)
{
    if (reply && JSON_NODE_HOLDS_OBJECT(reply)) {
        g_clear_pointer(&m->blocktime, json_object_unref);
        m->blocktime = json_object_ref(json_node_get_object(reply));
    }
}

static void check_arrived(Migration *m, Side side)
{
    Status status = m->facts[side].status;
    m->context.arrived |=
        side == SIDE_DESTINATION && m->context.ours.proof >= OURS_DOUBTFUL &&
        status_is_postcopy(status) && status != STATUS_POSTCOPY_DEVICE;
}

/* Asked of the destination after the source: it proves whose migration that is. */
static void check_arriving(Migration *m)
{
    if (!m->context.through_file &&
        m->facts[SIDE_DESTINATION].status == STATUS_ACTIVE &&
        m->facts[SIDE_SOURCE].status == STATUS_ACTIVE) {
        ours_see_arriving(&m->context.ours);
    }
}

static void absorb_reply(Migration *m, const Event *event)
{
    Facts *facts = &m->facts[event->side];
    CapsInventory *inventory = &m->inventories[event->side];

    switch ((int)event->ask) {
    case ASK_RUN_STATE:
        facts_take_query_status(facts, event->value);
        if (event->side == SIDE_SOURCE) {
            phase_follow_guest(m);
        }
        break;
    case ASK_MIGRATION:
        facts_take_query_migrate(facts, event->value);
        check_arrived(m, event->side);
        if (event->side == SIDE_DESTINATION) {
            m->is_incoming_known = m->has_asked_incoming;
            check_arriving(m);
            take_blocktime(m, event->value);
        }
        if (event->side == SIDE_SOURCE) {
            take_source(m, event->value);
        }
        break;
    case ASK_CAPABILITIES:
        caps_inventory_take_capabilities(inventory, event->value);
        break;
    case ASK_PARAMETERS:
        caps_inventory_take_parameters(inventory, event->value);
        break;
    case ASK_SCHEMA:
        caps_inventory_take_schema(inventory, event->value);
        break;
    case ASK_KVM:
        caps_inventory_take_kvm(inventory, event->value);
        break;
    case ASK_MACHINE ... ASK_MACHINE_LAST:
        caps_machine_take(&m->machines[event->side], event->ask - ASK_MACHINE,
                          event->value);
        break;
    case ASK_JIT:
        facts_take_query_jit(facts, event->value);
        break;
    case ASK_VCPU_STATS:
        facts_take_query_stats(facts, event->value);
        break;
    case ASK_THREADS:
        take_threads(m, event->value);
        break;
    case TELL_CONT:
        facts->ran = true;
        break;
    case TELL_INCOMING:
        m->is_incoming_taken = true;
        break;
    case TELL_MIGRATE:
        ours_answer(&m->context.ours, true, m->migrate_us);
        break;
    }
}

static void take_refusal(Migration *m, const Event *event)
{
    Facts *facts = &m->facts[event->side];

    /* What it does not take it never runs. */
    m->context.handed_over &= event->ask != TELL_INCOMING;
    if (event->ask == TELL_MIGRATE) {
        ours_answer(&m->context.ours, false, m->migrate_us);
        /* Then nothing left the source. */
        m->context.started &= !m->context.ours.is_refused;
        /* "failed" comes before it, and 7.2 says nowhere else why. */
        if (!facts->error_desc) {
            facts->error_desc = g_strdup(event->text);
        }
    }
}

static void take_event(Migration *m, const Event *event)
{
    Facts *facts = &m->facts[event->side];

    facts_take_event(facts, event->name, event->data, event->qemu_time_us);
    facts_take_lag(facts, event->time_us - event->qemu_time_us);
    if (event->side == SIDE_SOURCE && event->data &&
        strcmp(event->name, "MIGRATION") == 0) {
        ours_take_event(&m->context.ours, facts->status);
    }
    check_arrived(m, event->side);
}

/* No answer will come any more. */
static void miss_reply(Migration *m, const Event *event)
{
    if (event->side == SIDE_SOURCE && event->ask == ASK_MIGRATION) {
        ours_miss_reply(&m->context.ours);
    }
}

static void miss_events(Migration *m, Side side)
{
    if (side == SIDE_SOURCE) {
        ours_miss_events(&m->context.ours);
    }
}

static void take_identity(Migration *m, const Event *event)
{
    m->pid[event->side] = event->pid;
    caps_inventory_take_version(&m->inventories[event->side], event->version);
    if (event->process) {
        m->processes[event->side] = *event->process;
    }
    if (event->host) {
        m->hosts[event->side] = *event->host;
    }
    if (event->identity) {
        m->identity[event->side] = *event->identity;
    }
    if (event->record && !m->record) {
        m->record = recovery_record_ref(event->record);
    }
}

/* An answer that is newer than the stall; the source's must count its bytes. */
static void take_sign_of_life(Migration *m, const Event *event)
{
    bool counts = event->kind == EVENT_REPLY &&
                  (event->ask == ASK_MIGRATION ||
                   (event->ask == ASK_LIFE && event->side == SIDE_DESTINATION));
    if (counts) {
        stall_answer(&m->stall, event->side,
                     m->asked_us[event->side][event->ask]);
    }
}

static void lose(Migration *m, Side side)
{
    miss_events(m, side);
    m->facts[side].connected = false;
    m->connecting[side] = false;
    m->waiting[side] = 0;
}

static void absorb(Migration *m, const Event *event)
{
    Facts *facts = &m->facts[event->side];

    switch (event->kind) {
    case EVENT_CONNECTED:
        /* Back after a gap in which it may have been given the guest. */
        facts->blind |= m->context.handed_over;
        facts->never_ran = facts->is_proof_asked = facts->stopped = false;
        facts->connected = true;
        m->connecting[event->side] = false;
        take_identity(m, event);
        break;
    case EVENT_LOST:
        lose(m, event->side);
        break;
    case EVENT_DIED:
        facts->dead = true;
        facts->has_died = true;
        facts->died_us = event->qemu_time_us;
        lose(m, event->side);
        break;
    case EVENT_QMP:
        take_event(m, event);
        phase_absorb_jobs(m, event);
        if (phase_is_event(event, SIDE_SOURCE, "SUSPEND") ||
            phase_is_event(event, SIDE_SOURCE, "WAKEUP")) {
            phase_follow_guest(m);
        }
        break;
    case EVENT_REPLY:
        absorb_reply(m, event);
        phase_absorb_jobs(m, event);
        m->waiting[event->side] &= ~ASK_BIT(event->ask);
        break;
    case EVENT_REFUSED:
        take_refusal(m, event);
        miss_reply(m, event);
        phase_absorb_jobs(m, event);
        m->waiting[event->side] &= ~ASK_BIT(event->ask);
        break;
    case EVENT_SILENT:
        miss_reply(m, event);
        m->waiting[event->side] &= ~ASK_BIT(event->ask);
        break;
    case EVENT_TICK:
        stall_tick(&m->stall, m->now_us, phase_stall_max_us(m));
        break;
    default:
        break;
    }
}

void phase_absorb(Migration *m, const Event *event)
{
    Status before = m->facts[event->side].status;

    absorb(m, event);
    if (before != m->facts[event->side].status) {
        stall_move(&m->stall, m->now_us);
    }
    take_sign_of_life(m, event);
    look_at_guest(m, event);
}
