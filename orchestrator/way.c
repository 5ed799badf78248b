/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "orchestrator/way.h"

#include <string.h>

#include "orchestrator/rehearse.h"
#include "orchestrator/uri.h"

static char *with_offset(const char *file, const Uri *uri)
{
    return uri->has_offset
               ? g_strdup_printf("file:%s,offset=%" G_GUINT64_FORMAT, file,
                                 uri->offset)
               : g_strdup_printf("file:%s", file);
}

static char *fdset_path(void)
{
    return g_strdup_printf("/dev/fdset/%d", WAY_FDSET);
}

static bool is_passed(const Uri *uri)
{
    return uri->kind == URI_PAIR || uri->access != URI_BY_NAME;
}

/* fd: of a plain file is gone since 11.0, which the schema does not tell. */
static void adapt_to_version(Uri *uri, CapsVersion version)
{
    if (uri->kind == URI_FILE && uri->access == URI_BY_FD &&
        version >= CAPS_VERSION(11, 0)) {
        uri->access = URI_BY_FDSET;
    }
}

char *way_to_qemu(const char *text, CapsVersion version)
{
    g_auto(Uri) uri = { 0 };
    bool is_known = uri_parse(text, &uri, NULL);
    adapt_to_version(&uri, version);
    if (!is_known) {
        return g_strdup(text);
    }
    if (uri.access == URI_BY_FDSET) {
        g_autofree char *path = fdset_path();
        return with_offset(path, &uri);
    }
    return g_strdup(is_passed(&uri) ? "fd:" WAY_FD_NAME : text);
}

/* {"NAME": "VALUE", ...} of pairs up to NULL. */
static JsonObject *object_of(const char *const *words)
{
    JsonObject *object = json_object_new();
    for (; *words; words += 2) {
        json_object_set_string_member(object, words[0], words[1]);
    }
    return object;
}

#define OBJECT_OF(...) object_of((const char *const[]){ __VA_ARGS__, NULL })

static JsonObject *file_channel(const Uri *uri)
{
    g_autofree char *path =
        uri->access == URI_BY_FDSET ? fdset_path() : g_strdup(uri->path);
    JsonObject *address = OBJECT_OF("transport", "file", "filename", path);
    json_object_set_int_member(address, "offset", (gint64)uri->offset);
    return address;
}

/* A rehearsal knows no port where QEMU would choose it. */
static bool parse(const char *text, Uri *ret, char **ret_port)
{
    const char *word = g_str_has_suffix(text, ":" REHEARSED_PORT)
                           ? text + strlen(text) - strlen(REHEARSED_PORT)
                           : NULL;
    g_autofree char *before = g_strndup(text, word ? word - text : 0);
    g_autofree char *with_number = g_strconcat(before, "0", NULL);
    if (!uri_parse(word ? with_number : text, ret, NULL)) {
        return false;
    }
    *ret_port = word ? g_strdup(word) : g_strdup_printf("%u", ret->port);
    return true;
}

JsonObject *way_to_channel(const char *text, CapsVersion version)
{
    g_auto(Uri) uri = { 0 };
    g_autofree char *port = NULL;
    JsonObject *address;
    JsonArray *words;

    if (!parse(text, &uri, &port)) {
        return NULL;
    }
    adapt_to_version(&uri, version);
    if (is_passed(&uri) && uri.access != URI_BY_FDSET) {
        return OBJECT_OF("transport", "socket", "type", "fd", "str",
                         WAY_FD_NAME);
    }
    switch (uri.kind) {
    case URI_UNIX:
        return OBJECT_OF("transport", "socket", "type", "unix", "path",
                         uri.path);
    case URI_TCP:
        return OBJECT_OF("transport", "socket", "type", "inet", "host",
                         uri.host, "port", port);
    case URI_EXEC:
        address = OBJECT_OF("transport", "exec");
        words = json_array_new();
        json_array_add_string_element(words, "/bin/sh");
        json_array_add_string_element(words, "-c");
        json_array_add_string_element(words, uri.command);
        json_object_set_array_member(address, "args", words);
        return address;
    default:
        return file_channel(&uri);
    }
}

void way_tell(const Migration *m, Side side, QmpCommand *command,
              const char *text)
{
    CapsVersion version = m->inventories[side].version;
    if (!m->settings->as_channels) {
        g_autofree char *uri = way_to_qemu(text, version);
        qmp_command_set_string(command, "uri", uri);
        return;
    }
    JsonObject *channel = OBJECT_OF("channel-type", "main");
    JsonArray *channels = json_array_new();
    JsonNode *node = json_node_new(JSON_NODE_ARRAY);
    json_object_set_object_member(channel, "addr",
                                  way_to_channel(text, version));
    json_array_add_object_element(channels, channel);
    json_node_take_array(node, channels);
    qmp_command_set_node(command, "channels", node);
}

/* Each with what takes back what nobody has used. */
static void add_getfd(Migration *m, Side side)
{
    CapsStep *step = g_new0(CapsStep, 1);
    step->side = side;
    step->command = qmp_command_new("getfd");
    qmp_command_set_string(step->command, "fdname", WAY_FD_NAME);
    step->undo = qmp_command_new("closefd");
    step->may_be_used_up = true;
    qmp_command_set_string(step->undo, "fdname", WAY_FD_NAME);
    g_ptr_array_add(m->steps, step);
}

static void add_to_set(Migration *m, Side side, bool direct)
{
    CapsStep *step = g_new0(CapsStep, 1);
    step->side = side;
    step->command = qmp_command_new("add-fd");
    qmp_command_set_int(step->command, "fdset-id", WAY_FDSET);
    qmp_command_set_string(step->command, "opaque",
                           direct ? WAY_DIRECT : "plain");
    /* The whole set goes with the first. */
    step->undo = qmp_command_new("remove-fd");
    if (!direct) {
        qmp_command_set_int(step->undo, "fdset-id", WAY_FDSET);
    }
    g_ptr_array_add(m->steps, step);
}

static void pass(Migration *m, const Uri *given)
{
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        Uri uri = *given;
        adapt_to_version(&uri, m->inventories[side].version);
        if (uri.access != URI_BY_FDSET) {
            add_getfd(m, side);
            continue;
        }
        add_to_set(m, side, /* direct= */ false);
        g_autofree char *direct =
            caps_inventory_value(&m->wanted[side], "direct-io");
        if (g_strcmp0(direct, "true") == 0) {
            add_to_set(m, side, /* direct= */ true);
        }
    }
}

/* "file" came together with "channels", which is easier to find. */
static void check_argument(Migration *m, const char *what)
{
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        const CapsInventory *inventory = &m->inventories[side];
        if (inventory->schema &&
            !caps_inventory_has_argument(inventory, "migrate", "channels")) {
            findings_add(m->findings, FINDING_MISSING, FINDING_ERROR, side,
                         g_strdup("QEMU has it since 8.2, and both sides need "
                                  "it; choose unix: or tcp:"),
                         "QEMU %s does not know %s",
                         caps_inventory_version(inventory), what);
        }
    }
}

void way_judge(Migration *m)
{
    g_auto(Uri) uri = { 0 };
    if (!uri_parse(migration_uri(m), &uri, NULL)) {
        return;
    }
    if (is_passed(&uri)) {
        pass(m, &uri);
    }
    if (!m->settings->no_preflight) {
        if (uri.kind == URI_FILE && uri.access != URI_BY_FD) {
            check_argument(m, "file:");
        }
        if (m->settings->as_channels) {
            check_argument(m, "channels");
        }
    }
}
