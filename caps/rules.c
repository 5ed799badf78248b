/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "caps/rules.h"

#include <string.h>

#include "caps/feature.h"
#include "caps/table.h"
#include "qmp/json.h"

#define V(major, minor) CAPS_VERSION(major, minor)
#define NEEDS           RULE_NEEDS
#define EXCLUDES        RULE_EXCLUDES
#define ON_SOURCE       .sides = NEEDED_BY_SOURCE

/* clang-format off */
static const CapsRule rules[] = {
    /* several connections */
    { "multifd", EXCLUDES, "postcopy-ram", QEMU_BREAKS, 0, V(8,1),
      "the destination aborts", "10.1 and newer take it" },
    { "multifd", EXCLUDES, "postcopy-ram", QEMU_REFUSES, V(8,1), V(10,1),
      NULL, "10.1 and newer take it" },
    { "multifd", EXCLUDES, "xbzrle", QEMU_REFUSES, V(8,2), 0, NULL, NULL },
    { "multifd", EXCLUDES, "compress", QEMU_REFUSES, 0, 0, NULL,
      "use --compress=METHOD, which multifd does itself" },
    { "multifd transport=file", NEEDS, "mapped-ram", QEMU_REFUSES_LATER, 0, 0,
      NULL, NULL },
    { "multifd", EXCLUDES, "transport=single", QEMU_REFUSES_LATER, 0, 0, NULL,
      "give --uri unix:PATH or tcp:HOST:0" },

    /* no copying */
    { "zero-copy-send", NEEDS, "multifd", QEMU_REFUSES, 0, 0, NULL, NULL },
    { "zero-copy-send", EXCLUDES, "xbzrle", QEMU_REFUSES, 0, 0, NULL, NULL },
    { "zero-copy-send", EXCLUDES, "compress", QEMU_REFUSES, 0, 0, NULL, NULL },
    { "zero-copy-send", EXCLUDES, "multifd-compression!=none", QEMU_REFUSES,
      0, 0, NULL, NULL },
    { "zero-copy-send", EXCLUDES, "tls-creds!=", QEMU_REFUSES, 0, 0,
      "the kernel cannot encrypt what it does not copy", NULL },
    { "zero-copy-send", NEEDS, "transport=tcp", QEMU_REFUSES_LATER, 0, 0,
      NULL, "give --uri tcp:HOST:0", ON_SOURCE },

    /* post-copy */
    { "postcopy-preempt", NEEDS, "postcopy-ram", QEMU_REFUSES, 0, 0, NULL,
      NULL },
    { "postcopy-preempt", EXCLUDES, "compress", QEMU_REFUSES, 0, 0, NULL,
      NULL },
    { "postcopy-ram", EXCLUDES, "x-ignore-shared", QEMU_REFUSES, 0, 0, NULL,
      NULL },
    { "postcopy-ram", EXCLUDES, "transport=one-way", QEMU_BREAKS, 0, 0,
      "it stops the guest at the end and fails",
      "leave post-copy out: nobody can be asked for pages", ON_SOURCE },
    { "postcopy-preempt", EXCLUDES, "transport=one-way", QEMU_REFUSES_LATER,
      0, 0, NULL, "leave post-copy out: nobody can be asked for pages" },
    { "postcopy-preempt", EXCLUDES, "transport=single", QEMU_REFUSES_LATER, 0,
      0, "it takes a second one", "give --uri unix:PATH or tcp:HOST:0" },

    /* files */
    { "mapped-ram", NEEDS, "transport=file", QEMU_REFUSES_LATER, 0, 0, NULL,
      "give --uri file:PATH" },
    { "mapped-ram", EXCLUDES, "xbzrle", QEMU_REFUSES, 0, 0, NULL, NULL },
    { "mapped-ram", EXCLUDES, "postcopy-ram", QEMU_REFUSES, 0, 0, NULL, NULL },
    { "mapped-ram", EXCLUDES, "multifd-compression!=none", QEMU_REFUSES_LATER,
      0, 0, "a destination with multifd crashes", NULL },
    { "tls-creds!=", EXCLUDES, "transport=one-way", QEMU_BREAKS, 0, 0,
      "fails or hangs", "turn TLS off: there is nobody to shake hands with" },
    { "return-path", EXCLUDES, "transport=one-way", QEMU_BREAKS, 0, 0,
      "it stops the guest at the end and fails", "leave --enable return-path "
      "out: nobody answers there", ON_SOURCE },
    { "switchover-ack", EXCLUDES, "transport=one-way", QEMU_BREAKS, 0, 0,
      "fails", "leave it out: nobody answers there", ON_SOURCE },

    /* QEMU restarted under its guest */
    { "mode!=normal mode!=cpr-reboot", NEEDS, "transport=cpr",
      QEMU_REFUSES_LATER, 0, 0, NULL, "set it back: qmigrate qmp QMP "
      "migrate-set-parameters mode=normal" },
    { "mode!=normal", EXCLUDES, "postcopy-ram", QEMU_REFUSES_LATER, 0, 0, NULL,
      NULL, ON_SOURCE },
    { "mode!=normal", EXCLUDES, "dirty-bitmaps", QEMU_REFUSES_LATER, 0, 0,
      "to QEMU it is a kind of post-copy", NULL, ON_SOURCE },

    /* the switchover and the throttles */
    { "switchover-ack", NEEDS, "return-path", QEMU_REFUSES, 0, 0, NULL, NULL },
    { "dirty-limit", EXCLUDES, "auto-converge", QEMU_REFUSES, 0, 0, NULL,
      NULL },
    { "dirty-limit", EXCLUDES, "accel!=kvm", QEMU_REFUSES, 0, 0,
      "it counts by KVM's dirty ring",
      "start the source with -accel kvm,dirty-ring-size=4096" },
};
/* clang-format on */

const CapsRule *caps_rules(size_t *ret_n)
{
    *ret_n = G_N_ELEMENTS(rules);
    return rules;
}

/* What a rule may call each, and how people say it. */
static const struct {
    const char *word, *text;
    unsigned which; /* bits of CapsTransport */
} transport_words[] = {
    { "tcp", "a tcp: address", 1 << CAPS_OVER_TCP },
    { "unix", "a unix: address", 1 << CAPS_OVER_UNIX },
    { "file", "a file: address", 1 << CAPS_OVER_FILE },
    { "cpr", "a cpr: address", 0 },
    { "one-way", "an address that nothing comes back from",
      1 << CAPS_OVER_FILE | 1 << CAPS_OVER_PIPE },
    { "single", "an address of one connection",
      1 << CAPS_OVER_PAIR | 1 << CAPS_OVER_PIPE },
};

static bool is_called(CapsTransport transport, const char *word)
{
    for (size_t i = 0; i < G_N_ELEMENTS(transport_words); i++) {
        if (strcmp(transport_words[i].word, word) == 0) {
            return transport_words[i].which & (1 << transport);
        }
    }
    return false;
}

bool caps_transport_is_one_way(CapsTransport transport)
{
    return is_called(transport, "one-way");
}

char *caps_transport_to_text(const char *word)
{
    for (size_t i = 0; i < G_N_ELEMENTS(transport_words); i++) {
        if (strcmp(transport_words[i].word, word) == 0) {
            return g_strdup(transport_words[i].text);
        }
    }
    return g_strdup_printf("a %s: address", word);
}

static bool has_value(const char *name, const char *value, bool is_not,
                      const CapsInventory *inventory, CapsTransport transport)
{
    g_autofree char *now = NULL;
    if (strcmp(name, "transport") == 0) {
        return is_called(transport, value) != is_not;
    }
    if (strcmp(name, "accel") == 0) {
        now = g_strdup(inventory->accel);
    } else {
        now = caps_inventory_value(inventory, name);
    }
    /* What is not known, or not there, is no reason to refuse anything. */
    return now && (strcmp(now, value) == 0) != is_not;
}

static bool holds(const char *setting, const CapsInventory *inventory,
                  CapsTransport transport)
{
    const char *equals = strchr(setting, '=');
    if (!equals) {
        return caps_inventory_is_on(inventory, setting);
    }
    bool is_not = equals > setting && equals[-1] == '!';
    g_autofree char *name = g_strndup(setting, equals - setting - is_not);
    return has_value(name, equals + 1, is_not, inventory, transport);
}

bool caps_settings_hold(const char *settings, const CapsInventory *inventory,
                        CapsTransport transport)
{
    g_auto(GStrv) each = g_strsplit(settings, " ", -1);
    for (char **setting = each; *setting; setting++) {
        if (!holds(*setting, inventory, transport)) {
            return false;
        }
    }
    return true;
}

bool caps_settings_name(const char *settings, const char *name)
{
    g_auto(GStrv) each = g_strsplit(settings, " ", -1);
    for (char **setting = each; *setting; setting++) {
        if (strncmp(*setting, name, strcspn(*setting, "!=")) == 0 &&
            strlen(name) == strcspn(*setting, "!=")) {
            return true;
        }
    }
    return false;
}

/* "multifd-compression!=none" as it is: "multifd-compression=zlib". */
static char *setting_to_text(const char *setting,
                             const CapsInventory *inventory)
{
    const char *unequal = strstr(setting, "!=");
    if (g_str_has_prefix(setting, "transport=")) {
        return caps_transport_to_text(setting + strlen("transport="));
    }
    if (!unequal) {
        return g_strdelimit(g_strdup(setting), " ", '+');
    }
    g_autofree char *name = g_strndup(setting, unequal - setting);
    if (strcmp(name, "accel") == 0) {
        return g_strdup_printf("another accelerator than %s", unequal + 2);
    }
    g_autofree char *value = caps_inventory_value(inventory, name);
    return g_strdup_printf("%s=%s", name, value);
}

static bool is_of_version(const CapsRule *rule, CapsVersion version)
{
    return version == 0 || ((rule->since == 0 || version >= rule->since) &&
                            (rule->until == 0 || version < rule->until));
}

static void report(const CapsRule *rule, const CapsInventory *inventory,
                   Side side, GPtrArray *findings)
{
    /* "multifd transport=file" needs, but multifd is what people know */
    g_autofree char *first = g_strndup(rule->when, strcspn(rule->when, " "));
    g_autofree char *when = setting_to_text(first, inventory);
    g_autofree char *other = setting_to_text(rule->other, inventory);

    if (rule->qemu == QEMU_BREAKS) {
        findings_add(findings, FINDING_BREAKS, FINDING_ERROR, side,
                     g_strdup(rule->hint),
                     "QEMU %s takes %s with %s, and then %s",
                     caps_inventory_version(inventory), when, other, rule->why);
    } else if (rule->kind == RULE_NEEDS) {
        findings_add(findings, FINDING_MISSING, FINDING_ERROR, side,
                     rule->hint ? g_strdup(rule->hint)
                                : caps_feature_how_to_enable(rule->other),
                     "%s needs %s", when, other);
    } else {
        findings_add(
            findings, FINDING_CONFLICT, FINDING_ERROR, side,
            g_strdup(rule->hint ? rule->hint : "leave one of them out"),
            "QEMU %s does not take %s with %s%s%s",
            caps_inventory_version(inventory), when, other,
            rule->why ? ": " : "", rule->why ? rule->why : "");
    }
}

bool caps_rule_counts_on(const CapsRule *rule, Side side)
{
    return rule->sides == 0 || rule->sides & (1 << side);
}

bool caps_rule_is_broken(const CapsRule *rule, const CapsInventory *inventory,
                         CapsTransport transport)
{
    return is_of_version(rule, inventory->version) &&
           caps_settings_hold(rule->when, inventory, transport) &&
           caps_settings_hold(rule->other, inventory, transport) !=
               (rule->kind == RULE_NEEDS);
}

/* QEMU looks at these after all that one command sets. */
static void judge_order(const CapsInventory *inventory, const CapsRow *row,
                        Side side, GPtrArray *findings)
{
    uint64_t value, least;
    if (row->at_least && inventory->parameters &&
        qmp_json_uint64(inventory->parameters, row->name, &value) &&
        qmp_json_uint64(inventory->parameters, row->at_least, &least) &&
        value < least) {
        g_autofree char *text = unit_format(value, row->unit);
        g_autofree char *least_text = unit_format(least, row->unit);
        findings_add(findings, FINDING_BAD_VALUE, FINDING_ERROR, side,
                     g_strdup_printf("give it %s at least", least_text),
                     "%s: %s is less than %s, %s", row->name, text,
                     row->at_least, least_text);
    }
}

/* Whoever turned it on: with it both may run the guest, or none.  A destination
 * does nothing of it by itself. */
static void judge_never(const CapsInventory *inventory, const CapsRow *row,
                        Side side, GPtrArray *findings)
{
    if (row->never_on && side == SIDE_SOURCE &&
        caps_inventory_is_on(inventory, row->name)) {
        findings_add(findings, FINDING_NOT_A_MIGRATION, FINDING_ERROR, side,
                     g_strdup_printf("add --disable %s", row->name),
                     "%s is on: %s", row->name, row->never_on);
    }
}

static void judge_rows(const CapsInventory *inventory, Side side,
                       GPtrArray *findings)
{
    size_t n;
    const CapsRow *rows = caps_table_parameters(&n);
    for (size_t i = 0; i < n; i++) {
        judge_order(inventory, &rows[i], side, findings);
    }
    rows = caps_table_capabilities(&n);
    for (size_t i = 0; i < n; i++) {
        judge_never(inventory, &rows[i], side, findings);
    }
}

void caps_rules_judge(const CapsInventory *inventory, Side side,
                      CapsTransport transport, GPtrArray *findings)
{
    judge_rows(inventory, side, findings);
    for (size_t i = 0; i < G_N_ELEMENTS(rules); i++) {
        if (caps_rule_counts_on(&rules[i], side) &&
            caps_rule_is_broken(&rules[i], inventory, transport)) {
            report(&rules[i], inventory, side, findings);
        }
    }
}
