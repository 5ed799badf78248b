/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/address.h"

#include <gio/gio.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "orchestrator/host.h"
#include "orchestrator/uri.h"

static bool wants_link(const MigrationSettings *settings)
{
    for (guint i = 0; settings->features && i < settings->features->len; i++) {
        const CapsFeatureWish *wish = settings->features->pdata[i];
        if (strcmp(wish->feature->option, "multifd") == 0 &&
            (!wish->value || strcmp(wish->value, "auto") == 0)) {
            return true;
        }
    }
    return false;
}

/* The first address of @host, as a number; NULL: it has none. */
static char *resolve(const char *host)
{
    g_autoptr(GResolver) resolver = g_resolver_get_default();
    GList *addresses = g_resolver_lookup_by_name(resolver, host, NULL, NULL);
    char *text = addresses ? g_inet_address_to_string(addresses->data) : NULL;
    g_resolver_free_addresses(addresses);
    return text;
}

void address_find_link(MigrationSettings *settings)
{
    g_auto(Uri) uri = { 0 };
    if (settings->link_bits_per_s || !wants_link(settings) ||
        !uri_parse(settings->uri, &uri, NULL) || uri.kind != URI_TCP) {
        return;
    }
    const char *host = uri_is_wildcard(&uri) && settings->destination_host
                           ? settings->destination_host
                           : uri.host;
    g_autofree char *address = resolve(host);
    HostLink link =
        address ? host_link_to("", address) : (HostLink){ .bits_per_s = -1 };
    if (link.bits_per_s > 0) {
        settings->link_bits_per_s = link.bits_per_s;
    }
}

/* A file is the source's to write, all else is the destination's to listen at. */
static void refuse(MigrationSettings *settings, UriKind kind, Severity severity,
                   const char *why)
{
    findings_add(settings->found, FINDING_ADDRESS, severity,
                 kind == URI_FILE ? SIDE_SOURCE : SIDE_DESTINATION,
                 g_strdup(kind == URI_TCP ? "choose another --uri; tcp:HOST:0 "
                                            "takes any free port"
                                          : "choose another --uri"),
                 "%s cannot be used: %s", settings->uri, why);
}

/* QEMU says it too, but only when the guest is stopped already. */
static void check_file(MigrationSettings *settings, const char *path)
{
    HostFile file = host_file(path);
    g_autofree char *name = g_path_get_basename(path);

    if (strlen(name) > NAME_MAX) {
        refuse(settings, URI_FILE, FINDING_ERROR,
               "its name is longer than 255 bytes");
    } else if (file.kind == FILE_NO_FOLDER) {
        refuse(settings, URI_FILE, FINDING_ERROR, "its folder is not there");
    } else if (file.may_write == ANSWER_NO) {
        refuse(settings, URI_FILE, FINDING_WARNING,
               "its file system is read-only");
    } else if (file.free_bytes != HOST_UNKNOWN) {
        settings->file_free_bytes = MAX(file.free_bytes, 1);
    }
}

/* Before QEMU binds a unix socket it removes whatever is at that path, a plain
 * file too. */
static void check_path(MigrationSettings *settings, const Uri *uri)
{
    gboolean is_file = uri->kind == URI_FILE;
    struct stat st;

    if (uri->path && !uri->has_offset && lstat(uri->path, &st) == 0) {
        findings_add(settings->found, FINDING_ADDRESS, FINDING_ERROR, N_SIDES,
                     g_strdup("choose another --uri"),
                     "%s is there already%s, and QEMU would %s it", uri->path,
                     is_file || S_ISSOCK(st.st_mode) ? "" : " and no socket",
                     is_file ? "overwrite" : "remove");
    }
}

void address_check(MigrationSettings *settings)
{
    g_auto(Uri) uri = { 0 };
    const char *why = NULL;
    HostAnswer answer = ANSWER_UNKNOWN;

    if (!settings->uri || !uri_parse(settings->uri, &uri, NULL)) {
        return;
    }
    if (!settings->found) {
        settings->found = findings_new();
    }
    check_path(settings, &uri);
    switch (uri.kind) {
    case URI_TCP:
        answer = host_can_bind(uri_is_wildcard(&uri) ? "" : uri.host, uri.port,
                               &why);
        break;
    case URI_UNIX:
        answer = host_can_bind_unix(uri.path, &why);
        break;
    case URI_FILE:
        check_file(settings, uri.path);
        break;
    case URI_PAIR:
    case URI_EXEC: /* whatever that does is found when it does it */
        break;
    }
    if (answer == ANSWER_NO) {
        refuse(settings, uri.kind, FINDING_ERROR, why);
    }
}

void address_check_passing(MigrationSettings *settings, Side side,
                           const QmpAddress *address)
{
    g_auto(Uri) uri = { 0 };
    if (!uri_parse(settings->uri, &uri, NULL) ||
        (uri.kind != URI_PAIR && uri.access == URI_BY_NAME)) {
        return;
    }
    if (!settings->found) {
        settings->found = findings_new();
    }
    findings_add(settings->found, FINDING_ADDRESS, FINDING_ERROR, side,
                 g_strdup("a monitor on a unix socket can take it"),
                 "%s needs a descriptor, which cannot be passed over %s",
                 settings->uri, address->text);
}
