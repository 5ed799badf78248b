/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "caps/disk.h"

#include <string.h>

#include "qmp/json.h"

static void disk_free(CapsDisk *disk)
{
    g_free(disk->backend);
    g_free(disk->node);
    g_free(disk->device);
    g_free(disk);
}

/* Takes a medium whose size is reported; false: it is not. */
static bool take_medium(CapsDisk *disk, JsonObject *inserted)
{
    JsonObject *image = qmp_json_object(inserted, "image");
    const char *node = qmp_json_string(inserted, "node-name");

    disk->node = g_strdup(node ? node : "");
    return image && qmp_json_bool(inserted, "ro", &disk->read_only) &&
           qmp_json_size(image, "virtual-size", &disk->bytes);
}

GPtrArray *caps_disks_parse(JsonNode *reply)
{
    if (!JSON_NODE_HOLDS_ARRAY(reply)) {
        return NULL;
    }
    JsonArray *rows = json_node_get_array(reply);
    g_autoptr(GPtrArray) disks =
        g_ptr_array_new_with_free_func((GDestroyNotify)disk_free);

    for (guint i = 0; i < json_array_get_length(rows); i++) {
        JsonNode *node = json_array_get_element(rows, i);
        JsonObject *row =
            JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
        const char *backend = row ? qmp_json_string(row, "device") : NULL;
        JsonObject *inserted = row ? qmp_json_object(row, "inserted") : NULL;
        if (!backend) {
            return NULL;
        }
        CapsDisk *disk = g_new0(CapsDisk, 1);
        g_ptr_array_add(disks, disk);
        disk->backend = g_strdup(backend);
        disk->device = g_strdup(qmp_json_string(row, "qdev"));
        qmp_json_bool(row, "removable", &disk->is_removable);
        if (inserted && !take_medium(disk, inserted)) {
            return NULL;
        }
    }
    return g_steal_pointer(&disks);
}

static bool is_of_device(const CapsDisk *disk, const char *id)
{
    g_autofree char *path = g_strdup_printf("/machine/peripheral/%s", id);
    g_autofree char *part = g_strconcat(path, "/virtio-backend", NULL);

    return disk->device &&
           (strcmp(disk->device, id) == 0 || strcmp(disk->device, path) == 0 ||
            strcmp(disk->device, part) == 0);
}

const CapsDisk *caps_disks_find(const GPtrArray *disks, const char *drive,
                                const char *id)
{
    for (guint i = 0; *drive && i < disks->len; i++) {
        const CapsDisk *disk = disks->pdata[i];
        if (strcmp(disk->backend, drive) == 0 ||
            (!*disk->backend && g_strcmp0(disk->node, drive) == 0)) {
            return disk;
        }
    }
    for (guint i = 0; id && i < disks->len; i++) {
        if (is_of_device(disks->pdata[i], id)) {
            return disks->pdata[i];
        }
    }
    return NULL;
}
