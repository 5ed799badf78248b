/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "caps/fit.h"

#include <string.h>

#include "caps/agree.h"

/* What a feature may need beside itself, from nothing to most. */
static const struct {
    const char *words;
    const char *options[3];
    CapsTransport transport;
} companions[] = {
    { "", { NULL }, CAPS_OVER_UNIX },
    { "with --multifd", { "multifd" }, CAPS_OVER_UNIX },
    { "with --multifd --uri tcp:HOST:0", { "multifd" }, CAPS_OVER_TCP },
    { "with --uri file:PATH", { NULL }, CAPS_OVER_FILE },
    { "with --mapped-ram --multifd --uri file:PATH",
      { "mapped-ram", "multifd" },
      CAPS_OVER_FILE },
};

/* A value that has nothing to do with whether it fits. */
static const char *some_value(const CapsFeature *feature)
{
    static const struct {
        const char *option, *value;
    } values[] = {
        { "multifd", "2" },
        { "avail-switchover-bandwidth", "10Gbit/s" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(values); i++) {
        if (strcmp(values[i].option, feature->option) == 0) {
            return values[i].value;
        }
    }
    return NULL;
}

static void wish(GPtrArray *wishes, const CapsFeature *feature,
                 const char *value)
{
    const CapsSurroundings nothing = { 0 };
    g_autoptr(GPtrArray) ignored = findings_new();
    CapsFeatureWish *feature_wish = caps_feature_wish_new(feature, value);
    caps_feature_expand(feature_wish, &nothing, wishes, ignored);
    caps_feature_wish_free(feature_wish);
}

/* NULL: it fits; else why not. */
static char *try(const CapsInventory inventories[], const CapsFeature *feature,
                 const char *value, size_t companion, bool *ret_is_missing)
{
    g_autoptr(GPtrArray) wishes =
        g_ptr_array_new_with_free_func((GDestroyNotify)caps_wish_free);
    g_autoptr(GPtrArray) steps =
        g_ptr_array_new_with_free_func((GDestroyNotify)caps_step_free);
    g_autoptr(GPtrArray) findings = findings_new();
    const CapsRequest request = { companions[companion].transport, wishes,
                                  false };
    CapsInventory wanted[N_SIDES];

    if (!caps_transport_is_one_way(request.transport)) {
        g_ptr_array_add(wishes, caps_wish_capability("return-path", true));
    }
    for (const char *const *option = companions[companion].options; *option;
         option++) {
        wish(wishes, caps_feature(*option), some_value(caps_feature(*option)));
    }
    wish(wishes, feature, value);
    caps_agree(inventories, &request, wanted, steps, findings);
    caps_inventory_clear(&wanted[SIDE_SOURCE]);
    caps_inventory_clear(&wanted[SIDE_DESTINATION]);

    const Finding *error = findings_first(findings, FINDING_ERROR);
    *ret_is_missing = error && error->code == FINDING_MISSING;
    if (!error) {
        return NULL;
    }
    g_autofree char *text = finding_to_text(error);
    return error->hint ? g_strdup_printf("%s; %s", text, error->hint)
                       : g_steal_pointer(&text);
}

/* As try(), with whatever it needs; @ret_words: what that is. */
static char *try_all(const CapsInventory inventories[],
                     const CapsFeature *feature, const char *value,
                     const char **ret_words)
{
    char *why = NULL;
    bool is_missing = true;
    for (size_t i = 0; i < G_N_ELEMENTS(companions) && is_missing; i++) {
        g_free(why);
        why = try(inventories, feature, value, i, &is_missing);
        *ret_words = companions[i].words;
    }
    return why;
}

/* The values of the feature's parameter that both sides have. */
static char **common_values(const CapsInventory inventories[],
                            const char *parameter)
{
    g_auto(GStrv) source = NULL;
    g_auto(GStrv) destination = NULL;
    g_autoptr(GPtrArray) common = g_ptr_array_new();
    caps_inventory_type(&inventories[SIDE_SOURCE], parameter, &source);
    caps_inventory_type(&inventories[SIDE_DESTINATION], parameter,
                        &destination);
    for (char **value = source; value && *value; value++) {
        bool both = destination &&
                    g_strv_contains((const char *const *)destination, *value);
        if (both && strcmp(*value, "none") != 0) {
            g_ptr_array_add(common, g_strdup(*value));
        }
    }
    g_ptr_array_add(common, NULL);
    return (char **)g_ptr_array_steal(common, NULL);
}

static CapsFit *fit_compress(const CapsInventory inventories[],
                             const CapsFeature *feature)
{
    CapsFit *fit = g_new0(CapsFit, 1);
    const char *words = "";
    g_auto(GStrv) methods = common_values(inventories, feature->parameters[0]);
    g_autofree char *all = g_strjoinv(", ", methods);
    fit->feature = feature;
    if (!methods[0]) {
        fit->text = g_strdup("both QEMUs have no method in common");
        return fit;
    }
    fit->text = try_all(inventories, feature, methods[0], &words);
    fit->fits = fit->text == NULL;
    if (fit->fits) {
        fit->text = g_strdup_printf("%s; %s", all, words);
    }
    return fit;
}

static CapsFit *fit_one(const CapsInventory inventories[],
                        const CapsFeature *feature)
{
    const char *words = "";
    const char *value = some_value(feature);
    if (strcmp(feature->option, "compress") == 0) {
        return fit_compress(inventories, feature);
    }
    if (strcmp(feature->option, "zero-page-detection") == 0) {
        value = "legacy";
    }
    CapsFit *fit = g_new0(CapsFit, 1);
    fit->feature = feature;
    fit->text = try_all(inventories, feature, value, &words);
    fit->fits = fit->text == NULL;
    if (fit->fits) {
        bool is_said = !feature->host || strstr(words, feature->host);
        fit->text =
            g_strdup_printf("%s%s%s", words, *words && !is_said ? "; " : "",
                            is_said ? "" : feature->host);
    }
    return fit;
}

static void fit_free(CapsFit *fit)
{
    g_free(fit->text);
    g_free(fit);
}

GPtrArray *caps_fit(const CapsInventory inventories[N_SIDES])
{
    size_t n;
    const CapsFeature *features = caps_features(&n);
    GPtrArray *fits = g_ptr_array_new_with_free_func((GDestroyNotify)fit_free);
    for (size_t i = 0; i < n; i++) {
        g_ptr_array_add(fits, fit_one(inventories, &features[i]));
    }
    return fits;
}
