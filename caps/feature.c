/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "caps/feature.h"

#include <string.h>

#include "caps/table.h"
#include "caps/wish.h"

#define LINK_BITS_PER_CONNECTION UINT64_C(10000000000)
#define CONNECTIONS_USEFUL_MIN   2u
#define CONNECTIONS_USEFUL_MAX   16u

/* clang-format off */
static const CapsFeature features[] = {
    { "multifd", "auto|N", TRUE, { "multifd" }, { "multifd-channels" },
      .help = "Send over N connections; auto: as many as link, vCPUs and "
              "processors are good for" },
    { "compress", "METHOD[:LEVEL]", FALSE, { NULL }, { "multifd-compression" },
      .help = "Compress what multifd sends: zlib, zstd, or what else QEMU has" },
    { "zero-copy", NULL, FALSE, { "zero-copy-send" },
      .host = "memory that the source may lock",
      .help = "Let the kernel send pages from where they are" },
    { "postcopy", NULL, FALSE, { "postcopy-ram" },
      .host = "userfaultfd for the destination",
      .help = "Allow the guest to run on the destination before all is there" },
    { "preempt", NULL, FALSE, { "postcopy-ram", "postcopy-preempt" },
      .host = "userfaultfd for the destination",
      .help = "The same, with a connection of its own for the pages it waits "
              "for" },
    { "auto-converge", "INITIAL[:INCREMENT[:MAX]]", TRUE, { "auto-converge" },
      { "cpu-throttle-initial", "cpu-throttle-increment", "max-cpu-throttle" },
      .help = "Slow the guest down, in percent, until it converges" },
    { "dirty-limit", "RATE", TRUE, { "dirty-limit" }, { "vcpu-dirty-limit" },
      .host = "KVM with dirty-ring-size",
      .help = "Hold each vCPU's dirty rate down; bare: MiB per second" },
    { "xbzrle", "CACHE", TRUE, { "xbzrle" }, { "xbzrle-cache-size" },
      .help = "Send only what changed in a page; CACHE is a power of two" },
    { "switchover-ack", NULL, FALSE, { "switchover-ack" },
      .help = "Switch over only when the destination's devices are ready" },
    { "avail-switchover-bandwidth", "RATE", FALSE, { NULL },
      { "avail-switchover-bandwidth" },
      .help = "What the link can do when the guest stands still" },
    { "mapped-ram", NULL, FALSE, { "mapped-ram" },
      .help = "Give each page its place in the file" },
    { "direct-io", NULL, FALSE, { NULL }, { "direct-io" },
      .host = "a file system with O_DIRECT",
      .help = "Write the file past the page cache; with --mapped-ram and "
              "--multifd" },
    { "zero-page-detection", "METHOD", FALSE, { NULL },
      { "zero-page-detection" },
      .help = "Who looks for pages of zeros: none, legacy or multifd" },
    { "ignore-shared", NULL, FALSE, { "x-ignore-shared" },
      .host = "memory that both QEMUs can see",
      .help = "Do not send shared memory" },
    { "validate-uuid", NULL, FALSE, { "validate-uuid" },
      .help = "Let the destination refuse a guest of another UUID" },
};
/* clang-format on */

CapsFeatureWish *caps_feature_wish_new(const CapsFeature *feature,
                                       const char *value)
{
    CapsFeatureWish *wish = g_new0(CapsFeatureWish, 1);
    wish->feature = feature;
    wish->value = g_strdup(value);
    return wish;
}

void caps_feature_wish_free(CapsFeatureWish *wish)
{
    g_free(wish->value);
    g_free(wish);
}

const CapsFeature *caps_features(size_t *ret_n)
{
    *ret_n = G_N_ELEMENTS(features);
    return features;
}

const CapsFeature *caps_feature(const char *option)
{
    for (size_t i = 0; i < G_N_ELEMENTS(features); i++) {
        if (strcmp(features[i].option, option) == 0) {
            return &features[i];
        }
    }
    return NULL;
}

static bool is_multifd(const CapsFeature *feature)
{
    return strcmp(feature->option, "multifd") == 0;
}

static bool is_compress(const CapsFeature *feature)
{
    return strcmp(feature->option, "compress") == 0;
}

/*
 * Which parameter a value is for.  The level of a compression has one for each
 * method: compress=zstd:3 sets multifd-zstd-level.  Free with g_free().
 */
static char *parameter_of(const CapsFeature *feature, char *const *values,
                          guint i)
{
    if (is_compress(feature) && i == 1 && strcmp(values[0], "none") != 0) {
        return g_strdup_printf("multifd-%s-level", values[0]);
    }
    return i < G_N_ELEMENTS(feature->parameters)
               ? g_strdup(feature->parameters[i])
               : NULL;
}

static gboolean refuse_shape(const CapsFeature *feature, const char *value,
                             GError **error)
{
    g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                "--%s: '%s' is not %s", feature->option, value,
                feature->value ? feature->value : "for it, it takes no value");
    return FALSE;
}

gboolean caps_feature_check(const CapsFeature *feature, const char *value,
                            GError **error)
{
    if (!value || (is_multifd(feature) && strcmp(value, "auto") == 0)) {
        return TRUE;
    }
    if (is_multifd(feature) && !g_ascii_isdigit(*value)) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "--multifd: '%s' is neither auto nor a number", value);
        return FALSE;
    }
    g_auto(GStrv) values = g_strsplit(value, ":", -1);
    if (!*value) {
        return refuse_shape(feature, value, error);
    }
    for (guint i = 0; values[i]; i++) {
        g_autofree char *parameter = parameter_of(feature, values, i);
        if (!parameter || !*values[i]) {
            return refuse_shape(feature, value, error);
        }
        g_autoptr(CapsWish) wish = caps_wish_parameter(parameter, values[i]);
        if (!caps_wish_check(wish, error)) {
            g_prefix_error(error, "--%s: ", feature->option);
            return FALSE;
        }
    }
    return TRUE;
}

unsigned caps_multifd_auto(const CapsSurroundings *surroundings)
{
    uint64_t n = surroundings->link_bits_per_s / LINK_BITS_PER_CONNECTION;
    if (surroundings->n_vcpus) {
        n = MIN(n, surroundings->n_vcpus);
    }
    if (surroundings->n_processors) {
        n = MIN(n, surroundings->n_processors);
    }
    return n < CONNECTIONS_USEFUL_MIN ? 0 : MIN(n, CONNECTIONS_USEFUL_MAX);
}

/* "a link of 25 Gbit/s, 4 vCPUs, 8 processors", as far as it is known. */
static char *surroundings_to_text(const CapsSurroundings *with)
{
    GString *text = g_string_new(NULL);
    if (with->link_bits_per_s == UINT64_MAX) {
        g_string_append(text, "no link between");
    } else {
        g_string_append_printf(text, "a link of %.4g Gbit/s",
                               with->link_bits_per_s / 1e9);
    }
    if (with->n_vcpus) {
        g_string_append_printf(text, ", %u vCPU%s", with->n_vcpus,
                               with->n_vcpus == 1 ? "" : "s");
    }
    if (with->n_processors) {
        g_string_append_printf(text, ", %u processor%s", with->n_processors,
                               with->n_processors == 1 ? "" : "s");
    }
    return g_string_free(text, FALSE);
}

static void wish_for_multifd(unsigned n, GPtrArray *wishes)
{
    g_autofree char *number = g_strdup_printf("%u", n);
    g_ptr_array_add(wishes, caps_wish_capability("multifd", true));
    g_ptr_array_add(wishes, caps_wish_parameter("multifd-channels", number));
}

/* Adds nothing, or multifd with a number that fits. */
static void expand_auto(const CapsSurroundings *with, GPtrArray *wishes,
                        GPtrArray *findings)
{
    if (with->link_bits_per_s == 0) {
        findings_add(findings, FINDING_LINK, FINDING_ERROR, N_SIDES,
                     g_strdup("give --link=RATE, for example --link=25Gbit/s, "
                              "or --multifd=N"),
                     "--multifd=auto: how fast the link is, is not known");
        return;
    }
    unsigned n = caps_multifd_auto(with);
    g_autofree char *what = surroundings_to_text(with);
    if (n) {
        findings_add(findings, FINDING_CHOSEN, FINDING_NOTE, N_SIDES, NULL,
                     "--multifd=auto: %u connections, with %s", n, what);
        wish_for_multifd(n, wishes);
    } else {
        findings_add(findings, FINDING_CHOSEN, FINDING_NOTE, N_SIDES, NULL,
                     "--multifd=auto: no multifd, it gains nothing with %s",
                     what);
    }
}

static void warn_of_number(const char *value, GPtrArray *findings)
{
    guint64 n = g_ascii_strtoull(value, NULL, 10);
    if (n > CONNECTIONS_USEFUL_MAX) {
        findings_add(findings, FINDING_NO_EFFECT, FINDING_WARNING, N_SIDES,
                     g_strdup("give at most 16, or --multifd=auto"),
                     "--multifd=%s: more than 16 connections seldom help, and "
                     "each costs a thread on both sides",
                     value);
    } else if (n == 1) {
        findings_add(findings, FINDING_NO_EFFECT, FINDING_WARNING, N_SIDES,
                     g_strdup("give 2 or more, or leave --multifd out"),
                     "--multifd=1: one connection is what there is without");
    }
}

static void expand_values(const CapsFeatureWish *wish, GPtrArray *wishes)
{
    const char *value = wish->value;
    if (!value && !wish->feature->value && wish->feature->parameters[0]) {
        value = "on"; /* a feature that is a switch: direct-io */
    }
    g_auto(GStrv) values = g_strsplit(value ? value : "", ":", -1);
    for (guint i = 0; values[i]; i++) {
        g_autofree char *parameter = parameter_of(wish->feature, values, i);
        if (parameter) {
            g_ptr_array_add(wishes, caps_wish_parameter(parameter, values[i]));
        }
    }
}

static void expand(const CapsFeatureWish *wish,
                   const CapsSurroundings *surroundings, GPtrArray *wishes,
                   GPtrArray *findings)
{
    const CapsFeature *feature = wish->feature;

    if (is_multifd(feature)) {
        if (!wish->value || strcmp(wish->value, "auto") == 0) {
            expand_auto(surroundings, wishes, findings);
            return;
        }
        warn_of_number(wish->value, findings);
    }
    for (size_t i = 0;
         i < G_N_ELEMENTS(feature->capabilities) && feature->capabilities[i];
         i++) {
        g_ptr_array_add(wishes,
                        caps_wish_capability(feature->capabilities[i], true));
    }
    expand_values(wish, wishes);
}

void caps_feature_expand(const CapsFeatureWish *wish,
                         const CapsSurroundings *surroundings,
                         GPtrArray *wishes, GPtrArray *findings)
{
    guint from = wishes->len;
    expand(wish, surroundings, wishes, findings);
    for (guint i = from; i < wishes->len; i++) {
        ((CapsWish *)wishes->pdata[i])->option =
            g_strdup(wish->feature->option);
    }
}

char *caps_feature_how_to_enable(const char *capability)
{
    for (size_t i = 0; i < G_N_ELEMENTS(features); i++) {
        if (g_strcmp0(features[i].capabilities[0], capability) == 0) {
            return g_strdup_printf("add --%s", features[i].option);
        }
    }
    return g_strdup_printf("add --enable %s", capability);
}
