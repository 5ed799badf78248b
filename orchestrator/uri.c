/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "orchestrator/uri.h"

#include <string.h>

#include "qmp/json.h"

static bool refuse(const char *text, const char *why, GError **error)
{
    g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                "'%s' %s; a migration address is unix:PATH or tcp:HOST:PORT, "
                "for example tcp:127.0.0.1:0 or tcp:[::1]:0",
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

bool uri_parse(const char *text, Uri *ret, GError **error)
{
    Uri uri = { 0 };
    if (g_str_has_prefix(text, "unix:") && text[5] != '\0') {
        uri.is_unix = true;
        uri.path = g_strdup(text + 5);
    } else if (!g_str_has_prefix(text, "tcp:")) {
        return refuse(text, "is neither", error);
    } else if (!parse_tcp(text, text + 4, &uri, error)) {
        return false;
    }
    *ret = uri;
    return true;
}

void uri_clear(Uri *uri)
{
    g_clear_pointer(&uri->path, g_free);
    g_clear_pointer(&uri->host, g_free);
}

bool uri_is_wildcard(const Uri *uri)
{
    /* "", "0.0.0.0", "::", "::0"...: nothing but zeroes */
    return !uri->is_unix && uri->host[strspn(uri->host, "0:.")] == '\0';
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

char *uri_for_source(const char *text, const char *host,
                     JsonNode *query_migrate)
{
    g_auto(Uri) uri = { 0 };
    if (!uri_parse(text, &uri, NULL)) {
        return NULL;
    }
    if (uri.is_unix) {
        return g_strdup(text);
    }
    const char *port = listening_port(query_migrate);
    const char *to = uri_is_wildcard(&uri) && host ? host : uri.host;
    if (!port) {
        return NULL;
    }
    return g_strdup_printf(strchr(to, ':') ? "tcp:[%s]:%s" : "tcp:%s:%s", to,
                           port);
}
