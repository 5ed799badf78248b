/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Makes a folder of TLS credentials, as docs/tls.rst describes it: FOLDER/ca with
 * the CA and its private key, and FOLDER/HOST for each host, which is what QEMU's
 * dir= gets; or FOLDER/keys.psk.
 */
#include <glib.h>

#include "tls/make.h"

typedef struct {
    const char *folder;
    const char *ca;   /* folder of the CA; NULL: FOLDER/ca */
    GPtrArray *hosts; /* of GPtrArray of TlsName */
    guint days;       /* how long the hosts' certificates are valid */
    gboolean force;
    gint64 now_s;
} IssueWish;

#define ISSUE_DAYS 397 /* what is common: a year, and a month to renew */

/*
 * The CA is made where there is none.  @ret_written: the paths of the folders that
 * were written, in order.  Fails with G_FILE_ERROR, or with what gnutls says; then
 * all is as before.
 */
gboolean issue_certificates(const IssueWish *wish, GPtrArray *ret_written,
                            GError **error);

gboolean issue_psk(const char *folder, const char *identity, gboolean force,
                   GError **error);
