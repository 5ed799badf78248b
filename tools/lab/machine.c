/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/lab/machine.h"

#include <string.h>

#include "qmp/client.h"
#include "qmp/json.h"

#define FAMILY     "pc-q35-"
#define TIMEOUT_MS 10000u

typedef struct {
    char *binaries[2];
    int n_asked;
    GHashTable *names; /* set: the first binary's machine types */
    char *best;
    QmpClient *client;
} Search;

static void search_free(Search *search)
{
    g_free(search->binaries[0]);
    g_free(search->binaries[1]);
    g_hash_table_unref(search->names);
    g_free(search->best);
    g_clear_object(&search->client);
    g_free(search);
}

gboolean machine_is_newer(const char *a, const char *b)
{
    unsigned version[2][2] = { { 0 } };
    const char *names[2] = { a, b };
    for (int i = 0; i < 2; i++) {
        const char *dash = strrchr(names[i], '-');
        char *end = NULL;
        version[i][0] = dash ? strtoul(dash + 1, &end, 10) : 0;
        version[i][1] = end && *end == '.' ? strtoul(end + 1, NULL, 10) : 0;
    }
    return version[0][0] != version[1][0] ? version[0][0] > version[1][0]
                                          : version[0][1] > version[1][1];
}

static void take_names(Search *search, JsonArray *machines)
{
    for (guint i = 0; i < json_array_get_length(machines); i++) {
        JsonNode *node = json_array_get_element(machines, i);
        const char *name =
            JSON_NODE_HOLDS_OBJECT(node)
                ? qmp_json_string(json_node_get_object(node), "name")
                : NULL;
        if (!name || !g_str_has_prefix(name, FAMILY)) {
            continue;
        }
        if (search->n_asked == 0) {
            g_hash_table_add(search->names, g_strdup(name));
        } else if (g_hash_table_contains(search->names, name) &&
                   (!search->best || machine_is_newer(name, search->best))) {
            g_free(search->best);
            search->best = g_strdup(name);
        }
    }
}

static void ask_next(GTask *task);

static void on_machines(GObject *object, GAsyncResult *result,
                        gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    Search *search = g_task_get_task_data(task);
    GError *error = NULL;
    g_autoptr(JsonNode) machines =
        qmp_client_execute_finish(QMP_CLIENT(object), result, &error);

    if (!machines) {
        g_task_return_error(task, error);
        return;
    }
    if (JSON_NODE_HOLDS_ARRAY(machines)) {
        take_names(search, json_node_get_array(machines));
    }
    qmp_client_close(search->client);
    g_clear_object(&search->client);
    search->n_asked++;
    ask_next(g_steal_pointer(&task));
}

static void on_connected(GObject *object, GAsyncResult *result,
                         gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    Search *search = g_task_get_task_data(task);
    GError *error = NULL;
    search->client = qmp_client_connect_finish(result, &error);
    if (!search->client) {
        g_task_return_error(task, error);
        return;
    }
    g_autoptr(QmpCommand) command = qmp_command_new("query-machines");
    qmp_client_execute_async(search->client, command, TIMEOUT_MS,
                             g_task_get_cancellable(task), on_machines,
                             g_object_ref(task));
}

/* Takes @task over. */
static void ask_next(GTask *task)
{
    Search *search = g_task_get_task_data(task);
    if (search->n_asked == 2) {
        if (search->best) {
            g_task_return_pointer(task, g_strdup(search->best), g_free);
        } else {
            g_task_return_new_error(task, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                                    "%s and %s share no machine type " FAMILY
                                    "*; give --machine",
                                    search->binaries[0], search->binaries[1]);
        }
        g_object_unref(task);
        return;
    }
    g_autofree char *quoted = g_shell_quote(search->binaries[search->n_asked]);
    g_autofree char *text =
        g_strdup_printf("exec:exec %s -nodefaults -no-user-config -machine "
                        "none -display none -S -qmp stdio",
                        quoted);
    g_autoptr(QmpAddress) address = qmp_address_parse(text, NULL);
    qmp_client_connect_async(address, TIMEOUT_MS, &(QmpClientHandlers){ 0 },
                             NULL, g_task_get_cancellable(task), on_connected,
                             task);
}

void machine_find_common_async(const char *binary, const char *other,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback, gpointer user_data)
{
    GTask *task = g_task_new(NULL, cancellable, callback, user_data);
    Search *search = g_new0(Search, 1);
    search->binaries[0] = g_strdup(binary);
    search->binaries[1] = g_strdup(other);
    search->names =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_task_set_task_data(task, search, (GDestroyNotify)search_free);
    ask_next(task);
}

char *machine_find_common_finish(GAsyncResult *result, GError **error)
{
    return g_task_propagate_pointer(G_TASK(result), error);
}
