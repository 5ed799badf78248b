/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/findings.h"

#include "orchestrator/report.h"
#include "tools/plain.h"

void findings_print_lines_of(FILE *stream, const GArray *lines,
                             Severity severity)
{
    for (guint i = 0; i < lines->len; i++) {
        const FindingLine *line = &g_array_index(lines, FindingLine, i);
        if (line->severity != severity) {
            continue;
        }
        plain_print(stream, "%s: %s [%s]\n", severity_name(severity),
                    line->text, line->word);
        if (line->hint) {
            plain_print(stream, "  hint: %s\n", line->hint);
        }
    }
}

static guint count(const GArray *lines, Severity severity)
{
    guint n = 0;
    for (guint i = 0; i < lines->len; i++) {
        n += g_array_index(lines, FindingLine, i).severity == severity;
    }
    return n;
}

static void print_count(FILE *stream, const GArray *lines, Severity severity,
                        const char *end)
{
    guint n = count(lines, severity);
    fprintf(stream, "%u %s%s%s", n, severity_name(severity), n == 1 ? "" : "s",
            end);
}

void findings_print_lines(FILE *stream, const GArray *lines, const char *good,
                          const char *bad)
{
    findings_print_lines_of(stream, lines, FINDING_ERROR);
    findings_print_lines_of(stream, lines, FINDING_WARNING);
    findings_print_lines_of(stream, lines, FINDING_NOTE);
    fprintf(stream, "%s: ", count(lines, FINDING_ERROR) ? bad : good);
    print_count(stream, lines, FINDING_ERROR, ", ");
    print_count(stream, lines, FINDING_WARNING, ", ");
    print_count(stream, lines, FINDING_NOTE, "\n");
}

/* The texts are owned by what goes into @ret_texts. */
static GArray *lines_of(const GPtrArray *findings, GPtrArray **ret_texts)
{
    GArray *lines = g_array_new(FALSE, FALSE, sizeof(FindingLine));
    *ret_texts = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < findings->len; i++) {
        const Finding *finding = findings->pdata[i];
        const FindingLine line = { finding->severity, finding_to_text(finding),
                                   finding->word, report_hint(finding) };
        g_ptr_array_add(*ret_texts, (char *)line.text);
        g_array_append_val(lines, line);
    }
    return lines;
}

static void print(FILE *stream, const GPtrArray *findings, Severity severity)
{
    g_autoptr(GPtrArray) texts = NULL;
    g_autoptr(GArray) lines = lines_of(findings, &texts);
    findings_print_lines_of(stream, lines, severity);
}

void findings_print(FILE *stream, const GPtrArray *findings)
{
    g_autoptr(GPtrArray) texts = NULL;
    g_autoptr(GArray) lines = lines_of(findings, &texts);
    findings_print_lines(stream, lines, "nothing stands in the way",
                         "it cannot work");
}

void findings_print_errors(FILE *stream, const GPtrArray *findings)
{
    print(stream, findings, FINDING_ERROR);
}

void findings_warn(const GPtrArray *findings)
{
    print(stderr, findings, FINDING_WARNING);
}
