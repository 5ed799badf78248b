/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The address of the migration stream, nearly as QEMU spells it.  Pure.
 *
 *   unix:PATH, tcp:HOST:PORT   the destination listens there; an IPv6 host in
 *                              brackets, port 0 for any free one
 *   file:PATH[,offset=N]       the source writes it, the destination reads it
 *   fd:PATH                    ... and we open it and pass a descriptor of it
 *   fdset:PATH[,offset=N]      ... in a set of descriptors, as multifd needs it
 *   fd:pair                    a pair of sockets; each QEMU is passed one
 *   exec:COMMAND               QEMU talks to a command of its own
 */
#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum { URI_UNIX, URI_TCP, URI_FILE, URI_PAIR, URI_EXEC } UriKind;

/* How QEMU gets at it: by its name, or by a descriptor that it is passed. */
typedef enum { URI_BY_NAME, URI_BY_FD, URI_BY_FDSET } UriAccess;

typedef struct {
    UriKind kind;
    UriAccess access;
    char *path;    /* unix, file */
    char *host;    /* tcp: without brackets, may be empty */
    uint16_t port; /* tcp: 0: any */
    bool
        has_offset; /* file: it is a part of a file that may be there already */
    uint64_t offset; /* bytes */
    char *command;   /* exec */
} Uri;

/* Fails in G_OPTION_ERROR_BAD_VALUE. */
bool uri_parse(const char *text, Uri *ret, GError **error);
void uri_clear(Uri *uri);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Uri, uri_clear)

/* Of a text that uri_parse() takes, or NULL: nobody listens, the guest is saved
 * to a file and loaded from it. */
bool uri_is_file(const char *text);

/* Is a file of it the migration's own, from the first byte to the last, to be
 * removed when it came to nothing? */
bool uri_owns_file(const Uri *uri);

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
 * wildcard.  NULL if QEMU does not say where it listens.  Of all but tcp
 * @query_migrate may be NULL.
 */
char *uri_for_source(const char *text, const char *host,
                     JsonNode *query_migrate);
