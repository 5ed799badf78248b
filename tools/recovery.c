/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/recovery.h"

#include "caps/units.h"
#include "orchestrator/uri.h"
#include "tools/settings.h"

#define ATTEMPTS_MAX   1000
#define TIMEOUT_MAX_MS (24u * 3600 * 1000)

static gboolean take_uri(const char *text, MigrationSettings *migration,
                         GError **error)
{
    g_auto(Uri) uri = { 0 };
    if (!uri_parse(text, &uri, error)) {
        g_prefix_error(error, "--recover-uri: ");
        return FALSE;
    }
    if (uri.kind != URI_UNIX && uri.kind != URI_TCP) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "--recover-uri: the destination listens at unix:PATH or "
                    "tcp:HOST:PORT; '%s' is neither",
                    text);
        return FALSE;
    }
    if (migration->way_uri) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "--recover-uri does not go with --source-uri, by which the "
                    "source would go on");
        return FALSE;
    }
    migration->recover_uri = g_strdup(text);
    return TRUE;
}

/* A number from 1 on: 0 would be "never", which is an attempt too few. */
static gboolean take_number(const char *option, const char *text, Unit unit,
                            uint64_t max, uint64_t *ret, GError **error)
{
    if (!option_quantity(option, text, unit, ret, error)) {
        return FALSE;
    }
    if (*ret == 0 || *ret > max) {
        g_autofree char *most = unit_format(max, unit);
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "--%s: '%s' is not from 1%s to %s", option, text,
                    unit_symbol(unit), most);
        return FALSE;
    }
    return TRUE;
}

gboolean recovery_take(const RecoveryWords *words, MigrationSettings *migration,
                       GError **error)
{
    uint64_t attempts = 0, timeout_ms = 0, stall_ms = 0;
    if (words->uri && !take_uri(words->uri, migration, error)) {
        return FALSE;
    }
    if (words->attempts &&
        !take_number("recover-attempts", words->attempts, UNIT_NONE,
                     ATTEMPTS_MAX, &attempts, error)) {
        return FALSE;
    }
    if (words->timeout &&
        !take_number("recover-timeout", words->timeout, UNIT_MILLISECONDS,
                     TIMEOUT_MAX_MS, &timeout_ms, error)) {
        return FALSE;
    }
    if (words->stall &&
        !take_number("postcopy-stall", words->stall, UNIT_MILLISECONDS,
                     TIMEOUT_MAX_MS, &stall_ms, error)) {
        return FALSE;
    }
    migration->postcopy_stall_us = stall_ms * 1000;
    migration->recover_attempts = (unsigned)attempts;
    migration->recover_timeout_us = timeout_ms * 1000;
    return TRUE;
}
