/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files are read here and not by gnutls, whose errors name none. */
#include "qmp/credentials.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "qmp/credentials-private.h"
#include "qmp/error.h"
#include "qmp/small-file.h"

static bool refuse(GError **error, const QmpCredentials *credentials,
                   const char *name, const char *why)
{
    g_autofree char *path = g_build_filename(credentials->folder, name, NULL);

    g_set_error(error, QMP_ERROR, QMP_ERROR_USAGE, "%s: %s", path, why);
    return false;
}

/* gnutls ends its sentences; our messages go on. */
static bool refuse_code(GError **error, const QmpCredentials *credentials,
                        const char *name, int code)
{
    g_autofree char *why = g_strdup(gnutls_strerror(code));

    why[0] = g_ascii_tolower(why[0]);
    if (g_str_has_suffix(why, ".")) {
        why[strlen(why) - 1] = '\0';
    }
    return refuse(error, credentials, name, why);
}

static bool has(const QmpCredentials *credentials, const char *name)
{
    g_autofree char *path = g_build_filename(credentials->folder, name, NULL);

    /* One that may not be read is there too. */
    return access(path, F_OK) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

static bool read_file(QmpCredentials *credentials, const char *name,
                      gnutls_datum_t *ret, GError **error)
{
    g_autofree char *path = g_build_filename(credentials->folder, name, NULL);
    g_auto(QmpSmallFile) file = qmp_small_file_read(path);

    if (!file.bytes) {
        return refuse(error, credentials, name, file.error);
    }
    gsize n;
    unsigned char *bytes =
        g_bytes_unref_to_data(g_steal_pointer(&file.bytes), &n);
    *ret = (gnutls_datum_t){ bytes, n };
    credentials->last_mode = file.mode;
    return true;
}

/* Of the file that was read last, which is a key. */
static void warn_of_others(QmpCredentials *credentials, const char *name)
{
    if (credentials->last_mode & QMP_SMALL_FILE_OTHERS) {
        credentials->warning = g_strdup_printf(
            "%s/%s: others can read or change this private key (its "
            "permissions are %03o); make them 600",
            credentials->folder, name, credentials->last_mode & 0777);
    }
}

/* What was a key is not left in memory that is free. */
static void wipe(gnutls_datum_t *data)
{
    if (data->data) {
        gnutls_memset(data->data, 0, data->size);
        g_free(data->data);
    }
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(gnutls_datum_t, wipe)

/* --- certificates --- */

static bool load_authority(QmpCredentials *credentials, GError **error)
{
    static const char name[] = "ca-cert.pem";
    g_auto(gnutls_datum_t) data = { 0 };
    int n;

    if (!read_file(credentials, name, &data, error)) {
        return false;
    }
    n = gnutls_certificate_set_x509_trust_mem(credentials->x509, &data,
                                              GNUTLS_X509_FMT_PEM);
    if (n == 0) {
        return refuse(error, credentials, name, "holds no certificate");
    }
    return n > 0 || refuse_code(error, credentials, name, n);
}

static bool load_revoked(QmpCredentials *credentials, GError **error)
{
    static const char name[] = "ca-crl.pem";
    g_auto(gnutls_datum_t) data = { 0 };
    int n;

    if (!has(credentials, name)) {
        return true;
    }
    if (!read_file(credentials, name, &data, error)) {
        return false;
    }
    n = gnutls_certificate_set_x509_crl_mem(credentials->x509, &data,
                                            GNUTLS_X509_FMT_PEM);
    return n >= 0 || refuse_code(error, credentials, name, n);
}

static bool load_own(QmpCredentials *credentials, GError **error)
{
    static const char cert_name[] = "client-cert.pem";
    static const char key_name[] = "client-key.pem";
    bool has_cert = has(credentials, cert_name);
    bool has_key = has(credentials, key_name);
    g_auto(gnutls_datum_t) cert = { 0 };
    g_auto(gnutls_datum_t) key = { 0 };
    int code;

    if (!has_cert && !has_key) {
        return true;
    }
    if (!has_cert || !has_key) {
        return refuse(error, credentials, has_cert ? key_name : cert_name,
                      has_cert ? "is missing, and client-cert.pem is there"
                               : "is missing, and client-key.pem is there");
    }
    if (!read_file(credentials, cert_name, &cert, error) ||
        !read_file(credentials, key_name, &key, error)) {
        return false;
    }
    warn_of_others(credentials, key_name);
    code = gnutls_certificate_set_x509_key_mem(credentials->x509, &cert, &key,
                                               GNUTLS_X509_FMT_PEM);
    if (code == GNUTLS_E_CERTIFICATE_KEY_MISMATCH) {
        return refuse(error, credentials, key_name,
                      "is not the key of client-cert.pem");
    }
    credentials->has_certificate = code >= 0;
    return code >= 0 ||
           refuse_code(error, credentials, "client-{cert,key}.pem", code);
}

static bool load_certificates(QmpCredentials *credentials, GError **error)
{
    gnutls_certificate_allocate_credentials(&credentials->x509);
    return load_authority(credentials, error) &&
           load_revoked(credentials, error) && load_own(credentials, error);
}

/* --- a key --- */

/* The first line that says something; "#" begins none in QEMU's files. */
static char *first_line(const gnutls_datum_t *data)
{
    const char *text = (const char *)data->data; /* it ends in a NUL */

    text += strspn(text, "\r\n");
    return g_strndup(text, strcspn(text, "\r\n"));
}

static bool load_key(QmpCredentials *credentials, GError **error)
{
    static const char name[] = "keys.psk";
    g_auto(gnutls_datum_t) data = { 0 };
    g_auto(gnutls_datum_t) line = { 0 };
    gnutls_datum_t key;
    char *colon;
    int code;

    if (!read_file(credentials, name, &data, error)) {
        return false;
    }
    warn_of_others(credentials, name);
    line.data = (unsigned char *)first_line(&data);
    line.size = strlen((char *)line.data);
    colon = strchr((char *)line.data, ':');
    if (!colon || colon == (char *)line.data || !colon[1]) {
        return refuse(error, credentials, name,
                      "its first line is not NAME:KEY");
    }
    *colon = '\0';
    credentials->name = g_strdup((char *)line.data);
    key = (gnutls_datum_t){ (unsigned char *)colon + 1, strlen(colon + 1) };
    gnutls_psk_allocate_client_credentials(&credentials->psk);
    code = gnutls_psk_set_client_credentials(
        credentials->psk, credentials->name, &key, GNUTLS_PSK_KEY_HEX);
    return code >= 0 ||
           refuse(error, credentials, name,
                  "its key is not of hexadecimal digits, eight or more");
}

/* --- both --- */

static bool load(QmpCredentials *credentials, GError **error)
{
    bool has_authority = has(credentials, "ca-cert.pem");
    bool has_key = has(credentials, "keys.psk");

    if (has_authority && has_key) {
        g_set_error(error, QMP_ERROR, QMP_ERROR_USAGE,
                    "%s: has both ca-cert.pem and keys.psk: certificates or a "
                    "key?",
                    credentials->folder);
        return false;
    }
    if (!has_authority && !has_key) {
        g_set_error(error, QMP_ERROR, QMP_ERROR_USAGE,
                    g_file_test(credentials->folder, G_FILE_TEST_IS_DIR)
                        ? "%s: has neither ca-cert.pem nor keys.psk"
                        : "%s: is no folder",
                    credentials->folder);
        return false;
    }
    return has_key ? load_key(credentials, error)
                   : load_certificates(credentials, error);
}

QmpCredentials *qmp_credentials_load(const char *folder, GError **error)
{
    g_autoptr(QmpCredentials) credentials =
        g_atomic_rc_box_new0(QmpCredentials);

    credentials->folder = g_strdup(folder);
    return load(credentials, error) ? g_steal_pointer(&credentials) : NULL;
}

const char *qmp_credentials_warning(const QmpCredentials *credentials)
{
    return credentials->warning;
}

QmpCredentials *qmp_credentials_ref(QmpCredentials *credentials)
{
    return credentials ? g_atomic_rc_box_acquire(credentials) : NULL;
}

static void clear(gpointer data)
{
    QmpCredentials *credentials = data;

    if (credentials->x509) {
        gnutls_certificate_free_credentials(credentials->x509);
    }
    if (credentials->psk) {
        gnutls_psk_free_client_credentials(credentials->psk);
    }
    g_free(credentials->name);
    g_free(credentials->warning);
    g_free(credentials->folder);
}

void qmp_credentials_unref(QmpCredentials *credentials)
{
    if (credentials) {
        g_atomic_rc_box_release_full(credentials, clear);
    }
}
