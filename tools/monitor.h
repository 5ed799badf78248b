/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The words that say where a monitor is, the same for every verb. */
#include <glib.h>

#include "qmp/address.h"

/* For a verb's help. */
#define MONITOR_FORMS                                                          \
    "QMP is unix:PATH (or a path), tcp:HOST:PORT, tls:HOST:PORT, fd:N or\n"    \
    "exec:COMMAND."

/* For a verb's options. */
#define MONITOR_TLS_ENTRY                                                      \
    {                                                                          \
        "monitor-tls", 0, 0, G_OPTION_ARG_FILENAME, &monitor_tls_folder,       \
            "Credentials for monitors at tls:HOST:PORT", "DIR"                 \
    }

extern char *monitor_tls_folder; /* --monitor-tls; NULL: not given */

/* qmp_address_parse(), with the credentials.  Fails in QMP_ERROR_USAGE, or with
 * G_OPTION_ERROR_BAD_VALUE if they are missing. */
QmpAddress *monitor_parse(const char *text, GError **error);

/* After the last: false, if there are credentials that no monitor needs. */
gboolean monitor_check(GError **error);
