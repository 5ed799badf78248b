/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What the phases share; nobody outside of them includes this.  Each phase is a
 * pair of functions in a file of its own, the table that names them is in
 * migration.c.
 */
#include "orchestrator/migration.h"

PhaseEnter inspect_enter, examine_enter, prepare_enter, transfer_enter,
    switchover_enter, postcopy_enter, recover_enter, load_enter, settle_enter,
    resolve_enter, roll_back_enter, done_enter;
PhaseHandle inspect_handle, examine_handle, prepare_handle, transfer_handle,
    switchover_handle, postcopy_handle, recover_handle, load_handle,
    settle_handle, resolve_handle, roll_back_handle, done_handle;

typedef struct {
    const char *command; /* NULL: a command of the plan */
    unsigned deadline_ms;
    FailureCode refused;
    gboolean optional;    /* a refusal is an answer too */
    gboolean is_question; /* changes nothing, and inspect asks it */
} AskRow;

const AskRow *ask_row(Ask ask);

/* The command of a question; free with qmp_command_free(). */
QmpCommand *ask_question(Ask ask);

/* Takes what @event says into the facts. */
void phase_absorb(Migration *m, const Event *event);

/* Sends a command; takes @command over.  NULL: the usual one for @ask. */
void phase_ask(Migration *m, Side side, Ask ask, QmpCommand *command);
void phase_connect(Migration *m, Side side);

/* Breaks the connection of the source, out of band. */
void phase_yank(Migration *m);

/* By the host, for a QEMU that runs here; else nothing is asked. */
void phase_look_at_threads(Migration *m, Side side);

/* Lets the destination listen at the address, or load the file there. */
void phase_tell_incoming(Migration *m);

/* What a disk may take for the file as it will be, beside any deadline:
 * meanwhile QEMU can be mute, on either side.  0: there is no file. */
unsigned phase_file_ms(const Migration *m);

/* What the source shows, with @sample of its last query-migrate. */
EvidenceNow phase_evidence_now(const Migration *m, const Sample *sample);

bool phase_is_waiting(const Migration *m); /* for any answer */
bool phase_is_waiting_for(const Migration *m, Side side, Ask ask);

/* The process of @side is gone: what that is called, and in one phrase. */
FailureCode phase_death_code(const Migration *m, Side side);
const char *phase_death_text(const Migration *m, Side side);
/* It powered off, reset or panicked, and its QEMU ended for that. */
bool phase_is_guests_end(const Migration *m, Side side);
/* Of a run whose guest is proved gone. */
Outcome phase_outcome_of_death(const Migration *m);
/* Names the side and the event that ended the migration, where the failure is
 * only what was heard first. */
void phase_name_cause(Migration *m);

/*
 * Notes the failure, if it is the first, and returns the phase it leads to.
 * @side N_SIDES: of no side.
 */
G_GNUC_PRINTF(4, 5)
PhaseId phase_fail(Migration *m, FailureCode code, Side side,
                   const char *format, ...);

/* I8: what is known of both sides, and what a person would do next. */
void phase_say_unresolved(Migration *m);

/* Sets a parameter of the source, as prepare does: it is put back in the same
 * way. */
void phase_set_parameter(Migration *m, const char *name, int64_t value);

/* For the report; the same words come once. */
G_GNUC_PRINTF(2, 3) void phase_note(Migration *m, const char *format, ...);

bool phase_is_event(const Event *event, Side side, const char *name);

/* Switches the source, which must be active, over to post-copy.  From here on
 * it can be in post-copy at any moment. */
void phase_start_postcopy(Migration *m);
/* At the end of examine: the phase that it leads to. */
PhaseId phase_start_recovery(Migration *m);
/* Are these the two QEMUs of one migration, this way round?  The current phase:
 * nothing speaks against it. */
PhaseId phase_check_pair(Migration *m);
/* The same of the guests of a post-copy that is not recorded. */
PhaseId phase_check_halves(Migration *m);
/* I12: another qmigrate has this QEMU. */
PhaseId phase_refuse_busy(Migration *m, const Event *event);
/* Whether the guest of @side ever ran, if its accelerator tells. */
void phase_ask_whether_it_ran(Migration *m, Side side);
/* Of one that may be somebody else's: where that leads to; the same phase: watch
 * on, or take it over, if @ret_is_ours. */
PhaseId phase_watch_recovery(Migration *m, const Event *event,
                             bool *ret_is_ours);

int64_t phase_recover_max_us(const Migration *m);
int64_t phase_stall_max_us(const Migration *m); /* of post-copy */
/* I13: the stream stands still, and it is proved that both sides are
 * postcopy-active and that the source has something left to send. */
bool phase_is_stalled(const Migration *m);
/* query-migrate on both sides; out of band where the main loop hangs. */
void phase_ask_both(Migration *m);
/* A source that lets the guest run again that has gone on elsewhere is stopped:
 * at once when it says so, or as it was found. */
/* Its monitor has closed a moment ago, and its process is watched. */
bool phase_is_ending(const Migration *m, Side side);

void phase_check_old_guest(Migration *m, const Event *event);
void phase_stop_old_guest(Migration *m);
bool phase_has_begun_postcopy(const Migration *m); /* by whomever */

/* Block jobs in transfer and until the guest is handed over: asks when one has
 * started, failed or stopped, and ends the migration if one must end first. */
PhaseId phase_check_jobs(Migration *m, const Event *event);
/* QEMU waits for us, and so can wait until it has said how its jobs are. */
bool phase_waits_for_jobs(const Migration *m);
/* The source's guest is stopped: may it be handed over?  If that is not known
 * yet, asks. */
bool phase_jobs_are_done(Migration *m);
/* Takes what @event says of a job, and notes what went wrong too late. */
void phase_absorb_jobs(Migration *m, const Event *event);
/* The guest's run state on the source: remembers the intended one.  At inspect,
 * and while it is under way. */
void phase_find_guest(Migration *m);
void phase_follow_guest(Migration *m);
/* done: a guest that migrated into another run state than the intended one. */
void phase_judge_guest(Migration *m);

bool phase_has_completed(const Migration *m); /* on both sides */
/* The destination is proved to have the guest: notes that, and returns the phase
 * that it leads to. */
PhaseId phase_has_migrated(Migration *m);

/* Does someone else migrate the source, so that ours may not begin or has been
 * replaced?  Then the phase that leads to, else the current one. */
PhaseId phase_check_external(Migration *m);

/* Nothing may be sent: says why, and what a person would do next. */
void phase_say_taken(Migration *m);
void phase_say_doomed(Migration *m);
/* The same where recover found a migration that no evidence matches: returns
 * false if that is not so. */
bool phase_say_unproved(Migration *m);

/* Has QEMU ended it?  Then the phase that leads to, else the current one. */
PhaseId phase_check_end(Migration *m);
