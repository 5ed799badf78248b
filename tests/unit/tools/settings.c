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

/* What is not said is left out. */
static void describe_steering(const MigrationSettings *m, GString *text)
{
    if (m->policy != policy_spec_find(POLICY_DEFAULT)) {
        g_string_append_printf(text, " policy=%s", policy_spec_name(m->policy));
    }
    const uint64_t terms[] = { m->terms.start_downtime_us,
                               m->terms.max_downtime_us, m->terms.on_stall,
                               m->terms.postcopy_after_passes };
    for (size_t i = 0; i < G_N_ELEMENTS(terms); i++) {
        if (terms[i] > 0) {
            g_string_append_printf(text, " %.5s=%" PRIu64,
                                   &"startmost stallafter"[i * 5], terms[i]);
        }
    }
}

static void describe_features(const MigrationSettings *m, GString *text)
{
    for (guint i = 0; m->features && i < m->features->len; i++) {
        const CapsFeatureWish *wish = m->features->pdata[i];

        g_string_append_printf(text, " --%s%s%s", wish->feature->option,
                               wish->value ? "=" : "",
                               wish->value ? wish->value : "");
    }
}

static void describe_recovery(const MigrationSettings *m, GString *text)
{
    if (m->recover_uri || m->recover_attempts || m->recover_timeout_us) {
        g_string_append_printf(text, " recover=%s/%u/%" PRIu64,
                               m->recover_uri ? m->recover_uri : "-",
                               m->recover_attempts, m->recover_timeout_us);
    }
    if (m->postcopy_stall_us) {
        g_string_append_printf(text, " postcopy-stall=%" PRIu64,
                               m->postcopy_stall_us);
    }
}

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
    /* A copy says the same when the original is gone. */
    MigrationSettings copy;
    const MigrationSettings *m = &copy;
    migration_settings_copy(&settings.migration, &copy);
    migration_settings_clear(&settings.migration);
    g_string_printf(text, "%s timeout=%" PRIu64 " progress=%d",
                    m->uri ? m->uri : "-", m->timeout_us, settings.progress);
    describe_features(m, text);
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
    if (m->link_bits_per_s) {
        g_string_append_printf(text, " link=%" PRIu64, m->link_bits_per_s);
    }
    describe_steering(m, text);
    describe_recovery(m, text);
    g_string_append(text, settings.dry_run ? " dry-run" : "");
    if (settings.predict) {
        g_string_append_printf(text, " predict=%" PRId64, settings.measure_us);
    }
    g_string_append_printf(text, "%s%s%s%s", settings.json ? " json=" : "",
                           settings.json ? settings.json : "",
                           settings.trace ? " trace=" : "",
                           settings.trace ? settings.trace : "");
    migration_settings_clear(&copy);
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
    { "--set downtime-limit=1s --downtime-limit 1000ms",
      "- timeout=0 progress=0 downtime-limit=1s downtime-limit=1000ms "
      "start=1000000" },
    { "--policy=qemu --max-downtime=2",
      "- timeout=0 progress=0 policy=qemu most =2000" },
    { "--on-stall=stop --max-downtime=1s --downtime-limit=1s",
      "- timeout=0 progress=0 downtime-limit=1s start=1000000 most =1000000 "
      "stall=3" },
    { "--postcopy --postcopy-after=2 --on-stall=postcopy",
      "- timeout=0 progress=0 --postcopy stall=2 after=2" },
    { "--preempt --postcopy-after=1",
      "- timeout=0 progress=0 --preempt after=1" },
    { "--recover-attempts=3 --recover-timeout=2s",
      "- timeout=0 progress=0 recover=-/3/2000000" },
    { "--postcopy-stall=500ms",
      "- timeout=0 progress=0 postcopy-stall=500000" },
    { "--recover-uri=tcp:b:0", "- timeout=0 progress=0 recover=tcp:b:0/0/0" },
    { "--postcopy-after=1 --enable postcopy-ram",
      "- timeout=0 progress=0 +postcopy-ram after=1" },
    { "--policy=qemu --predict",
      "- timeout=0 progress=0 policy=qemu predict=4000000" },
    { "--policy=qemu --predict --measure=1.5s",
      "- timeout=0 progress=0 policy=qemu predict=1500000" },
    { "--max-bandwidth 10Gbit/s",
      "- timeout=0 progress=0 max-bandwidth=10Gbit/s" },
    { "--max-bandwidth 0", "- timeout=0 progress=0 max-bandwidth=0" },
    { "--set tls-hostname=a=b", "- timeout=0 progress=0 tls-hostname=a=b" },
    { "--set tls-creds=", "- timeout=0 progress=0 tls-creds=" },
    { "--destination-is-dead --no-preflight",
      "- timeout=0 progress=0 dead no-preflight" },
    { "--source a.qmp", "- timeout=0 progress=0" },
    /* features, in the order in which they are given */
    { "--multifd", "- timeout=0 progress=0 --multifd" },
    { "--multifd=auto --link 25Gbit/s",
      "- timeout=0 progress=0 --multifd=auto link=25000000000" },
    { "--multifd=4 --compress zstd:3 --compress=zlib",
      "- timeout=0 progress=0 --multifd=4 --compress=zstd:3 "
      "--compress=zlib" },
    { "--postcopy --preempt --auto-converge=30:10:80 --xbzrle --direct-io",
      "- timeout=0 progress=0 --postcopy --preempt --auto-converge=30:10:80 "
      "--xbzrle --direct-io" },
    { "--zero-copy --enable events",
      "- timeout=0 progress=0 --zero-copy +events" },
    { "--link 1GB/s", "- timeout=0 progress=0 link=8000000000" },
    { "--dry-run", "- timeout=0 progress=0 dry-run" },
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
    { "--uri file:guest", "--uri: 'file:guest' has no absolute path" },
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
    { "--max-bandwidth 5", "--max-bandwidth: '5' is neither 0 nor at least 10 "
                           "B/s: QEMU takes that for no limit" },
    { "--set multifd-channels=0",
      "--set multifd-channels: '0' is not from 1 to 255" },
    { "--multifd=0", "--multifd: '0' is not from 1 to 255" },
    { "--multifd=", "--multifd: '' is neither auto nor a number" },
    { "--postcopy=off", "--postcopy takes no value" },
    { "--no-preflight=no", "--no-preflight takes no value" },
    { "--enable ''", "--enable: '' is not the name of a capability" },
    { "--enable multifd --disable multifd",
      "--enable multifd and --disable multifd contradict each other" },
    { "--multifd=2 --set multifd-channels=3",
      "--set multifd-channels=3 and --multifd=2 contradict each other" },
    { "--postcopy --disable postcopy-ram", "contradict each other" },
    { "--max-bandwidth 1GiB/s --set max-bandwidth=2GiB/s",
      "--set max-bandwidth=2GiB/s and --max-bandwidth=1GiB/s contradict" },
    { "--compress", "--compress" },
    { "--compress=", "--compress: '' is not METHOD[:LEVEL]" },
    { "--compress=zstd:99", "--compress: '99' is not from 0 to 20" },
    { "--multfd", "there is no option --multfd; did you mean --multifd?" },
    { "--policy=adaptve", "no policy 'adaptve'; did you mean adaptive?" },
    { "--max-downtime=0", "'0' is not from 1ms to 2000s" },
    { "--max-downtime=3000s", "'3000s' is not from 1ms to 2000s" },
    { "--max-downtime=5MiB", "--max-downtime: '5MiB' has a unit" },
    { "--set downtime-limit=2s --max-downtime=1s",
      "--max-downtime: '1s' is under the downtime-limit of 2000 ms" },
    { "--on-stall=wait", "'wait' is none of abort, postcopy, stop" },
    { "--on-stall=postcopy", "--on-stall=postcopy needs --postcopy" },
    { "--on-stall=abort --policy=qemu",
      "--on-stall is not for --policy qemu, which says itself" },
    { "--policy=/nowhere/mine.ini", "--policy: '/nowhere/mine.ini': " },
    { "--policy=./", "--policy: './': it is no regular file" },
    { "--postcopy-after=1", "--postcopy-after needs --postcopy" },
    { "--postcopy --postcopy-after=0", "'0' is no number of passes" },
    { "--postcopy --postcopy-after=-1", "'-1' is no number of passes" },
    { "--recover-attempts=0", "--recover-attempts: '0' is not from 1 to 1000" },
    { "--recover-attempts=2ms", "--recover-attempts: '2ms'" },
    { "--recover-timeout=0", "--recover-timeout: '0' is not from 1ms to" },
    { "--recover-timeout=2d", "--recover-timeout: '2d'" },
    { "--postcopy-stall=0", "--postcopy-stall: '0' is not from 1ms to" },
    { "--recover-uri=here", "--recover-uri: " },
    { "--tls", "--tls needs a folder of credentials" },
    { "--tls=", "--tls needs a folder of credentials" },
    { "--tls-source=a", "--tls-source needs --tls-destination too" },
    { "--tls-destination=a", "--tls-destination needs --tls-source too" },
    { "--tls=a --set tls-creds=b", "--tls and --set tls-creds do not go" },
    { "--tls-hostname=a", "--tls-hostname needs --tls" },
    { "--tls-authz=a", "--tls-authz needs --tls" },
    { "--tls-identity=a", "--tls-identity needs --tls" },
    { "--tls=a --tls-authz=", "--tls-authz: it names nobody" },
    { "--tls=a --tls-identity=b:c", "--tls-identity: 'b:c'" },
    { "--recover-uri=file:/tmp/x", "listens at unix:PATH or tcp:HOST:PORT" },
    { "--uri=unix:/a --source-uri=unix:/b --recover-uri=unix:/c",
      "does not go with --source-uri" },
    { "--measure=1s", "--measure needs --predict" },
    { "--policy=nosuch", "(it takes qemu, adaptive, ovirt-legacy, " },
    { "--measure soon", "--measure: 'soon' is not a number" },
    { "--measure 100", "--measure: '100' is not from 200ms to 60s" },
    { "--measure 2min", "--measure: '2min' is not from 200ms to 60s" },
    { "--link fast", "--link: 'fast' is not a number" },
    { "--link 25GiB", "--link: '25GiB' has a unit that does not fit" },
    { "--link 0", "--link: '0' is no speed of a link" },
    { "--link 18446744073709551615", "is no speed of a link" },
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
