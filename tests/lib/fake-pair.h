/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Two fake QEMUs that migrate to each other, and a Run between them.  They answer
 * questions as real ones were recorded to, and do what real ones do when they
 * are told something, unless a case says otherwise.
 *
 * What happens is written in words:
 *
 *     S:active    the source's status is "active", and an event says so; D: the
 *                 destination.  S:STOP and S:RESUME are events, too
 *     S:~failed   its status is, without an event;  S:=paused  its run state is
 *     S:(a_b)     its error-desc is "a b";          S:!no_no   it refuses, "no no"
 *     S:mute      it does not answer this command
 *     S:forget    it takes this setting, and does not keep it
 *     S:hang-up   it closes the session and takes a new one
 *     S:garbage   it says something that is not QMP
 *     S:die       its process ends
 *     cancel      a person asks for an end, when all of this was heard;
 *     cancel-now  before it was
 */
#include "orchestrator/run.h"

typedef struct {
    const char
        *command;      /* "S migrate": the source is told so, the first time */
    const char *words; /* that happens then, instead of the usual */
} Reaction;

typedef struct {
    const char *version;   /* who they are: "7.2" or "10.0"; NULL: 10.0 */
    const char *uri;       /* NULL: a unix socket */
    const char *run_state; /* of the source, NULL: running */
    const char *wishes;    /* "+xbzrle downtime-limit=1s", or NULL */
    Reaction reactions[6];
} PairScript;

typedef struct FakePair FakePair;

/* Can it be noticed here that a process died?  Not under valgrind. */
bool fake_pair_can_die(void);

FakePair *fake_pair_new(const PairScript *script);
void fake_pair_free(FakePair *pair);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FakePair, fake_pair_free)

/* Migrates, until it is over; owned by @pair. */
const Migration *fake_pair_run(FakePair *pair);

/* "S migrate; D cont": what was told to whom, without questions. */
const char *fake_pair_told(const FakePair *pair);
