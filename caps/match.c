/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "caps/match.h"

#include <string.h>

#include "caps/feature.h"
#include "caps/table.h"
#include "caps/wish.h"

#define S      NEEDED_BY_SOURCE
#define D      NEEDED_BY_DESTINATION
#define EITHER NEEDED_BY_BOTH

/*
 * What must not be on on one side alone, each shown by tests/qemu/breaks.py.  The
 * rest does nothing there: QEMU gets over it.
 */
/* clang-format off */
static const struct {
    const char *capability;
    NeededBy on;        /* which side must not have it alone */
    const char *source; /* only if this holds on the source; NULL: always */
    bool is_unknown;    /* only if the other side does not know it at all */
} alone[] = {
    /* 10.0 does not know the disks that then come */
    { "block",            S, .is_unknown = true },
    { "compress",         S },
    { "mapped-ram",       EITHER },
    /* in a file each page has its place, whoever wrote it */
    { "multifd",          EITHER, .source = "transport!=file" },
    { "postcopy-preempt", EITHER },
    { "postcopy-ram",     S },
    /* a post-copy of bitmaps alone is announced in other words */
    { "postcopy-ram",     D, .source = "dirty-bitmaps" },
    { "switchover-ack",   S },
    { "switchover-ack",   D, .is_unknown = true },
    { "x-ignore-shared",  EITHER },
};

/* Parameters of both sides that must be the same, and while what holds. */
static const struct {
    const char *parameter, *while_on;
} same[] = {
    { "multifd-channels",    "multifd transport!=file" },
    { "multifd-compression", "multifd transport!=file" },
};
/* clang-format on */

/* clang-format off */
static const CapsEffect effects[] = {
    { "block-bitmap-mapping",       "dirty-bitmaps" },
    { "block-incremental",          "block" },
    { "compress-level",             "compress" },
    { "compress-threads",           "compress" },
    { "compress-wait-thread",       "compress" },
    { "cpu-throttle-increment",     "auto-converge" },
    { "cpu-throttle-initial",       "auto-converge" },
    { "cpu-throttle-tailslow",      "auto-converge" },
    { "decompress-threads",         "compress" },
    { "direct-io",                  "mapped-ram multifd" },
    { "max-cpu-throttle",           "auto-converge" },
    { "max-postcopy-bandwidth",     "postcopy-ram" },
    { "multifd-channels",           "multifd" },
    { "multifd-compression",        "multifd" },
    { "multifd-qatzip-level",       "multifd multifd-compression=qatzip" },
    { "multifd-zlib-level",         "multifd multifd-compression=zlib" },
    { "multifd-zstd-level",         "multifd multifd-compression=zstd" },
    { "postcopy-blocktime",         "postcopy-ram" },
    { "rdma-pin-all",               "transport=rdma" },
    { "release-ram",                "postcopy-ram" },
    { "tls-authz",                  "tls-creds!=" },
    { "tls-hostname",               "tls-creds!=" },
    { "vcpu-dirty-limit",           "dirty-limit" },
    { "x-checkpoint-delay",         "x-colo" },
    { "x-vcpu-dirty-limit-period",  "dirty-limit" },
    { "xbzrle-cache-size",          "xbzrle" },
    { "zero-blocks",                "block" },
};
/* clang-format on */

const CapsEffect *caps_match_effects(size_t *ret_n)
{
    *ret_n = G_N_ELEMENTS(effects);
    return effects;
}

static bool is_wished(GPtrArray *wishes, const char *name)
{
    for (guint i = 0; i < wishes->len; i++) {
        const CapsWish *wish = wishes->pdata[i];
        if (strcmp(wish->name, name) == 0) {
            return true;
        }
    }
    return false;
}

/*
 * Whoever is older than zero-page-detection does not see the pages of zeros that
 * its "multifd" sends: they keep what was in them, and nobody notices.
 */
static void match_zero_pages(CapsInventory wanted[], GPtrArray *wishes,
                             GPtrArray *findings)
{
    CapsInventory *source = &wanted[SIDE_SOURCE];
    if (!caps_settings_hold("multifd zero-page-detection=multifd", source,
                            CAPS_OVER_TCP) ||
        caps_inventory_has_parameter(&wanted[SIDE_DESTINATION],
                                     "zero-page-detection")) {
        return;
    }
    if (is_wished(wishes, "zero-page-detection")) {
        findings_add(findings, FINDING_ONE_SIDE, FINDING_ERROR,
                     SIDE_DESTINATION,
                     g_strdup("give --zero-page-detection=legacy"),
                     "QEMU %s does not see the zeros that "
                     "zero-page-detection=multifd sends: pages would keep what "
                     "was in them",
                     caps_inventory_version(&wanted[SIDE_DESTINATION]));
        return;
    }
    json_object_set_string_member(source->parameters, "zero-page-detection",
                                  "legacy");
    findings_add(findings, FINDING_CHOSEN, FINDING_NOTE, SIDE_SOURCE, NULL,
                 "zero-page-detection=legacy, since the destination's QEMU %s "
                 "knows no other",
                 caps_inventory_version(&wanted[SIDE_DESTINATION]));
}

/* The source's is the one that counts. */
static void match_xbzrle(CapsInventory wanted[])
{
    JsonObject *from = wanted[SIDE_SOURCE].parameters;
    JsonObject *to = wanted[SIDE_DESTINATION].parameters;
    const char *name = "xbzrle-cache-size";
    if (caps_inventory_is_on(&wanted[SIDE_SOURCE], "xbzrle") && from && to &&
        json_object_has_member(from, name) &&
        json_object_has_member(to, name)) {
        json_object_set_member(to, name, json_object_dup_member(from, name));
    }
}

/* On the destination it does nothing, but QEMU wants to see it there too. */
static void match_return_path(CapsInventory wanted[])
{
    CapsInventory *destination = &wanted[SIDE_DESTINATION];
    if (caps_inventory_is_on(destination, "switchover-ack") &&
        caps_inventory_is_on(&wanted[SIDE_SOURCE], "return-path")) {
        caps_inventory_turn(destination, "return-path", true);
    }
}

void caps_match_make(CapsInventory wanted[N_SIDES], GPtrArray *wishes,
                     GPtrArray *findings)
{
    match_zero_pages(wanted, wishes, findings);
    match_xbzrle(wanted);
    match_return_path(wanted);
}

/* Does QEMU not get over it that @side alone has @capability on? */
static bool breaks_alone(const CapsInventory wanted[], const char *capability,
                         Side side, CapsTransport transport)
{
    Side other = side == SIDE_SOURCE ? SIDE_DESTINATION : SIDE_SOURCE;
    for (size_t i = 0; i < G_N_ELEMENTS(alone); i++) {
        const char *source = alone[i].source;
        if (strcmp(alone[i].capability, capability) == 0 &&
            alone[i].on & (1 << side) &&
            (!source ||
             caps_settings_hold(source, &wanted[SIDE_SOURCE], transport)) &&
            !(alone[i].is_unknown &&
              caps_inventory_has(&wanted[other], capability))) {
            return true;
        }
    }
    return false;
}

static void check_capability(const CapsInventory wanted[], const char *name,
                             CapsTransport transport, GPtrArray *findings)
{
    bool source = caps_inventory_is_on(&wanted[SIDE_SOURCE], name);
    Side side = source ? SIDE_SOURCE : SIDE_DESTINATION;
    if (source == caps_inventory_is_on(&wanted[SIDE_DESTINATION], name)) {
        return;
    }
    if (breaks_alone(wanted, name, side, transport)) {
        findings_add(findings, FINDING_DIFFERS, FINDING_ERROR, N_SIDES,
                     g_strdup_printf("--enable %s or --disable %s sets both "
                                     "sides",
                                     name, name),
                     "%s is on on the %s alone, and QEMU does not compare",
                     name, side_name(side));
    } else if (!caps_transport_is_one_way(transport)) {
        /* ... where each works alone */
        findings_add(findings, FINDING_NO_EFFECT, FINDING_WARNING, N_SIDES,
                     g_strdup_printf("--enable %s sets both sides", name),
                     "%s is on on the %s alone, where it does nothing", name,
                     side_name(side));
    }
}

static void check_parameter(const CapsInventory wanted[], const char *name,
                            GPtrArray *findings)
{
    g_autofree char *source = caps_inventory_value(&wanted[SIDE_SOURCE], name);
    g_autofree char *destination =
        caps_inventory_value(&wanted[SIDE_DESTINATION], name);
    if (!source || !destination || strcmp(source, destination) == 0) {
        return;
    }
    findings_add(findings, FINDING_DIFFERS, FINDING_ERROR, N_SIDES,
                 g_strdup_printf("--set %s=VALUE sets both sides", name),
                 "%s is %s on the source and %s on the destination; QEMU does "
                 "not compare, and hangs or fails",
                 name, source, destination);
}

/* Encryption on one side only: the handshake fails, the names may differ. */
static void check_tls(const CapsInventory wanted[], GPtrArray *findings)
{
    bool on[N_SIDES];
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        on[side] =
            caps_settings_hold("tls-creds!=", &wanted[side], CAPS_OVER_TCP);
    }
    if (on[SIDE_SOURCE] != on[SIDE_DESTINATION]) {
        findings_add(findings, FINDING_DIFFERS, FINDING_ERROR, N_SIDES,
                     g_strdup("--set tls-creds=ID sets both sides, an empty ID "
                              "turns TLS off"),
                     "TLS is on on the %s alone",
                     on[SIDE_SOURCE] ? "source" : "destination");
    }
}

void caps_match_check(const CapsInventory wanted[N_SIDES],
                      CapsTransport transport, GPtrArray *wishes,
                      GPtrArray *findings)
{
    size_t n;
    const CapsRow *rows = caps_table_capabilities(&n);
    for (size_t i = 0; i < n; i++) {
        /* What was wished for is on where it shall be, or was refused. */
        if (rows[i].sides == NEEDED_BY_BOTH && !rows[i].never_on &&
            !is_wished(wishes, rows[i].name)) {
            check_capability(wanted, rows[i].name, transport, findings);
        }
    }
    for (size_t i = 0; i < G_N_ELEMENTS(same); i++) {
        const char *while_on = same[i].while_on;
        if (caps_settings_hold(while_on, &wanted[SIDE_SOURCE], transport) &&
            caps_settings_hold(while_on, &wanted[SIDE_DESTINATION],
                               transport)) {
            check_parameter(wanted, same[i].parameter, findings);
        }
    }
    check_tls(wanted, findings);
}

/* What @wish needs to do anything; NULL: nothing. */
static const char *needs_of(const CapsWish *wish)
{
    for (size_t i = 0; i < G_N_ELEMENTS(effects); i++) {
        if (strcmp(effects[i].name, wish->name) == 0 &&
            !caps_wish_is_off(wish)) {
            return effects[i].needs;
        }
    }
    return NULL;
}

char **caps_match_lacks(const CapsWish *wish,
                        const CapsInventory inventories[N_SIDES],
                        CapsTransport transport)
{
    NeededBy sides = caps_row_sides(caps_wish_row(wish));
    Side side = sides & NEEDED_BY_SOURCE ? SIDE_SOURCE : SIDE_DESTINATION;
    const char *needs = needs_of(wish);
    g_auto(GStrv) settings = g_strsplit(needs ? needs : "", " ", -1);
    g_autoptr(GStrvBuilder) lacking = g_strv_builder_new();
    for (char **setting = settings; *setting; setting++) {
        if (!caps_settings_hold(*setting, &inventories[side], transport)) {
            g_autofree char *name = g_strndup(*setting, strcspn(*setting, "!"));
            g_strv_builder_add(lacking, name);
        }
    }
    return g_strv_builder_end(lacking);
}

static void report_no_effect(const CapsWish *wish, const char *needed,
                             GPtrArray *findings)
{
    if (wish->option) {
        findings_add(findings, FINDING_MISSING, FINDING_ERROR, N_SIDES,
                     caps_feature_how_to_enable(needed), "--%s needs %s",
                     wish->option, needed);
    } else {
        findings_add(findings, FINDING_NO_EFFECT, FINDING_WARNING, N_SIDES,
                     NULL, "%s does nothing without %s", wish->name, needed);
    }
}

/* "multifd" or "multifd-compression=zstd" */
static bool is_wished_on(GPtrArray *wishes, const char *setting)
{
    for (guint i = 0; i < wishes->len; i++) {
        const CapsWish *wish = wishes->pdata[i];
        g_autofree char *text =
            wish->value ? g_strdup_printf("%s=%s", wish->name, wish->value)
                        : g_strdup(wish->name);
        if (strcmp(text, setting) == 0 && (wish->value || wish->on)) {
            return true;
        }
    }
    return false;
}

void caps_match_check_effects(const CapsInventory wanted[N_SIDES],
                              CapsTransport transport, GPtrArray *wishes,
                              GPtrArray *findings)
{
    for (guint i = 0; i < wishes->len; i++) {
        g_auto(GStrv) lacking =
            caps_match_lacks(wishes->pdata[i], wanted, transport);
        for (char **needed = lacking; *needed; needed++) {
            /* else why it is not there was said already */
            if (!is_wished_on(wishes, *needed)) {
                report_no_effect(wishes->pdata[i], *needed, findings);
            }
        }
    }
}
