/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A migration that has asked two recorded QEMUs all that it asks in inspect, so
 * that tests can look at what it makes of the answers.  Nothing is sent.
 */
#include "orchestrator/migration.h"

typedef struct {
    Side side;
    Ask ask;
    const char *value; /* JSON; "": refused */
} InspectedReply;

#define INSPECTED_REPLIES_MAX 4

typedef struct {
    const char *version[N_SIDES]; /* "7.2" or "10.0" */
    const char *uri;              /* NULL: tcp */
    const char
        *wishes; /* "+xbzrle downtime-limit=1s --multifd=4"; NULL: none */
    uint64_t link_bits_per_s, file_free_bytes;
    bool no_preflight, is_run; /* is_run: it goes on with prepare */
    GPtrArray *found;          /* of Finding, taken over; or NULL */
    Secure *secure;            /* taken over, or NULL */
    pid_t pid[N_SIDES];        /* 0: not known */
    ProcessFacts process[N_SIDES];
    HostFacts host[N_SIDES];
    InspectedReply
        replies[INSPECTED_REPLIES_MAX]; /* instead of recorded ones */
} Inspection;

typedef struct {
    MigrationSettings settings;
    Migration *m;
} Inspected;

Inspected *inspected_new(const Inspection *inspection);
void inspected_free(Inspected *inspected);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Inspected, inspected_free)
