/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/tls/issue.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#include "qmp/small-file.h"
#include "tls/certificate.h"
#include "tls/files.h"
#include "tools/tls/write.h"

#define DAY_S     (24 * 3600)
#define EARLIER_S 3600 /* for hosts whose clock is behind */
#define CA_DAYS   3653 /* ten years */
#define CA_NAME   "qmigrate CA"
#define CA_FOLDER "ca"

static gboolean fail(GError **error, int number, const char *what,
                     const char *path)
{
    g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(number),
                "cannot %s %s: %s", what, path, g_strerror(number));
    return FALSE;
}

/* @ret_made: was it not there? */
static gboolean make_folder(const char *path, gboolean *ret_made,
                            GError **error)
{
    *ret_made = g_mkdir(path, 0700) == 0;
    if (!*ret_made && errno != EEXIST) {
        return fail(error, errno, "make", path);
    }
    return TRUE;
}

static gboolean bad_ca(GError **error, const char *folder, const char *why)
{
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                "the CA in %s cannot be used: %s", folder, why);
    return FALSE;
}

/* Can this certificate and this key sign today? */
static gboolean check_ca(const char *folder, const TlsMade *ca, gint64 now_s,
                         GError **error)
{
    g_autoptr(GBytes) pem =
        g_bytes_new(ca->certificate, strlen(ca->certificate));
    g_autoptr(GBytes) key_pem = g_bytes_new(ca->key, strlen(ca->key));
    g_autoptr(GError) local = NULL;
    g_autoptr(GPtrArray) certificates = tls_certificates_parse(pem, &local);
    g_autoptr(TlsKey) key =
        certificates ? tls_key_parse(key_pem, &local) : NULL;

    if (!key) {
        return bad_ca(error, folder, local->message);
    }
    const TlsCertificate *certificate = certificates->pdata[0];
    return key->is_encrypted ? bad_ca(error, folder, "its key has a passphrase")
           : certificate->ca != TLS_CA_YES ||
                   !certificate->may_sign_certificates
               ? bad_ca(error, folder, "it may not sign certificates")
           : strcmp(key->key_id, certificate->key_id) != 0
               ? bad_ca(error, folder, "its key belongs to another certificate")
           : certificate->until_s < now_s
               ? bad_ca(error, folder, "it has expired")
               : TRUE;
}

static gboolean read_ca(const char *folder, TlsMade *ret_ca, GError **error)
{
    const struct {
        TlsFileId id;
        char **ret_text;
    } files[] = { { TLS_FILE_CA_CERT, &ret_ca->certificate },
                  { TLS_FILE_CA_KEY, &ret_ca->key } };

    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        const char *name = tls_file_name(files[i].id);
        g_autofree char *path = g_build_filename(folder, name, NULL);
        g_auto(QmpSmallFile) file = qmp_small_file_read(path);
        if (!file.bytes) {
            g_autofree char *why =
                g_strdup_printf("its %s cannot be read: %s", name, file.error);
            return bad_ca(error, folder, why);
        }
        *files[i].ret_text = g_strndup(g_bytes_get_data(file.bytes, NULL),
                                       g_bytes_get_size(file.bytes));
    }
    return TRUE;
}

typedef struct {
    const IssueWish *wish;
    TlsMade ca;
    GPtrArray *folders; /* WriteFolder */
    GPtrArray *made;    /* TlsMade, whose texts they hold */
} Issue;

static void made_free(TlsMade *made)
{
    tls_made_clear(made);
    g_free(made);
}

static void issue_clear(Issue *issue)
{
    tls_made_clear(&issue->ca);
    g_ptr_array_unref(issue->folders);
    g_ptr_array_unref(issue->made);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Issue, issue_clear)

static WriteFolder *add_folder(Issue *issue, const char *path)
{
    WriteFolder *folder = write_folder_new(path);
    g_ptr_array_add(issue->folders, folder);
    return folder;
}

static TlsSpan span_of(const IssueWish *wish, guint days)
{
    const TlsSpan span = { wish->now_s - EARLIER_S,
                           wish->now_s + (gint64)days * DAY_S };
    return span;
}

/* The one that is there, or a new one that is still to be written. */
static gboolean have_ca(Issue *issue, GError **error)
{
    const IssueWish *wish = issue->wish;
    g_autofree char *folder =
        wish->ca ? g_strdup(wish->ca)
                 : g_build_filename(wish->folder, CA_FOLDER, NULL);

    if (g_file_test(folder, G_FILE_TEST_EXISTS)) {
        return read_ca(folder, &issue->ca, error) &&
               check_ca(folder, &issue->ca, wish->now_s, error);
    }
    if (!tls_make_ca(CA_NAME, span_of(wish, CA_DAYS), &issue->ca, error)) {
        return FALSE;
    }
    WriteFolder *out = add_folder(issue, folder);
    write_folder_add(out, tls_file_name(TLS_FILE_CA_CERT),
                     issue->ca.certificate);
    write_folder_add(out, tls_file_name(TLS_FILE_CA_KEY), issue->ca.key);
    return TRUE;
}

static gboolean make_host(Issue *issue, const GPtrArray *names, GError **error)
{
    const IssueWish *wish = issue->wish;
    const TlsName *first = names->pdata[0];
    g_autofree char *path = g_build_filename(wish->folder, first->text, NULL);
    WriteFolder *out = add_folder(issue, path);

    write_folder_add(out, tls_file_name(TLS_FILE_CA_CERT),
                     issue->ca.certificate);
    for (TlsRole role = 0; role < N_TLS_ROLES; role++) {
        TlsMade *made = g_new0(TlsMade, 1);
        g_ptr_array_add(issue->made, made);
        if (!tls_make_host(&issue->ca, names, role, span_of(wish, wish->days),
                           made, error)) {
            return FALSE;
        }
        write_folder_add(out, tls_file_name(tls_file_cert(role)),
                         made->certificate);
        write_folder_add(out, tls_file_name(tls_file_key(role)), made->key);
    }
    return TRUE;
}

static gboolean issue_all(Issue *issue, GError **error)
{
    const IssueWish *wish = issue->wish;
    if (!have_ca(issue, error)) {
        return FALSE;
    }
    for (guint i = 0; i < wish->hosts->len; i++) {
        if (!make_host(issue, wish->hosts->pdata[i], error)) {
            return FALSE;
        }
    }
    return write_folders(issue->folders, wish->force, error);
}

gboolean issue_certificates(const IssueWish *wish, GPtrArray *ret_written,
                            GError **error)
{
    g_auto(Issue) issue = { .wish = wish };
    gboolean is_new;

    issue.folders =
        g_ptr_array_new_with_free_func((GDestroyNotify)write_folder_free);
    issue.made = g_ptr_array_new_with_free_func((GDestroyNotify)made_free);
    if (!make_folder(wish->folder, &is_new, error)) {
        return FALSE;
    }
    if (!issue_all(&issue, error)) {
        if (is_new) {
            g_rmdir(wish->folder);
        }
        return FALSE;
    }
    for (guint i = 0; i < issue.folders->len; i++) {
        const WriteFolder *folder = issue.folders->pdata[i];
        g_ptr_array_add(ret_written, g_strdup(folder->path));
    }
    return TRUE;
}

gboolean issue_psk(const char *folder, const char *identity, gboolean force,
                   GError **error)
{
    g_autofree char *path =
        g_build_filename(folder, tls_file_name(TLS_FILE_PSK), NULL);
    g_autofree char *text = tls_make_psk(identity, error);
    gboolean is_new;

    if (!text || !make_folder(folder, &is_new, error)) {
        return FALSE;
    }
    if (!write_secret(path, text, force, error)) {
        if (is_new) {
            g_rmdir(folder);
        }
        return FALSE;
    }
    return TRUE;
}
