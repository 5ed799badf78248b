/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A whole run between two fake QEMUs: what is told to them, in which order, and
 * where the guest is said to be at the end.
 */
#include "tests/lib/check.h"

#include "tests/lib/fake-pair.h"

#define SET    "S +events +pause-before-switchover +return-path; D +events; "
#define LISTEN SET "D migrate-incoming; "
#define SENT   LISTEN "S migrate; "
#define UNDO_S "S -events -pause-before-switchover -return-path"
#define UNDO_D "D -events"

typedef struct {
    const char *what;
    PairScript script;
    const char *told;
    Outcome outcome;
    FailureCode code;
    const char *message; /* a part of it, or of a note */
    const char *qemu_text[N_SIDES];
} Case;

static void check_words(const Case *one, const Migration *m)
{
    bool found =
        m->failure.message && strstr(m->failure.message, one->message) != NULL;

    for (guint i = 0; i < m->notes->len; i++) {
        found |= strstr(m->notes->pdata[i], one->message) != NULL;
    }
    if (!found) {
        fail_msg("%s: nowhere is said \"%s\"; the failure: %s", one->what,
                 one->message, m->failure.message ? m->failure.message : "-");
    }
}

static bool needs_a_death(const Case *one)
{
    bool needs = false;

    for (size_t i = 0; i < G_N_ELEMENTS(one->script.reactions); i++) {
        const char *words = one->script.reactions[i].words;

        needs |= words && strstr(words, ":die");
    }
    return needs;
}

static void run_cases(const Case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const Case *one = &cases[i];

        if (needs_a_death(one) && !fake_pair_can_die()) {
            print_message("%s: not here\n", one->what);
            continue;
        }
        g_autoptr(FakePair) pair = fake_pair_new(&one->script);
        const Migration *m = fake_pair_run(pair);

        if (strcmp(fake_pair_told(pair), one->told) != 0) {
            fail_msg("%s: told %s", one->what, fake_pair_told(pair));
        }
        if (m->outcome != one->outcome || m->failure.code != one->code) {
            fail_msg("%s: %s, %s: %s", one->what, outcome_row(m->outcome)->name,
                     failure_row(m->failure.code)->word,
                     m->failure.message ? m->failure.message : "-");
        }
        if (one->message) {
            check_words(one, m);
        }
        for (Side side = 0; side < N_SIDES; side++) {
            if (one->qemu_text[side]) {
                check_contains(m->failure.qemu_text[side],
                               one->qemu_text[side]);
            }
        }
    }
}

/* ---- it migrates ---- */

static const Case good[] = {
    { "straight, 10.0",
      { 0 },
      SENT "S migrate-continue; D cont; " UNDO_D,
      OUTCOME_MIGRATED },
    { "straight, 7.2",
      { .version = "7.2" },
      SENT "S migrate-continue; D cont; " UNDO_D,
      OUTCOME_MIGRATED },
    { "7.2 is completed a moment before it is postmigrate",
      { .version = "7.2",
        .reactions = { { "S migrate-continue",
                         "S:device D:completed S:completed "
                         "S:=finish-migrate" },
                       { "S query-status", "" }, /* inspect */
                       { "S query-status", "" }, /* whose STOP it is */
                       { "S query-status", "S:=postmigrate" } } },
      SENT "S migrate-continue; D cont; " UNDO_D,
      OUTCOME_MIGRATED },
    { "the destination runs by itself: no cont",
      { .reactions = { { "S migrate-continue",
                         "S:device D:RESUME D:completed S:completed" } } },
      SENT "S migrate-continue; " UNDO_D,
      OUTCOME_MIGRATED },
    { "paused before: no cont",
      { .run_state = "paused",
        .reactions = { { "S migrate", "S:setup D:active S:active "
                                      "S:pre-switchover" } } },
      SENT "S migrate-continue; " UNDO_D,
      OUTCOME_MIGRATED },
    { "settings go back on the one that keeps the guest",
      { .wishes = "+xbzrle multifd-channels=4 downtime-limit=1s" },
      "S downtime-limit=1000 multifd-channels=4; "
      "S +events +pause-before-switchover +return-path +xbzrle; "
      "D multifd-channels=4; D +events; "
      "D migrate-incoming; S migrate; S migrate-continue; D cont; "
      "D -events; D multifd-channels=2",
      OUTCOME_MIGRATED },
    { "QEMU does not wait for us",
      { .wishes = "-pause-before-switchover",
        .reactions = { { "S migrate",
                         "S:setup D:active S:active S:STOP S:device "
                         "D:completed S:completed" } } },
      "S +events +return-path; D +events; D migrate-incoming; S migrate; "
      "D cont; " UNDO_D,
      OUTCOME_MIGRATED },
    { "too late to cancel",
      { .reactions = { { "D cont", "D:RESUME cancel-now" } } },
      SENT "S migrate-continue; D cont; " UNDO_D,
      OUTCOME_MIGRATED,
      .message = "too late to cancel" },
    { "the destination's monitor breaks when it is told to run",
      { .reactions = { { "D cont", "D:=running D:hang-up" } } },
      SENT "S migrate-continue; D cont; " UNDO_D,
      OUTCOME_MIGRATED,
      .message = "it migrated all the same" },
    { "the source's monitor breaks behind the end",
      { .reactions = { { "S migrate-continue",
                         "S:device D:completed S:completed S:hang-up" } } },
      SENT "S migrate-continue; D cont; " UNDO_D,
      OUTCOME_MIGRATED },
    { "an undo that is refused is a note",
      { .reactions = { { "D cont", "D:RESUME" },
                       { "D migrate-set-capabilities", "" },
                       { "D migrate-set-capabilities", "D:!busy" } } },
      SENT "S migrate-continue; D cont; " UNDO_D,
      OUTCOME_MIGRATED,
      .message = "could not be put back: busy" },
};

static void migrates(void **state)
{
    run_cases(good, G_N_ELEMENTS(good));
}

/* ---- before migrate: all is undone ---- */

static const Case refused[] = {
    { "the port is in use",
      { .wishes = "+xbzrle downtime-limit=500",
        .reactions = { { "D migrate-incoming",
                         "D:!Failed_to_find_an_available_port:_Address_"
                         "already_in_use" } } },
      "S downtime-limit=500; "
      "S +events +pause-before-switchover +return-path +xbzrle; "
      "D +events; D migrate-incoming; D -events; "
      "S -events -pause-before-switchover -return-path -xbzrle; "
      "S downtime-limit=300",
      OUTCOME_ERROR,
      FAILURE_INCOMING_REFUSED,
      .message = "migrate-incoming was refused",
      .qemu_text = { NULL, "Address already in use" } },
    { "a setting is refused: all that was taken is undone",
      { .wishes = "downtime-limit=500",
        .reactions = { { "D migrate-set-capabilities",
                         "D:!Parameter_'x'_expects_y" } } },
      "S downtime-limit=500; " SET UNDO_S "; S downtime-limit=300",
      OUTCOME_REFUSED,
      FAILURE_SETTING_REFUSED,
      .qemu_text = { NULL, "expects y" } },
    { "a setting that is taken and not kept",
      { .wishes = "downtime-limit=500",
        .reactions = { { "S migrate-set-parameters", "S:forget" } } },
      "S downtime-limit=500; " SET UNDO_D "; " UNDO_S,
      OUTCOME_REFUSED,
      FAILURE_SETTING_REFUSED,
      .message = "downtime-limit is 300, not 500" },
    { "the destination dies in prepare",
      { .reactions = { { "D migrate-incoming", "D:mute D:die" } } },
      LISTEN UNDO_S,
      OUTCOME_ERROR,
      FAILURE_DESTINATION_LOST },
    { "the destination's monitor breaks in prepare",
      { .reactions = { { "D migrate-incoming", "D:mute D:hang-up" } } },
      LISTEN UNDO_S,
      OUTCOME_ERROR,
      FAILURE_MONITOR_LOST },
    { "cancelled in prepare",
      { .reactions = { { "D migrate-set-capabilities", "D:mute cancel" } } },
      SET UNDO_D "; " UNDO_S,
      OUTCOME_CANCELLED,
      FAILURE_CANCELLED },
    { "the source is not running anything",
      { .run_state = "postmigrate" },
      "",
      OUTCOME_REFUSED,
      FAILURE_SOURCE_STATE },
    { "a migration goes on already",
      { .reactions = { { "S query-status", "S:~active" } } },
      "",
      OUTCOME_REFUSED,
      FAILURE_MIGRATING_ALREADY },
    { "a capability that nobody has",
      { .wishes = "+quite-new" },
      "",
      OUTCOME_REFUSED,
      FAILURE_UNKNOWN_SETTING,
      .message = "there is no capability 'quite-new'" },
    { "one without which another is refused",
      { .wishes = "+zero-copy-send" },
      "",
      OUTCOME_REFUSED,
      FAILURE_INCOMPATIBLE,
      .message = "zero-copy-send needs multifd" },
};

static void undoes_what_was_done(void **state)
{
    run_cases(refused, G_N_ELEMENTS(refused));
}

/* ---- after migrate: who has the guest? ---- */

#define IN_POSTCOPY                                                            \
    "S:setup D:active S:active S:STOP S:postcopy-active D:postcopy-active "    \
    "D:RESUME "

static const Case broken[] = {
    { "migrate is refused",
      { .reactions = { { "S migrate", "S:!no_way" } } },
      SENT UNDO_S,
      OUTCOME_FAILED,
      FAILURE_MIGRATE_REFUSED,
      .qemu_text = { "no way" } },
    { "both say why",
      { .reactions = { { "S migrate",
                         "S:setup D:active S:active S:(Sibling_error) "
                         "D:(no_room) S:~failed D:failed" } } },
      SENT UNDO_S,
      OUTCOME_FAILED,
      FAILURE_DESTINATION_FAILED,
      .qemu_text = { "Sibling error", "no room" } },
    { "the source cannot connect",
      { .reactions = { { "S migrate", "S:(refused) S:failed" } } },
      SENT UNDO_S,
      OUTCOME_FAILED,
      FAILURE_MIGRATION_FAILED,
      .qemu_text = { "refused", NULL } },
    { "handed over to one that cannot load it: continued here",
      { .reactions = { { "S migrate-continue", "S:device S:completed "
                                               "D:(bad_device) D:failed" } } },
      SENT "S migrate-continue; S cont; " UNDO_S,
      OUTCOME_FAILED,
      FAILURE_DESTINATION_FAILED,
      .message = "continued it there" },
    { "handed over to one that died: continued here",
      { .reactions = { { "S migrate-continue",
                         "S:device S:completed D:die" } } },
      SENT "S migrate-continue; S cont; " UNDO_S,
      OUTCOME_FAILED,
      FAILURE_DESTINATION_LOST },
    { "it died before it answered cont: never continued here, nor called lost",
      { .reactions = { { "D cont", "D:mute D:die" } } },
      SENT "S migrate-continue; D cont",
      OUTCOME_UNRESOLVED,
      FAILURE_DESTINATION_LOST },
    { "the source died while it sent",
      { .reactions = { { "S migrate",
                         "S:setup D:active S:active D:~failed S:die" } } },
      LISTEN "S migrate",
      OUTCOME_LOST,
      FAILURE_SOURCE_LOST },
    { "the destination's monitor breaks in transfer and comes back",
      { .reactions = { { "S migrate",
                         "S:setup D:active S:active D:hang-up" } } },
      SENT "S migrate_cancel; " UNDO_S,
      OUTCOME_FAILED,
      FAILURE_MONITOR_LOST },
    { "the source's monitor breaks in transfer and comes back",
      { .reactions = { { "S migrate",
                         "S:setup D:active S:active S:hang-up" } } },
      SENT "S migrate_cancel; " UNDO_S,
      OUTCOME_FAILED,
      FAILURE_MONITOR_LOST },
    { "the source speaks in tongues in transfer",
      { .reactions = { { "S migrate",
                         "S:setup D:active S:active S:garbage" } } },
      SENT "S migrate_cancel; " UNDO_S,
      OUTCOME_FAILED,
      FAILURE_NOT_QMP },
    { "the destination speaks in tongues behind the end, and runs",
      { .reactions = { { "D cont", "D:RESUME D:garbage" } } },
      SENT "S migrate-continue; D cont; " UNDO_D,
      OUTCOME_MIGRATED,
      .message = "it migrated all the same" },
    { "cancelled in transfer",
      { .reactions = { { "S migrate", "S:setup D:active S:active cancel" } } },
      SENT "S migrate_cancel; " UNDO_S,
      OUTCOME_CANCELLED,
      FAILURE_CANCELLED },
    { "cancelled in the switchover",
      { .reactions = { { "S migrate-continue", "S:mute cancel" },
                       { "S migrate_cancel",
                         "S:cancelling S:RESUME S:cancelled D:failed" } } },
      SENT "S migrate-continue; S migrate_cancel; " UNDO_S,
      OUTCOME_CANCELLED,
      FAILURE_CANCELLED },
    { "cancelled by somebody else",
      { .reactions = { { "S migrate",
                         "S:setup D:active S:active "
                         "S:cancelling S:cancelled D:~failed" } } },
      SENT UNDO_S,
      OUTCOME_CANCELLED,
      FAILURE_CANCELLED_ELSEWHERE },
    { "a post-copy that breaks is mended",
      { .reactions = { { "S migrate",
                         IN_POSTCOPY "S:postcopy-paused D:postcopy-paused" },
                       { "D migrate-recover", "" },
                       { "S migrate",
                         "S:postcopy-recover D:postcopy-recover "
                         "S:postcopy-active D:postcopy-active D:completed "
                         "S:completed" } } },
      LISTEN "S migrate; D migrate-recover; S migrate; D -events",
      OUTCOME_MIGRATED },
    { "I10: told to stop, it leaves a post-copy as it is",
      { .reactions = { { "S migrate",
                         IN_POSTCOPY "S:postcopy-paused D:postcopy-paused" },
                       { "D migrate-recover", "cancel" },
                       { "S migrate", "S:postcopy-paused" } } },
      LISTEN "S migrate; D migrate-recover; S migrate",
      OUTCOME_POSTCOPY_PAUSED,
      FAILURE_POSTCOPY_BROKEN },
};

static void resolves(void **state)
{
    run_cases(broken, G_N_ELEMENTS(broken));
}

/* ---- through a file ---- */

#define FILE_URI .uri = "file:/run/guest"
#define SAVES                                                                  \
    {                                                                          \
        "S migrate", "S:setup S:active S:device S:completed"                   \
    }
#define LOADS                                                                  \
    {                                                                          \
        "D migrate-incoming", "D:setup D:active D:completed"                   \
    }
#define HELD   "S +events; D +events; S stop; "
#define SAVED  HELD "S migrate; "
#define LOADED SAVED "D migrate-incoming; "
#define KEPT   "D -events; S -events"

static const Case filed[] = {
    { "saved and loaded",
      { FILE_URI, .reactions = { SAVES, LOADS } },
      LOADED "D cont; " UNDO_D,
      OUTCOME_MIGRATED },
    { "paused before: neither stop nor cont",
      { FILE_URI, .run_state = "paused", .reactions = { SAVES, LOADS } },
      "S +events; D +events; S migrate; D migrate-incoming; " UNDO_D,
      OUTCOME_MIGRATED },
    { "completed a moment before all is written",
      { FILE_URI, .reactions = { { "S migrate", "S:setup S:active S:completed "
                                                "S:=finish-migrate" },
                                 { "S query-status", "" }, /* inspect */
                                 { "S query-status", "S:=postmigrate" },
                                 LOADS } },
      LOADED "D cont; " UNDO_D,
      OUTCOME_MIGRATED },
    { "too late to cancel",
      { FILE_URI,
        .reactions = { SAVES,
                       { "D migrate-incoming",
                         "D:setup D:active D:completed cancel-now" } } },
      LOADED "D cont; " UNDO_D,
      OUTCOME_MIGRATED,
      .message = "too late to cancel" },
    { "the destination's monitor breaks while it loads",
      { FILE_URI,
        .reactions = { SAVES,
                       { "D migrate-incoming", "D:setup D:active D:~completed "
                                               "D:=paused D:hang-up" } } },
      LOADED "D cont; " UNDO_D,
      OUTCOME_MIGRATED,
      .message = "it migrated all the same" },
    { "the source dies while the destination loads",
      { FILE_URI,
        .reactions = { SAVES,
                       { "D migrate-incoming", "D:setup D:active D:~completed "
                                               "D:=paused S:die" } } },
      LOADED "D cont; " UNDO_D,
      OUTCOME_MIGRATED,
      .message = "it migrated all the same" },
    { "7.2 has no files",
      { FILE_URI, .version = "7.2" },
      "",
      OUTCOME_REFUSED,
      FAILURE_INCOMPATIBLE,
      .message = "does not know file:" },
    { "a wish that a file does not go with",
      { FILE_URI, .wishes = "+xbzrle +return-path" },
      "",
      OUTCOME_REFUSED,
      FAILURE_INCOMPATIBLE,
      .message = "takes return-path with an address that nothing comes" },
    { "stop is refused",
      { FILE_URI, .reactions = { { "S stop", "S:!no" } } },
      HELD KEPT,
      OUTCOME_ERROR,
      FAILURE_MIGRATE_REFUSED,
      .qemu_text = { "no" } },
    { "the source's monitor breaks when it is stopped",
      { FILE_URI,
        .reactions = { { "S stop", "S:mute S:STOP S:=paused S:hang-up" } } },
      HELD "S cont; " KEPT,
      OUTCOME_ERROR,
      FAILURE_MONITOR_LOST },
    { "cancelled when it is stopped",
      { FILE_URI,
        .reactions = { { "S stop", "S:STOP S:=paused cancel-now" } } },
      HELD "S cont; " KEPT,
      OUTCOME_CANCELLED,
      FAILURE_CANCELLED },
    { "the file cannot be made",
      { FILE_URI, .reactions = { { "S migrate", "S:!Could_not_create_it" } } },
      SAVED "S cont; " KEPT,
      OUTCOME_FAILED,
      FAILURE_MIGRATE_REFUSED,
      .message = "stopped to be saved",
      .qemu_text = { "Could not create it" } },
    { "the disk is full",
      { FILE_URI,
        .reactions = { { "S migrate",
                         "S:setup S:active S:(No_space) S:failed" } } },
      SAVED "S cont; " KEPT,
      OUTCOME_FAILED,
      FAILURE_MIGRATION_FAILED,
      .qemu_text = { "No space" } },
    { "the disk is full, and it was paused before",
      { FILE_URI, .run_state = "paused",
        .reactions = { { "S migrate", "S:setup S:active S:failed" } } },
      "S +events; D +events; S migrate; " KEPT,
      OUTCOME_FAILED,
      FAILURE_MIGRATION_FAILED },
    { "cancelled while it is saved",
      { FILE_URI,
        .reactions = { { "S migrate", "S:setup S:active cancel" },
                       { "S migrate_cancel", "S:cancelling S:cancelled" } } },
      SAVED "S migrate_cancel; S cont; " KEPT,
      OUTCOME_CANCELLED,
      FAILURE_CANCELLED },
    { "cancelled when it is saved",
      { FILE_URI,
        .reactions = { { "S migrate",
                         "S:setup S:active S:completed cancel-now" } } },
      SAVED "S cont; " KEPT,
      OUTCOME_CANCELLED,
      FAILURE_CANCELLED },
    { "cancelled by somebody else while it is saved",
      { FILE_URI,
        .reactions = { { "S migrate",
                         "S:setup S:active S:cancelling S:cancelled" } } },
      SAVED "S cont; " KEPT,
      OUTCOME_CANCELLED,
      FAILURE_CANCELLED_ELSEWHERE },
    { "the destination dies while it is saved",
      { FILE_URI,
        .reactions = { { "S migrate", "S:setup S:active D:die" },
                       { "S migrate_cancel", "S:cancelling S:cancelled" } } },
      SAVED "S migrate_cancel; S cont; S -events",
      OUTCOME_FAILED,
      FAILURE_DESTINATION_LOST },
    { "the source dies while it is saved",
      { FILE_URI, .reactions = { { "S migrate", "S:setup S:active S:die" } } },
      SAVED UNDO_D,
      OUTCOME_LOST,
      FAILURE_SOURCE_LOST },
    { "the destination may not read it",
      { FILE_URI,
        .reactions = { SAVES,
                       { "D migrate-incoming", "D:!Permission_denied" } } },
      LOADED "S cont; " KEPT,
      OUTCOME_FAILED,
      FAILURE_INCOMING_REFUSED,
      .qemu_text = { NULL, "Permission denied" } },
    { "the destination cannot load it",
      { FILE_URI,
        .reactions = { SAVES,
                       { "D migrate-incoming",
                         "D:setup D:active D:(bad_device) D:failed" } } },
      LOADED "S cont; S -events",
      OUTCOME_FAILED,
      FAILURE_DESTINATION_FAILED,
      .message = "continued it there",
      .qemu_text = { NULL, "bad device" } },
    { "the destination dies while it loads",
      { FILE_URI,
        .reactions = { SAVES,
                       { "D migrate-incoming", "D:setup D:active D:die" } } },
      LOADED "S cont; S -events",
      OUTCOME_FAILED,
      FAILURE_DESTINATION_LOST },
};

static void goes_through_a_file(void **state)
{
    run_cases(filed, G_N_ELEMENTS(filed));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(migrates),
        cmocka_unit_test(undoes_what_was_done),
        cmocka_unit_test(resolves),
        cmocka_unit_test(goes_through_a_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
