/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/monitors.h"

#include "tools/plain.h"

static gboolean check_folder(const QmpAddress *tls, const char *folder,
                             GError **error)
{
    if (tls && !folder) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "%s: needs --monitor-tls DIR, the folder with its CA's "
                    "ca-cert.pem, or with keys.psk",
                    tls->text);
        return FALSE;
    }
    if (folder && !tls) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "--monitor-tls is for tls:HOST:PORT, and no monitor has "
                    "such an address");
        return FALSE;
    }
    return TRUE;
}

static gboolean give_credentials(const char *folder, QmpAddress *addresses[],
                                 size_t n, GError **error)
{
    g_autoptr(QmpCredentials) credentials = qmp_credentials_load(folder, error);

    if (!credentials) {
        g_prefix_error(error, "--monitor-tls: ");
        return FALSE;
    }
    if (qmp_credentials_warning(credentials)) {
        plain_print(stderr, "warning: --monitor-tls: %s\n",
                    qmp_credentials_warning(credentials));
    }
    for (size_t i = 0; i < n; i++) {
        if (addresses[i] && addresses[i]->kind == QMP_ADDRESS_TLS) {
            qmp_address_set_credentials(addresses[i], credentials);
        }
    }
    return TRUE;
}

gboolean monitors_read(char *const words[], size_t n, const char *folder,
                       QmpAddress *addresses[], GError **error)
{
    const QmpAddress *tls = NULL;

    for (size_t i = 0; i < n; i++) {
        if (!words[i]) {
            continue;
        }
        addresses[i] = qmp_address_parse(words[i], error);
        if (!addresses[i]) {
            return FALSE;
        }
        if (!tls && addresses[i]->kind == QMP_ADDRESS_TLS) {
            tls = addresses[i];
        }
    }
    return check_folder(tls, folder, error) &&
           (!tls || give_credentials(folder, addresses, n, error));
}
