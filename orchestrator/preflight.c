/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "orchestrator/preflight.h"

#include <string.h>

#include "caps/leftover.h"
#include "orchestrator/preflight-host.h"
#include "orchestrator/secure.h"
#include "orchestrator/steer.h"
#include "orchestrator/stream-address.h"
#include "orchestrator/uri.h"
#include "orchestrator/way.h"

FailureCode preflight_failure(FindingCode code)
{
    switch (code) {
    case FINDING_UNKNOWN_NAME:
    case FINDING_BAD_VALUE:
        return FAILURE_UNKNOWN_SETTING;
    case FINDING_SAME_QEMU:
        return FAILURE_SAME_QEMU;
    case FINDING_NOT_WAITING:
        return FAILURE_NOT_WAITING;
    case FINDING_INTERRUPTED:
        return FAILURE_INTERRUPTED;
    case FINDING_MIGRATING_ALREADY:
        return FAILURE_MIGRATING_ALREADY;
    case FINDING_SOURCE_STATE:
        return FAILURE_SOURCE_STATE;
    case FINDING_BLOCKED:
        return FAILURE_BLOCKED;
    case FINDING_BLOCK_JOB:
        return FAILURE_BLOCK_JOB;
    case FINDING_ADDRESS:
    case FINDING_LINK:
    case FINDING_LOCKED_MEMORY:
    case FINDING_USERFAULTFD:
    case FINDING_HUGE_PAGES:
    case FINDING_FREE_MEMORY:
        return FAILURE_HOST;
    case FINDING_CREDENTIALS:
        return FAILURE_TLS;
    default:
        return FAILURE_INCOMPATIBLE;
    }
}

/* What it left may be settings, or a guest that is stopped. */
static void check_interrupted(Migration *m)
{
    const RecoveryRecord *record = m->record;
    if (record) {
        findings_add(m->findings, FINDING_INTERRUPTED, FINDING_ERROR, N_SIDES,
                     g_strdup_printf("qmigrate recover --source %s "
                                     "--destination %s",
                                     record->address[SIDE_SOURCE],
                                     record->address[SIDE_DESTINATION]),
                     record->is_over
                         ? "settings of an earlier migration of process %d to "
                           "process %d were not restored"
                         : "the migration of process %d to process %d by an "
                           "earlier qmigrate is not finished",
                     (int)record->process[SIDE_SOURCE].pid,
                     (int)record->process[SIDE_DESTINATION].pid);
    }
}

/* A source that waits, and a destination that has a guest. */
static bool is_swapped(const Migration *m)
{
    const Facts *destination = &m->facts[SIDE_DESTINATION];
    return facts_run_state_is(&m->facts[SIDE_SOURCE], "inmigrate") &&
           *destination->run_state &&
           !facts_run_state_is(destination, "inmigrate");
}

static void check_source(Migration *m)
{
    static const char *const no_guest[] = { "inmigrate",  "postmigrate",
                                            "restore-vm", "save-vm",
                                            "colo",       "finish-migrate",
                                            NULL };
    const Facts *source = &m->facts[SIDE_SOURCE];

    if (status_is_in_progress(source->status) &&
        !facts_run_state_is(source, "inmigrate")) {
        findings_add(m->findings, FINDING_MIGRATING_ALREADY, FINDING_ERROR,
                     SIDE_SOURCE, NULL, "a migration is going on already (%s)",
                     source->status_word);
    } else if (g_strv_contains(no_guest, source->run_state)) {
        findings_add(
            m->findings, FINDING_SOURCE_STATE, FINDING_ERROR, SIDE_SOURCE, NULL,
            "has no guest to migrate: its run state is %s", source->run_state);
    } else if (m->blocked) {
        findings_add(m->findings, FINDING_BLOCKED, FINDING_ERROR, SIDE_SOURCE,
                     NULL, "migration is blocked: %s", m->blocked);
    }
}

/* -incoming with an address, or someone's migrate-incoming: QEMU 7.2 has no
 * status then, QEMU 10.0 has "setup". */
static bool listens_already(const Facts *facts)
{
    return facts->listens &&
           (facts->status == STATUS_SETUP || facts->status == STATUS_NONE);
}

static void check_destination(Migration *m)
{
    const Facts *destination = &m->facts[SIDE_DESTINATION];

    if (!facts_run_state_is(destination, "inmigrate")) {
        findings_add(m->findings, FINDING_NOT_WAITING, FINDING_ERROR,
                     SIDE_DESTINATION,
                     g_strdup("name a QEMU that was started with -S -incoming "
                              "defer; this one has a guest"),
                     "does not wait for a migration: its run state is %s",
                     destination->run_state);
    } else if (listens_already(destination)) {
        findings_add(m->findings, FINDING_NOT_WAITING, FINDING_ERROR,
                     SIDE_DESTINATION,
                     g_strdup("restart it with -S -incoming defer, not with an "
                              "address"),
                     "listens at an address already");
    } else if (destination->status == STATUS_SETUP) {
        /* exec: and fd: have no address to show, nor has a failed one. */
        findings_add(m->findings, FINDING_NOT_WAITING, FINDING_ERROR,
                     SIDE_DESTINATION,
                     g_strdup("restart it with -S -incoming defer, not with an "
                              "address"),
                     "was already used, or was started with an address");
    } else if (destination->status != STATUS_NONE) {
        findings_add(m->findings, FINDING_NOT_WAITING, FINDING_ERROR,
                     SIDE_DESTINATION, NULL,
                     "was already used (its migration is %s)",
                     destination->status_word);
    }
}

static void check_same(Migration *m)
{
    if (m->pid[SIDE_SOURCE] > 0 &&
        m->pid[SIDE_SOURCE] == m->pid[SIDE_DESTINATION]) {
        findings_add(m->findings, FINDING_SAME_QEMU, FINDING_ERROR, N_SIDES,
                     NULL, "both addresses lead to process %d",
                     m->pid[SIDE_SOURCE]);
    }
}

/* A wish of ours, where both QEMUs or the source have it. */
static void wish_if_there(Migration *m, const char *name, bool by_both)
{
    if (caps_inventory_has(&m->inventories[SIDE_SOURCE], name) &&
        (!by_both ||
         caps_inventory_has(&m->inventories[SIDE_DESTINATION], name))) {
        g_ptr_array_add(m->wishes, caps_wish_capability(name, true));
    }
}

/* Nothing comes back.  What is not there is off already. */
static void wish_for_one_way(Migration *m)
{
    static const char *const off[] = { "return-path", "postcopy-ram" };
    for (size_t i = 0; i < G_N_ELEMENTS(off); i++) {
        g_ptr_array_add(m->wishes, caps_wish_capability(off[i], false));
    }
}

static bool is_wish(const CapsWish *wish, const char *name, bool on)
{
    return !wish->value && strcmp(wish->name, name) == 0 && wish->on == on;
}

/*
 * Once post-copy is armed the pause would cost the guest a round trip to us with
 * every switchover.  What it is for, the destination's -S does as well: nobody
 * runs there before our cont.
 */
static void leave_out_pause(Migration *m)
{
    for (guint i = m->n_own_wishes; i-- > 0;) {
        if (is_wish(m->wishes->pdata[i], "pause-before-switchover", true)) {
            g_ptr_array_remove_index(m->wishes, i);
            m->n_own_wishes--;
        }
    }
}

static bool is_armed(const Migration *m)
{
    for (guint i = 0; i < m->wishes->len; i++) {
        if (is_wish(m->wishes->pdata[i], "postcopy-ram", true)) {
            return true;
        }
    }
    return caps_inventory_is_on(&m->inventories[SIDE_SOURCE], "postcopy-ram");
}

/* How long the guest waited for pages is worth knowing. */
static void wish_for_blocktime(Migration *m)
{
    if (caps_inventory_has(&m->inventories[SIDE_DESTINATION],
                           "postcopy-blocktime")) {
        g_ptr_array_insert(m->wishes, m->n_own_wishes++,
                           caps_wish_capability("postcopy-blocktime", true));
    }
}

/* What every migration needs, in front of what the user wishes. */
static void collect_wishes(Migration *m, CapsTransport transport)
{
    const MigrationSettings *settings = m->settings;
    const CapsSurroundings surroundings = {
        .link_bits_per_s = caps_transport_is_one_way(transport)
                               ? UINT64_MAX
                               : settings->link_bits_per_s,
        .n_vcpus = m->machines[SIDE_SOURCE].n_vcpus,
        .n_processors = m->hosts[SIDE_SOURCE].n_processors,
    };

    wish_if_there(m, "events", /* by_both= */ true);
    if (caps_transport_is_one_way(transport)) {
        wish_for_one_way(m);
    } else {
        wish_if_there(m, "return-path", /* by_both= */ false);
    }
    if (!m->context.through_file) {
        wish_if_there(m, "pause-before-switchover", /* by_both= */ true);
    }
    steer_wish(m);
    secure_wish(m);
    m->n_own_wishes = m->wishes->len;
    for (guint i = 0; settings->features && i < settings->features->len; i++) {
        caps_feature_expand(settings->features->pdata[i], &surroundings,
                            m->wishes, m->findings);
    }
    for (guint i = 0; settings->wishes && i < settings->wishes->len; i++) {
        g_ptr_array_add(m->wishes, caps_wish_copy(settings->wishes->pdata[i]));
    }
    if (!caps_transport_is_one_way(transport) && is_armed(m)) {
        leave_out_pause(m);
        wish_for_blocktime(m);
    }
}

static CapsTransport transport_of(const char *text)
{
    static const CapsTransport transports[] = {
        [URI_UNIX] = CAPS_OVER_UNIX, [URI_TCP] = CAPS_OVER_TCP,
        [URI_FILE] = CAPS_OVER_FILE, [URI_PAIR] = CAPS_OVER_PAIR,
        [URI_EXEC] = CAPS_OVER_PIPE,
    };
    g_auto(Uri) uri = { .kind = URI_TCP };
    uri_parse(text, &uri, NULL);
    return uri.access == URI_BY_FD && uri.kind == URI_FILE
               ? CAPS_OVER_PIPE
               : transports[uri.kind];
}

static bool is_wished(const Migration *m, const char *name)
{
    for (guint i = 0; i < m->wishes->len; i++) {
        if (is_wish(m->wishes->pdata[i], name, true)) {
            return true;
        }
    }
    return caps_inventory_is_on(&m->inventories[SIDE_SOURCE], name);
}

/* What is wished for and needs tcp, by the rules; NULL: nothing. */
static const char *wished_over_tcp(const Migration *m)
{
    size_t n;
    const CapsRule *rules = caps_rules(&n);
    for (size_t i = 0; i < n; i++) {
        if (rules[i].kind == RULE_NEEDS &&
            strcmp(rules[i].other, "transport=tcp") == 0 &&
            is_wished(m, rules[i].when)) {
            return rules[i].when;
        }
    }
    return NULL;
}

/* The user gave no address, and the usual one may not work for these two. */
static void choose_address(Migration *m)
{
    const MigrationSettings *settings = m->settings;
    const StreamNeeds needs = {
        .usual = settings->uri,
        .folders = settings->folders,
        .may_pass = settings->may_pass,
        .needs_several =
            is_wished(m, "multifd") || is_wished(m, "postcopy-preempt"),
        .needs_again = is_armed(m),
        .needs_tcp = wished_over_tcp(m),
        .process = m->processes,
    };
    if (!settings->is_usual || m->record) {
        return;
    }
    StreamAddress chosen = stream_address_choose(&needs);
    if (chosen.is_none) {
        findings_add(m->findings, FINDING_ADDRESS, FINDING_ERROR, N_SIDES,
                     g_strdup("start both as one user, with a folder that both "
                              "see, and give --uri unix:PATH in it; without "
                              "--multifd and --postcopy a pair of sockets is "
                              "used"),
                     "no address works for both QEMUs: %s, and they are in "
                     "different networks",
                     chosen.reason);
    } else if (chosen.uri) {
        m->uri = g_steal_pointer(&chosen.uri);
        m->uri_reason = g_steal_pointer(&chosen.reason);
        findings_add(m->findings, FINDING_CHOSEN, FINDING_NOTE, N_SIDES, NULL,
                     "the address is %s: %s", m->uri, m->uri_reason);
    }
    stream_address_clear(&chosen);
}

static void agree(Migration *m)
{
    collect_wishes(m, transport_of(migration_uri(m)));
    choose_address(m);
    const CapsRequest request = {
        .transport = transport_of(migration_uri(m)),
        .wishes = m->wishes,
        .let_qemu_judge = m->settings->no_preflight,
    };
    caps_agree(m->inventories, &request, m->wanted, m->steps, m->findings);
    m->will_pause = caps_inventory_is_on(&m->wanted[SIDE_SOURCE],
                                         "pause-before-switchover");
}

/* A person, or QEMU itself, may have armed it; the words alone do not tell. */
static void check_recovery(Migration *m)
{
    const MigrationSettings *settings = m->settings;
    const char *option = settings->recover_uri          ? "--recover-uri"
                         : settings->recover_attempts   ? "--recover-attempts"
                         : settings->recover_timeout_us ? "--recover-timeout"
                         : settings->postcopy_stall_us  ? "--postcopy-stall"
                                                        : NULL;
    if (option &&
        !caps_inventory_is_on(&m->wanted[SIDE_SOURCE], "postcopy-ram")) {
        findings_add(m->findings, FINDING_NO_EFFECT, FINDING_WARNING, N_SIDES,
                     g_strdup("add --postcopy, or leave it out"),
                     "%s is for a post-copy, and none is armed", option);
    }
}

/*
 * Measured: from 7.2 the guest arrives as one that runs, and system_wakeup is
 * refused, whatever the destination is; from 10.0 to 7.2 it can be woken.
 * QEMU has kept the state since 9.0.
 */
static void check_suspended(Migration *m)
{
    const CapsInventory *source = &m->inventories[SIDE_SOURCE];
    if (facts_run_state_is(&m->facts[SIDE_SOURCE], "suspended") &&
        source->version && source->version < CAPS_VERSION(9, 0)) {
        findings_add(m->findings, FINDING_SOURCE_STATE, FINDING_WARNING,
                     SIDE_SOURCE,
                     g_strdup("wake it before the migration: qmigrate qmp QMP "
                              "system_wakeup; on the destination only "
                              "system_reset helps"),
                     "the guest is suspended to RAM, and QEMU %s loses that: "
                     "it cannot be woken on the destination",
                     caps_inventory_version(source));
    }
}

static void check_jobs(Migration *m)
{
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        caps_jobs_judge(m->jobs[side], side, m->will_pause, m->findings);
    }
}

bool preflight_judge(Migration *m)
{
    check_interrupted(m);
    check_same(m);
    if (is_swapped(m)) {
        findings_add(m->findings, FINDING_SOURCE_STATE, FINDING_ERROR, N_SIDES,
                     g_strdup("give the QEMU that has the guest as --source"),
                     "source and destination are swapped: the source waits for "
                     "a migration, and the destination has a guest (%s)",
                     m->facts[SIDE_DESTINATION].run_state);
    } else {
        check_source(m);
        check_destination(m);
    }
    agree(m);
    secure_judge(m);
    way_judge(m);
    if (!m->settings->no_preflight) {
        check_recovery(m);
        check_jobs(m);
        check_suspended(m);
        if (!m->record) { /* else they may be ours */
            caps_leftovers_note(m->inventories, m->wanted, m->wishes,
                                m->findings);
        }
        caps_machine_compare(m->machines, m->wanted, m->findings);
        preflight_check_host(m);
    }
    preflight_take_found(m); /* QEMU would not mind to destroy something */
    return !findings_first(m->findings, FINDING_ERROR);
}
