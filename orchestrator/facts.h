/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What is known of one QEMU, from its own words only: replies and events.
 * Pure.  Absorbing never decides anything; orchestrator/owner.h does.
 */
#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <stdint.h>

/* MigrationStatus of QEMU; what a newer QEMU adds is "in progress". */
typedef enum {
    STATUS_UNKNOWN,     /* not asked yet, or no answer */
    STATUS_NONE,        /* no migration so far: query-migrate gave {} */
    STATUS_IN_PROGRESS, /* a word that we do not know */
    STATUS_SETUP,
    STATUS_WAIT_UNPLUG,
    STATUS_ACTIVE,
    STATUS_PRE_SWITCHOVER,
    STATUS_DEVICE,
    STATUS_POSTCOPY_DEVICE, /* 10.2: it can still fail back */
    STATUS_POSTCOPY,        /* postcopy-active */
    STATUS_POSTCOPY_PAUSED,
    STATUS_POSTCOPY_RECOVER, /* on its way back to postcopy-active */
    STATUS_CANCELLING,
    STATUS_COMPLETED,
    STATUS_FAILED,
    STATUS_CANCELLED,
    N_STATUSES,
} Status;

typedef struct {
    /* the monitor and the process */
    bool connected;
    bool dead;  /* the process is proved gone */
    bool blind; /* it lived on for a while with no monitor of ours, when it
                     * could have been given the guest: events were missed */

    /* the last words of query-status and query-migrate, or of an event */
    char run_state[24]; /* "running", "inmigrate"...; "" if not known */
    Status status;
    char status_word[24]; /* as QEMU spells it; "" if not known */
    bool listens;         /* query-migrate has a socket-address */
    char *error_desc;     /* query-migrate's, or of a refused command */

    /* events, in QEMU's wall clock; 0: not seen in this run */
    int64_t stop_us;
    int64_t resume_us;
    int64_t completed_us;
    int64_t panicked_us;
    bool stopped; /* STOP came after the last RESUME */
    bool
        ran; /* seen running, or answered our cont: if it is paused now, someone
               * paused it */
    bool never_ran;      /* its accelerator says so, since we are connected */
    bool is_proof_asked; /* the accelerator was asked */
    int64_t failed_us;   /* when it began to fail */
    int64_t shutdown_us; /* SHUTDOWN; 0 also if QEMU stays (-no-shutdown) */
    char shutdown_reason[32];
    bool has_died;   /* its end was seen, it is not only the user's word */
    int64_t died_us; /* when, by this host's clock; 0: not known */
    bool has_lag;
    int64_t lag_us; /* our clock less QEMU's: the smallest of all events */
} Facts;

void facts_clear(Facts *facts);

Status status_from_word(const char *word);
const char *status_to_word(Status status);

/* Completed, failed, cancelled or none: QEMU will not change it by itself. */
bool status_is_terminal(Status status);
/* The guest is on the source, and a cancel or yank leaves it there. */
bool status_is_precopy(Status status);
/* One of these four: nothing can be cancelled any more. */
bool status_is_postcopy(Status status);
/* Somewhere between migrate and its end. */
bool status_is_in_progress(Status status);
/* Under way, and the guest not stopped by it so far. */
bool status_is_before_switchover(Status status);
/* The blackout, or just before: nothing may be asked, printed or written. */
bool status_is_switchover(Status status);

/* Absorb one answer or event; what is not understood is ignored. */
void facts_take_query_status(Facts *facts, JsonNode *reply);
void facts_take_query_migrate(Facts *facts, JsonNode *reply);
void facts_take_event(Facts *facts, const char *name, JsonObject *data,
                      int64_t time_us);

/* Of an event: when it arrived less when QEMU sent it, by its clock. */
void facts_take_lag(Facts *facts, int64_t lag_us);

/* x-query-jit of TCG and query-stats of KVM: whether a vCPU ever ran. */
void facts_take_query_jit(Facts *facts, JsonNode *reply);
void facts_take_query_stats(Facts *facts, JsonNode *reply);

bool facts_run_state_is(const Facts *facts, const char *run_state);

/* A guest that is suspended to RAM counts as running: any wake-up event
 * continues it. */
bool facts_is_running(const Facts *facts);

/* Of a source that is "completed": the guest has left it.  A reset after that
 * makes it "prelaunch": cont would boot the guest a second time. */
bool facts_has_left(const Facts *facts);
bool facts_is_reset(const Facts *facts);

/* It runs now or did since we look at it. */
bool facts_has_run(const Facts *facts);
