/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/lib/recorded.h"

#include <string.h>

#include "qmp/parser.h"

JsonNode *json_value(const char *text)
{
    g_autofree char *whole = g_strdup_printf("{\"value\":%s}", text);
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonObject) object =
        qmp_parse_object(whole, strlen(whole), &error);

    if (!object) {
        g_error("%s: %s", text, error->message);
    }
    return json_object_dup_member(object, "value");
}

JsonNode *recorded_reply(const char *name, const char *version)
{
    g_autofree char *file = g_strdup_printf("%s-%s.json", name, version);
    g_autofree char *path =
        g_build_filename(g_getenv("QMIGRATE_TEST_DATA"), "replies", file, NULL);
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;

    if (!g_file_get_contents(path, &text, NULL, &error)) {
        g_error("%s", error->message);
    }
    return json_value(text);
}

void recorded_inventory(CapsInventory *inventory, const char *version)
{
    g_autoptr(JsonNode) capabilities =
        recorded_reply("query-migrate-capabilities", version);
    g_autoptr(JsonNode) parameters =
        recorded_reply("query-migrate-parameters", version);

    if (!caps_inventory_take_capabilities(inventory, capabilities) ||
        !caps_inventory_take_parameters(inventory, parameters)) {
        g_error("the replies recorded from %s are none", version);
    }
}
