/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/findings.h"

#include "orchestrator/report.h"
#include "tools/plain.h"

static void print(FILE *stream, const GPtrArray *findings, Severity severity)
{
    for (guint i = 0; i < findings->len; i++) {
        const Finding *finding = findings->pdata[i];
        if (finding->severity != severity) {
            continue;
        }
        g_autofree char *text = finding_to_text(finding);
        plain_print(stream, "%s: %s [%s]\n", severity_name(severity), text,
                    finding->word);
        if (report_hint(finding)) {
            plain_print(stream, "  hint: %s\n", report_hint(finding));
        }
    }
}

static void print_count(FILE *stream, const GPtrArray *findings,
                        Severity severity, const char *end)
{
    guint n = findings_count(findings, severity);
    plain_print(stream, "%u %s%s%s", n, severity_name(severity),
                n == 1 ? "" : "s", end);
}

void findings_print(FILE *stream, const GPtrArray *findings, const char *good,
                    const char *bad)
{
    print(stream, findings, FINDING_ERROR);
    print(stream, findings, FINDING_WARNING);
    print(stream, findings, FINDING_NOTE);
    plain_print(stream,
                "%s: ", findings_first(findings, FINDING_ERROR) ? bad : good);
    print_count(stream, findings, FINDING_ERROR, ", ");
    print_count(stream, findings, FINDING_WARNING, ", ");
    print_count(stream, findings, FINDING_NOTE, "\n");
}

void findings_print_errors(FILE *stream, const GPtrArray *findings)
{
    print(stream, findings, FINDING_ERROR);
}

void findings_warn(const GPtrArray *findings)
{
    print(stderr, findings, FINDING_WARNING);
}
