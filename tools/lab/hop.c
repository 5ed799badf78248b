/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One migration of a lab: its address, its run, the guest's proof, its result. */
#include <glib/gstdio.h>

#include "orchestrator/uri.h"
#include "tools/address.h"
#include "tools/dry-run.h"
#include "tools/foresee.h"
#include "tools/host.h"
#include "tools/lab/stages.h"

#define VERIFY_MS 30000u /* and as long again for each GiB */
#define GIB       (1024.0 * 1024 * 1024)

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

/* For who looks for a fault: file names, and what is to be in them. */
static JsonObject *logs_of(const Lab *lab)
{
    JsonObject *logs = json_object_new();
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        const Qemu *qemu = lab->pair.qemu[side];
        if (qemu) {
            g_autofree char *command =
                g_strdup_printf("%s.sh", side_name(side));
            g_autofree char *said =
                g_strdup_printf("%s.stderr", side_name(side));
            g_autofree char *line = qemu_command_line(qemu);
            g_autofree char *text = qemu_stderr(qemu);
            json_object_set_string_member(logs, command, line);
            json_object_set_string_member(logs, said, text);
        }
    }
    json_object_set_string_member(logs, "guest.log",
                                  lab->guest_log ? lab->guest_log->str : "");
    return logs;
}

void hop_add_result(Lab *lab)
{
    const Migration *m = lab->run ? run_migration(lab->run) : NULL;
    g_autoptr(JsonObject) host = host_describe();
    g_autoptr(JsonObject) verify = verify_to_json(&lab->verify, &lab->beats);
    g_autoptr(JsonObject) options = lab_options_to_json(lab->options);
    g_autoptr(JsonObject) prediction = foresee_result(lab->forecast, m);
    ReportExtras extras = {
        .verify = m || lab->is_orphan ? verify : NULL,
        .prediction = prediction,
        .host = host,
        .lab = options,
        .guest_downtime_us = -1,
        .no_guest = !lab->verify.is_ready,
    };

    g_autoptr(JsonObject) script =
        lab->script ? steps_to_json(lab->script) : NULL;
    extras.script = script;
    if (script) {
        json_object_set_object_member(script, "logs", logs_of(lab));
    }
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

Side hop_guest_side(const Lab *lab)
{
    Outcome outcome = lab->result->outcome;
    return outcome == OUTCOME_MIGRATED || outcome == OUTCOME_VERDICT
               ? SIDE_DESTINATION
               : SIDE_SOURCE;
}

void hop_end(Lab *lab)
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
    if (lab->script) {
        steps_finish(lab->script, hop_guest_side(lab));
    } else {
        hop_close(lab);
    }
}

void hop_close(Lab *lab)
{
    if (lab->stage == STAGE_OVER) {
        return; /* cancelled while both were asked for the last time */
    }
    hop_add_result(lab);
    lab->n_hops++;
    if (lab->result->outcome != OUTCOME_MIGRATED ||
        lab->n_hops == lab->options->n_repeat) {
        lab_end(lab);
        return;
    }
    g_clear_pointer(&lab->run, run_free);
    hop_forget_prediction(lab);
    if (lab->script) {
        steps_turn(lab->script);
    }
    pair_turn(&lab->pair);
    lab_start_hop(lab);
}

static void start_verify(Lab *lab)
{
    Qemu *qemu = lab->pair.qemu[hop_guest_side(lab)];
    if (!qemu || !qemu_is_alive(qemu) || lab->verify.is_off) {
        hop_end(lab);
        return;
    }
    lab->has_asked = FALSE;
    lab_enter(lab, STAGE_VERIFY,
              VERIFY_MS * (1 + (unsigned)(lab->options->memory_bytes / GIB)));
    progress_say(&lab->progress, "checking the guest's memory");
    hop_ask_guest(lab);
}

void hop_ask_guest(Lab *lab)
{
    Qemu *qemu = lab->pair.qemu[hop_guest_side(lab)];
    if (lab->verify.is_asleep || lab->has_asked) {
        return; /* it is asked when it is awake */
    }
    lab->has_asked = TRUE;
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

/* Not from inside the run that is ended by it. */
static gboolean on_again(gpointer user_data)
{
    Lab *lab = user_data;
    lab->idle_source = 0;
    lab_again(lab);
    return G_SOURCE_REMOVE;
}

static void on_run_done(Run *run, gpointer user_data)
{
    Lab *lab = user_data;
    const Migration *m = run_migration(run);

    take_failure(lab, &m->failure);
    progress_end(&lab->progress);
    lab->result->outcome = m->outcome;
    lab->result->plan = dry_run_plan(lab->settings, run);
    if (lab->result->plan) {
        hop_add_result(lab);
        lab_end(lab);
        return;
    }
    hop_over(lab, m->outcome);
}

void hop_over(Lab *lab, Outcome outcome)
{
    lab->result->outcome = outcome;
    if (lab->script) {
        steps_see_end(lab->script);
        if (steps_wants_again(lab->script)) {
            hop_add_result(lab);
            lab->idle_source = g_idle_add(on_again, lab);
            return;
        }
    }
    /* A guest that is split, lost or unknown cannot be asked. */
    if (*outcome_row(outcome)->guest == 's' || outcome == OUTCOME_MIGRATED) {
        start_verify(lab);
    } else {
        hop_end(lab);
    }
}

static void on_run_progress(const Migration *m, gboolean phase_changed,
                            gpointer user_data)
{
    Lab *lab = user_data;
    progress_show(&lab->progress, m, phase_changed);
    if (lab->script) {
        Link *link = steps_link(lab->script);
        if (link && m->migrate_uri) {
            link_set_target(link, m->migrate_uri);
        }
        steps_see_progress(lab->script, m);
    }
}

static void on_run_event(const Event *event, gpointer user_data)
{
    Lab *lab = user_data;
    steps_see(lab->script, event);
}

/* Nothing is there, but what an earlier hop has left. */
static void check_uri(Lab *lab)
{
    g_auto(Uri) uri = { 0 };

    uri_parse(lab->migration.uri, &uri, NULL);
    if (lab->n_hops > 0 && uri.path && !uri.has_offset) {
        g_unlink(uri.path);
    }
    g_clear_pointer(&lab->migration.found, g_ptr_array_unref);
    address_find_link(&lab->migration);
    address_check(&lab->migration);
    if (uri_owns_file(&uri) && lab->migration.found->len == 0) {
        guard_add_file(lab->guard, uri.path);
    }
}

/* A scenario's link stands before the destination. */
static void set_way(Lab *lab)
{
    Link *link = lab->script ? steps_link(lab->script) : NULL;
    g_auto(Uri) uri = { 0 };
    g_autoptr(GError) error = NULL;

    if (!link ||
        (lab->migration.way_uri && !lab->settings->migration.way_uri)) {
        return;
    }
    uri_parse(lab->migration.uri, &uri, NULL);
    if (lab->migration.way_uri ||
        (uri.kind != URI_UNIX && uri.kind != URI_TCP)) {
        lab_fail(lab, FAILURE_ENVIRONMENT, OUTCOME_ERROR,
                 g_strdup("a link stands in the way from unix: or tcp:, "
                          "without --source-uri"));
        return;
    }
    lab->migration.way_uri =
        link_listen(link, guard_folder(lab->guard),
                    g_str_has_prefix(lab->migration.uri, "tcp:"), &error);
    if (!lab->migration.way_uri) {
        lab_fail(lab, FAILURE_ENVIRONMENT, OUTCOME_ERROR,
                 g_strdup(error->message));
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
    set_way(lab);
    /* The preflight chooses tcp for what a unix socket cannot carry. */
    lab->migration.is_usual =
        !lab->settings->migration.uri && !lab->migration.way_uri;
}

void hop_forget_prediction(Lab *lab)
{
    g_clear_pointer(&lab->surveyor, surveyor_free);
    lab->progress.forecast = NULL;
    g_clear_pointer(&lab->forecast, forecast_free);
    measured_clear(&lab->measured);
    failure_clear(&lab->unmeasured);
}

static void on_measured(gpointer user_data)
{
    Lab *lab = user_data;
    g_clear_pointer(&lab->surveyor, surveyor_free);
    progress_end(&lab->progress);
    lab->forecast = foresee_from(lab->settings, &lab->migration, &lab->measured,
                                 &lab->unmeasured);
    lab->progress.forecast = lab->forecast;
    lab_ask_rate(lab);
}

void hop_measure(Lab *lab)
{
    const Qemu *qemu = lab->pair.qemu[SIDE_SOURCE];
    choose_uri(lab);
    if (lab->stage == STAGE_OVER) {
        return;
    }
    if (!lab->settings->predict || lab->settings->dry_run) {
        lab_ask_rate(lab);
        return;
    }
    lab_enter(lab, STAGE_MEASURE, 0);
    progress_say(&lab->progress, "measuring how the guest dirties its memory");
    lab->surveyor = surveyor_new(qemu_monitor(qemu), qemu_pid(qemu),
                                 lab->settings->measure_us, &lab->measured,
                                 &lab->unmeasured, on_measured, lab);
}

void hop_start(Lab *lab)
{
    const RunConfig config = {
        .address = { qemu_monitor(lab->pair.qemu[SIDE_SOURCE]),
                     qemu_monitor(lab->pair.qemu[SIDE_DESTINATION]) },
        .pid = { qemu_pid(lab->pair.qemu[SIDE_SOURCE]),
                 qemu_pid(lab->pair.qemu[SIDE_DESTINATION]) },
        .settings = &lab->migration,
        .trace = lab->trace,
    };
    const RunHandlers handlers = { .event = lab->script ? on_run_event : NULL,
                                   .progress = on_run_progress,
                                   .done = on_run_done };

    lab_enter(lab, STAGE_MIGRATE, 0);
    qemu_follow(lab->pair.qemu[SIDE_DESTINATION], lab->pair.qemu[SIDE_SOURCE]);
    beats_start(&lab->beats);
    lab->run = run_new(&config, &handlers, lab);
    if (lab->script) {
        steps_start(lab->script);
    }
    run_start(lab->run);
}
