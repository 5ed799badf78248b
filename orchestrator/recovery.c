/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "orchestrator/recovery.h"

#include <glib.h>

#include "orchestrator/uri.h"

#define BACK_OFF_MIN_US 100000
#define BACK_OFF_MAX_US (5 * G_USEC_PER_SEC)

int64_t recovery_back_off_us(unsigned n_attempts)
{
    int64_t us = BACK_OFF_MIN_US;
    for (unsigned i = 1; i < n_attempts && us < BACK_OFF_MAX_US; i++) {
        us *= 2;
    }
    return MIN(us, BACK_OFF_MAX_US);
}

char *recovery_home(const char *uri, const char *migrate_uri)
{
    g_auto(Uri) before = { 0 };
    return migrate_uri && uri_parse(migrate_uri, &before, NULL)
               ? uri_at_port(uri, NULL, before.port)
               : g_strdup(uri);
}

const char *recovery_uri(unsigned n_attempts, const char *home,
                         const char *other)
{
    return other && n_attempts % 2 == 0 ? other : home;
}

int64_t recovery_mute_us(const char *uri)
{
    return (g_str_has_prefix(uri, "unix:") ? 2 : 135) * G_USEC_PER_SEC;
}
