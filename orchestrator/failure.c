/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "orchestrator/failure.h"

#include "qmp/error.h"

/* clang-format off */
static const FailureRow rows[N_FAILURES] = {
    [FAILURE_NONE] = { "none", "nothing went wrong", NULL, OUTCOME_MIGRATED },
    [FAILURE_USAGE] = { "usage",
        "the command line or a file is wrong",
        "see qmigrate VERB --help", OUTCOME_USAGE },
    [FAILURE_ENVIRONMENT] = { "environment",
        "something on this machine stands in the way",
        NULL, OUTCOME_ERROR },
    [FAILURE_MONITOR_UNREACHABLE] = { "monitor-unreachable",
        "nobody answers at the monitor's address",
        "check the address, and that QEMU runs with -qmp on it; try the command "
        "of exec: in a shell",
        OUTCOME_ERROR },
    [FAILURE_MONITOR_SILENT] = { "monitor-silent",
        "the monitor is there and does not answer",
        "end the other client, or give QEMU a second -qmp; if there is none, "
        "QEMU is stuck, or the address is not that of a -qmp monitor",
        OUTCOME_ERROR },
    [FAILURE_MONITOR_TLS] = { "monitor-tls",
        "the monitor and the program do not trust each other",
        "give both ends credentials of one CA, the monitor for the host of its "
        "address, or the same key",
        OUTCOME_ERROR },
    [FAILURE_MONITOR_LOST] = { "monitor-lost",
        "the connection to a monitor broke",
        "see whether that QEMU still runs", OUTCOME_ERROR },
    [FAILURE_NOT_QMP] = { "not-qmp",
        "what answers at the monitor's address does not speak QMP",
        "the address must be a -qmp socket, not -monitor or another program",
        OUTCOME_ERROR },
    [FAILURE_QMP_REFUSED] = { "qmp-refused",
        "QEMU refused a question that every QEMU answers",
        "run with --trace to see the whole conversation", OUTCOME_ERROR },
    [FAILURE_CANNOT_MEASURE] = { "cannot-measure",
        "how fast the guest dirties its memory cannot be measured",
        "run as the user who runs QEMU, on its host: then its memory is read",
        OUTCOME_ERROR },
    [FAILURE_SAME_QEMU] = { "same-qemu",
        "source and destination are one and the same QEMU",
        "give the monitor of a second QEMU, started with -incoming defer",
        OUTCOME_REFUSED },
    [FAILURE_NOT_WAITING] = { "not-waiting",
        "the destination does not wait for a migration",
        "restart it with -S -incoming defer; a QEMU accepts one incoming migration",
        OUTCOME_REFUSED },
    [FAILURE_BUSY] = { "busy",
        "another qmigrate is migrating or recovering this QEMU",
        "wait for its end; qmigrate status, cancel and postcopy work beside it",
        OUTCOME_REFUSED },
    [FAILURE_MIGRATING_ALREADY] = { "migrating-already",
        "the source is being migrated already",
        "wait for it to end, or cancel it where it was started",
        OUTCOME_REFUSED },
    [FAILURE_SOURCE_STATE] = { "source-state",
        "the source has no guest that could be migrated",
        "look at query-status on the source", OUTCOME_REFUSED },
    [FAILURE_NOT_PAUSED] = { "not-paused",
        "there is no post-copy that waits for a recovery",
        "qmigrate qmp QMP query-migrate shows how it stands on each side",
        OUTCOME_REFUSED },
    [FAILURE_NOT_A_PAIR] = { "not-a-pair",
        "the two QEMUs do not have two halves of one guest",
        "give the monitors of the two that were migrating", OUTCOME_REFUSED },
    [FAILURE_BLOCKED] = { "blocked",
        "a device or feature of the source blocks migration",
        "remove what QEMU names, then try again", OUTCOME_REFUSED },
    [FAILURE_BLOCK_JOB] = { "block-job",
        "a block job must end first",
        "qmigrate qmp QMP query-jobs shows the jobs; wait for their end, or "
        "cancel them", OUTCOME_REFUSED, TRUE },
    [FAILURE_INCOMPATIBLE] = { "incompatible",
        "the two QEMUs do not fit each other",
        "start both with the same machine and devices", OUTCOME_REFUSED },
    [FAILURE_HOST] = { "host",
        "this host does not have what the migration needs",
        "give it what it lacks, or leave out what needs it", OUTCOME_REFUSED },
    [FAILURE_TLS] = { "tls",
        "TLS cannot work with these credentials",
        "qmigrate tls check looks at them alone; docs/tls.rst has each finding "
        "and its mend", OUTCOME_REFUSED },
    [FAILURE_UNKNOWN_SETTING] = { "unknown-setting",
        "a capability or parameter that QEMU does not have",
        "qmigrate caps lists what each QEMU has",
        OUTCOME_REFUSED },
    [FAILURE_SETTING_REFUSED] = { "setting-refused",
        "QEMU refused a capability or parameter",
        "QEMU's own words say what it wants", OUTCOME_REFUSED },
    [FAILURE_INCOMING_REFUSED] = { "incoming-refused",
        "the destination cannot listen at the migration address",
        "QEMU's own words say why; if it was started already, restart the "
        "destination with -S -incoming defer; if it is the address, choose "
        "another --uri, as tcp:HOST:0 with any free port",
        OUTCOME_ERROR },
    [FAILURE_MIGRATE_REFUSED] = { "migrate-refused",
        "the source refused to start the migration",
        NULL, OUTCOME_FAILED },
    [FAILURE_MIGRATION_FAILED] = { "migration-failed",
        "the source gave the migration up",
        "see what both QEMUs say, also on their standard error; --trace keeps "
        "the whole conversation",
        OUTCOME_FAILED },
    [FAILURE_DESTINATION_FAILED] = { "destination-failed",
        "the destination could not load the guest",
        "see what both QEMUs say, also on their standard error; compare the "
        "command lines, and check the network between both",
        OUTCOME_FAILED },
    [FAILURE_SOURCE_LOST] = { "source-lost",
        "the source's QEMU is gone",
        "its standard error says why; the guest went with it unless the "
        "destination has it", OUTCOME_LOST },
    [FAILURE_GUEST_OFF] = { "guest-off",
        "the guest powered off, reset or panicked, and its QEMU ended for it",
        "start it again; QEMU stays with -no-shutdown, without -no-reboot and "
        "with -action panic=pause", OUTCOME_LOST },
    [FAILURE_DESTINATION_LOST] = { "destination-lost",
        "the destination's QEMU is gone",
        "its standard error says why; start it anew", OUTCOME_FAILED },
    [FAILURE_POSTCOPY_BROKEN] = { "postcopy-broken",
        "the channel of a post-copy broke and could not be mended",
        "mend the network, then qmigrate recover with both monitors; until then "
        "quit neither QEMU, and cont none",
        OUTCOME_FAILED },
    [FAILURE_DEADLINE] = { "deadline",
        "a phase took longer than it may",
        "one of both hangs: compare their capabilities and parameters",
        OUTCOME_FAILED },
    [FAILURE_STALLED] = { "stalled",
        "no byte moved for too long",
        "the network is cut, or both sides wait for each other",
        OUTCOME_FAILED },
    [FAILURE_TIMEOUT] = { "timeout",
        "the migration was not done within --timeout",
        "allow more --timeout, --max-bandwidth or --downtime-limit",
        OUTCOME_FAILED, TRUE },
    [FAILURE_DID_NOT_CONVERGE] = { "did-not-converge",
        "the policy gave up: the guest dirties its memory faster than it goes",
        "the message says what the policy saw, and what it needs; qmigrate "
        "predict says what would do",
        OUTCOME_FAILED, TRUE },
    [FAILURE_CANCELLED] = { "cancelled",
        "cancelled by a signal or a request",
        NULL, OUTCOME_CANCELLED, TRUE },
    [FAILURE_CANCELLED_ELSEWHERE] = { "cancelled-elsewhere",
        "cancelled by another QMP client",
        "another client is connected to the source", OUTCOME_CANCELLED },
    [FAILURE_DETACHED] = { "detached",
        "told a second time to stop: left while QEMU goes on by itself",
        "qmigrate status, with both sides, shows how it goes on", OUTCOME_UNRESOLVED },
    [FAILURE_INTERRUPTED] = { "interrupted",
        "the qmigrate that ran this migration was killed",
        "run qmigrate recover with both monitors", OUTCOME_REFUSED },
    [FAILURE_NOT_RECORDED] = { "not-recorded",
        "a migration is in progress that no record of this user matches",
        "qmigrate recover --adopt follows it to its end, qmigrate cancel stops "
        "it, qmigrate status shows it", OUTCOME_REFUSED },
    [FAILURE_NOT_PROVED] = { "not-proved",
        "no record of this user says how this migration began",
        "check query-status and query-migrate on both sides", OUTCOME_UNRESOLVED },
    [FAILURE_NO_MIGRATION] = { "no-migration",
        "no migration goes on that something could be done to",
        "qmigrate status shows how the last one ended", OUTCOME_REFUSED },
    [FAILURE_IN_POSTCOPY] = { "in-postcopy",
        "a migration in post-copy cannot be taken back",
        "wait for its end; if its network broke, qmigrate recover mends it",
        OUTCOME_REFUSED },
    [FAILURE_NOT_ARMED] = { "not-armed",
        "the migration was started without post-copy",
        "cancel it, and start it anew with --postcopy", OUTCOME_REFUSED },
    [FAILURE_NO_QEMU] = { "no-qemu",
        "there is no such QEMU to start a lab with",
        "install QEMU (Debian: qemu-system-x86), or name one by --qemu",
        OUTCOME_SKIP },
    [FAILURE_NEED_UNMET] = { "need-unmet",
        "a scenario needs what is not here",
        "try it where it is; the scenario says what by need", OUTCOME_SKIP },
    [FAILURE_GUEST_NOT_READY] = { "guest-not-ready",
        "the lab's guest did not start its work",
        "try --accel=tcg, or less --memory", OUTCOME_ERROR },
    [FAILURE_MEMORY_NOT_INTACT] = { "memory-not-intact",
        "the guest found memory that is not what it wrote",
        "keep the pair with --keep and repeat; this is a bug in QEMU or below",
        OUTCOME_VERDICT },
    [FAILURE_BEATS_LOST] = { "beats-lost",
        "heartbeats of the guest were lost or came twice",
        "the guest was rolled back or ran in two places", OUTCOME_VERDICT },
    [FAILURE_GUEST_STATE] = { "guest-state",
        "the guest is not in the run state it was in before",
        "look at the guest's console and at the log of its QEMU",
        OUTCOME_VERDICT },
};
/* clang-format on */

/* clang-format off */
static const struct {
    QmpError error;
    FailureCode failure;
} qmp_codes[] = {
    { QMP_ERROR_UNREACHABLE, FAILURE_MONITOR_UNREACHABLE },
    { QMP_ERROR_TIMED_OUT,   FAILURE_MONITOR_SILENT },
    { QMP_ERROR_TLS,         FAILURE_MONITOR_TLS },
    { QMP_ERROR_CLOSED,      FAILURE_MONITOR_LOST },
    { QMP_ERROR_PROTOCOL,    FAILURE_NOT_QMP },
    { QMP_ERROR_USAGE,       FAILURE_USAGE },
};
/* clang-format on */

FailureCode failure_code_from_qmp(const GError *error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(qmp_codes); i++) {
        if (g_error_matches(error, QMP_ERROR, qmp_codes[i].error)) {
            return qmp_codes[i].failure;
        }
    }
    return FAILURE_NONE;
}

const FailureRow *failure_row(FailureCode code)
{
    g_assert(code < N_FAILURES);
    return &rows[code];
}

const char *failure_hint(const Failure *failure)
{
    return failure->hint ? failure->hint : failure_row(failure->code)->hint;
}

void failure_clear(Failure *failure)
{
    g_free(failure->message);
    g_free(failure->hint);
    g_clear_pointer(&failure->also, g_ptr_array_unref);
    g_free(failure->qemu_text[SIDE_SOURCE]);
    g_free(failure->qemu_text[SIDE_DESTINATION]);
    *failure = (Failure){ 0 };
}

static gpointer copy_string(gconstpointer text, gpointer user_data)
{
    return g_strdup(text);
}

Failure failure_copy(const Failure *failure)
{
    Failure copy = *failure;
    copy.message = g_strdup(failure->message);
    copy.hint = g_strdup(failure->hint);
    copy.also = failure->also
                    ? g_ptr_array_copy(failure->also, copy_string, NULL)
                    : NULL;
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        copy.qemu_text[side] = g_strdup(failure->qemu_text[side]);
    }
    return copy;
}

void failure_add(Failure *failure, Side side, const char *text,
                 const char *hint)
{
    if (!failure->also) {
        failure->also = g_ptr_array_new_with_free_func(g_free);
    }
    g_ptr_array_add(
        failure->also,
        g_strdup_printf("%s%s%s%s%s%s", side < N_SIDES ? side_name(side) : "",
                        side < N_SIDES ? ": " : "", text, hint ? " (" : "",
                        hint ? hint : "", hint ? ")" : ""));
}

/* QEMU may have said several lines: each stays one, indented. */
static void add_lines(GString *text, Side side, const char *when,
                      const char *words)
{
    g_autofree char *trimmed = g_strchomp(g_strdup(words));
    g_auto(GStrv) lines = g_strsplit(trimmed, "\n", -1);
    for (char **line = lines; *line; line++) {
        g_string_append_printf(text, "  %s's QEMU says%s: %s\n",
                               side_name(side), when, g_strchomp(*line));
    }
}

/* In the order in which both sides ended, where that is known. */
static void add_qemu_texts(GString *text, const Failure *failure)
{
    Side first = failure->has_first ? failure->first : SIDE_SOURCE;
    Side second = first == SIDE_SOURCE ? SIDE_DESTINATION : SIDE_SOURCE;
    g_autofree char *later =
        !failure->has_first ? g_strdup("")
        : failure->lead_us < 0
            ? g_strdup(" (later)")
            : g_strdup_printf(" (%.1f ms later)", failure->lead_us / 1e3);
    if (failure->qemu_text[first]) {
        add_lines(text, first, "", failure->qemu_text[first]);
    }
    if (failure->qemu_text[second]) {
        add_lines(text, second, later, failure->qemu_text[second]);
    }
}

char *failure_to_text(const Failure *failure)
{
    g_autoptr(GString) text = g_string_new("error: ");
    if (failure->phase) {
        g_string_append_printf(text, "%s: ", failure->phase);
    }
    if (failure->has_side) {
        g_string_append_printf(text, "%s: ", side_name(failure->side));
    }
    g_string_append_printf(text, "%s\n", failure->message);
    add_qemu_texts(text, failure);
    if (failure_hint(failure)) {
        g_string_append_printf(text, "  hint: %s\n", failure_hint(failure));
    }
    for (guint i = 0; failure->also && i < failure->also->len; i++) {
        g_string_append_printf(text, "  also: %s\n",
                               (char *)failure->also->pdata[i]);
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}
