/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The words of a command line.  The options are variables of the program, as
 * GOption wants it, so each case has a process of its own.
 */
#include "tests/lib/check.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/settings.h"

static const GOptionEntry own[] = { { "source", 0, 0, G_OPTION_ARG_STRING,
                                      &(char *){ NULL }, "S", "QMP" },
                                    { NULL } };

/* What was understood, as text; or the error. */
static char *understand(const char *line)
{
    g_autofree char *whole = g_strconcat("run ", line, NULL);
    g_auto(Settings) settings = { 0 };
    g_autoptr(GError) error = NULL;
    GString *text = g_string_new(NULL);
    g_auto(GStrv) words = NULL;
    int argc;

    if (!g_shell_parse_argv(whole, &argc, &words, NULL)) {
        g_error("%s", line);
    }
    /* what is understood is taken out of the array, but not freed */
    g_autofree char **array = g_memdup2(words, (argc + 1) * sizeof(*words));
    char **argv = array;
    if (!settings_parse(&settings, own, NULL, "test", &argc, &argv, &error)) {
        g_string_printf(text, "error: %s", error->message);
        return g_string_free(text, FALSE);
    }
    const MigrationSettings *m = &settings.migration;
    g_string_printf(text, "%s timeout=%" PRIu64 " progress=%d",
                    m->uri ? m->uri : "-", m->timeout_us, settings.progress);
    for (guint i = 0; i < m->wishes->len; i++) {
        const CapsWish *wish = m->wishes->pdata[i];

        g_string_append_printf(text, " %s%s%s",
                               wish->value ? ""
                               : wish->on  ? "+"
                                           : "-",
                               wish->name, wish->value ? "=" : "");
        g_string_append(text, wish->value ? wish->value : "");
    }
    g_string_append_printf(
        text, "%s%s%s", m->destination_is_dead ? " dead" : "",
        m->no_preflight ? " no-preflight" : "", settings.quiet ? " quiet" : "");
    g_string_append_printf(text, "%s%s%s%s", settings.json ? " json=" : "",
                           settings.json ? settings.json : "",
                           settings.trace ? " trace=" : "",
                           settings.trace ? settings.trace : "");
    return g_string_free(text, FALSE);
}

static char *understand_apart(const char *line)
{
    int fds[2];
    char text[1024] = { 0 };
    size_t n = 0;
    ssize_t n_read;

    if (pipe(fds) < 0) {
        fail_msg("pipe");
    }
    pid_t pid = fork();
    if (pid == 0) {
        g_autofree char *words = understand(line);
        bool wrote = write(fds[1], words, strlen(words)) >= 0;

        _exit(wrote ? 0 : 1);
    }
    close(fds[1]);
    while ((n_read = read(fds[0], text + n, sizeof(text) - 1 - n)) > 0) {
        n += n_read;
    }
    close(fds[0]);
    int status;
    waitpid(pid, &status, 0);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    return g_strdup(text);
}

static const struct {
    const char *line, *text;
} good[] = {
    { "", "- timeout=0 progress=0" },
    { "--uri tcp:127.0.0.1:0", "tcp:127.0.0.1:0 timeout=0 progress=0" },
    { "--uri=unix:/run/stream", "unix:/run/stream timeout=0 progress=0" },
    { "--timeout 90s", "- timeout=90000000 progress=0" },
    { "--timeout 90", "- timeout=90000 progress=0" },
    { "--progress always", "- timeout=0 progress=1" },
    { "--progress=never -q", "- timeout=0 progress=2 quiet" },
    { "--json - --trace t.jsonl",
      "- timeout=0 progress=0 json=- trace=t.jsonl" },
    { "--enable xbzrle --enable multifd --disable events",
      "- timeout=0 progress=0 +xbzrle +multifd -events" },
    /* both sides of a QEMU newer than this program: not ours to know */
    { "--enable quite-new --set quite-new-too=5MiB",
      "- timeout=0 progress=0 +quite-new quite-new-too=5MiB" },
    { "--set downtime-limit=1s --downtime-limit 2s",
      "- timeout=0 progress=0 downtime-limit=1s downtime-limit=2s" },
    { "--max-bandwidth 10Gbit/s",
      "- timeout=0 progress=0 max-bandwidth=10Gbit/s" },
    { "--max-bandwidth 0", "- timeout=0 progress=0 max-bandwidth=0" },
    { "--set tls-hostname=a=b", "- timeout=0 progress=0 tls-hostname=a=b" },
    { "--set tls-creds=", "- timeout=0 progress=0 tls-creds=" },
    { "--destination-is-dead --no-preflight",
      "- timeout=0 progress=0 dead no-preflight" },
    { "--source a.qmp", "- timeout=0 progress=0" },
};

static void understands(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
        g_autofree char *text = understand_apart(good[i].line);

        if (strcmp(text, good[i].text) != 0) {
            fail_msg("'%s': %s", good[i].line, text);
        }
    }
}

static const struct {
    const char *line, *error;
} bad[] = {
    { "--max-bandwith 1", "there is no option --max-bandwith; did you mean "
                          "--max-bandwidth?" },
    { "--dowtime-limit=300ms", "did you mean --downtime-limit?" },
    { "--sorce x", "did you mean --source?" },
    { "--url x", "did you mean --uri?" },
    { "--zzzzzz", "there is no option --zzzzzz" },
    { "-z", "-z" },
    { "--uri", "--uri" },
    { "--uri file:/tmp/x", "--uri: 'file:/tmp/x' is neither" },
    { "--uri tcp:host", "--uri: 'tcp:host' has no port" },
    { "--timeout soon", "--timeout: 'soon' is not a number" },
    { "--timeout -5s", "--timeout: '-5s' is not a number from 0" },
    { "--timeout 5MiB", "--timeout: '5MiB' has a unit that does not fit" },
    { "--max-bandwidth 5GiB",
      "--max-bandwidth: '5GiB' has a unit that does not fit" },
    { "--downtime-limit 1us", "--downtime-limit: '1us' is too fine" },
    { "--progress often", "--progress: 'often' is none of auto, always" },
    { "--set downtime-limit", "--set: 'downtime-limit' is not PARAMETER" },
    { "--set =5", "--set: '=5' is not PARAMETER=VALUE" },
    { "--set ''", "--set: '' is not PARAMETER=VALUE" },
    { "--set downtime-limit=5MiB",
      "--set downtime-limit: '5MiB' has a unit that does not fit" },
    { "--set max-bandwidth=", "--set max-bandwidth: '' is not a number" },
    /* microseconds inside: 2^64 ms are more than 2^64 us */
    { "--timeout 18446744073709551615", "--timeout" },
};

static void refuses(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *text = understand_apart(bad[i].line);

        if (!g_str_has_prefix(text, "error: ") || !strstr(text, bad[i].error)) {
            fail_msg("'%s': %s", bad[i].line, text);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(understands),
        cmocka_unit_test(refuses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
