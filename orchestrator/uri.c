/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "orchestrator/uri.h"

#include <string.h>

#include "qmp/json.h"

static bool refuse(const char *text, const char *why, GError **error)
{
    g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                "'%s' %s; a migration address is unix:PATH, tcp:HOST:PORT, "
                "file:PATH, fd:PATH, fd:pair, fdset:PATH or exec:COMMAND, for "
                "example tcp:127.0.0.1:0 or tcp:[::1]:0",
                text, why);
    return false;
}

/* HOST:PORT, where a host with colons stands in brackets. */
static bool parse_tcp(const char *text, const char *rest, Uri *uri,
                      GError **error)
{
    const char *colon = strrchr(rest, ':');
    guint64 port;
    if (!colon ||
        !g_ascii_string_to_unsigned(colon + 1, 10, 0, 65535, &port, NULL)) {
        return refuse(text, "has no port from 0 to 65535", error);
    }
    g_autofree char *host = g_strndup(rest, colon - rest);
    size_t n = strlen(host);
    if (host[0] == '[' && n > 2 && host[n - 1] == ']') {
        uri->host = g_strndup(host + 1, n - 2);
    } else if (strpbrk(host, "[]:, ")) {
        return refuse(text, "has an odd host", error);
    } else {
        uri->host = g_steal_pointer(&host);
    }
    uri->port = port;
    return true;
}

/* QEMU would take a relative path, and each of the two from where it stands. */
static bool parse_path(const char *text, const char *path, Uri *uri,
                       GError **error)
{
    if (path[0] != '/') {
        return refuse(text, "has no absolute path", error);
    }
    if (g_str_has_suffix(path, "/")) {
        return refuse(text, "ends in a slash, as a folder does", error);
    }
    g_free(uri->path);
    uri->path = g_strdup(path);
    return true;
}

#define OFFSET ",offset="

/* QEMU takes the offset from behind the first of these words, so there is no
 * other way to name such a file either. */
static bool parse_file(const char *text, const char *rest, Uri *uri,
                       GError **error)
{
    const char *comma = strstr(rest, OFFSET);
    if (!comma) {
        return parse_path(text, rest, uri, error);
    }
    const char *digits = comma + strlen(OFFSET);
    bool is_hex = g_str_has_prefix(digits, "0x");
    if (!g_ascii_string_to_unsigned(digits + (is_hex ? 2 : 0), is_hex ? 16 : 10,
                                    0, G_MAXINT64, &uri->offset, NULL)) {
        return refuse(text, "has no offset in bytes, as 4096 or 0x1000", error);
    }
    uri->has_offset = true;
    g_autofree char *path = g_strndup(rest, comma - rest);
    return parse_path(text, path, uri, error);
}

static bool parse_fd(const char *text, const char *rest, Uri *uri,
                     GError **error)
{
    if (strcmp(rest, "pair") == 0) {
        uri->kind = URI_PAIR;
        return true;
    }
    return parse_path(text, rest, uri, error);
}

static bool parse_exec(const char *text, const char *rest, Uri *uri,
                       GError **error)
{
    if (rest[strspn(rest, " ")] == '\0') {
        return refuse(text, "has no command", error);
    }
    uri->command = g_strdup(rest);
    return true;
}

static const struct {
    const char *scheme;
    UriKind kind;
    UriAccess access;
    bool (*parse)(const char *text, const char *rest, Uri *uri, GError **error);
} forms[] = {
    { "unix:", URI_UNIX, URI_BY_NAME, parse_path },
    { "tcp:", URI_TCP, URI_BY_NAME, parse_tcp },
    { "file:", URI_FILE, URI_BY_NAME, parse_file },
    { "fd:", URI_FILE, URI_BY_FD, parse_fd },
    { "fdset:", URI_FILE, URI_BY_FDSET, parse_file },
    { "exec:", URI_EXEC, URI_BY_NAME, parse_exec },
};

bool uri_parse(const char *text, Uri *ret, GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(forms); i++) {
        if (!g_str_has_prefix(text, forms[i].scheme)) {
            continue;
        }
        Uri uri = { .kind = forms[i].kind, .access = forms[i].access };
        if (!forms[i].parse(text, text + strlen(forms[i].scheme), &uri,
                            error)) {
            uri_clear(&uri);
            return false;
        }
        *ret = uri;
        return true;
    }
    return refuse(text, "is none", error);
}

void uri_clear(Uri *uri)
{
    g_clear_pointer(&uri->path, g_free);
    g_clear_pointer(&uri->host, g_free);
    g_clear_pointer(&uri->command, g_free);
}

bool uri_is_file(const char *text)
{
    g_auto(Uri) uri = { 0 };
    return text && uri_parse(text, &uri, NULL) && uri.kind == URI_FILE;
}

bool uri_owns_file(const Uri *uri)
{
    return uri->kind == URI_FILE && !uri->has_offset;
}

bool uri_is_wildcard(const Uri *uri)
{
    /* "", "0.0.0.0", "::", "::0"...: nothing but zeroes */
    return uri->kind == URI_TCP && uri->host[strspn(uri->host, "0:.")] == '\0';
}

/* The first inet address of "socket-address". */
static const char *listening_port(JsonNode *query_migrate)
{
    JsonArray *addresses =
        query_migrate && JSON_NODE_HOLDS_OBJECT(query_migrate)
            ? qmp_json_array(json_node_get_object(query_migrate),
                             "socket-address")
            : NULL;
    for (guint i = 0; addresses && i < json_array_get_length(addresses); i++) {
        JsonNode *node = json_array_get_element(addresses, i);
        const char *port =
            JSON_NODE_HOLDS_OBJECT(node)
                ? qmp_json_string(json_node_get_object(node), "port")
                : NULL;
        if (port) {
            return port;
        }
    }
    return NULL;
}

static char *format_tcp(const char *host, const char *port)
{
    return g_strdup_printf(strchr(host, ':') ? "tcp:[%s]:%s" : "tcp:%s:%s",
                           host, port);
}

char *uri_at_port(const char *text, const char *host, uint16_t port)
{
    g_auto(Uri) uri = { 0 };
    if (!uri_parse(text, &uri, NULL)) {
        return NULL;
    }
    if (uri.kind != URI_TCP) {
        return g_strdup(text);
    }
    port = uri.port ? uri.port : port;
    g_autofree char *digits = g_strdup_printf("%u", port);
    return port ? format_tcp(uri_is_wildcard(&uri) && host ? host : uri.host,
                             digits)
                : NULL;
}

char *uri_for_source(const char *text, const char *host,
                     JsonNode *query_migrate)
{
    g_auto(Uri) uri = { 0 };
    if (!uri_parse(text, &uri, NULL)) {
        return NULL;
    }
    if (uri.kind != URI_TCP) {
        return g_strdup(text);
    }
    const char *port = listening_port(query_migrate);
    return port ? format_tcp(uri_is_wildcard(&uri) && host ? host : uri.host,
                             port)
                : NULL;
}
