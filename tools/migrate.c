/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/migrate.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "orchestrator/host.h"
#include "orchestrator/uri.h"
#include "tools/address.h"

#define SOCKET_PREFIX "qmigrate-"
#define SOCKET_SUFFIX ".stream"

/* A monitor on a unix socket is on this host, whoever forwards it. */
static gboolean is_local(const QmpAddress *address)
{
    return address->kind == QMP_ADDRESS_UNIX;
}

/* Can a socket be made there, as far as we see? */
static gboolean is_folder(const char *folder, const char *name,
                          const char **ret_why)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    if (!g_path_is_absolute(folder)) {
        *ret_why = "it is not an absolute path";
        return FALSE;
    }
    return host_can_bind_unix(path, ret_why) != ANSWER_NO;
}

/* Where the socket can be, best first.  An unusable TMPDIR is not silent. */
static char **find_folders(MigrationSettings *settings, const char *name)
{
    const char *const candidates[] = { g_get_tmp_dir(), "/tmp", "/var/tmp",
                                       "/dev/shm" };
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    for (size_t i = 0; i < G_N_ELEMENTS(candidates); i++) {
        const char *why = NULL;
        if (i > 0 && strcmp(candidates[i], candidates[0]) == 0) {
            continue;
        }
        if (is_folder(candidates[i], name, &why)) {
            g_strv_builder_add(builder, candidates[i]);
        } else if (i == 0) {
            findings_add(settings->found, FINDING_CHOSEN, FINDING_NOTE, N_SIDES,
                         g_strdup("set TMPDIR to a short absolute path of a "
                                  "folder"),
                         "TMPDIR (%s) is not used for the socket of the "
                         "migration: %s",
                         candidates[i], why);
        }
    }
    return g_strv_builder_end(builder);
}

static const char *uri_option(const MigrationSettings *settings)
{
    return settings->recover_only ? "--recover-uri" : "--uri";
}

/* The preflight chooses another one if a QEMU cannot use it. */
static gboolean choose_socket(MigrationSettings *settings, GError **error)
{
    g_autofree char *name = g_strdup_printf(
        SOCKET_PREFIX "%d-%08x" SOCKET_SUFFIX, getpid(), g_random_int());
    settings->folders = find_folders(settings, name);
    settings->is_usual = settings->may_pass = true;
    if (!settings->folders[0]) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "no folder can hold the socket of the migration: %s; "
                    "give %s, for example unix:/run/migration.sock",
                    g_get_tmp_dir(), uri_option(settings));
        return FALSE;
    }
    settings->uri = g_strdup_printf("unix:%s/%s", settings->folders[0], name);
    return TRUE;
}

/* Both processes are asked how they see the folder of an address. */
static void take_folder(MigrationSettings *settings)
{
    g_auto(Uri) uri = { 0 };
    if (uri_parse(settings->uri, &uri, NULL) && uri.path &&
        uri.access == URI_BY_NAME) {
        settings->folders = g_new0(char *, 2);
        settings->folders[0] = g_path_get_dirname(uri.path);
    }
}

static gboolean choose_uri(MigrationSettings *settings,
                           const QmpAddress *source,
                           const QmpAddress *destination, GError **error)
{
    g_free(settings->destination_host);
    settings->destination_host =
        g_strdup(destination->host ? destination->host : "127.0.0.1");
    if (settings->uri) {
        take_folder(settings);
        return TRUE;
    }
    if (is_local(source) && is_local(destination)) {
        return choose_socket(settings, error);
    }
    if (destination->host) {
        gboolean is_v6 = strchr(destination->host, ':') != NULL;
        settings->uri = g_strdup_printf(is_v6 ? "tcp:[%s]:0" : "tcp:%s:0",
                                        destination->host);
        return TRUE;
    }
    g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                "where the destination can be reached is not known from %s; "
                "give %s, for example tcp:HOST:0",
                destination->text, uri_option(settings));
    return FALSE;
}

gboolean migrate_is_same_place(const QmpAddress *source,
                               const QmpAddress *destination)
{
    struct stat a, b;
    if (is_local(source) && is_local(destination) &&
        stat(source->path, &a) == 0 && stat(destination->path, &b) == 0) {
        return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
    }
    return qmp_address_equal(source, destination);
}

gboolean migrate_prepare(MigrationSettings *settings,
                         QmpAddress *const address[N_SIDES], GError **error)
{
    if (!settings->found) {
        settings->found = findings_new();
    }
    if (!choose_uri(settings, address[SIDE_SOURCE], address[SIDE_DESTINATION],
                    error)) {
        return FALSE;
    }
    if (is_local(address[SIDE_SOURCE])) {
        address_find_link(settings);
    }
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        if (!is_local(address[side])) {
            address_check_passing(settings, side, address[side]);
        }
    }
    if (is_local(address[SIDE_DESTINATION])) {
        address_check(settings);
    }
    return TRUE;
}

static void remove_socket(const char *text)
{
    g_auto(Uri) uri = { 0 };
    if (!text || !uri_parse(text, &uri, NULL) || uri.kind != URI_UNIX) {
        return;
    }
    /* That of a run which was killed can be the user's. */
    g_autofree char *name = g_path_get_basename(uri.path);
    if (g_str_has_prefix(name, SOCKET_PREFIX) &&
        g_str_has_suffix(name, SOCKET_SUFFIX)) {
        unlink(uri.path);
    }
}

void migrate_remove_socket(const Migration *m)
{
    if (m->record) {
        remove_socket(m->record->uri); /* of the run that was killed */
    }
    if (m->settings->is_usual) {
        remove_socket(m->uri ? m->uri : m->settings->uri);
    }
}

void migrate_remove_file(const Migration *m)
{
    g_auto(Uri) uri = { 0 };
    struct stat st;
    gboolean is_ours = m->context.through_file && m->context.started &&
                       m->pid[SIDE_SOURCE] > 0; /* known on this host only */
    if (is_ours &&
        (m->outcome == OUTCOME_FAILED || m->outcome == OUTCOME_CANCELLED) &&
        uri_parse(migration_uri(m), &uri, NULL) && uri_owns_file(&uri) &&
        lstat(uri.path, &st) == 0 && S_ISREG(st.st_mode)) {
        unlink(uri.path);
    }
}
