/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "caps/finding.h"

/* clang-format off */
static const FindingRow rows[N_FINDING_CODES] = {
    [FINDING_UNKNOWN_NAME] = { "unknown-name",
        "a capability or parameter that this QEMU does not have" },
    [FINDING_BAD_VALUE] = { "bad-value",
        "a value that the parameter does not take, or takes and does not do" },
    [FINDING_NOT_A_MIGRATION] = { "not-a-migration",
        "it would not be a migration from one QEMU to another" },
    [FINDING_ONE_SIDE] = { "one-side",
        "only one of both QEMUs has what both need" },
    [FINDING_MISSING] = { "missing",
        "a setting needs another one" },
    [FINDING_CONFLICT] = { "conflict",
        "two settings exclude each other" },
    [FINDING_BREAKS] = { "breaks",
        "QEMU takes these settings and then hangs, crashes or loses the guest" },
    [FINDING_DIFFERS] = { "differs",
        "a setting is not the same on both sides, and has to be" },
    [FINDING_NO_EFFECT] = { "no-effect",
        "a setting that does nothing here" },
    [FINDING_STAYS] = { "stays",
        "a setting that cannot be put back afterwards" },
    [FINDING_LEFT_OVER] = { "left-over",
        "settings that another client made before" },
    [FINDING_DEPRECATED] = { "deprecated",
        "a setting that newer QEMUs do not have" },
    [FINDING_NEW_TO_US] = { "new-to-us",
        "newer than this program: passed on as it is" },
    [FINDING_CHOSEN] = { "chosen",
        "what was decided for you" },
    [FINDING_SAME_QEMU] = { "same-qemu",
        "source and destination are one and the same QEMU" },
    [FINDING_NOT_WAITING] = { "not-waiting",
        "the destination does not wait for a migration" },
    [FINDING_INTERRUPTED] = { "interrupted",
        "an interrupted qmigrate left a migration of this QEMU unfinished" },
    [FINDING_MIGRATING_ALREADY] = { "migrating-already",
        "the source is being migrated already" },
    [FINDING_SOURCE_STATE] = { "source-state",
        "the source has no guest that could be migrated" },
    [FINDING_BLOCKED] = { "blocked",
        "a device or feature of the source blocks migration" },
    [FINDING_BLOCK_JOB] = { "block-job",
        "a block job is not over" },
    [FINDING_MACHINE] = { "machine",
        "the machine types are not the same" },
    [FINDING_MEMORY] = { "memory",
        "the guests' memory is not of the same size" },
    [FINDING_MEMORY_BACKENDS] = { "memory-backends",
        "the guests' memory is not made of the same backends" },
    [FINDING_MEMORY_LAYOUT] = { "memory-layout",
        "the guests' memory is not at the same guest addresses" },
    [FINDING_CPUS] = { "cpus",
        "the guests have not as many vCPUs" },
    [FINDING_CPU_MODEL] = { "cpu-model",
        "the guests' vCPUs are not of the same model or features" },
    [FINDING_DEVICES] = { "devices",
        "the guests do not have the same devices" },
    [FINDING_DISKS] = { "disks",
        "the guests do not have the same disks behind their devices" },
    [FINDING_UUID] = { "uuid",
        "the guests do not have the same UUID" },
    [FINDING_NOT_COMPARED] = { "not-compared",
        "a QEMU did not tell, so it could not be compared" },
    [FINDING_ADDRESS] = { "address",
        "the migration address cannot be used" },
    [FINDING_LINK] = { "link",
        "how fast the link is, is not known" },
    [FINDING_LOCKED_MEMORY] = { "locked-memory",
        "the source may not lock as much memory as zero-copy needs" },
    [FINDING_USERFAULTFD] = { "userfaultfd",
        "the destination may not use userfaultfd, which post-copy needs" },
    [FINDING_HUGE_PAGES] = { "huge-pages",
        "this host has too few huge pages left" },
    [FINDING_FREE_MEMORY] = { "free-memory",
        "this host has too little memory left" },
    [FINDING_CREDENTIALS] = { "credentials",
        "TLS credentials are not as they should be; each has a word of its own" },
};
/* clang-format on */

const FindingRow *finding_row(FindingCode code)
{
    g_assert(code < N_FINDING_CODES);
    return &rows[code];
}

const char *severity_name(Severity severity)
{
    static const char *const names[] = { "note", "warning", "error" };
    return names[severity];
}

static void finding_free(Finding *finding)
{
    g_free(finding->text);
    g_free(finding->hint);
    g_free(finding);
}

GPtrArray *findings_new(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)finding_free);
}

G_GNUC_PRINTF(7, 0)
static void add(GPtrArray *findings, FindingCode code, const char *word,
                Severity severity, Side side, char *hint, const char *format,
                va_list args)
{
    Finding *finding = g_new0(Finding, 1);

    finding->code = code;
    finding->word = word;
    finding->severity = severity;
    finding->side = side;
    finding->hint = hint;
    finding->text = g_strdup_vprintf(format, args);
    g_ptr_array_add(findings, finding);
}

void findings_add(GPtrArray *findings, FindingCode code, Severity severity,
                  Side side, char *hint, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add(findings, code, finding_row(code)->word, severity, side, hint, format,
        args);
    va_end(args);
}

void findings_add_word(GPtrArray *findings, FindingCode code, const char *word,
                       Severity severity, Side side, char *hint,
                       const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add(findings, code, word, severity, side, hint, format, args);
    va_end(args);
}

const Finding *findings_first(const GPtrArray *findings, Severity severity)
{
    for (guint i = 0; i < findings->len; i++) {
        const Finding *finding = findings->pdata[i];
        if (finding->severity == severity) {
            return finding;
        }
    }
    return NULL;
}

guint findings_count(const GPtrArray *findings, Severity severity)
{
    guint n = 0;
    for (guint i = 0; i < findings->len; i++) {
        const Finding *finding = findings->pdata[i];
        n += finding->severity == severity;
    }
    return n;
}

char *finding_to_text(const Finding *finding)
{
    return finding->side < N_SIDES
               ? g_strdup_printf("%s: %s", side_name(finding->side),
                                 finding->text)
               : g_strdup(finding->text);
}
