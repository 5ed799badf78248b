/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One script and one place in it. */
#include "tests/lib/fake-qemu.h"

#include <string.h>

#include "qmp/json.h"
#include "qmp/parser.h"
#include "tests/lib/fake-link.h"
#include "tests/lib/fake-script.h"
#include "tests/lib/recorded.h"

struct FakeQemu {
    GPtrArray *steps;
    guint at;
    char *version;      /* that it greets with, "10.0"; NULL: none */
    GPtrArray *invents; /* names of commands */
    GHashTable *ids;    /* of the script, to those that came; JSON texts */
    char *latest_id;
    bool is_silent;
    bool is_paused;
    char *failure;
    GPtrArray *heard;
    FakeQemuHandler *handler;
    gpointer handler_data;

    FakeLink *link;
};

void fake_qemu_say(FakeQemu *fake, const char *bytes, size_t n)
{
    fake_link_say(fake->link, bytes, n);
}

void fake_qemu_hang_up(FakeQemu *fake)
{
    fake_link_hang_up(fake->link);
}

/* --- what is said --- */

static void say_line(FakeQemu *fake, const char *text)
{
    if (!fake->is_silent) {
        fake_qemu_say(fake, text, strlen(text));
        fake_qemu_say(fake, "\r\n", 2);
    }
}

static const char *id_for(FakeQemu *fake, const char *script_id)
{
    const char *id;

    if (!script_id) {
        return fake->latest_id;
    }
    id = g_hash_table_lookup(fake->ids, script_id);
    return id ? id : script_id;
}

static bool is_reply(JsonObject *message)
{
    return json_object_has_member(message, "return") ||
           json_object_has_member(message, "error");
}

static void say_message(FakeQemu *fake, JsonObject *message)
{
    g_autoptr(JsonNode) node =
        json_node_init_object(json_node_alloc(), message);
    g_autofree char *script_id = fake_member_text(message, "id");
    g_autofree char *text = NULL;
    const char *id = is_reply(message) ? id_for(fake, script_id) : NULL;

    json_object_remove_member(message, "id");
    text = json_to_string(node, FALSE);
    if (script_id) {
        json_object_set_member(message, "id",
                               json_from_string(script_id, NULL));
    }
    if (id) {
        g_autofree char *whole = NULL;

        text[strlen(text) - 1] = '\0';
        whole = g_strdup_printf("%s,\"id\":%s}", text, id);
        say_line(fake, whole);
    } else {
        say_line(fake, text);
    }
}

void fake_qemu_return(FakeQemu *fake, const char *id, const char *value)
{
    g_autofree char *text =
        g_strdup_printf("{\"return\": %s, \"id\": %s}", value, id);

    say_line(fake, text);
}

void fake_qemu_error(FakeQemu *fake, const char *id, const char *desc)
{
    g_autoptr(JsonNode) node = json_node_init_string(json_node_alloc(), desc);
    g_autofree char *quoted = json_to_string(node, FALSE);
    g_autofree char *text =
        g_strdup_printf("{\"id\": %s, \"error\": {\"class\": \"GenericError\", "
                        "\"desc\": %s}}",
                        id, quoted);

    say_line(fake, text);
}

void fake_qemu_event(FakeQemu *fake, const char *name, const char *data)
{
    gint64 now_us = g_get_real_time();
    g_autofree char *text = g_strdup_printf(
        "{\"timestamp\": {\"seconds\": %" G_GINT64_FORMAT
        ", \"microseconds\": %" G_GINT64_FORMAT "}, \"event\": \"%s\"%s%s}",
        now_us / G_USEC_PER_SEC, now_us % G_USEC_PER_SEC, name,
        data ? ", \"data\": " : "", data ? data : "");

    say_line(fake, text);
}

static void say_bytes(FakeQemu *fake, const Step *step)
{
    g_autoptr(GString) all = g_string_new(NULL);

    for (size_t i = 0; i < step->n; i++) {
        g_string_append(all, step->bytes);
    }
    fake_qemu_say(fake, all->str, all->len);
}

/* --- the script --- */

static void do_step(FakeQemu *fake, Step *step)
{
    switch (step->kind) {
    case STEP_SAY:
        say_message(fake, step->message);
        break;
    case STEP_BYTES:
        say_bytes(fake, step);
        break;
    case STEP_CHUNK:
        fake_link_set_chunk(fake->link, step->n);
        break;
    case STEP_PAUSE:
        fake->is_paused = true;
        break;
    case STEP_SILENT:
        fake->is_silent = true;
        break;
    case STEP_CLOSE:
        fake_qemu_hang_up(fake);
        break;
    case STEP_INVENT:
        break;
    case STEP_HEAR:
    case STEP_RULE:
        g_assert_not_reached();
    }
}

static Step *step_at(FakeQemu *fake, guint at)
{
    return at < fake->steps->len ? g_ptr_array_index(fake->steps, at) : NULL;
}

/* Behind a rule and its answers. */
static guint skip_rule(FakeQemu *fake, guint at)
{
    Step *step;

    do {
        step = step_at(fake, ++at);
    } while (step && step->kind == STEP_SAY);
    return at;
}

/* On to where the script waits for the client, or the test. */
static void play(FakeQemu *fake)
{
    Step *step;

    while (!fake->is_paused && (step = step_at(fake, fake->at)) &&
           step->kind != STEP_HEAR) {
        if (step->kind == STEP_RULE) {
            fake->at = skip_rule(fake, fake->at);
        } else {
            fake->at++;
            do_step(fake, step);
        }
    }
}

static bool hear_in_turn(FakeQemu *fake, JsonObject *command)
{
    Step *step = fake->is_paused ? NULL : step_at(fake, fake->at);
    char *script_id;

    if (!step || step->kind != STEP_HEAR || !fake_step_fits(step, command)) {
        return false;
    }
    script_id = fake_member_text(step->message, "id");
    if (script_id) {
        g_hash_table_replace(fake->ids, script_id, g_strdup(fake->latest_id));
    }
    fake->at++;
    play(fake);
    return true;
}

static bool hear_by_rule(FakeQemu *fake, JsonObject *command)
{
    for (guint i = 0; i < fake->steps->len; i++) {
        Step *step = step_at(fake, i);

        if (step->kind == STEP_RULE && fake_step_fits(step, command)) {
            while ((step = step_at(fake, ++i)) && step->kind == STEP_SAY) {
                say_message(fake, step->message);
            }
            return true;
        }
    }
    return false;
}

static void hear_nothing_known(FakeQemu *fake, const char *line)
{
    Step *step = step_at(fake, fake->at);
    const char *wanted = step && step->kind == STEP_HEAR
                             ? fake_command_name(step->message)
                             : "nothing";

    if (!fake->failure) {
        fake->failure = g_strdup_printf("the script waits for %s, not for %s",
                                        wanted, line);
    }
    if (fake->latest_id) {
        fake_qemu_error(fake, fake->latest_id, "not in the script");
    }
}

static bool hear_by_handler(FakeQemu *fake, JsonObject *command)
{
    return fake->handler && fake->handler(fake, fake_command_name(command),
                                          qmp_json_object(command, "arguments"),
                                          fake->latest_id, fake->handler_data);
}

static void check_command(FakeQemu *fake, JsonObject *message)
{
    const char *name = fake_command_name(message);
    const QmpCommand command = {
        .name = (char *)name,
        .arguments = qmp_json_object(message, "arguments"),
        .oob = json_object_has_member(message, "exec-oob"),
    };

    if (!g_ptr_array_find_with_equal_func(fake->invents, name, g_str_equal,
                                          NULL)) {
        recorded_check_command(fake->version, &command);
    }
}

static void hear(const char *line, gpointer data)
{
    FakeQemu *fake = data;
    g_autoptr(JsonObject) command = qmp_parse_object(line, strlen(line), NULL);

    if (!command) {
        g_error("the client said %s", line);
    }
    check_command(fake, command);
    g_ptr_array_add(fake->heard, g_strdup(line));
    g_free(fake->latest_id);
    fake->latest_id = fake_member_text(command, "id");
    if (!fake->is_silent && !hear_by_handler(fake, command) &&
        !hear_in_turn(fake, command) && !hear_by_rule(fake, command)) {
        hear_nothing_known(fake, line);
    }
}

static void start_over(gpointer data)
{
    FakeQemu *fake = data;

    fake->at = 0;
    fake->is_silent = fake->is_paused = false;
    g_hash_table_remove_all(fake->ids);
    play(fake);
}

static const FakeLinkFuncs link_funcs = { start_over, hear };

/* --- life --- */

static char *version_of(JsonObject *message)
{
    JsonObject *greeting = qmp_json_object(message, "QMP");
    JsonObject *version = qmp_json_object(greeting, "version");
    JsonObject *qemu = qmp_json_object(version, "qemu");
    int64_t major, minor;

    if (!qmp_json_int64(qemu, "major", &major) ||
        !qmp_json_int64(qemu, "minor", &minor)) {
        return NULL;
    }
    return g_strdup_printf("%" G_GINT64_FORMAT ".%" G_GINT64_FORMAT, major,
                           minor);
}

static void invent(FakeQemu *fake, const char *names)
{
    g_auto(GStrv) each = g_strsplit(names, " ", -1);

    for (char **name = each; *name; name++) {
        g_ptr_array_add(fake->invents, g_strdup(*name));
    }
}

/* What it is, before anything is said. */
static void read_script(FakeQemu *fake)
{
    for (guint i = 0; i < fake->steps->len; i++) {
        Step *step = step_at(fake, i);

        if (step->kind == STEP_INVENT) {
            invent(fake, step->bytes);
        } else if (step->kind == STEP_SAY && !fake->version) {
            fake->version = version_of(step->message);
        }
    }
}

FakeQemu *fake_qemu_new(const char *script)
{
    FakeQemu *fake = g_new0(FakeQemu, 1);

    fake->steps = fake_script_parse(script);
    fake->ids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    fake->heard = g_ptr_array_new_with_free_func(g_free);
    fake->invents = g_ptr_array_new_with_free_func(g_free);
    read_script(fake);
    fake->link = fake_link_new(&link_funcs, fake);
    return fake;
}

FakeQemu *fake_qemu_new_from_file(const char *name)
{
    const char *folder = g_getenv("QMIGRATE_TEST_DATA");
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_autofree char *script = NULL;
    g_autoptr(GError) error = NULL;

    if (!g_file_get_contents(path, &script, NULL, &error)) {
        g_error("%s", error->message);
    }
    return fake_qemu_new(script);
}

void fake_qemu_free(FakeQemu *fake)
{
    if (!fake) {
        return;
    }
    fake_link_free(fake->link);
    g_ptr_array_unref(fake->steps);
    g_ptr_array_unref(fake->heard);
    g_ptr_array_unref(fake->invents);
    g_hash_table_unref(fake->ids);
    g_free(fake->version);
    g_free(fake->latest_id);
    g_free(fake->failure);
    g_free(fake);
}

const char *fake_qemu_address(FakeQemu *fake)
{
    return fake_link_address(fake->link);
}

bool fake_qemu_listen(FakeQemu *fake, const char *where)
{
    return fake_link_listen(fake->link, where);
}

void fake_qemu_set_handler(FakeQemu *fake, FakeQemuHandler *handler,
                           gpointer user_data)
{
    fake->handler = handler;
    fake->handler_data = user_data;
}

void fake_qemu_go_on(FakeQemu *fake)
{
    fake->is_paused = false;
    play(fake);
}

bool fake_qemu_is_done(FakeQemu *fake)
{
    return fake->at >= fake->steps->len && !fake->is_paused &&
           fake_link_is_written(fake->link);
}

bool fake_qemu_is_paused(FakeQemu *fake)
{
    return fake->is_paused && fake_link_is_written(fake->link);
}

const char *fake_qemu_failure(FakeQemu *fake)
{
    return fake->failure;
}

const GPtrArray *fake_qemu_heard(FakeQemu *fake)
{
    return fake->heard;
}

bool fake_qemu_is_alone(FakeQemu *fake)
{
    return fake_link_is_alone(fake->link);
}

int fake_qemu_take_fd(FakeQemu *fake)
{
    return fake_link_take_fd(fake->link);
}
