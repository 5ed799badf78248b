/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The address of the migration stream, as QEMU spells it: unix:PATH,
 * tcp:HOST:PORT, an IPv6 host in brackets, port 0 for any free one, or
 * file:PATH, which the source writes and the destination reads later.  Pure.
 */
#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum { URI_UNIX, URI_TCP, URI_FILE } UriKind;

typedef struct {
    UriKind kind;
    char *path;    /* unix, file */
    char *host;    /* tcp: without brackets, may be empty */
    uint16_t port; /* tcp: 0: any */
} Uri;

/* Fails in G_OPTION_ERROR_BAD_VALUE. */
bool uri_parse(const char *text, Uri *ret, GError **error);
void uri_clear(Uri *uri);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Uri, uri_clear)

/* Of a text that uri_parse() takes, or NULL. */
bool uri_is_file(const char *text);

/* Does it name every address of the host, so that nobody can connect to it? */
bool uri_is_wildcard(const Uri *uri);

/*
 * @text with @host, if there is one, in place of a wildcard and @port in place
 * of port 0.  NULL: the port stays unknown.
 */
char *uri_at_port(const char *text, const char *host, uint16_t port);

/*
 * What the source is told: @text, which the destination listens at, with the
 * real port out of @query_migrate (the destination's) and @host in place of a
 * wildcard.  NULL if QEMU does not say where it listens.  Nobody listens at a
 * file, and @query_migrate may be NULL.
 */
char *uri_for_source(const char *text, const char *host,
                     JsonNode *query_migrate);
