/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tls/psk.h"

#include <string.h>

#define NAMED_MAX 5 /* identities that a text tells */

static void key_free(TlsPsk *key)
{
    g_free(key->identity);
    g_free(key->key);
    g_free(key);
}

void tls_psk_free(TlsPskFile *file)
{
    if (file) {
        g_ptr_array_unref(file->keys);
        g_free(file->bad);
        g_free(file);
    }
}

const char *tls_psk_identity_fault(const char *identity)
{
    if (!*identity) {
        return "the identity is empty";
    }
    if (*identity == '#') {
        return "gnutls takes an identity that begins with # for hexadecimal";
    }
    if (strchr(identity, ':')) {
        return "an identity ends at its first colon";
    }
    for (const char *c = identity; *c; c++) {
        if (g_ascii_iscntrl(*c)) {
            return "the identity has control characters";
        }
    }
    return g_utf8_validate(identity, -1, NULL) ? NULL
                                               : "the identity is not UTF-8";
}

static const char *key_fault(const char *key)
{
    size_t n = strspn(key, "0123456789abcdefABCDEF");
    if (key[n] == '\r' && !key[n + 1]) {
        return "it ends in a carriage return, which the source takes for a "
               "part "
               "of the key";
    }
    if (key[n]) {
        return "the key is not hexadecimal";
    }
    return n == 0  ? "the key is empty"
           : n % 2 ? "the key has an odd number of digits"
                   : NULL;
}

/* Why @line is none, or NULL when it was added. */
static const char *take_line(TlsPskFile *file, const char *line, guint number)
{
    const char *colon = strchr(line, ':');
    if (!colon) {
        return "there is no colon in it";
    }
    g_autofree char *identity = g_strndup(line, colon - line);
    const char *fault = tls_psk_identity_fault(identity);
    if (!fault) {
        fault = key_fault(colon + 1);
    }
    if (fault) {
        return fault;
    }
    TlsPsk *key = g_new0(TlsPsk, 1);
    key->identity = g_steal_pointer(&identity);
    key->key = g_ascii_strdown(colon + 1, -1);
    key->line = number;
    key->bytes = strlen(key->key) / 2;
    g_ptr_array_add(file->keys, key);
    return NULL;
}

TlsPskFile *tls_psk_parse(GBytes *bytes)
{
    TlsPskFile *file = g_new0(TlsPskFile, 1);
    gsize n;
    const char *data = g_bytes_get_data(bytes, &n);
    g_autofree char *text = g_strndup(data ? data : "", data ? n : 0);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    file->keys = g_ptr_array_new_with_free_func((GDestroyNotify)key_free);
    for (guint i = 0; lines[i]; i++) {
        const char *fault = *lines[i] ? take_line(file, lines[i], i + 1) : NULL;
        if (fault && !file->bad) {
            file->bad_line = i + 1;
            file->bad = g_strdup(fault);
        }
    }
    return file;
}

const TlsPsk *tls_psk_find(const TlsPskFile *file, const char *identity)
{
    for (guint i = 0; i < file->keys->len; i++) {
        const TlsPsk *key = file->keys->pdata[i];
        if (strcmp(key->identity, identity) == 0) {
            return key;
        }
    }
    return NULL;
}

char *tls_psk_identities(const TlsPskFile *file)
{
    GString *names = g_string_new(NULL);
    for (guint i = 0; i < MIN(file->keys->len, NAMED_MAX); i++) {
        const TlsPsk *key = file->keys->pdata[i];
        g_string_append_printf(names, "%s%s", i ? ", " : "", key->identity);
    }
    if (file->keys->len > NAMED_MAX) {
        g_string_append(names, ", ...");
    }
    return g_string_free(names, FALSE);
}
