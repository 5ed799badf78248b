/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The address of the stream between two QEMUs on this host, if the user gives
 * none: the usual one where it works for both processes, else another one.  Also
 * what is wrong with the address that the user gives.  Pure.
 */
#include "caps/finding.h"
#include "orchestrator/facts-host.h"
#include "orchestrator/uri.h"

typedef struct {
    const char *usual;  /* unix:PATH */
    char **folders;     /* where its socket could be; the first is the usual */
    bool may_pass;      /* both monitors take descriptors */
    bool needs_several; /* connections */
    bool needs_again;   /* to be listened at, for a recovery */
    const char *needs_tcp; /* what a unix socket cannot carry; NULL: nothing */
    const ProcessFacts *process; /* of each side */
} StreamNeeds;

typedef struct {
    char *uri;    /* NULL: the usual one stays */
    char *reason; /* why it is not the usual, one phrase; NULL: it is */
    bool is_none; /* no address works */
} StreamAddress;

StreamAddress stream_address_choose(const StreamNeeds *needs);
void stream_address_clear(StreamAddress *address);

/* Adds an error if one of @process cannot use @uri, whose folder is the first of
 * those that they were asked about.  @is_direct: the source connects to it. */
void stream_address_check(const Uri *uri, const char *text, bool is_direct,
                          const ProcessFacts process[N_SIDES],
                          GPtrArray *findings);
