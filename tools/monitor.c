/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/monitor.h"

char *monitor_tls_folder;
static gboolean is_needed;

QmpAddress *monitor_parse(const char *text, GError **error)
{
    g_autoptr(QmpAddress) address = qmp_address_parse(text, error);

    if (!address || address->kind != QMP_ADDRESS_TLS) {
        return g_steal_pointer(&address);
    }
    if (!monitor_tls_folder) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "%s needs --monitor-tls=DIR: who has to prove what it is, "
                    "is held against the CA in there",
                    text);
        return NULL;
    }
    qmp_address_set_credentials(address, monitor_tls_folder);
    is_needed = TRUE;
    return g_steal_pointer(&address);
}

gboolean monitor_check(GError **error)
{
    if (monitor_tls_folder && !is_needed) {
        g_set_error(
            error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
            "--monitor-tls is for a monitor at tls:HOST:PORT, and there "
            "is none");
        return FALSE;
    }
    return TRUE;
}
