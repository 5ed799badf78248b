/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A scenario file as data: docs/scenarios.rst is its language.  Each part keeps the
 * line that it stands in, for messages.
 */
#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "caps/side.h"
#include "caps/units.h"

/* Where something stands. */
typedef struct {
    const char *file; /* the path as given; lives as long as the scenarios */
    unsigned line, column; /* from 1 on */
} Spot;

/* key = value, value: an option of lab, and what makes cells of it. */
typedef struct {
    Spot spot;
    char *key;
    char **values; /* at least one */
    /* Of a [choice KEY VALUE] in place of an option: for each value an array of
     * ScenarioSetting, which have one value each; NULL: it is an option. */
    GPtrArray *choices;
} ScenarioSetting;

typedef enum {
    MOMENT_START, /* the guest works, nothing is asked of it yet */
    MOMENT_STATUS,
    MOMENT_EVENT,
    MOMENT_PASS,
    MOMENT_REMAINING,
    MOMENT_BEATS,
    MOMENT_GUEST, /* a line of the guest's */
    MOMENT_STEP,  /* the step before this one, or the start */
    MOMENT_END,   /* the migration is over, however */
} MomentKind;

/* When a step is due. */
typedef struct {
    MomentKind kind;
    Side side;         /* of a status or an event */
    char *word;        /* QEMU's name of it; the first of the guest's line */
    uint64_t number;   /* pass from 1 on, bytes, heartbeats since migrate */
    uint64_t delay_us; /* so long after that */
    char *text;        /* as written, for people */
} Moment;

typedef enum {
    ACT_CANCEL,
    ACT_POSTCOPY,
    ACT_PAUSE,
    ACT_CONTINUE,
    ACT_RECOVER,
    ACT_STOP,
    ACT_CONT,
    ACT_SET,
    ACT_QMP,
    ACT_KILL,
    ACT_FREEZE,
    ACT_THAW,
    ACT_GUEST,
    ACT_LINK,
    ACT_AGAIN,
} ActKind;

typedef enum {
    LINK_CUT,     /* both ends see it close */
    LINK_RESET,   /* ... by a reset */
    LINK_DROP,    /* nothing passes any more, and nobody is told */
    LINK_RESTORE, /* passes, and takes connections again */
    LINK_RATE,
    LINK_DELAY,
    LINK_SPLIT, /* in pieces */
} LinkVerb;

typedef enum {
    GUEST_REBOOT,
    GUEST_POWEROFF,
    GUEST_SUSPEND,
    GUEST_WAKE,
    GUEST_REPORT,
    GUEST_DIRTY_RATE,
} GuestVerb;

typedef struct {
    Spot spot;
    ActKind kind;
    Side side;  /* N_SIDES: qmigrate itself */
    char *name; /* of a parameter, a command, or what the guest does */
    char *value;
    JsonObject *arguments; /* of a command, NULL: none */
    LinkVerb link;
    GuestVerb guest;
    uint64_t number; /* bytes per second, microseconds, or bytes */
    char *text;
} ScenarioAction;

typedef struct {
    Spot spot;
    Moment moment;
    GPtrArray *actions; /* of ScenarioAction */
} ScenarioStep;

typedef struct FactRow FactRow;

typedef enum {
    COMPARE_LESS,
    COMPARE_AT_MOST,
    COMPARE_EQUAL,
    COMPARE_NOT,
    COMPARE_AT_LEAST,
    COMPARE_MORE,
} Compare;

bool compare_holds(Compare compare, double found, double expected);

/* What must hold afterwards. */
typedef struct {
    Spot spot;
    const FactRow *row;
    Side side;
    char **words;  /* what is expected, or a sequence of it */
    bool is_exact; /* a sequence has nothing between */
    Compare compare;
    uint64_t number; /* in the unit of the row */
    char *text;
} Expectation;

typedef enum {
    NEED_KVM,
    NEED_ROOT,
    NEED_USERFAULTFD,
    NEED_VERSION,
    NEED_CAPABILITY,
    NEED_PARAMETER,
    NEED_COMMAND,
    NEED_ARGUMENT,
} NeedKind;

/* Without it the scenario is skipped. */
typedef struct {
    Spot spot;
    NeedKind kind;
    char *word;
    char *argument;  /* of the command @word */
    Compare compare; /* of a version */
    char *text;
} ScenarioNeed;

typedef struct {
    Spot spot;
    char *name;
    GPtrArray *settings; /* of ScenarioSetting: the defaults' too */
    GPtrArray *needs, *steps, *expectations;
    uint64_t deadline_us;
    unsigned n_repeat;
    GString *before,
        *after;    /* what the shell does, a line each; may be empty */
    char **covers; /* paths of QEMU's own tests; NULL: none */
    char **report; /* names of facts with numbers; NULL: no tables */
    bool uses_link;
} Scenario;

void scenario_free(Scenario *scenario);
void scenario_action_free(ScenarioAction *action);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Scenario, scenario_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ScenarioAction, scenario_action_free)
