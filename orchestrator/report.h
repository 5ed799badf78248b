/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The result document, schema qmigrate.result/1, and those of a check and of a
 * dry run (docs/result-format.rst).  Pure.  Names end in their unit; what is not
 * known is null, never 0.
 */
#include "orchestrator/migration.h"

typedef struct {
    const char *version[N_SIDES]; /* of QEMU; NULL: not known */
    JsonObject *verify;           /* of a lab; NULL: nothing was verified */
    JsonObject *host;             /* NULL: not known */
    JsonObject *prediction;       /* NULL: it was not predicted */
    JsonObject *lab;              /* what the lab was; NULL: it was none */
    int64_t guest_downtime_us;    /* what the guest saw; -1: not known */
    gboolean no_guest;  /* there was none yet: a lab that failed early */
    JsonObject *script; /* what was done of a scenario; NULL: there is none */
} ReportExtras;

/*
 * @outcome and @failure (code FAILURE_NONE: none) stand beside @m, because a lab
 * can find fault with a migration that went well; @m is NULL when it did not
 * come to one.  Free with json_node_unref().
 */
JsonNode *report_result(Outcome outcome, const Failure *failure,
                        const Migration *m, const ReportExtras *extras);

/* What went wrong, as "error" of a document; NULL: nothing did.  Free with
 * json_object_unref(). */
JsonObject *report_error(const Failure *failure);

/* What the user asked for; free with json_object_unref(). */
JsonObject *report_requested(const MigrationSettings *settings);

/* What to do about it: of an error that does not say so itself, what a run that
 * it refuses says.  NULL: the text says it all. */
const char *report_hint(const Finding *finding);

/* Findings as the documents show them; free with json_array_unref(). */
JsonArray *report_findings(const GPtrArray *findings);

/* qmigrate.check/1: what the preflight found; @version as in ReportExtras. */
JsonNode *report_check(const Migration *m, const char *const version[N_SIDES]);

/* qmigrate.plan/1: @commands (of RehearsedCommand), which a run would send, or
 * NULL where it is refused, and what was found before. */
JsonNode *report_plan(const GPtrArray *commands, const GPtrArray *findings);

/* qmigrate.results/1 around several results (of JsonNode, kept). */
JsonNode *report_results(GPtrArray *runs);

/* STOP on the source to RESUME on the destination; -1: not both seen. */
int64_t report_events_downtime_us(const Migration *m);
/* What our cont added to it; 0 where the destination ran by itself. */
int64_t report_handover_us(const Migration *m);
