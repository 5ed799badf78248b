/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Prints docs/recovery.rst from the table of recovery-plan.c: tools/dev docs
 * writes it, features.py compares.
 */
#include <stdio.h>

#include "orchestrator/recovery-plan.h"

typedef struct {
    unsigned bit;
    const char *word;
} Word;

/* clang-format off */
static const Word sources[] = {
    { FOUND_KEEPS,    "none, failed, cancelled" },
    { FOUND_SENDS,    "setup, wait-unplug, active" },
    { FOUND_HOLDS,    "pre-switchover" },
    { FOUND_HANDS,    "device" },
    { FOUND_SENT,     "completed" },
    { FOUND_ENDING,   "cancelling" },
    { FOUND_POSTCOPY, "postcopy-device, postcopy-active" },
    { FOUND_SPLIT,    "postcopy-paused, postcopy-recover" },
    { FOUND_GONE,     "process ended" },
    { FOUND_SILENT,   "no answer" },
    { 0, NULL },
};
static const Word destinations[] = {
    { FOUND_WAITS,    "none" },
    { FOUND_LISTENS,  "setup" },
    { FOUND_RECEIVES, "active" },
    { FOUND_LOADED,   "completed" },
    { FOUND_HALF,     "postcopy-device, postcopy-active" },
    { FOUND_CUT,      "postcopy-paused, postcopy-recover" },
    { FOUND_FAILED,   "failed" },
    { FOUND_DEAD,     "process ended" },
    { FOUND_MUTE,     "no answer" },
    { 0, NULL },
};
/* clang-format on */

static char *words_of(unsigned bits, unsigned any, const Word *words)
{
    g_autoptr(GString) text = g_string_new(bits == any ? "any" : NULL);
    for (; words->word && bits != any; words++) {
        if (bits & words->bit) {
            g_string_append_printf(text, "%s%s", text->len ? ", " : "",
                                   words->word);
        }
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static void print_head(void)
{
    printf(
        "========\nRecovery\n========\n\n"
        "What ``qmigrate recover`` does after a qmigrate was killed, or after "
        "a post-copy was interrupted.\n"
        "The table is ``orchestrator/recovery-plan.c``; ``tools/dev docs`` "
        "writes this page.\n\n"
        "``recover`` asks both QEMUs how they stand, and reads the record "
        "that the interrupted run left in\n"
        "``$XDG_STATE_HOME/qmigrate`` (``~/.local/state/qmigrate``).\n"
        "A record counts only if both processes are those that it names, by "
        "pid, start time and boot.\n"
        "One that is damaged, or that another user could have written, is not "
        "used; a warning names it.\n"
        "The first row that fits is taken; ``recover --dry-run`` prints it "
        "and changes nothing.\n\n"
        ".. list-table::\n   :header-rows: 1\n   :widths: 18 18 9 20 35\n\n"
        "   * - migration status of the source\n"
        "     - of the destination\n"
        "     - record\n     - what it is\n     - what recover does\n");
}

static void print_row(const RecoveryPlan *plan)
{
    g_autofree char *source = words_of(plan->source, FOUND_ANY, sources);
    g_autofree char *destination =
        words_of(plan->destination, FOUND_WHATEVER, destinations);
    printf("   * - %s\n     - %s%s\n     - %s\n     - %s\n     - %s\n", source,
           destination, plan->runs_there ? "; the guest runs" : "",
           plan->needs_proof ? "needed, with evidence"
           : plan->needs_record || plan->needs_settings ? "needed"
                                                        : "not needed",
           plan->found, plan->does);
}

static void print_tail(void)
{
    printf(
        "\nThe destination is continued only if the record says that the guest "
        "was running before, and the guest\n"
        "never ran on the destination.\n"
        "Its accelerator proves that: TCG counts the blocks of guest code that "
        "it translated (``x-query-jit``),\n"
        "KVM how often each vCPU left the guest (``query-stats``).\n"
        "Where neither answers, the record has to say that no ``cont`` was "
        "sent.\n\n"
        "The source is continued only if the migration that ended there was "
        "recorded and the destination is proved\n"
        "never to have run the guest.\n"
        "Evidence that the source still reports the recorded migration: it "
        "began when the run saw it begin\n"
        "(QEMU's total-time), and the CPU time of the source's vCPUs "
        "(``/proc``) shows that nobody continued the\n"
        "guest since it was stopped.  A guest that someone continued may have "
        "moved on, so without evidence, as\n"
        "when the source's process has ended, nothing is sent.\n"
        "Settings get the values back that they had before, on the QEMU that "
        "keeps the guest.\n"
        "A setting that another client has changed since stays, and a note "
        "names it.\n"
        "``--quit-stale`` quits the other one afterwards, with the same "
        "proofs.\n\n"
        "Run again, ``recover`` changes nothing.\n"
        "Without a record, and where proof is missing, it sends nothing and "
        "ends with exit code 7 and the commands\n"
        "to decide by hand.\n");
}

int main(void)
{
    size_t n;
    const RecoveryPlan *plans = recovery_plans(&n);

    print_head();
    for (size_t i = 0; i < n; i++) {
        print_row(&plans[i]);
    }
    print_tail();
    return 0;
}
