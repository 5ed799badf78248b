/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/lab/lab.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#include "orchestrator/run.h"
#include "orchestrator/uri.h"
#include "tools/address.h"
#include "tools/dry-run.h"
#include "tools/host.h"
#include "tools/lab/beats.h"
#include "tools/lab/guard.h"
#include "tools/lab/machine.h"
#include "tools/lab/pair.h"
#include "tools/lab/verify.h"

typedef enum {
    STAGE_CHOOSE,  /* a machine type for both */
    STAGE_BOOT,    /* until the guest says that it works */
    STAGE_WARM_UP, /* it works; its beats are measured */
    STAGE_RATE,    /* it was asked how fast it writes */
    STAGE_MIGRATE,
    STAGE_VERIFY, /* it checks its memory, wherever it is now */
    STAGE_OVER,
} Stage;

#define TRY_MS    3000u  /* for the guest's first word, if there is a choice */
#define KVM_MS    15000u /* ... and if there is none: KVM is quick, or broken */
#define BOOT_MS   60000u
#define ANSWER_MS 30000u
#define VERIFY_MS 30000u /* and as long again for each GiB */
#define GIB       (1024.0 * 1024 * 1024)

struct Lab {
    const LabOptions *options;
    const Settings *settings;
    Trace *trace;
    LabResult *result;
    LabDone *done;
    gpointer user_data;

    Guard *guard;
    GCancellable *cancellable;
    MigrationSettings migration; /* a copy with the address of this hop */
    Progress progress;

    Stage stage;
    guint deadline_source, idle_source;
    unsigned n_qemus, n_hops;         /* started, done */
    int64_t stage_us[STAGE_OVER + 1]; /* when it was entered; 0: never */
    Pair pair;
    Run *run;
    Beats beats;
    Verify verify;
};

static void start_pair(Lab *lab);
static void start_hop(Lab *lab);

void lab_result_clear(LabResult *result)
{
    failure_clear(&result->failure);
    g_clear_pointer(&result->results, g_ptr_array_unref);
    g_clear_pointer(&result->plan, json_node_unref);
    g_clear_pointer(&result->kept, g_free);
}

/* ---- the end ---- */

static gboolean on_over(gpointer user_data)
{
    Lab *lab = user_data;
    lab->idle_source = 0;
    lab->done(lab->user_data);
    return G_SOURCE_REMOVE;
}

static void end(Lab *lab)
{
    if (lab->stage == STAGE_OVER) {
        return;
    }
    lab->stage = STAGE_OVER;
    g_clear_handle_id(&lab->deadline_source, g_source_remove);
    progress_end(&lab->progress);
    if (lab->options->keep && lab->guard) {
        const char *guest = lab->result->plan
                                ? side_name(SIDE_SOURCE) /* it did not move */
                                : outcome_row(lab->result->outcome)->guest;
        lab->result->kept =
            pair_describe(&lab->pair, guest, guard_folder(lab->guard));
    }
    lab->idle_source = g_idle_add_full(G_PRIORITY_DEFAULT, on_over, lab, NULL);
}

/* What of a run's time is the guest's own: to boot, to work, to check. */
static void add_spans(const Lab *lab, JsonObject *verify)
{
    static const struct {
        const char *name;
        Stage from, to;
    } spans[] = {
        { "boot_us", STAGE_BOOT, STAGE_WARM_UP },
        { "warm_up_us", STAGE_WARM_UP, STAGE_MIGRATE },
        { "check_us", STAGE_VERIFY, STAGE_OVER },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(spans); i++) {
        int64_t from_us = lab->stage_us[spans[i].from];
        int64_t to_us = spans[i].to == STAGE_OVER ? g_get_monotonic_time()
                                                  : lab->stage_us[spans[i].to];
        if (from_us > 0 && to_us >= from_us) {
            json_object_set_int_member(verify, spans[i].name, to_us - from_us);
        } else {
            json_object_set_null_member(verify, spans[i].name);
        }
    }
}

/* Of the migration that is over, or of the attempt to come to one. */
static void add_result(Lab *lab)
{
    const Migration *m = lab->run ? run_migration(lab->run) : NULL;
    g_autoptr(JsonObject) host = host_describe();
    g_autoptr(JsonObject) verify = verify_to_json(&lab->verify, &lab->beats);
    g_autoptr(JsonObject) options = lab_options_to_json(lab->options);
    ReportExtras extras = {
        .verify = m ? verify : NULL,
        .host = host,
        .lab = options,
        .guest_downtime_us = -1,
        .no_guest = !lab->verify.is_ready,
    };

    add_spans(lab, verify);
    json_object_set_string_member(host, "accel", lab->pair.accel);
    if (lab->pair.machine) {
        json_object_set_string_member(host, "machine", lab->pair.machine);
    }
    for (Side side = SIDE_SOURCE; m && side < N_SIDES; side++) {
        extras.version[side] = run_version(lab->run, side);
    }
    if (m && m->outcome == OUTCOME_MIGRATED) {
        extras.guest_downtime_us = beats_downtime_us(&lab->beats);
    }
    g_ptr_array_add(
        lab->result->results,
        report_result(lab->result->outcome, &lab->result->failure, m, &extras));
}

/* Before or after a migration, not in it.  Takes @message over. */
static void fail(Lab *lab, FailureCode code, Outcome outcome, char *message)
{
    static const char *const phases[] = { "choose",  "boot",   "boot",  "boot",
                                          "migrate", "verify", "verify" };
    Failure *failure = &lab->result->failure;
    if (lab->stage == STAGE_OVER) {
        g_free(message);
        return;
    }
    if (failure->code == FAILURE_NONE) {
        failure->code = code;
        failure->phase = phases[lab->stage];
        failure->message = message;
        lab->result->outcome = outcome;
        pair_add_stderr(&lab->pair, failure);
    } else {
        g_free(message);
    }
    add_result(lab);
    end(lab);
}

static gboolean on_deadline(gpointer user_data)
{
    Lab *lab = user_data;
    lab->deadline_source = 0;
    if (lab->stage == STAGE_BOOT && pair_can_fall_back(&lab->pair)) {
        lab->pair.accel = "tcg"; /* KVM opens here, but runs no guest */
        start_pair(lab);
        return G_SOURCE_REMOVE;
    }
    if (lab->stage == STAGE_VERIFY) {
        fail(lab, FAILURE_MEMORY_NOT_INTACT, OUTCOME_VERDICT,
             g_strdup("the guest did not answer when asked for its memory"));
    } else {
        fail(lab, FAILURE_GUEST_NOT_READY, OUTCOME_ERROR,
             g_strdup("the guest did not start its work in time"));
    }
    return G_SOURCE_REMOVE;
}

static void enter(Lab *lab, Stage stage, unsigned deadline_ms)
{
    if (stage != lab->stage) {
        lab->stage_us[stage] = g_get_monotonic_time();
    }
    lab->stage = stage;
    g_clear_handle_id(&lab->deadline_source, g_source_remove);
    if (deadline_ms) {
        lab->deadline_source = g_timeout_add_full(
            G_PRIORITY_DEFAULT, deadline_ms, on_deadline, lab, NULL);
    }
}

/* ---- one migration ---- */

static Side guest_side(const Lab *lab)
{
    return lab->result->outcome == OUTCOME_MIGRATED ? SIDE_DESTINATION
                                                    : SIDE_SOURCE;
}

/* The guest is where it is, and has told what it knows. */
static void end_hop(Lab *lab)
{
    FailureCode found = FAILURE_NONE;
    if (lab->result->failure.code == FAILURE_NONE) {
        g_autofree char *message = NULL;
        found = verify_judge(&lab->verify, &lab->beats, &message);
        if (found != FAILURE_NONE) {
            lab->result->failure.code = found;
            lab->result->failure.phase = "verify";
            lab->result->failure.message = g_steal_pointer(&message);
            lab->result->outcome = OUTCOME_VERDICT;
        }
    }
    add_result(lab);
    lab->n_hops++;
    if (lab->result->outcome != OUTCOME_MIGRATED ||
        lab->n_hops == lab->options->n_repeat) {
        end(lab);
        return;
    }
    g_clear_pointer(&lab->run, run_free);
    pair_turn(&lab->pair);
    start_hop(lab);
}

static void start_verify(Lab *lab)
{
    Qemu *qemu = lab->pair.qemu[guest_side(lab)];
    if (!qemu || !qemu_is_alive(qemu)) {
        end_hop(lab);
        return;
    }
    enter(lab, STAGE_VERIFY,
          VERIFY_MS * (1 + (unsigned)(lab->options->memory_bytes / GIB)));
    progress_say(&lab->progress, "checking the guest's memory");
    qemu_tell_guest(qemu, 'r');
    qemu_tell_guest(qemu, 'h');
    qemu_tell_guest(qemu, 'v');
}

static void take_failure(Lab *lab, const Failure *from)
{
    Failure *to = &lab->result->failure;
    if (from->code == FAILURE_NONE) {
        return;
    }
    *to = failure_copy(from);
    if (!failure_row(to->code)->is_ours) {
        pair_add_stderr(&lab->pair, to);
    }
}

static void on_run_done(Run *run, gpointer user_data)
{
    Lab *lab = user_data;
    const Migration *m = run_migration(run);

    lab->result->outcome = m->outcome;
    take_failure(lab, &m->failure);
    progress_end(&lab->progress);
    lab->result->plan = dry_run_plan(lab->settings, run);
    if (lab->result->plan) {
        add_result(lab);
        end(lab);
        return;
    }
    /* A guest that is split, lost or unknown cannot be asked. */
    if (*outcome_row(m->outcome)->guest == 's' ||
        m->outcome == OUTCOME_MIGRATED) {
        start_verify(lab);
    } else {
        end_hop(lab);
    }
}

static void on_run_progress(const Migration *m, gboolean phase_changed,
                            gpointer user_data)
{
    Lab *lab = user_data;
    progress_show(&lab->progress, m, phase_changed);
}

/* Nothing is there, but what an earlier hop has left. */
static void check_uri(Lab *lab)
{
    g_auto(Uri) uri = { 0 };

    uri_parse(lab->migration.uri, &uri, NULL);
    if (lab->n_hops > 0 && uri.path) {
        g_unlink(uri.path);
    }
    g_clear_pointer(&lab->migration.found, g_ptr_array_unref);
    address_find_link(&lab->migration);
    address_check(&lab->migration);
    if (uri.kind == URI_FILE && lab->migration.found->len == 0) {
        guard_add_file(lab->guard, uri.path);
    }
}

static void choose_uri(Lab *lab)
{
    g_free(lab->migration.uri);
    lab->migration.uri =
        lab->settings->migration.uri
            ? g_strdup(lab->settings->migration.uri)
            : g_strdup_printf("unix:%s/%s.stream", guard_folder(lab->guard),
                              qemu_name(lab->pair.qemu[SIDE_DESTINATION]));
    check_uri(lab);
}

static void start_migration(Lab *lab)
{
    const RunConfig config = {
        .address = { qemu_monitor(lab->pair.qemu[SIDE_SOURCE]),
                     qemu_monitor(lab->pair.qemu[SIDE_DESTINATION]) },
        .pid = { qemu_pid(lab->pair.qemu[SIDE_SOURCE]),
                 qemu_pid(lab->pair.qemu[SIDE_DESTINATION]) },
        .settings = &lab->migration,
        .trace = lab->trace,
    };
    const RunHandlers handlers = { .progress = on_run_progress,
                                   .done = on_run_done };

    enter(lab, STAGE_MIGRATE, 0);
    choose_uri(lab);
    qemu_follow(lab->pair.qemu[SIDE_DESTINATION], lab->pair.qemu[SIDE_SOURCE]);
    beats_start(&lab->beats);
    lab->run = run_new(&config, &handlers, lab);
    run_start(lab->run);
}

static gboolean on_warm(gpointer user_data)
{
    Lab *lab = user_data;
    lab->deadline_source = 0;
    enter(lab, STAGE_RATE, ANSWER_MS);
    qemu_tell_guest(lab->pair.qemu[SIDE_SOURCE], 'r');
    return G_SOURCE_REMOVE;
}

/* The guest works and both QEMUs are up. */
static void start_warm_up(Lab *lab)
{
    enter(lab, STAGE_WARM_UP, 0);
    progress_say(&lab->progress, "the guest works; measuring its heartbeat");
    lab->deadline_source =
        g_timeout_add(lab->options->warm_up_us / 1000, on_warm, lab);
}

/* ---- what comes from QEMU ---- */

static void check_ready(Lab *lab)
{
    if (lab->stage == STAGE_BOOT && lab->verify.is_ready &&
        lab->verify.n_connected == N_SIDES) {
        start_warm_up(lab);
    }
}

static gboolean on_hop_idle(gpointer user_data)
{
    Lab *lab = user_data;
    lab->idle_source = 0;
    end_hop(lab);
    return G_SOURCE_REMOVE;
}

static void on_line(Qemu *qemu, const Line *line, int64_t time_us,
                    gpointer user_data)
{
    Lab *lab = user_data;
    if (line->kind == LINE_BEAT) {
        beats_take(&lab->beats, pair_side_of(&lab->pair, qemu), line->beat,
                   time_us);
        return;
    }
    if (line->kind == LINE_PANIC) {
        fail(lab, FAILURE_GUEST_NOT_READY, OUTCOME_ERROR,
             g_strdup_printf("the guest gave up: %s", line->text));
        return;
    }
    if (line->kind == LINE_HELLO && strcmp(lab->pair.accel, "kvm") == 0) {
        enter(lab, lab->stage, BOOT_MS); /* KVM works */
    }
    verify_take(&lab->verify, line, lab->stage == STAGE_VERIFY);
    check_ready(lab);
    if (lab->stage == STAGE_RATE && verify_has_rate_before(&lab->verify)) {
        start_migration(lab);
    }
    /* Not from inside the reader of a QEMU that may be ended by it. */
    if (lab->stage == STAGE_VERIFY && lab->verify.is_verified &&
        !lab->idle_source) {
        g_clear_handle_id(&lab->deadline_source, g_source_remove);
        lab->idle_source = g_idle_add(on_hop_idle, lab);
    }
}

static void on_connected(Qemu *qemu, gpointer user_data)
{
    Lab *lab = user_data;
    lab->verify.n_connected++;
    check_ready(lab);
}

static void on_exited(Qemu *qemu, const char *how, gpointer user_data)
{
    Lab *lab = user_data;
    Side side = pair_side_of(&lab->pair, qemu);

    if (lab->stage == STAGE_BOOT && pair_can_fall_back(&lab->pair)) {
        /* not from inside what tells of the process that is ended now */
        g_clear_handle_id(&lab->deadline_source, g_source_remove);
        lab->deadline_source = g_idle_add(on_deadline, lab);
    } else if (lab->stage <= STAGE_RATE) {
        lab->result->failure.hint =
            g_strdup("see what QEMU says, if it says something; check --qemu, "
                     "--machine, --memory and what stands behind --");
        fail(lab, FAILURE_GUEST_NOT_READY, OUTCOME_ERROR,
             g_strdup_printf("the %s's QEMU %s", side_name(side), how));
    } else if (lab->stage == STAGE_VERIFY && side == guest_side(lab)) {
        fail(lab, FAILURE_MEMORY_NOT_INTACT, OUTCOME_LOST,
             g_strdup_printf("the %s's QEMU %s while the guest checked its "
                             "memory",
                             side_name(side), how));
    } /* in a migration the machine notices by itself */
}

/* ---- the start ---- */

static gboolean start_qemu(Lab *lab, Side side)
{
    const QemuHandlers handlers = { .line = on_line,
                                    .connected = on_connected,
                                    .exited = on_exited };
    g_autoptr(GError) error = NULL;

    if (pair_start(&lab->pair, side, lab->guard, &handlers, lab, &error)) {
        return TRUE;
    }
    gboolean is_absent =
        g_error_matches(error, G_SPAWN_ERROR, G_SPAWN_ERROR_NOENT);
    fail(lab, is_absent ? FAILURE_NO_QEMU : FAILURE_ENVIRONMENT,
         is_absent ? OUTCOME_SKIP : OUTCOME_ERROR,
         g_strdup_printf("%s cannot be started: %s", lab->pair.binary[side],
                         error->message));
    return FALSE;
}

static void start_pair(Lab *lab)
{
    unsigned deadline_ms = pair_can_fall_back(&lab->pair)        ? TRY_MS
                           : strcmp(lab->pair.accel, "kvm") == 0 ? KVM_MS
                                                                 : BOOT_MS;
    pair_stop(&lab->pair, SIDE_SOURCE);
    pair_stop(&lab->pair, SIDE_DESTINATION);
    beats_clear(&lab->beats);
    beats_init(&lab->beats);
    lab->verify = (Verify){ 0 };
    progress_say(&lab->progress, "starting two QEMUs");
    memset(lab->stage_us, 0, sizeof(lab->stage_us));
    enter(lab, STAGE_BOOT, deadline_ms);
    if (start_qemu(lab, SIDE_SOURCE)) {
        start_qemu(lab, SIDE_DESTINATION);
    }
}

/* The next one of a ping-pong: the guest works already. */
static void start_hop(Lab *lab)
{
    Beats last = lab->beats;
    beats_init(&lab->beats);
    lab->beats.n_beats = last.n_beats > 0;
    lab->beats.next = last.next;
    lab->beats.last_us = last.last_us;
    beats_clear(&last);
    lab->verify = (Verify){ .is_ready = TRUE,
                            .n_connected = 1,
                            .n_cpus = lab->verify.n_cpus };
    memset(lab->stage_us, 0, sizeof(lab->stage_us));
    enter(lab, STAGE_BOOT, BOOT_MS);
    start_qemu(lab, SIDE_DESTINATION);
}

static void on_machine(GObject *object, GAsyncResult *result,
                       gpointer user_data)
{
    Lab *lab = user_data;
    g_autoptr(GError) error = NULL;
    char *machine = machine_find_common_finish(result, &error);

    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
        return;
    }
    if (!machine) {
        fail(lab, FAILURE_ENVIRONMENT, OUTCOME_ERROR, g_strdup(error->message));
        return;
    }
    lab->pair.machine = machine;
    start_pair(lab);
}

Lab *lab_new(const LabOptions *options, const Settings *settings,
             const char *kernel, Trace *trace, LabResult *result)
{
    const MigrationSettings *migration = &settings->migration;
    Lab *lab = g_new0(Lab, 1);
    lab->options = options;
    lab->settings = settings;
    lab->trace = trace;
    lab->result = result;
    lab->cancellable = g_cancellable_new();
    lab->migration = *migration;
    lab->migration.uri = NULL;
    lab->migration.check_only = settings->dry_run;
    lab->migration.wishes = g_ptr_array_ref(migration->wishes);
    if (migration->features) {
        lab->migration.features = g_ptr_array_ref(migration->features);
    }
    lab->migration.destination_host = g_strdup("127.0.0.1");
    pair_init(&lab->pair, options, kernel);
    lab->result->results =
        g_ptr_array_new_with_free_func((GDestroyNotify)json_node_unref);
    beats_init(&lab->beats);
    return lab;
}

void lab_start(Lab *lab, LabDone *done, gpointer user_data)
{
    g_autoptr(GError) error = NULL;

    lab->done = done;
    lab->user_data = user_data;
    lab->guard = guard_start(&error);
    lab->progress = progress_start(lab->settings);
    if (!lab->guard) {
        fail(lab, FAILURE_ENVIRONMENT, OUTCOME_ERROR, g_strdup(error->message));
    } else if (lab->pair.machine) {
        start_pair(lab);
    } else if (strcmp(lab->pair.binary[SIDE_SOURCE],
                      lab->pair.binary[SIDE_DESTINATION]) == 0) {
        lab->pair.machine = g_strdup("q35");
        start_pair(lab);
    } else {
        machine_find_common_async(lab->pair.binary[SIDE_SOURCE],
                                  lab->pair.binary[SIDE_DESTINATION],
                                  lab->cancellable, on_machine, lab);
    }
}

void lab_free(Lab *lab)
{
    g_cancellable_cancel(lab->cancellable);
    g_clear_handle_id(&lab->deadline_source, g_source_remove);
    g_clear_handle_id(&lab->idle_source, g_source_remove);
    g_clear_pointer(&lab->run, run_free);
    if (lab->guard && lab->result->kept) {
        guard_keep(lab->guard);
        pair_let_go(&lab->pair);
    }
    pair_clear(&lab->pair);
    g_clear_pointer(&lab->guard, guard_end);
    migration_settings_clear(&lab->migration);
    beats_clear(&lab->beats);
    g_object_unref(lab->cancellable);
    g_free(lab);
}

void lab_cancel(Lab *lab)
{
    /* Where the guest is does not change by our not asking it. */
    Outcome outcome = lab->stage != STAGE_VERIFY ? OUTCOME_CANCELLED
                      : lab->result->outcome == OUTCOME_MIGRATED
                          ? OUTCOME_VERDICT
                          : lab->result->outcome;
    if (lab->stage == STAGE_MIGRATE) {
        run_cancel(lab->run);
        return;
    }
    fail(lab, FAILURE_CANCELLED, outcome,
         g_strdup(lab->stage == STAGE_VERIFY
                      ? "the check of the guest's memory was cancelled"
                      : "cancelled as asked"));
}
