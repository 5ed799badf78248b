/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/tls/names.h"

#include <arpa/inet.h>
#include <string.h>

#define LABEL_MAX 63
#define NAME_MAX_ 253

static void name_free(TlsName *name)
{
    g_free(name->text);
    g_free(name);
}

static bool is_label(const char *label)
{
    size_t n = strlen(label);
    return n > 0 && n <= LABEL_MAX && label[0] != '-' && label[n - 1] != '-' &&
           strspn(label, "abcdefghijklmnopqrstuvwxyz"
                         "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") == n;
}

static bool is_name(const char *text)
{
    g_auto(GStrv) labels = g_strsplit(text, ".", -1);
    for (char **label = labels; *label; label++) {
        if (!is_label(*label)) {
            return false;
        }
    }
    return *labels && strlen(text) <= NAME_MAX_;
}

static bool add(GPtrArray *names, const char *text)
{
    TlsName *name = g_new0(TlsName, 1);
    if (inet_pton(AF_INET, text, name->bytes) == 1) {
        name->n_bytes = sizeof(struct in_addr);
    } else if (inet_pton(AF_INET6, text, name->bytes) == 1) {
        name->n_bytes = sizeof(struct in6_addr);
    } else if (!is_name(text) || strspn(text, "0123456789.") == strlen(text)) {
        g_free(name);
        return false;
    }
    name->text = g_strdup(text);
    g_ptr_array_add(names, name);
    return true;
}

GPtrArray *names_parse(const char *text, GError **error)
{
    g_autoptr(GPtrArray) names =
        g_ptr_array_new_with_free_func((GDestroyNotify)name_free);
    g_auto(GStrv) words = g_strsplit(text, ",", -1);

    for (char **word = words; *word; word++) {
        if (!add(names, *word)) {
            g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                        "--host: '%s' is neither a host's name nor an address",
                        *word);
            return NULL;
        }
        if (strcmp(*word, "localhost") == 0) {
            add(names, "127.0.0.1");
            add(names, "::1");
        }
    }
    if (names->len == 0) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "--host: the name is empty");
        return NULL;
    }
    return g_steal_pointer(&names);
}
