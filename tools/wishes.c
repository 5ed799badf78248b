/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/wishes.h"

#include <string.h>

#include "tools/contradiction.h"

static gboolean refuse(const char *option, const char *text, GError **error)
{
    g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                "%s: '%s' is not %s", option, text,
                strcmp(option, "--set") == 0
                    ? "PARAMETER=VALUE, for example downtime-limit=300ms"
                    : "the name of a capability");
    return FALSE;
}

/* Takes @wish over. */
static void add(GPtrArray *wishes, Typed *typed, const char *option,
                const char *word, CapsWish *wish)
{
    typed_add(typed, option, word, wish);
    g_ptr_array_add(wishes, wish);
}

static gboolean take_capabilities(char **names, const char *option, bool on,
                                  GPtrArray *wishes, Typed *typed,
                                  GError **error)
{
    for (char **name = names; name && *name; name++) {
        g_autofree char *word = g_strdup_printf("%s %s", option, *name);
        if (**name == '\0') {
            return refuse(option, *name, error);
        }
        add(wishes, typed, option, word, caps_wish_capability(*name, on));
    }
    return TRUE;
}

/* Kept as text: the agreement parses it again, by the type that QEMU has. */
static gboolean take_value(const char *option, const char *word,
                           const char *name, const char *text,
                           GPtrArray *wishes, Typed *typed, GError **error)
{
    g_autoptr(CapsWish) wish = caps_wish_parameter(name, text);
    if (!caps_wish_check(wish, error)) {
        bool is_set = strcmp(option, "--set") == 0;
        g_prefix_error(error, "%s%s%s: ", option, is_set ? " " : "",
                       is_set ? name : "");
        return FALSE;
    }
    add(wishes, typed, option, word, g_steal_pointer(&wish));
    return TRUE;
}

static gboolean take_set(const char *text, GPtrArray *wishes, Typed *typed,
                         GError **error)
{
    const char *equals = strchr(text, '=');
    if (!equals || equals == text) {
        return refuse("--set", text, error);
    }
    g_autofree char *name = g_strndup(text, equals - text);
    g_autofree char *word = g_strdup_printf("--set %s", text);
    return take_value("--set", word, name, equals + 1, wishes, typed, error);
}

static gboolean take_own_option(const char *name, const char *text,
                                GPtrArray *wishes, Typed *typed, GError **error)
{
    g_autofree char *option = g_strdup_printf("--%s", name);
    g_autofree char *word = g_strdup_printf("--%s=%s", name, text ? text : "");
    return !text || take_value(option, word, name, text, wishes, typed, error);
}

/* Features are expanded later, when link and guest are known; here only to see
 * what they are about. */
static void take_features(const GPtrArray *features, Typed *typed)
{
    const CapsSurroundings fast = { .link_bits_per_s = G_MAXUINT64 };
    for (guint i = 0; features && i < features->len; i++) {
        const CapsFeatureWish *feature = features->pdata[i];
        g_autoptr(GPtrArray) wishes =
            g_ptr_array_new_with_free_func((GDestroyNotify)caps_wish_free);
        g_autoptr(GPtrArray) findings = findings_new();
        g_autofree char *option =
            g_strdup_printf("--%s", feature->feature->option);
        g_autofree char *word =
            feature->value ? g_strdup_printf("%s=%s", option, feature->value)
                           : g_strdup(option);
        caps_feature_expand(feature, &fast, wishes, findings);
        for (guint j = 0; j < wishes->len; j++) {
            typed_add(typed, option, word, wishes->pdata[j]);
        }
    }
}

gboolean wishes_take(const WishWords *words, MigrationSettings *migration,
                     GError **error)
{
    g_autoptr(Typed) typed = typed_new();
    GPtrArray *wishes =
        g_ptr_array_new_with_free_func((GDestroyNotify)caps_wish_free);

    migration->wishes = wishes;
    if (!take_capabilities(words->enable, "--enable", true, wishes, typed,
                           error) ||
        !take_capabilities(words->disable, "--disable", false, wishes, typed,
                           error)) {
        return FALSE;
    }
    for (char **at = words->set; at && *at; at++) {
        if (!take_set(*at, wishes, typed, error)) {
            return FALSE;
        }
    }
    take_features(migration->features, typed);
    return take_own_option("max-bandwidth", words->max_bandwidth, wishes, typed,
                           error) &&
           take_own_option("downtime-limit", words->downtime_limit, wishes,
                           typed, error) &&
           typed_check(typed, error);
}
