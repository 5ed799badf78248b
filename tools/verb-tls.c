/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* qmigrate tls: makes credentials for TLS, and says what is wrong with some. */
#include <stdio.h>
#include <string.h>

#include "tls/credentials.h"
#include "tls/inspect.h"
#include "tls/psk.h"
#include "tools/conclude.h"
#include "tools/output.h"
#include "tools/plain.h"
#include "tools/tls/issue.h"
#include "tools/tls/names.h"
#include "tools/tls/view.h"
#include "tools/verb.h"

#define DAYS_MAX 3653 /* as long as a CA of ours */

static struct {
    char **hosts;
    gboolean psk, force, source, destination, quiet;
    char *identity, *ca, *json;
    int days;
} words = { .days = ISSUE_DAYS };

/* clang-format off */
static const GOptionEntry entries[] = {
    { "host", 0, 0, G_OPTION_ARG_STRING_ARRAY, &words.hosts,
      "make: a host, all its names and addresses with commas; may be given "
      "often.  check: what the source verifies", "NAME" },
    { "psk", 0, 0, G_OPTION_ARG_NONE, &words.psk,
      "make: a key that both hosts share instead of certificates", NULL },
    { "identity", 0, 0, G_OPTION_ARG_STRING, &words.identity,
      "The name of such a key (qemu, where none is given)", "NAME" },
    { "days", 0, 0, G_OPTION_ARG_INT, &words.days,
      "make: how long the hosts' certificates are valid (397)", "N" },
    { "ca", 0, 0, G_OPTION_ARG_FILENAME, &words.ca,
      "make: the folder of the CA and its key (DIR/ca)", "DIR" },
    { "force", 0, 0, G_OPTION_ARG_NONE, &words.force,
      "make: replace what is there of a host, or the key", NULL },
    { "source", 0, 0, G_OPTION_ARG_NONE, &words.source,
      "check: as the source needs it", NULL },
    { "destination", 0, 0, G_OPTION_ARG_NONE, &words.destination,
      "check: as the destination needs it", NULL },
    { "json", 0, 0, G_OPTION_ARG_STRING, &words.json,
      "check: write the findings as JSON to FILE, - for standard output",
      "FILE" },
    { "quiet", 'q', 0, G_OPTION_ARG_NONE, &words.quiet,
      "check: print errors alone.  make: print nothing", NULL },
    { NULL }
};
/* clang-format on */

static gboolean refuse(GError **error, const char *message)
{
    g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                        message);
    return FALSE;
}

static gint64 now_s(void)
{
    return g_get_real_time() / G_USEC_PER_SEC;
}

static int failed(const GError *error)
{
    plain_print(stderr, "error: %s\n", error->message);
    if (g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_EXIST)) {
        plain_print(stderr, "  hint: --force replaces it\n");
    } else {
        plain_print(stderr, "  hint: nothing was written\n");
    }
    return outcome_row(OUTCOME_ERROR)->exit_code;
}

/* make */

static GPtrArray *hosts_parse(GError **error)
{
    g_autoptr(GPtrArray) hosts =
        g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
    for (char **host = words.hosts; host && *host; host++) {
        GPtrArray *names = names_parse(*host, error);
        if (!names) {
            return NULL;
        }
        g_ptr_array_add(hosts, names);
    }
    for (guint i = 0; i < hosts->len; i++) {
        const TlsName *name = ((GPtrArray *)hosts->pdata[i])->pdata[0];
        if (strcmp(name->text, "ca") == 0) {
            refuse(error, "--host: DIR/ca is the CA's; name the host with its "
                          "domain");
            return NULL;
        }
        for (guint j = 0; j < i; j++) {
            const TlsName *other = ((GPtrArray *)hosts->pdata[j])->pdata[0];
            if (strcmp(name->text, other->text) == 0) {
                g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                            "--host: %s is there twice", name->text);
                return NULL;
            }
        }
    }
    return g_steal_pointer(&hosts);
}

static gboolean check_make(int argc, GError **error)
{
    const char *fault =
        words.identity ? tls_psk_identity_fault(words.identity) : NULL;
    if (argc != 3) {
        return refuse(error, "make takes one folder");
    }
    if (words.source || words.destination || words.json) {
        return refuse(error,
                      "--source, --destination and --json are for check");
    }
    if (words.psk ? words.hosts || words.ca : !words.hosts) {
        return refuse(error, words.psk
                                 ? "--psk goes with neither --host nor --ca"
                                 : "make needs --host or --psk");
    }
    if (words.identity && !words.psk) {
        return refuse(error, "--identity is that of a key: add --psk");
    }
    if (fault) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "--identity: %s", fault);
        return FALSE;
    }
    if (words.days < 1 || words.days > DAYS_MAX) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "--days: from 1 to %d", DAYS_MAX);
        return FALSE;
    }
    return TRUE;
}

static int make_psk(const char *folder)
{
    const char *identity = words.identity ? words.identity : TLS_PSK_IDENTITY;
    g_autoptr(GError) error = NULL;
    if (!issue_psk(folder, identity, words.force, &error)) {
        return failed(error);
    }
    if (!words.quiet) {
        plain_print(stdout, "%s/keys.psk: a key of %s, for both hosts\n",
                    folder, identity);
    }
    return outcome_row(OUTCOME_MIGRATED)->exit_code;
}

static int make_certificates(const char *folder, GPtrArray *hosts)
{
    g_autoptr(GPtrArray) written = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) error = NULL;
    const IssueWish wish = { folder,     words.ca,    hosts,
                             words.days, words.force, now_s() };
    if (!issue_certificates(&wish, written, &error)) {
        return failed(error);
    }
    for (guint i = 0; i < written->len && !words.quiet; i++) {
        plain_print(stdout, "%s: %s\n", (const char *)written->pdata[i],
                    i < written->len - hosts->len
                        ? "the CA and its private key, to be kept here"
                        : "certificates and keys, for this host");
    }
    return outcome_row(OUTCOME_MIGRATED)->exit_code;
}

static int make(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) hosts = NULL;

    if (!check_make(argc, &error) || !(hosts = hosts_parse(&error))) {
        return conclude_usage("tls", NULL, error);
    }
    return words.psk ? make_psk(argv[2]) : make_certificates(argv[2], hosts);
}

/* check */

typedef struct {
    const char *host;
    GPtrArray *findings;
    GPtrArray *folders; /* the paths of those that were looked at */
} Check;

static void check_roles(Check *check, const TlsCredentials *credentials)
{
    gboolean is_told = words.source || words.destination;
    gboolean is_for_none = !tls_credentials_is_for(credentials, TLS_CLIENT) &&
                           !tls_credentials_is_for(credentials, TLS_SERVER);
    const gboolean wanted[N_TLS_ROLES] = { words.source, words.destination };

    g_ptr_array_add(check->folders, g_strdup(credentials->folder));
    for (TlsRole role = 0; role < N_TLS_ROLES; role++) {
        const TlsLook look = { .credentials = credentials,
                               .role = role,
                               .host = check->host,
                               .identity = words.identity,
                               .now_s = now_s() };
        if (is_told
                ? wanted[role]
                : is_for_none || tls_credentials_is_for(credentials, role)) {
            tls_inspect(&look, check->findings);
        }
    }
}

/* The folder's own credentials, those of the host that is named, or of each. */
static void check_folder(Check *check, const char *folder)
{
    g_autoptr(TlsCredentials) credentials =
        tls_credentials_load(folder, check->host);
    g_autoptr(GPtrArray) hosts = tls_credentials_hosts(folder);

    if (tls_credentials_kind(credentials) != TLS_KIND_NONE || !hosts->len) {
        check_roles(check, credentials);
        return;
    }
    for (guint i = 0; i < hosts->len; i++) {
        g_autofree char *path = g_build_filename(folder, hosts->pdata[i], NULL);
        g_autoptr(TlsCredentials) one = tls_credentials_load(path, NULL);
        check_roles(check, one);
    }
}

static void check_pair(Check *check, char **folders)
{
    TlsPair pair = { .host = check->host,
                     .identity = words.identity,
                     .now_s = now_s() };
    g_autoptr(TlsCredentials) source =
        tls_credentials_load(folders[0], /* host= */ NULL);
    g_autoptr(TlsCredentials) destination =
        tls_credentials_load(folders[1], check->host);

    pair.credentials[TLS_CLIENT] = source;
    pair.credentials[TLS_SERVER] = destination;
    g_ptr_array_add(check->folders, g_strdup(source->folder));
    g_ptr_array_add(check->folders, g_strdup(destination->folder));
    tls_inspect_pair(&pair, check->findings);
}

static gboolean check_words(int argc, GError **error)
{
    if (argc != 3 && argc != 4) {
        return refuse(error, "check takes one folder, or the source's and the "
                             "destination's");
    }
    if (words.psk || words.ca || words.force || words.days != ISSUE_DAYS) {
        return refuse(error, "--psk, --ca, --days and --force are for make");
    }
    if (words.hosts && words.hosts[1]) {
        return refuse(error, "check takes one --host");
    }
    if (argc == 4 && (words.source || words.destination)) {
        return refuse(error, "of two folders the first is the source's: leave "
                             "--source and --destination out");
    }
    return TRUE;
}

static int finish(const Check *check)
{
    Outcome outcome = tls_findings_have_error(check->findings)
                          ? OUTCOME_REFUSED
                          : OUTCOME_MIGRATED;
    g_autoptr(JsonNode) document =
        view_tls_document(check->findings, check->folders);

    if (g_strcmp0(words.json, "-") != 0) {
        view_tls_findings(stdout, check->findings, words.quiet);
    }
    return output_conclude(outcome_row(outcome)->exit_code, OUTCOME_ERROR,
                           words.json, document);
}

static int check(int argc, char **argv)
{
    const Settings settings = { .json = words.json, .quiet = TRUE };
    g_autoptr(GPtrArray) findings = tls_findings_new();
    g_autoptr(GPtrArray) folders = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) error = NULL;
    Check it = { words.hosts ? words.hosts[0] : NULL, findings, folders };

    if (!check_words(argc, &error)) {
        return conclude_usage("tls", words.json, error);
    }
    if (!conclude_can_write(&settings)) {
        return outcome_row(OUTCOME_ERROR)->exit_code;
    }
    if (argc == 4) {
        check_pair(&it, argv + 2);
    } else {
        check_folder(&it, argv[2]);
    }
    return finish(&it);
}

int verb_tls(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;

    if (options_parse_mixed(
            entries, "make|check DIR [DIR]",
            "make: writes a CA, and for each host certificates and "
            "keys as QEMU reads them,\nor with --psk one key for "
            "both.  check: says what is wrong with such a folder, or "
            "with\nthe source's and the destination's together.",
            &argc, &argv, &error)) {
        if (argc > 1 && strcmp(argv[1], "make") == 0) {
            return make(argc, argv);
        }
        if (argc > 1 && strcmp(argv[1], "check") == 0) {
            return check(argc, argv);
        }
        refuse(&error, argc > 1 ? "what is wished is neither make nor check"
                                : "make or check is missing");
    }
    return conclude_usage("tls", words.json, error);
}
