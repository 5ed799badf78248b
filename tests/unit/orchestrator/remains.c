/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a run that ended early says of both QEMUs. */
#include "tests/lib/check.h"

#include "orchestrator/phases.h"
#include "orchestrator/remains.h"
#include "orchestrator/report-guest.h"

#define USED  "the destination was used: restart it with -S -incoming defer"
#define MAYBE "the destination may be used: restart it with -S -incoming defer"
#define ENDED                                                                  \
    "the destination has ended: start it again with -S -incoming defer"
#define RESTORED "all settings were restored"
#define LEFT     "settings are left, see the notes"

static const struct {
    Remains remains;
    const char *text;
} texts[] = {
    { { SETTINGS_UNTOUCHED, DESTINATION_FREE }, "nothing was changed" },
    { { SETTINGS_UNTOUCHED, DESTINATION_USED }, USED },
    { { SETTINGS_UNTOUCHED, DESTINATION_DOUBTFUL }, MAYBE },
    { { SETTINGS_UNTOUCHED, DESTINATION_ENDED }, ENDED },
    { { SETTINGS_RESTORED, DESTINATION_FREE }, RESTORED },
    { { SETTINGS_RESTORED, DESTINATION_USED }, RESTORED "; " USED },
    { { SETTINGS_RESTORED, DESTINATION_DOUBTFUL }, RESTORED "; " MAYBE },
    { { SETTINGS_RESTORED, DESTINATION_ENDED }, RESTORED "; " ENDED },
    { { SETTINGS_LEFT, DESTINATION_FREE }, LEFT },
    { { SETTINGS_LEFT, DESTINATION_USED }, LEFT "; " USED },
    { { SETTINGS_LEFT, DESTINATION_DOUBTFUL }, LEFT "; " MAYBE },
    { { SETTINGS_LEFT, DESTINATION_ENDED }, LEFT "; " ENDED },
};

static void each_remainder_has_its_words(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autofree char *text = remains_text(texts[i].remains);
        check_case(texts[i].text, strcmp(text, texts[i].text) == 0);
    }
}

typedef enum { NOT_SENT, NO_ANSWER, TAKEN, REFUSED } Incoming;

/* How prepare ends: one step on the source, then migrate-incoming. */
static const struct {
    const char *what;
    gboolean sets, undo_is_refused;
    Incoming incoming;
    const char *status; /* the destination's afterwards; NULL: no answer */
    EventKind end;
    const char *text;
} ends[] = {
    { "nothing was sent", FALSE, FALSE, NOT_SENT, NULL, EVENT_CANCEL,
      "as requested; nothing was changed" },
    { "cancelled after a setting", TRUE, FALSE, NOT_SENT, NULL, EVENT_CANCEL,
      "as requested; " RESTORED },
    { "which cannot be put back", TRUE, TRUE, NOT_SENT, NULL, EVENT_CANCEL,
      "as requested; " LEFT },
    { "7.2 cannot listen", FALSE, FALSE, REFUSED, "none", N_EVENTS,
      "could not start; nothing was changed" },
    { "10.0 cannot listen", FALSE, FALSE, REFUSED, "setup", N_EVENTS,
      "could not start; " USED },
    { "10.0 cannot listen, with a setting", TRUE, FALSE, REFUSED, "setup",
      N_EVENTS, "could not start; " RESTORED "; " USED },
    { "it does not say", FALSE, FALSE, REFUSED, NULL, N_EVENTS,
      "could not start; " MAYBE },
    { "cancelled while it listens", TRUE, FALSE, TAKEN, NULL, EVENT_CANCEL,
      "as requested; " RESTORED "; " USED },
    { "cancelled before it has answered", FALSE, FALSE, NO_ANSWER, "setup",
      EVENT_CANCEL, "as requested; " USED },
    { "and it could not listen", FALSE, FALSE, NO_ANSWER, "none", EVENT_CANCEL,
      "as requested; nothing was changed" },
    { "its process ends", TRUE, FALSE, NO_ANSWER, NULL, EVENT_DIED,
      "could not start; " RESTORED "; " ENDED },
};

static void feed(Migration *m, Event event)
{
    event.time_us = m->now_us + 1000;
    migration_feed(m, &event);
}

static CapsStep *step_new(void)
{
    CapsStep *step = g_new0(CapsStep, 1);
    step->side = SIDE_SOURCE;
    step->command = qmp_command_new("migrate-set-parameters");
    qmp_command_set_int(step->command, "max-bandwidth", 5);
    step->undo = qmp_command_new("migrate-set-parameters");
    qmp_command_set_int(step->undo, "max-bandwidth", 7);
    return step;
}

static Migration *in_prepare(const MigrationSettings *settings, gboolean sets,
                             Incoming incoming)
{
    Migration *m = migration_new(settings);
    m->phase = PHASE_PREPARE;
    m->now_us = G_USEC_PER_SEC;
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        m->facts[side].connected = true;
        m->facts[side].status = STATUS_NONE;
    }
    if (sets) {
        g_ptr_array_add(m->steps, step_new());
        m->n_sent = 1;
    }
    if (incoming != NOT_SENT) {
        phase_tell_incoming(m);
    }
    return m;
}

static void answer(Migration *m, Side side, Ask ask, const char *text)
{
    g_autoptr(JsonNode) value = json_from_string(text, NULL);
    feed(m,
         (Event){
             .kind = EVENT_REPLY, .side = side, .ask = ask, .value = value });
}

static void undo(Migration *m, bool is_refused)
{
    answer(m, SIDE_SOURCE, ASK_CAPABILITIES, "[]");
    answer(m, SIDE_SOURCE, ASK_PARAMETERS, "{\"max-bandwidth\":5}");
    feed(m, (Event){ .kind = is_refused ? EVENT_REFUSED : EVENT_REPLY,
                     .side = SIDE_SOURCE,
                     .ask = TELL_UNDO,
                     .text = "no" });
}

static void an_early_end_says_what_is_true(void **state)
{
    const MigrationSettings settings = { .uri = (char *)"unix:/run/stream" };
    for (size_t i = 0; i < G_N_ELEMENTS(ends); i++) {
        g_autoptr(Migration) m =
            in_prepare(&settings, ends[i].sets, ends[i].incoming);
        if (ends[i].incoming == TAKEN || ends[i].incoming == REFUSED) {
            bool is_taken = ends[i].incoming == TAKEN;
            feed(m, (Event){ .kind = is_taken ? EVENT_REPLY : EVENT_REFUSED,
                             .side = SIDE_DESTINATION,
                             .ask = TELL_INCOMING,
                             .text = "cannot" });
        }
        if (ends[i].end < N_EVENTS) {
            feed(m, (Event){ .kind = ends[i].end,
                             .side = SIDE_DESTINATION,
                             .qemu_time_us = 1 });
        }
        if (ends[i].sets) {
            undo(m, ends[i].undo_is_refused);
        }
        if (ends[i].status) {
            g_autofree char *status =
                strcmp(ends[i].status, "none") == 0
                    ? g_strdup("{}")
                    : g_strdup_printf("{\"status\":\"%s\"}", ends[i].status);
            answer(m, SIDE_DESTINATION, ASK_MIGRATION, status);
        } else if (m->phase != PHASE_DONE) {
            feed(m, (Event){ .kind = EVENT_SILENT,
                             .side = SIDE_DESTINATION,
                             .ask = ASK_MIGRATION });
        }
        g_autofree char *text =
            report_text(m->outcome, &m->failure, "source", m);
        check_case(ends[i].what, m->phase == PHASE_DONE);
        check_case(text, strcmp(text, ends[i].text) == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_remainder_has_its_words),
        cmocka_unit_test(an_early_end_says_what_is_true),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
