/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Any bytes are a file of keys: what is read of it is what could be written, and
 * is read the same way again.
 */
#include "tests/fuzz/driver.h"

#include <glib.h>
#include <string.h>

#include "tls/psk.h"

static void check_key(const TlsPskFile *file, const TlsPsk *key)
{
    const TlsPsk *first = tls_psk_find(file, key->identity);

    g_assert_null(tls_psk_identity_fault(key->identity));
    g_assert_cmpint(key->bytes, >, 0);
    g_assert_cmpint(strlen(key->key), ==, 2 * key->bytes);
    g_assert_cmpint(strspn(key->key, "0123456789abcdef"), ==, 2 * key->bytes);
    g_assert_true(first && first->line <= key->line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    g_autoptr(GBytes) bytes = g_bytes_new(data, n);
    g_autoptr(TlsPskFile) file = tls_psk_parse(bytes);
    g_autofree char *names = tls_psk_identities(file);
    g_autoptr(GString) written = g_string_new(NULL);

    g_assert_nonnull(names);
    g_assert_true(!file->bad == !file->bad_line);
    for (guint i = 0; i < file->keys->len; i++) {
        const TlsPsk *key = file->keys->pdata[i];
        check_key(file, key);
        g_string_append_printf(written, "%s:%s\n", key->identity, key->key);
    }
    g_autoptr(GBytes) text = g_bytes_new(written->str, written->len);
    g_autoptr(TlsPskFile) again = tls_psk_parse(text);
    g_assert_null(again->bad);
    g_assert_cmpint(again->keys->len, ==, file->keys->len);
    return 0;
}
