/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What the lab's own files share; nobody outside of them includes this.  lab.c
 * has the lab's own life, boot.c that of the two QEMUs, hop.c that of one migration
 * between them, script.c what a scenario wants of all three.
 */
#include "orchestrator/forecast.h"
#include "orchestrator/run.h"
#include "orchestrator/survey.h"
#include "tools/lab/beats.h"
#include "tools/lab/guard.h"
#include "tools/lab/lab.h"
#include "tools/lab/pair.h"
#include "tools/lab/steps.h"
#include "tools/lab/verify.h"

typedef enum {
    STAGE_CHOOSE,  /* a machine type for both */
    STAGE_BOOT,    /* until the guest says that it works */
    STAGE_WARM_UP, /* it works; its beats are measured */
    STAGE_MEASURE, /* --predict: how it dirties its memory */
    STAGE_RATE,    /* it was asked how fast it writes */
    STAGE_MIGRATE,
    STAGE_VERIFY, /* it checks its memory, wherever it is now */
    STAGE_OVER,
} Stage;

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
    gboolean has_asked;  /* the guest for its proof */
    gboolean is_orphan;  /* a scenario killed the run */
    gboolean is_watched; /* the script has all that it needs of both QEMUs */
    GString *guest_log;  /* of a scenario: its lines, but beats; else NULL */
    unsigned n_qemus, n_hops;         /* started, done */
    int64_t stage_us[STAGE_OVER + 1]; /* when it was entered; 0: never */
    Pair pair;
    Run *run;
    Steps *script;      /* of a scenario, or NULL */
    Surveyor *surveyor; /* NULL: nothing is being measured */
    Measured measured;
    Failure unmeasured; /* why it was not */
    Forecast *forecast; /* of this hop, or NULL */
    Beats beats;
    Verify verify;
};

/* @deadline_ms 0: none. */
void lab_enter(Lab *lab, Stage stage, unsigned deadline_ms);

/* As if its deadline was over, but not from inside what calls now. */
void lab_give_up_soon(Lab *lab);

/* Both QEMUs anew; the guest's work follows, and then the migration. */
void boot_start(Lab *lab);
/* Goes on when the guest works and both QEMUs can be asked. */
void boot_check_ready(Lab *lab);

/* Before or after a migration, not in it.  Takes @message over. */
void lab_fail(Lab *lab, FailureCode code, Outcome outcome, char *message);
void lab_end(Lab *lab);

/* What it writes, before the migration; then it starts. */
void lab_ask_rate(Lab *lab);

/* The next one of a ping-pong: the guest works already. */
void lab_start_hop(Lab *lab);

/* Of a scenario: anew, with what the destination has not got any more. */
void lab_again(Lab *lab);
/* A script without a QEMU in it yet; false: this host lacks what it needs. */
gboolean lab_make_script(Lab *lab);

/* --predict: measures, then goes on; else goes on. */
void hop_measure(Lab *lab);
void hop_forget_prediction(Lab *lab);
void hop_start(Lab *lab);
/* For its proof; once, and when it is awake. */
void hop_ask_guest(Lab *lab);
/* The guest is where it is, and has told what it knows. */
void hop_end(Lab *lab);
/* The migration is over, with @outcome; the guest is asked, if it can be. */
void hop_over(Lab *lab, Outcome outcome);

/* orphan.c: as if qmigrate was killed, and what a fresh one does then. */
void orphan_make(Lab *lab);
void orphan_recover(Lab *lab);

/* ... and so has the script. */
void hop_close(Lab *lab);
/* Where it is. */
Side hop_guest_side(const Lab *lab);
/* Of the migration that is over, or of the attempt to come to one. */
void hop_add_result(Lab *lab);
