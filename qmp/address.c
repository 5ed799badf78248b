/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Words to a QmpAddress; nothing is looked up here. */
#include "qmp/address.h"

#include <stdbool.h>
#include <string.h>
#include <sys/un.h>

#include "qmp/error.h"

#define FORMS                                                                  \
    "an address is unix:PATH, tcp:HOST:PORT, tls:HOST:PORT, fd:NUMBER or "     \
    "exec:COMMAND"

static bool refuse(GError **error, const char *text, const char *why)
{
    g_set_error(error, QMP_ERROR, QMP_ERROR_USAGE, "%s: %s; " FORMS, text, why);
    return false;
}

static bool parse_unix(QmpAddress *address, const char *rest, GError **error)
{
    struct sockaddr_un name;

    if (!*rest) {
        return refuse(error, address->text, "a path is missing");
    }
    if (strlen(rest) >= sizeof(name.sun_path)) {
        return refuse(error, address->text,
                      "the path of a unix socket has at most 107 bytes");
    }
    address->path = g_strdup(rest);
    return true;
}

static bool parse_tcp(QmpAddress *address, const char *rest, GError **error)
{
    const char *colon = strrchr(rest, ':');
    size_t n_host = colon ? (size_t)(colon - rest) : 0;
    guint64 port;

    if (!colon || !n_host) {
        return refuse(error, address->text, "host and port are needed");
    }
    if (!g_ascii_string_to_unsigned(colon + 1, 10, 1, 65535, &port, NULL)) {
        return refuse(error, address->text,
                      "the port is a number from 1 to 65535");
    }
    if (rest[0] == '[' && rest[n_host - 1] == ']' && n_host > 2) {
        rest++;
        n_host -= 2;
    } else if (memchr(rest, ':', n_host) || rest[0] == '[') {
        return refuse(error, address->text,
                      "an IPv6 address stands in brackets");
    }
    address->host = g_strndup(rest, n_host);
    address->port = port;
    return true;
}

static bool parse_fd(QmpAddress *address, const char *rest, GError **error)
{
    guint64 fd;

    if (!g_ascii_string_to_unsigned(rest, 10, 0, G_MAXINT, &fd, NULL)) {
        return refuse(error, address->text, "a file descriptor is a number");
    }
    address->fd = fd;
    return true;
}

static bool parse_exec(QmpAddress *address, const char *rest, GError **error)
{
    if (!*rest) {
        return refuse(error, address->text, "a command is missing");
    }
    address->path = g_strdup(rest);
    return true;
}

static const struct {
    const char *prefix;
    QmpAddressKind kind;
    bool (*parse)(QmpAddress *address, const char *rest, GError **error);
} forms[] = {
    { "unix:", QMP_ADDRESS_UNIX, parse_unix },
    { "tcp:", QMP_ADDRESS_TCP, parse_tcp },
    { "tls:", QMP_ADDRESS_TLS, parse_tcp },
    { "fd:", QMP_ADDRESS_FD, parse_fd },
    { "exec:", QMP_ADDRESS_EXEC, parse_exec },
};

/* "udp:host:1" is a typing error rather than a file of that name. */
static bool has_scheme(const char *text)
{
    const char *colon = strchr(text, ':');

    return colon && !memchr(text, '/', colon - text);
}

static bool parse_any(QmpAddress *address, GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(forms); i++) {
        if (g_str_has_prefix(address->text, forms[i].prefix)) {
            address->kind = forms[i].kind;
            return forms[i].parse(
                address, address->text + strlen(forms[i].prefix), error);
        }
    }
    if (has_scheme(address->text)) {
        return refuse(error, address->text, "unknown kind of address");
    }
    address->kind = QMP_ADDRESS_UNIX;
    return parse_unix(address, address->text, error);
}

QmpAddress *qmp_address_parse(const char *text, GError **error)
{
    g_autoptr(QmpAddress) address = g_new0(QmpAddress, 1);

    address->text = g_strdup(text);
    address->fd = -1;
    return parse_any(address, error) ? g_steal_pointer(&address) : NULL;
}

QmpAddress *qmp_address_copy(const QmpAddress *address)
{
    QmpAddress *copy = g_new(QmpAddress, 1);

    *copy = *address;
    copy->text = g_strdup(address->text);
    copy->path = g_strdup(address->path);
    copy->host = g_strdup(address->host);
    qmp_credentials_ref(copy->credentials);
    return copy;
}

void qmp_address_free(QmpAddress *address)
{
    if (address) {
        g_free(address->text);
        g_free(address->path);
        g_free(address->host);
        qmp_credentials_unref(address->credentials);
        g_free(address);
    }
}

void qmp_address_set_credentials(QmpAddress *address,
                                 QmpCredentials *credentials)
{
    qmp_credentials_ref(credentials);
    qmp_credentials_unref(address->credentials);
    address->credentials = credentials;
}

gboolean qmp_address_equal(const QmpAddress *a, const QmpAddress *b)
{
    if (a->kind != b->kind) {
        return FALSE;
    }
    switch (a->kind) {
    case QMP_ADDRESS_UNIX:
    case QMP_ADDRESS_EXEC:
        return strcmp(a->path, b->path) == 0;
    case QMP_ADDRESS_TCP:
    case QMP_ADDRESS_TLS:
        return g_ascii_strcasecmp(a->host, b->host) == 0 && a->port == b->port;
    case QMP_ADDRESS_FD:
        return a->fd == b->fd;
    }
    g_assert_not_reached();
}

char *qmp_address_word(const QmpAddress *address)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRST"
                                "UVWXYZ0123456789-_./:,=@%+";
    const char *text = address->text;
    return text[strspn(text, plain)] == '\0' ? g_strdup(text)
                                             : g_shell_quote(text);
}
