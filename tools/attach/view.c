/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/attach/view.h"

#include <string.h>

#include "caps/units.h"
#include "qmp/json.h"
#include "tools/caps/describe.h"

G_GNUC_PRINTF(3, 4)
static void add_row(GString *text, const char *label, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_string_append_printf(text, "  %-11s ", label);
    g_string_append_vprintf(text, format, args);
    g_string_append_c(text, '\n');
    va_end(args);
}

static char *amount(int64_t bytes)
{
    return unit_format(MAX(bytes, 0), UNIT_BYTES);
}

static char *rate(int64_t bytes_per_s)
{
    return unit_format(MAX(bytes_per_s, 0), UNIT_BYTES_PER_SECOND);
}

static char *span(int64_t us)
{
    return us < G_USEC_PER_SEC ? unit_format(us / 1000, UNIT_MILLISECONDS)
                               : g_strdup_printf("%.1f s", us / 1e6);
}

/* --- the numbers --- */

static bool goes_on(const Attached *a)
{
    return status_is_in_progress(a->facts[SIDE_SOURCE].status);
}

static void add_time(GString *text, const Attached *a)
{
    const Sample *sample = &a->sample;
    if (sample->total_us < 0) {
        return;
    }
    g_autofree char *total = span(sample->total_us);
    g_autofree char *downtime =
        sample->downtime_us >= 0 ? span(sample->downtime_us) : NULL;
    add_row(text, "time", "%s%s%s", total,
            downtime ? ", downtime as QEMU says " : "",
            downtime ? downtime : "");
}

static void add_memory(GString *text, const Attached *a)
{
    const Sample *sample = &a->sample;
    if (sample->transferred_bytes < 0) {
        return;
    }
    g_autofree char *left = amount(sample->remaining_bytes);
    g_autofree char *all = amount(sample->total_bytes);
    g_autofree char *sent = amount(sample->transferred_bytes);
    add_row(text, "memory", "pass %" G_GINT64_FORMAT ": %s of %s left, %s sent",
            sample->pass, left, all, sent);
}

static void add_speed(GString *text, const Attached *a)
{
    const Sample *sample = &a->sample;
    if (sample->sent_bytes_per_s < 0) {
        return;
    }
    g_autofree char *sent = rate(sample->sent_bytes_per_s);
    g_autofree char *dirtied =
        sample->dirty_bytes_per_s >= 0 ? rate(sample->dirty_bytes_per_s) : NULL;
    add_row(text, "speed", "%s%s%s", sent,
            dirtied ? ", the guest dirties " : "", dirtied ? dirtied : "");
}

/* Of pre-copy: after that nothing is left to be decided. */
static bool can_switch(const Attached *a)
{
    return a->facts[SIDE_SOURCE].status == STATUS_ACTIVE;
}

static void add_switchover(GString *text, const Attached *a)
{
    int64_t us = attached_switchover_us(a);
    g_autofree char *limit =
        caps_inventory_value(&a->inventories[SIDE_SOURCE], "downtime-limit");
    if (!can_switch(a) || us < 0 || !limit) {
        return;
    }
    g_autofree char *now = span(us);
    g_autofree char *allowed =
        describe_value(caps_table_parameter("downtime-limit"), limit);
    add_row(text, "switchover", "would take %s now; downtime-limit %s", now,
            allowed);
}

static void add_throttle(GString *text, const Attached *a)
{
    const Sample *sample = &a->sample;
    if (sample->throttle_percent > 0) {
        add_row(text, "throttle",
                "the guest is held up for %" G_GINT64_FORMAT " %% of its time",
                sample->throttle_percent);
    }
    if (sample->dirty_limit_us > 0) {
        g_autofree char *slept = span(sample->dirty_limit_us);
        add_row(text, "dirty limit", "vCPUs slept %s in the last round", slept);
    }
}

static void add_postcopy(GString *text, const Attached *a)
{
    const Sample *sample = &a->sample;
    Status status = a->facts[SIDE_SOURCE].status;
    if (status_is_postcopy(status) || sample->postcopy_requests > 0) {
        add_row(text, "post-copy",
                "%" G_GINT64_FORMAT " pages asked for by the destination",
                MAX(sample->postcopy_requests, 0));
    } else if (goes_on(a) && !status_is_switchover(status)) {
        add_row(
            text, "post-copy", "%s",
            caps_inventory_is_on(&a->inventories[SIDE_SOURCE], "postcopy-ram")
                ? "armed"
                : "not armed");
    }
}

static void add_still(GString *text, const Attached *a)
{
    int64_t us = attached_still_us(a);
    if (us > 0) {
        g_autofree char *still = span(us);
        add_row(text, "still", "nothing has moved for %s", still);
    }
}

static void add_numbers(GString *text, const Attached *a)
{
    add_still(text, a);
    add_time(text, a);
    add_memory(text, a);
    if (goes_on(a)) {
        add_speed(text, a);
        add_switchover(text, a);
        add_throttle(text, a);
    }
    add_postcopy(text, a);
}

/* --- the sides --- */

static JsonObject *reply(const Attached *a, Side side)
{
    JsonNode *node = a->migration[side];
    return node && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node)
                                                : NULL;
}

static void add_side(GString *text, const Attached *a, Side side)
{
    const Facts *facts = &a->facts[side];
    const char *name = side_name(side);
    if (facts->dead) {
        add_row(text, name, "its process has ended");
    } else if (a->cannot_ask[side]) {
        add_row(text, name, "cannot be asked: %s", a->cannot_ask[side]);
    } else if (facts->connected) {
        add_row(text, name, "QEMU %s, %s, migration %s",
                caps_inventory_version(&a->inventories[side]), facts->run_state,
                facts->status_word);
    }
    JsonObject *info = reply(a, side);
    const char *desc = info ? qmp_json_string(info, "error-desc") : NULL;
    /* Of a cancel it only says that the connection was closed. */
    if (desc && facts->status != STATUS_CANCELLED) {
        add_row(text, "error", "the %s's QEMU says: %s", name, desc);
    }
}

static void add_blocked(GString *text, const Attached *a)
{
    JsonObject *info = reply(a, SIDE_SOURCE);
    JsonArray *reasons = info ? qmp_json_array(info, "blocked-reasons") : NULL;
    for (guint i = 0; reasons && i < json_array_get_length(reasons); i++) {
        JsonNode *reason = json_array_get_element(reasons, i);
        if (JSON_NODE_HOLDS_VALUE(reason) &&
            json_node_get_value_type(reason) == G_TYPE_STRING) {
            add_row(text, "blocked", "%s", json_node_get_string(reason));
        }
    }
}

/* --- the settings --- */

static void setting_free(ViewSetting *setting)
{
    g_free(setting->value);
    g_free(setting);
}

static void add_setting(GPtrArray *settings, const char *name, char *value,
                        const CapsRow *row)
{
    ViewSetting *setting = g_new0(ViewSetting, 1);
    *setting = (ViewSetting){ name, value, row };
    g_ptr_array_add(settings, setting);
}

/* What a key of @table is called there, which lives as long as it. */
static const char *owned(GHashTable *table, const char *name)
{
    gpointer key = NULL;
    g_hash_table_lookup_extended(table, name, &key, NULL);
    return key;
}

GPtrArray *view_settings(const CapsInventory *inventory)
{
    GPtrArray *settings =
        g_ptr_array_new_with_free_func((GDestroyNotify)setting_free);
    g_auto(GStrv) capabilities = caps_inventory_names(inventory, true);
    g_auto(GStrv) parameters = caps_inventory_names(inventory, false);

    for (char **name = capabilities; name && *name; name++) {
        if (caps_inventory_is_on(inventory, *name)) {
            add_setting(settings, owned(inventory->capabilities, *name), NULL,
                        caps_table_capability(*name));
        }
    }
    for (char **name = parameters; name && *name; name++) {
        const CapsRow *row = caps_table_parameter(*name);
        g_autofree char *value = caps_inventory_value(inventory, *name);
        if (row && row->usual && value && strcmp(value, row->usual) != 0) {
            add_setting(settings, row->name, g_steal_pointer(&value), row);
        }
    }
    return settings;
}

static void add_settings(GString *text, const Attached *a, Side side)
{
    g_autoptr(GPtrArray) settings = view_settings(&a->inventories[side]);
    g_autoptr(GString) list = g_string_new(NULL);
    for (guint i = 0; i < settings->len; i++) {
        const ViewSetting *setting = settings->pdata[i];
        g_autofree char *value =
            setting->value ? describe_value(setting->row, setting->value)
                           : NULL;
        g_autofree char *usual =
            setting->value ? describe_default(setting->row) : NULL;
        g_string_append_printf(list, "%s%s%s%s%s%s%s", i ? ", " : "",
                               setting->name, value ? " " : "",
                               value ? value : "", usual ? " (default " : "",
                               usual ? usual : "", usual ? ")" : "");
    }
    if (settings->len > 0) {
        add_row(text, "set", "on the %s: %s", side_name(side), list->str);
    }
}

/* --- what to do --- */

static char *addresses(const AttachOptions *options)
{
    const QmpAddress *destination = options->address[SIDE_DESTINATION];
    g_autofree char *first = qmp_address_word(options->address[SIDE_SOURCE]);
    g_autofree char *second =
        destination ? qmp_address_word(destination) : g_strdup("QMP");
    return g_strdup_printf("--source %s --destination %s", first, second);
}

G_GNUC_PRINTF(2, 3)
static void advise(GPtrArray *next, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_ptr_array_add(next, g_strdup_vprintf(format, args));
    va_end(args);
}

static void advise_active(GPtrArray *next, const Attached *a,
                          const char *source)
{
    const CapsInventory *inventory = &a->inventories[SIDE_SOURCE];
    g_autofree char *limit = caps_inventory_value(inventory, "downtime-limit");
    int64_t us = attached_switchover_us(a);

    advise(next, "qmigrate cancel --source %s", source);
    if (caps_inventory_is_on(inventory, "postcopy-ram")) {
        advise(next, "qmigrate postcopy --source %s", source);
    }
    if (a->sample.pass > 1 && limit &&
        us / 1000 > (int64_t)g_ascii_strtoull(limit, NULL, 10)) {
        advise(next,
               "qmigrate qmp %s migrate-set-parameters "
               "downtime-limit=%" G_GINT64_FORMAT ": it would switch over now",
               source, us / 1000 + 1);
    }
}

static void advise_end(GPtrArray *next, const Attached *a,
                       const AttachOptions *options)
{
    const QmpAddress *destination = options->address[SIDE_DESTINATION];
    Owner owner = attached_judge(a, /* final= */ true);
    if (owner == OWNER_CONT_DESTINATION && destination) {
        g_autofree char *quoted = qmp_address_word(destination);
        advise(next, "qmigrate qmp %s cont, unless the guest was paused before",
               quoted);
    } else if (owner == OWNER_UNPROVED && !destination) {
        g_autofree char *both = addresses(options);
        advise(next, "qmigrate status %s", both);
    } else if (owner == OWNER_UNPROVED || owner == OWNER_CONT_SOURCE) {
        advise(next, "find out what the destination does before anything is "
                     "continued: a guest may run once only");
    }
}

/* Who cannot be asked is not proved to run. */
static void advise_postcopy(GPtrArray *next, const Attached *a,
                            const AttachOptions *options)
{
    const QmpAddress *destination = options->address[SIDE_DESTINATION];
    if (destination && attached_waits_for_cont(a) && a->guest_ran) {
        g_autofree char *quoted = qmp_address_word(destination);
        advise(next, "qmigrate qmp %s cont, unless the guest was paused before",
               quoted);
    } else if (!destination && a->wish == ATTACHED_POSTCOPY && a->guest_ran) {
        advise(next, "qmigrate qmp DESTINATION cont, if nobody else lets the "
                     "guest run there");
    }
}

GPtrArray *view_next(const Attached *a, const AttachOptions *options)
{
    GPtrArray *next = g_ptr_array_new_with_free_func(g_free);
    Status status = a->facts[SIDE_SOURCE].status;
    g_autofree char *source = qmp_address_word(options->address[SIDE_SOURCE]);

    if (status == STATUS_UNKNOWN || attached_is_incoming(a)) {
        return next;
    }
    if (status == STATUS_ACTIVE) {
        advise_active(next, a, source);
    } else if (status == STATUS_SETUP || status == STATUS_WAIT_UNPLUG ||
               status == STATUS_PRE_SWITCHOVER) {
        advise(next, "qmigrate cancel --source %s", source);
    } else if (status == STATUS_POSTCOPY) {
        advise_postcopy(next, a, options);
    } else if (status == STATUS_POSTCOPY_PAUSED) {
        g_autofree char *both = addresses(options);
        advise(next, "qmigrate recover %s", both);
    } else if (status_is_terminal(status) && status != STATUS_NONE) {
        advise_end(next, a, options);
    }
    return next;
}

/* --- all of it --- */

static void add_headline(GString *text, const Attached *a)
{
    const char *guest;
    const char *status = a->facts[SIDE_SOURCE].status_word;
    g_autofree char *phrase = attached_guest(a, &guest);
    g_string_append_printf(text, "%s: %s\n", *status ? status : "unknown",
                           phrase);
}

char *view_live(const Attached *a)
{
    GString *text = g_string_new(NULL);
    add_headline(text, a);
    add_numbers(text, a);
    return g_string_free(text, FALSE);
}

static void add_about(GString *text, const Attached *a)
{
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        add_side(text, a, side);
    }
    add_blocked(text, a);
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        add_settings(text, a, side);
    }
}

char *view_all(const Attached *a, const AttachOptions *options)
{
    bool looks = a->wish == ATTACHED_LOOK || a->wish == ATTACHED_WATCH;
    GString *text = g_string_new(NULL);
    g_autoptr(GPtrArray) next = view_next(a, options);

    add_headline(text, a);
    add_numbers(text, a);
    if (looks) {
        add_about(text, a);
    }
    for (guint i = 0; i < a->notes->len; i++) {
        add_row(text, "note", "%s", (char *)a->notes->pdata[i]);
    }
    for (guint i = 0; i < next->len; i++) {
        add_row(text, i == 0 ? "next" : "", "%s", (char *)next->pdata[i]);
    }
    return g_string_free(text, FALSE);
}

char *view_line(const Attached *a)
{
    const Sample *sample = &a->sample;
    GString *line = g_string_new(a->facts[SIDE_SOURCE].status_word);
    int64_t us = attached_switchover_us(a);

    if (attached_still_us(a) > 0) {
        g_autofree char *still = span(attached_still_us(a));
        g_string_append_printf(line, "  nothing has moved for %s", still);
    }
    if (attached_waits_for_cont(a)) {
        g_string_append(line, "  the guest is paused on the destination, and "
                              "waits for cont there");
    }
    if (sample->transferred_bytes < 0) {
        return g_string_free(line, FALSE);
    }
    g_autofree char *left = amount(sample->remaining_bytes);
    g_autofree char *sent = amount(sample->transferred_bytes);
    g_autofree char *speed = rate(sample->sent_bytes_per_s);
    g_string_append_printf(
        line, " %.1f s  pass %" G_GINT64_FORMAT "  %s sent, %s left, %s",
        MAX(sample->total_us, 0) / 1e6, sample->pass, sent, left, speed);
    if (sample->dirty_bytes_per_s >= 0) {
        g_autofree char *dirtied = rate(sample->dirty_bytes_per_s);
        g_string_append_printf(line, ", dirtied %s", dirtied);
    }
    if (can_switch(a) && us >= 0) {
        g_autofree char *now = span(us);
        g_string_append_printf(line, ", switchover %s", now);
    }
    if (sample->throttle_percent > 0) {
        g_string_append_printf(line, ", throttle %" G_GINT64_FORMAT " %%",
                               sample->throttle_percent);
    }
    return g_string_free(line, FALSE);
}
