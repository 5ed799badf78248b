/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * One migration as a pure machine: events in, actions out.  No clock, socket,
 * file or global; time arrives inside the event.
 *
 * The phases stand in one table in migration.c.  Entering a phase asks for
 * something, its handler says which phase an answer leads to; the same phase
 * means: wait.  Everything that QEMU says is first absorbed into Facts, and
 * handlers look at the facts, so a late or repeated answer does no harm.
 * A failure (refusal, silence, lost monitor, death, deadline, cancel) leads to
 * the row's on_failure.  Before migrate is sent that undoes what was done;
 * after it, QEMU acts on its own, so both sides are asked who runs the guest.
 */
#include "caps/agree.h"
#include "caps/feature.h"
#include "caps/job.h"
#include "caps/machine.h"
#include "orchestrator/evidence.h"
#include "orchestrator/facts.h"
#include "orchestrator/failure.h"
#include "orchestrator/facts-host.h"
#include "orchestrator/owner.h"
#include "orchestrator/policy.h"
#include "orchestrator/process-identity.h"
#include "orchestrator/recovery.h"
#include "orchestrator/recovery-record.h"
#include "orchestrator/sample.h"
#include "orchestrator/stall.h"

typedef enum {
    PHASE_INSPECT,
    PHASE_EXAMINE,
    PHASE_PREPARE,
    PHASE_TRANSFER,
    PHASE_SWITCHOVER,
    PHASE_POSTCOPY,
    PHASE_RECOVER,
    PHASE_LOAD,
    PHASE_SETTLE,
    PHASE_RESOLVE,
    PHASE_ROLL_BACK,
    PHASE_DONE,
    N_PHASES,
} PhaseId;

/* What a command is for; at most one of each is on its way to a side. */
typedef enum {
    ASK_RUN_STATE,
    ASK_MIGRATION,
    ASK_CAPABILITIES,
    ASK_PARAMETERS,
    ASK_SCHEMA,
    ASK_KVM,
    ASK_JOBS,
    ASK_BLOCK_JOBS, /* after ASK_JOBS */
    ASK_MACHINE,    /* the first of caps/machine.h's questions */
    ASK_MACHINE_LAST = ASK_MACHINE + N_CAPS_MACHINE_QUESTIONS - 1,
    ASK_THREADS,
    ASK_LIFE, /* out of band: is QEMU alive, if its main loop hangs? */
    ASK_JIT,  /* both tell whether a guest ever ran */
    ASK_VCPU_STATS,
    TELL_SETTING,
    TELL_INCOMING,
    TELL_STOP,
    TELL_MIGRATE,
    TELL_PARAMETER,
    TELL_POSTCOPY,
    TELL_CONTINUE,
    TELL_CONT,
    TELL_CANCEL,
    TELL_YANK,
    TELL_PAUSE,
    TELL_RECOVER,
    TELL_RESUME,
    TELL_UNDO,
    TELL_QUIT,
    N_ASKS,
} Ask;

#define ASK_BIT(ask) (UINT64_C(1) << (ask))

typedef enum {
    EVENT_START,
    EVENT_CONNECTED, /* the monitor of @side is ready */
    EVENT_REPLY,     /* to @ask, with @value */
    EVENT_REFUSED,   /* @ask was answered by an error, @text */
    EVENT_SILENT,    /* @ask was not answered in time */
    EVENT_QMP,       /* an event of QEMU: @name, @data, @qemu_time_us */
    EVENT_LOST,      /* the monitor broke or cannot be reached: @code, @text */
    EVENT_DIED,      /* the process of @side is proved gone */
    EVENT_TICK,      /* as often as the phase asks for */
    EVENT_DEADLINE,  /* of the phase */
    EVENT_CANCEL,    /* somebody wants it to end */
    EVENT_DETACH,    /* ... and does not want to wait for that */
    N_EVENTS,
} EventKind;

typedef struct {
    EventKind kind;
    int64_t time_us; /* monotonic */
    Side side;
    Ask ask;
    JsonNode *value;
    const char *text;
    FailureCode code;            /* LOST: why */
    pid_t pid;                   /* CONNECTED: the process, 0 if not known */
    const char *version;         /* CONNECTED: as in the greeting */
    const ProcessFacts *process; /* CONNECTED: of it; NULL: not known */
    const HostFacts *host;       /* CONNECTED: where it runs; the same */
    const ProcessIdentity *identity; /* CONNECTED: of @pid; NULL: not known */
    /* CONNECTED: what an interrupted qmigrate left about this QEMU, or NULL */
    const RecoveryRecord *record;
    bool is_locked_out; /* CONNECTED: another qmigrate is at work on it */
    pid_t locked_by;    /* CONNECTED: that qmigrate; 0: not known */
    int64_t vcpu_ns;    /* of the source: CPU time of its vCPUs; 0: not known */
    unsigned n_vcpus;   /* the same: how many threads that is the sum of */
    const char *name;
    JsonObject *data;
    int64_t qemu_time_us; /* since 1970 */
} Event;

typedef enum {
    ACTION_SEND,
    ACTION_CONNECT,
    ACTION_LOOK, /* the host tells, not QEMU; the answer is the same */
} ActionKind;

typedef struct {
    ActionKind kind;
    Side side;
    Ask ask;             /* SEND, LOOK */
    QmpCommand *command; /* SEND */
    unsigned deadline_ms;
} Action;

typedef struct RecoveryPlan RecoveryPlan; /* orchestrator/recovery-plan.h */
typedef struct Secure Secure;             /* orchestrator/secure.h */

typedef struct {
    /* What the destination listens at, or reads: orchestrator/uri.h. */
    char *uri;
    bool is_usual;  /* @uri was not given: another may be chosen */
    bool may_pass;  /* both monitors take descriptors */
    char **folders; /* where sockets can be, the first is @uri's; or NULL */
    char *way_uri;  /* where the source connects to instead, a proxy before the
                    * destination; NULL: to it itself */
    bool as_channels;         /* QEMU is told both by "channels" */
    bool is_live;             /* to a file while the guest runs */
    char *destination_host;   /* for the source, where @uri's is a wildcard */
    GPtrArray *wishes;        /* of CapsWish */
    GPtrArray *features;      /* of CapsFeatureWish, or NULL */
    GPtrArray *found;         /* of Finding: what the caller found out about
                               * the host already, or NULL */
    Secure *secure;           /* TLS of ours; NULL: none */
    uint64_t link_bits_per_s; /* 0: not known */
    uint64_t file_free_bytes; /* where @uri's file shall be; 0: not known */
    uint64_t timeout_us;      /* 0: none */
    const PolicySpec *policy; /* kept by the caller; NULL: hands off */
    PolicyTerms terms;        /* what the user says; the rest is found out */
    bool destination_is_dead; /* the user says so, should it be unreachable */
    bool no_preflight;        /* let QEMU find out what does not fit */
    bool check_only;          /* inspect, and be done */
    bool recover_only; /* finish or undo what an interrupted qmigrate began */
    bool adopt;        /* recover: let a pre-copy in progress complete */
    bool quit_stale;   /* recover: quit the QEMU that does not have the guest */
    char *recover_uri; /* where the destination listens for it, from the second
                        * attempt on; NULL: where it did at first */
    unsigned recover_attempts;   /* 0: the usual number */
    uint64_t recover_timeout_us; /* 0: the usual time */
    uint64_t postcopy_stall_us;  /* pause a post-copy that stands still for
                                  * longer (I13); 0: the usual time */
} MigrationSettings;

typedef struct {
    const MigrationSettings *settings;
    PhaseId phase;
    int64_t now_us;
    char *monitor[N_SIDES]; /* the address as a word of a shell command, for
                             * messages; NULL: not known */

    /* what is known */
    Facts facts[N_SIDES];
    pid_t pid[N_SIDES];
    ProcessIdentity identity[N_SIDES];
    const RecoveryPlan *plan; /* of recover; NULL: nothing was found yet */
    RecoveryRecord *record;   /* what an interrupted qmigrate left; or NULL */
    Evidence evidence;        /* of this migration, for the journal */
    int64_t vcpu_ns;          /* of the source, at its last event */
    unsigned n_vcpus;
    bool
        is_resumed; /* the source's guest was, and its run state is not known */
    CapsInventory inventories[N_SIDES];
    CapsMachine machines[N_SIDES];
    GPtrArray *jobs[N_SIDES];    /* of CapsJob; NULL: not told */
    JsonNode *job_rows[N_SIDES]; /* query-jobs, until the next answer */
    ProcessFacts processes[N_SIDES];
    HostFacts hosts[N_SIDES];
    char *blocked;          /* the source's blocked-reasons, joined; or NULL */
    char *uri, *uri_reason; /* chosen instead of the usual; or NULL */
    char *migrate_uri;      /* what the source is told */
    OwnerContext context;
    char intended[24]; /* run state that the guest had on the source, or that a
                        * person gave it since; "": not known */
    char found[24];    /* the run state at inspect; "": not known */
    char seen[24];     /* on the source, the last one before a switchover */

    /* what is going on */
    uint64_t waiting[N_SIDES]; /* bits of Ask: answers that are to come */
    int64_t asked_us[N_SIDES][N_ASKS]; /* when each was last sent */
    bool connecting[N_SIDES];
    GPtrArray *findings;             /* of Finding, of the preflight */
    GPtrArray *wishes;               /* of CapsWish: ours, then the user's */
    guint n_own_wishes;              /* how many of them are ours */
    CapsInventory wanted[N_SIDES];   /* what will be set */
    GPtrArray *steps;                /* of CapsStep */
    guint n_sent;                    /* how many of them QEMU may have taken */
    guint n_undo;                    /* n_sent when roll-back began */
    uint64_t told_settings[N_SIDES]; /* in roll-back: bits of Ask */
    bool may_listen_later; /* migrate-incoming is still to be answered */
    bool is_read_back;     /* what QEMU made of them was asked */
    bool is_undo_late;     /* not all was put back in time */
    bool will_pause;       /* pause-before-switchover will be on */
    bool cancel_sent, continue_sent, rescue_sent, quit_sent;
    bool jobs_are_done; /* the source's, since its guest stopped */
    Policy *policy;     /* at work in transfer; NULL: none steers */
    uint64_t
        found_downtime_ms;    /* the source's own, before prepare; 0: unknown */
    Recovery recovery;        /* of a post-copy that broke */
    bool is_resolve_extended; /* the source is still cancelling */
    bool has_asked_guest;     /* roll-back: for its run state */
    bool has_asked_incoming;  /* roll-back: what it made of migrate-incoming */
    bool has_foreign_settings; /* another client changed some of ours */
    bool is_incoming_taken;    /* migrate-incoming was accepted */
    bool is_incoming_known;    /* facts are newer than migrate-incoming */
    bool has_acted;     /* resolve: in this tick; the next answers will tell */
    GPtrArray *actions; /* of Action: to be performed, then cleared */

    /* how it went */
    Failure failure;   /* code FAILURE_NONE: none */
    Outcome outcome;   /* valid in PHASE_DONE */
    GArray *decisions; /* of Verdict: what the policy did, oldest first */
    GPtrArray *notes;  /* of char *: what a person should know besides */
    Sample sample;     /* the last one */
    JsonObject
        *blocktime; /* the destination's last query-migrate; NULL: none */
    GArray *passes; /* of Sample: the last one of each pass */
    int64_t throttle_max_percent, dirty_limit_max_us; /* -1: not told */
    int n_channels;     /* of multifd, seen at work; -1: not told */
    int64_t moved_us;   /* when transferred_bytes last grew */
    Stall stall;        /* of post-copy */
    bool has_short_end; /* of post-copy: downtime-limit is 0 */
    int64_t start_us, migrate_us, active_us, switchover_us, postcopy_us;
    int64_t settled_us;
    int64_t resolve_us, roll_back_us;
    int64_t end_us; /* our clock; 0: did not happen */
} Migration;

typedef PhaseId PhaseEnter(Migration *m);
typedef PhaseId PhaseHandle(Migration *m, const Event *event);

typedef struct {
    const char *name;
    PhaseEnter *enter;
    PhaseHandle *handle;
    PhaseId on_failure;
    unsigned tolerates;   /* bits of EventKind that are no failure here */
    unsigned deadline_ms; /* 0: none */
    unsigned tick_ms;     /* 0: no ticks */
} PhaseRow;

/* @settings must outlive it. */
Migration *migration_new(const MigrationSettings *settings);
void migration_free(Migration *m);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Migration, migration_free)

/* Takes one event in; afterwards perform and clear m->actions. */
void migration_feed(Migration *m, const Event *event);

/* After it was done with check_only, and nothing stood in the way: it goes on
 * with prepare. */
void migration_go_on(Migration *m);

const PhaseRow *phase_row(PhaseId phase);

/* Of the phase it is in; 0: none.  A switchover may take the downtime that the
 * user allows, and loading a file what its size asks for, and the time of the
 * row beside. */
unsigned migration_deadline_ms(const Migration *m);

/* The guest stands still because of us: nothing may be asked, printed or
 * written. */
bool migration_is_in_blackout(const Migration *m);

const char *ask_name(Ask ask);
const char *event_name(EventKind kind);

void action_free(Action *action);
/* Arrays are shared. */
void migration_settings_copy(const MigrationSettings *from,
                             MigrationSettings *to);
void migration_settings_clear(MigrationSettings *settings);

/* Breaks the connection of a migration, out of band. */
QmpCommand *migration_yank_command(void);

/* The monitor of @side for a command to type; "QMP" if it is not known. */
const char *migration_monitor(const Migration *m, Side side);

/* The address that the source is told. */
const char *migration_way(const Migration *m);

/* What the destination listens at, or reads. */
const char *migration_uri(const Migration *m);
