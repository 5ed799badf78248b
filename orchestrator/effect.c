/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "orchestrator/effect.h"

#include <string.h>

#include "caps/feature.h"
#include "caps/match.h"
#include "caps/table.h"
#include "orchestrator/phases.h"
#include "orchestrator/saturate.h"
#include "orchestrator/secure.h"

/* What is sent has a header, and pages of noise may shrink by a thousandth. */
#define COMPRESSION_USEFUL_MIN 1.05

/* Older ones count what they have before it is compressed. */
#define COUNTS_COMPRESSED_SINCE CAPS_VERSION(8, 1)

const char *effect_verdict_name(EffectVerdict verdict)
{
    static const char *const names[N_EFFECTS] = { "yes", "no", "idle", "set",
                                                  "unknown" };
    return names[verdict];
}

double effect_compression_ratio(const Migration *m)
{
    const Sample *sample = &m->sample;
    const CapsInventory *source = &m->inventories[SIDE_SOURCE];
    if (source->version < COUNTS_COMPRESSED_SINCE ||
        !caps_settings_hold("multifd multifd-compression!=none", source,
                            CAPS_OVER_TCP) ||
        sample->normal_pages <= 0 || sample->page_bytes <= 0 ||
        sample->multifd_bytes <= 0) {
        return -1;
    }
    return (double)sample->normal_pages * sample->page_bytes /
           sample->multifd_bytes;
}

int64_t effect_zero_copy_fallbacks(const Migration *m)
{
    return caps_inventory_is_on(&m->inventories[SIDE_SOURCE], "zero-copy-send")
               ? m->sample.zero_copy_fallbacks
               : -1;
}

/* Each says what the numbers are in @ret and returns the verdict. */
typedef EffectVerdict EffectFunc(const Migration *m, char **ret);

static EffectVerdict judge_multifd(const Migration *m, char **ret)
{
    const Sample *sample = &m->sample;
    g_autofree char *set =
        caps_inventory_value(&m->inventories[SIDE_SOURCE], "multifd-channels");
    g_autofree char *seen =
        m->n_channels >= 0
            ? g_strdup_printf("%d channels seen at work, %s set", m->n_channels,
                              set)
            : g_strdup_printf("%s channels set; this QEMU does not tell how "
                              "many work",
                              set);
    if (sample->multifd_bytes < 0 || sample->transferred_bytes <= 0) {
        *ret = g_steal_pointer(&seen);
        return EFFECT_UNKNOWN;
    }
    *ret = g_strdup_printf("%s; %.1f %% of the bytes went over them", seen,
                           100.0 * sample->multifd_bytes /
                               sample->transferred_bytes);
    bool all = m->n_channels < 0 ||
               m->n_channels == (int)g_ascii_strtoull(set, NULL, 10);
    return sample->multifd_bytes > 0 && all ? EFFECT_YES : EFFECT_NO;
}

static EffectVerdict judge_compression(const Migration *m, char **ret)
{
    double ratio = effect_compression_ratio(m);
    if (m->inventories[SIDE_SOURCE].version < COUNTS_COMPRESSED_SINCE) {
        *ret = g_strdup("this QEMU counts what it has before it is compressed");
        return EFFECT_UNKNOWN;
    }
    if (ratio < 0) {
        *ret = g_strdup("no page went over multifd");
        return EFFECT_IDLE;
    }
    g_autofree char *raw = unit_format(
        saturate_multiply(m->sample.normal_pages, m->sample.page_bytes),
        UNIT_BYTES);
    g_autofree char *sent = unit_format(m->sample.multifd_bytes, UNIT_BYTES);
    *ret = g_strdup_printf("%s became %s, %.2f to 1", raw, sent, ratio);
    return ratio >= COMPRESSION_USEFUL_MIN ? EFFECT_YES : EFFECT_NO;
}

static EffectVerdict judge_zero_copy(const Migration *m, char **ret)
{
    int64_t fallbacks = effect_zero_copy_fallbacks(m);
    if (fallbacks < 0) {
        *ret = g_strdup("this QEMU does not tell");
        return EFFECT_UNKNOWN;
    }
    if (fallbacks > 0) {
        *ret = g_strdup_printf(
            "the kernel copied all the same, QEMU saw it %" G_GINT64_FORMAT
            " times: on loopback it does, and for some network cards",
            fallbacks);
        return EFFECT_NO;
    }
    *ret = g_strdup("nothing was copied");
    return EFFECT_YES;
}

static EffectVerdict judge_xbzrle(const Migration *m, char **ret)
{
    const Sample *sample = &m->sample;
    if (sample->xbzrle_pages < 0) {
        *ret = g_strdup("this QEMU does not tell");
        return EFFECT_UNKNOWN;
    }
    if (sample->xbzrle_pages == 0) {
        *ret = g_strdup_printf(
            "no page was sent as a difference, in %" G_GINT64_FORMAT
            " passes; %" G_GINT64_FORMAT " were not in the cache",
            sample->pass, sample->xbzrle_cache_misses);
        return sample->pass > 2 ? EFFECT_NO : EFFECT_IDLE;
    }
    g_autofree char *bytes = unit_format(sample->xbzrle_bytes, UNIT_BYTES);
    *ret = g_strdup_printf("%" G_GINT64_FORMAT
                           " pages in %s, %.1f to 1; %" G_GINT64_FORMAT
                           " were not in the cache",
                           sample->xbzrle_pages, bytes,
                           (double)sample->xbzrle_pages * sample->page_bytes /
                               MAX(sample->xbzrle_bytes, 1),
                           sample->xbzrle_cache_misses);
    return EFFECT_YES;
}

static EffectVerdict judge_throttle(const Migration *m, char **ret)
{
    if (m->throttle_max_percent <= 0) {
        *ret = g_strdup("it converged without");
        return EFFECT_IDLE;
    }
    *ret = g_strdup_printf(
        "the vCPUs were slowed down by up to %" G_GINT64_FORMAT " %%",
        m->throttle_max_percent);
    return EFFECT_YES;
}

static EffectVerdict judge_dirty_limit(const Migration *m, char **ret)
{
    int64_t us = m->dirty_limit_max_us;
    if (us <= 0) {
        *ret = g_strdup("it converged without");
        return EFFECT_IDLE;
    }
    *ret =
        g_strdup_printf("the vCPUs slept up to %.1f ms in a round", us / 1e3);
    return EFFECT_YES;
}

static bool went_post_copy(const Migration *m)
{
    return m->sample.postcopy_bytes > 0 || m->sample.postcopy_requests > 0;
}

static EffectVerdict judge_postcopy(const Migration *m, char **ret)
{
    if (!went_post_copy(m)) {
        *ret = g_strdup("it stood ready; pre-copy was enough");
        return EFFECT_IDLE;
    }
    g_autofree char *bytes =
        unit_format(MAX(m->sample.postcopy_bytes, 0), UNIT_BYTES);
    *ret = g_strdup_printf("%s in post-copy, %" G_GINT64_FORMAT
                           " pages were asked for",
                           bytes, MAX(m->sample.postcopy_requests, 0));
    return EFFECT_YES;
}

static EffectVerdict judge_ignore_shared(const Migration *m, char **ret)
{
    int64_t all = m->machines[SIDE_SOURCE].memory_bytes;
    int64_t sent = m->sample.total_bytes;
    if (all <= 0 || sent < 0) {
        *ret = g_strdup("this QEMU does not tell");
        return EFFECT_UNKNOWN;
    }
    bool is_proved =
        host_common_bytes(&m->processes[SIDE_SOURCE],
                          &m->processes[SIDE_DESTINATION]) >=
        caps_machine_left_out_bytes(&m->machines[SIDE_SOURCE],
                                    m->inventories[SIDE_SOURCE].version);
    g_autofree char *left = unit_format(MAX(all - sent, 0), UNIT_BYTES);
    *ret = g_strdup_printf("%s of the guest's memory were left out%s", left,
                           is_proved || sent >= all
                               ? ""
                               : "; whether the destination has them is not "
                                 "proved");
    return sent >= all ? EFFECT_NO : !is_proved ? EFFECT_UNKNOWN : EFFECT_YES;
}

static EffectVerdict judge_downtime(const Migration *m, char **ret)
{
    g_autofree char *limit =
        caps_inventory_value(&m->inventories[SIDE_SOURCE], "downtime-limit");
    if (m->sample.downtime_us < 0 || !limit) {
        *ret = g_strdup("QEMU does not tell its downtime");
        return EFFECT_UNKNOWN;
    }
    *ret =
        g_strdup_printf("%.0f ms of %s ms", m->sample.downtime_us / 1e3, limit);
    return m->sample.downtime_us / 1000 <= g_ascii_strtoll(limit, NULL, 10)
               ? EFFECT_YES
               : EFFECT_NO;
}

/* clang-format off */
static const struct {
    const char *name;
    EffectFunc *judge;
} judges[] = {
    { "auto-converge",        judge_throttle },
    { "dirty-limit",          judge_dirty_limit },
    { "downtime-limit",       judge_downtime },
    { "multifd",              judge_multifd },
    { "multifd-compression",  judge_compression },
    { "postcopy-preempt",     judge_postcopy },
    { "postcopy-ram",         judge_postcopy },
    { "x-ignore-shared",      judge_ignore_shared },
    { "xbzrle",               judge_xbzrle },
    { "zero-copy-send",       judge_zero_copy },
};
/* clang-format on */

static char *setting_to_text(const CapsWish *wish,
                             const CapsInventory *inventory)
{
    if (!wish->value) {
        return g_strdup(caps_inventory_is_on(inventory, wish->name) ? "on"
                                                                    : "off");
    }
    Unit unit = caps_row_unit(caps_table_parameter(wish->name));
    char *value = caps_inventory_value(inventory, wish->name);
    if (unit == UNIT_NONE || !value) {
        return value;
    }
    char *text = unit_format(g_ascii_strtoull(value, NULL, 10), unit);
    g_free(value);
    return text;
}

/* What cannot be measured is at least as it was wished for. */
static EffectVerdict judge_setting(const Migration *m, const CapsWish *wish,
                                   char **ret)
{
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    char *values[N_SIDES] = { NULL };
    NeededBy sides = caps_row_sides(caps_wish_row(wish));
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        const CapsInventory *inventory = &m->inventories[side];
        if (!(sides & (1 << side)) || !caps_wish_is_known(wish, inventory)) {
            continue;
        }
        values[side] = setting_to_text(wish, inventory);
        if (values[side]) {
            g_ptr_array_add(texts,
                            g_strdup_printf("%s, on the %s", values[side],
                                            side_name(side)));
        }
    }
    g_ptr_array_add(texts, NULL);
    bool same = values[SIDE_SOURCE] &&
                g_strcmp0(values[SIDE_SOURCE], values[SIDE_DESTINATION]) == 0;
    *ret = same ? g_strdup_printf("%s, on both sides", values[SIDE_SOURCE])
                : g_strjoinv("; ", (char **)texts->pdata);
    g_free(values[SIDE_SOURCE]);
    g_free(values[SIDE_DESTINATION]);
    return EFFECT_SET;
}

static EffectFunc *find_judge(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(judges); i++) {
        if (strcmp(judges[i].name, name) == 0) {
            return judges[i].judge;
        }
    }
    return NULL;
}

static EffectVerdict find_verdict(const Migration *m, const CapsWish *wish,
                                  char **ret)
{
    EffectFunc *func = find_judge(wish->name);
    if (caps_wish_is_off(wish)) {
        return judge_setting(m, wish, ret);
    }
    g_auto(GStrv) lacking =
        caps_match_lacks(wish, m->inventories, CAPS_OVER_TCP);
    if (*lacking) {
        *ret = g_strdup_printf("it does nothing without %s", *lacking);
        return EFFECT_NO;
    }
    return func ? func(m, ret) : judge_setting(m, wish, ret);
}

/* One that failed has shown what it has shown; what it did not need until then,
 * or had not come to, it could have needed still. */
static Effect *judge(const Migration *m, const CapsWish *wish)
{
    Effect *effect = g_new0(Effect, 1);
    bool is_whole = m->outcome == OUTCOME_MIGRATED;

    effect->name = g_strdup(wish->name);
    effect->verdict = EFFECT_UNKNOWN;
    if (is_whole || m->context.started) {
        effect->verdict = find_verdict(m, wish, &effect->text);
    }
    if (!is_whole &&
        (effect->verdict == EFFECT_IDLE || effect->verdict == EFFECT_UNKNOWN)) {
        g_free(effect->text);
        effect->verdict = EFFECT_UNKNOWN;
        effect->text = g_strdup("it did not come to that");
    }
    return effect;
}

/* What both have set they do: without the handshake QEMU sends nothing. */
static Effect *judge_tls(const Migration *m)
{
    Effect *effect = g_new0(Effect, 1);
    bool is_whole = m->outcome == OUTCOME_MIGRATED;

    effect->name = g_strdup("tls");
    effect->verdict = is_whole ? EFFECT_YES : EFFECT_UNKNOWN;
    effect->text = is_whole ? secure_describe(m->settings)
                            : g_strdup("it did not come to that");
    return effect;
}

static void effect_free(Effect *effect)
{
    g_free(effect->name);
    g_free(effect->text);
    g_free(effect);
}

static bool is_judged(const GPtrArray *effects, const char *name)
{
    for (guint i = 0; i < effects->len; i++) {
        const Effect *effect = effects->pdata[i];
        if (strcmp(effect->name, name) == 0) {
            return true;
        }
    }
    return false;
}

GPtrArray *effects_of(const Migration *m)
{
    GPtrArray *effects =
        g_ptr_array_new_with_free_func((GDestroyNotify)effect_free);
    /* A later wish wins, so they are looked at from the end. */
    for (guint i = m->wishes->len; i > m->n_own_wishes; i--) {
        const CapsWish *wish = m->wishes->pdata[i - 1];
        /* what a capability's feature sets beside it is no wish of its own */
        bool is_detail = wish->option && wish->value &&
                         caps_feature(wish->option)->capabilities[0] &&
                         !find_judge(wish->name);
        if (!is_detail && !is_judged(effects, wish->name)) {
            g_ptr_array_insert(effects, 0, judge(m, wish));
        }
    }
    if (m->settings->secure) {
        g_ptr_array_add(effects, judge_tls(m));
    }
    return effects;
}
