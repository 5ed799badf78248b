/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The end of a verb that migrates: what is printed, written and returned. */
#include "orchestrator/report.h"
#include "tools/settings.h"

/* Before anything starts: false, with the error printed, if what @settings asks
 * for cannot be written. */
gboolean conclude_can_write(const Settings *settings);

/*
 * Prints the failure to standard error, @result for people (not if JSON goes to
 * standard output), writes the JSON, and returns the exit code of @outcome, or
 * that of a verdict when it migrated and the JSON could not be written.
 * @all: the results of several migrations, to be written instead, or NULL.
 */
int conclude(const Settings *settings, Outcome outcome, const Failure *failure,
             JsonNode *result, GPtrArray *all);

/* The failure alone, to standard error; none: nothing. */
void conclude_say(const Failure *failure);

/* Wrong words on the command line.  @json: where the result goes, or NULL where
 * --json itself is wrong, or was not found yet. */
int conclude_usage(const char *verb, const char *json, const GError *error);

/* A run that did not come to a migration.  @no_guest: nor to a guest, as in a
 * lab. */
int conclude_failure(const Settings *settings, Outcome outcome,
                     const Failure *failure, gboolean no_guest);

/* The same, before anything was asked; takes @message over. */
int conclude_early(const Settings *settings, FailureCode code, char *message,
                   gboolean no_guest);
