/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a run would send, as the machine itself says it. */
#include "tests/lib/check.h"

#include "orchestrator/rehearse.h"
#include "tests/lib/inspected.h"
#include "tests/lib/recorded.h"

#define S SIDE_SOURCE

/* "S {"execute":"cont"}", a line for each command. */
static char *commands_to_text(const GPtrArray *commands)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < commands->len; i++) {
        const RehearsedCommand *command = commands->pdata[i];
        g_autofree char *message = qmp_command_to_text(command->command, -1);
        g_string_append_printf(
            text, "%c %s", command->side == SIDE_SOURCE ? 'S' : 'D', message);
    }
    return g_string_free(text, FALSE);
}

#define ON(name)  "{\"capability\":\"" name "\",\"state\":true}"
#define OFF(name) "{\"capability\":\"" name "\",\"state\":false}"
#define CAPABILITIES(side, list)                                               \
    side " {\"execute\":\"migrate-set-capabilities\",\"arguments\":{"          \
         "\"capabilities\":[" list "]}}\n"
#define PARAMETERS(side, list)                                                 \
    side " {\"execute\":\"migrate-set-parameters\",\"arguments\":{" list "}}"  \
         "\n"
#define INCOMING(uri)                                                          \
    "D {\"execute\":\"migrate-incoming\",\"arguments\":{\"uri\":\"" uri        \
    "\",\"exit-on-error\":false}}\n"
#define MIGRATE(uri)                                                           \
    "S {\"execute\":\"migrate\",\"arguments\":{\"uri\":\"" uri "\"}}\n"
#define CONTINUE                                                               \
    "S {\"execute\":\"migrate-continue\",\"arguments\":{\"state\":"            \
    "\"pre-switchover\"}}\n"
#define CONT(side) side " {\"execute\":\"cont\"}\n"
#define STOP       "S {\"execute\":\"stop\"}\n"
#define OURS                                                                   \
    CAPABILITIES("S", ON("events") "," ON("pause-before-switchover") "," ON(   \
                          "return-path"))                                      \
    CAPABILITIES("D", ON("events"))
#define BACK CAPABILITIES("D", OFF("events"))

static const struct {
    const char *what;
    Inspection inspection;
    const char *commands;
} cases[] = {
    /* clang-format off */
    { "over a unix socket",
      { { "7.2", "10.0" }, .uri = "unix:/run/stream" },
      OURS INCOMING("unix:/run/stream") MIGRATE("unix:/run/stream")
      CONTINUE CONT("D") BACK },
    { "7.2 does not know exit-on-error",
      { { "10.0", "7.2" }, .uri = "unix:/run/stream" },
      OURS "D {\"execute\":\"migrate-incoming\",\"arguments\":{\"uri\":"
      "\"unix:/run/stream\"}}\n" MIGRATE("unix:/run/stream") CONTINUE CONT("D")
      BACK },
    { "at a port that QEMU finds",
      { { "10.0", "10.0" }, .uri = "tcp:127.0.0.1:0" },
      OURS INCOMING("tcp:127.0.0.1:0") MIGRATE("tcp:127.0.0.1:PORT")
      CONTINUE CONT("D") BACK },
    { "at a port that is given",
      { { "10.0", "10.0" }, .uri = "tcp:127.0.0.1:4444" },
      OURS INCOMING("tcp:127.0.0.1:4444") MIGRATE("tcp:127.0.0.1:4444")
      CONTINUE CONT("D") BACK },
    { "a guest that stands still is not told to run",
      { { "10.0", "10.0" }, .uri = "unix:/run/stream",
        .replies = { { S, ASK_RUN_STATE, "{\"status\":\"paused\"}" } } },
      OURS INCOMING("unix:/run/stream") MIGRATE("unix:/run/stream")
      CONTINUE BACK },
    { "QEMU does not wait for us",
      { { "10.0", "10.0" }, .uri = "unix:/run/stream",
        .wishes = "-pause-before-switchover" },
      CAPABILITIES("S", ON("events") "," ON("return-path"))
      CAPABILITIES("D", ON("events"))
      INCOMING("unix:/run/stream") MIGRATE("unix:/run/stream")
      CONT("D") BACK },
    { "what was set goes back on the destination",
      { { "10.0", "10.0" }, .uri = "tcp:127.0.0.1:4444",
        .wishes = "--multifd=4 downtime-limit=1s" },
      PARAMETERS("S", "\"downtime-limit\":1000,\"multifd-channels\":4")
      CAPABILITIES("S", ON("events") "," ON("multifd") ","
                   ON("pause-before-switchover") "," ON("return-path"))
      PARAMETERS("D", "\"multifd-channels\":4")
      CAPABILITIES("D", ON("events") "," ON("multifd"))
      INCOMING("tcp:127.0.0.1:4444") MIGRATE("tcp:127.0.0.1:4444")
      CONTINUE CONT("D")
      CAPABILITIES("D", OFF("events") "," OFF("multifd"))
      PARAMETERS("D", "\"multifd-channels\":2") },
    { "through a file: stopped first, loaded last",
      { { "10.0", "10.0" }, .uri = "file:/run/guest" },
      CAPABILITIES("S", ON("events")) CAPABILITIES("D", ON("events"))
      STOP MIGRATE("file:/run/guest") INCOMING("file:/run/guest")
      CONT("D") BACK },
    { "through a file, standing still",
      { { "10.0", "10.0" }, .uri = "file:/run/guest",
        .replies = { { S, ASK_RUN_STATE, "{\"status\":\"paused\"}" } } },
      CAPABILITIES("S", ON("events")) CAPABILITIES("D", ON("events"))
      MIGRATE("file:/run/guest") INCOMING("file:/run/guest") BACK },
    /* clang-format on */
};

static void says_what_a_run_would_send(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Inspected) inspected = inspected_new(&cases[i].inspection);
        Migration *m = inspected->m;

        assert_int_equal(m->failure.code, FAILURE_NONE);
        g_autoptr(GPtrArray) commands = rehearse(m);
        g_autofree char *text = commands_to_text(commands);
        if (strcmp(text, cases[i].commands) != 0) {
            fail_msg("%s:\n%s", cases[i].what, text);
        }
        /* and so the guest would get there */
        assert_int_equal(m->phase, PHASE_DONE);
        assert_int_equal(m->outcome, OUTCOME_MIGRATED);
        assert_int_equal(m->failure.code, FAILURE_NONE);
    }
}

static void both_qemus_would_take_it(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const Inspection *inspection = &cases[i].inspection;
        g_autoptr(Inspected) inspected = inspected_new(inspection);
        g_autoptr(GPtrArray) commands = rehearse(inspected->m);

        for (guint j = 0; j < commands->len; j++) {
            const RehearsedCommand *command = commands->pdata[j];
            recorded_check_command(inspection->version[command->side],
                                   command->command);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_what_a_run_would_send),
        cmocka_unit_test(both_qemus_would_take_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
