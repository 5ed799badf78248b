/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/migrate.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "orchestrator/uri.h"
#include "tools/address.h"

/* A monitor on a unix socket is on this host, whoever forwards it. */
static gboolean is_local(const QmpAddress *address)
{
    return address->kind == QMP_ADDRESS_UNIX;
}

static gboolean choose_uri(MigrationSettings *settings,
                           const QmpAddress *source,
                           const QmpAddress *destination, GError **error)
{
    g_free(settings->destination_host);
    settings->destination_host =
        g_strdup(destination->host ? destination->host : "127.0.0.1");
    if (settings->uri) {
        return TRUE;
    }
    if (is_local(source) && is_local(destination)) {
        settings->uri =
            g_strdup_printf("unix:%s/qmigrate-%d-%08x.stream", g_get_tmp_dir(),
                            getpid(), g_random_int());
        return TRUE;
    }
    if (destination->host) {
        gboolean is_v6 = strchr(destination->host, ':') != NULL;
        settings->uri = g_strdup_printf(is_v6 ? "tcp:[%s]:0" : "tcp:%s:0",
                                        destination->host);
        return TRUE;
    }
    g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                "where the destination can be reached is not known from %s; "
                "give --uri, for example tcp:HOST:0",
                destination->text);
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

void migrate_remove_file(const Migration *m)
{
    g_auto(Uri) uri = { 0 };
    struct stat st;
    gboolean is_ours = m->context.through_file && m->context.started &&
                       m->pid[SIDE_SOURCE] > 0; /* known on this host only */
    if (is_ours &&
        (m->outcome == OUTCOME_FAILED || m->outcome == OUTCOME_CANCELLED) &&
        uri_parse(m->settings->uri, &uri, NULL) && uri_owns_file(&uri) &&
        lstat(uri.path, &st) == 0 && S_ISREG(st.st_mode)) {
        unlink(uri.path);
    }
}
