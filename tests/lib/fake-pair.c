/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/lib/fake-pair.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "qmp/json.h"
#include "tests/lib/fake-qemu.h"
#include "tests/lib/recorded.h"

typedef struct {
    FakePair *pair;
    Side side;
    FakeQemu *qemu;
    QmpAddress *address;
    pid_t pid; /* a process that stands for it */
    char *path;
    char *run_state, *status, *error_desc;
    CapsInventory inventory; /* what it was told to set */
    bool mute;               /* this command is not answered */
    char *refusal;
} FakeSide;

struct FakePair {
    const PairScript *script;
    const char *version;
    FakeSide sides[N_SIDES];
    bool reacted[G_N_ELEMENTS(((PairScript *)0)->reactions)];
    char *folder;
    MigrationSettings settings;
    GString *told;
    Run *run;
    bool is_done;
    guint cancel_source;
};

/* What real ones do, in the order of their events. */
static const Reaction usual[] = {
    { "D migrate-incoming", "D:setup" },
    { "S migrate", "S:setup D:active S:active S:STOP S:pre-switchover" },
    { "S stop", "S:STOP S:=paused" },
    { "S migrate-continue", "S:device D:completed S:completed" },
    { "D cont", "D:RESUME" },
    { "S cont", "S:RESUME" },
    { "S migrate_cancel", "S:cancelling S:RESUME S:cancelled D:failed" },
};

#define SCRIPT                                                                 \
    "<- {\"QMP\": {\"version\": {\"qemu\": {\"micro\": 2, \"minor\": %s, "     \
    "\"major\": %s}, \"package\": \"\"}, \"capabilities\": [\"oob\"]}}\n"      \
    "*> {\"execute\": \"qmp_capabilities\"}\n"                                 \
    "<- {\"return\": {}}\n"

/* ---- words ---- */

static void set(char **text, const char *value)
{
    g_free(*text);
    *text = g_strdelimit(g_strdup(value), "_", ' ');
}

static void migrate_to(FakeSide *side, const char *status)
{
    g_autofree char *data = g_strdup_printf("{\"status\": \"%s\"}", status);

    set(&side->status, status);
    if (strcmp(status, "completed") == 0) {
        if (side->side == SIDE_SOURCE) {
            set(&side->run_state, "postmigrate");
        } else if (strcmp(side->run_state, "inmigrate") == 0) {
            set(&side->run_state, "paused");
        }
    }
    fake_qemu_event(side->qemu, "MIGRATION", data);
}

static void die(FakeSide *side)
{
    kill(side->pid, SIGKILL);
    waitpid(side->pid, NULL, 0);
    side->pid = 0;
    g_unlink(side->path); /* nobody can connect any more */
    fake_qemu_hang_up(side->qemu);
}

static void do_side(FakeSide *side, const char *word)
{
    if (strcmp(word, "STOP") == 0 || strcmp(word, "RESUME") == 0) {
        set(&side->run_state, *word == 'R' ? "running" : "finish-migrate");
        fake_qemu_event(side->qemu, word, NULL);
    } else if (strcmp(word, "hang-up") == 0) {
        fake_qemu_hang_up(side->qemu);
    } else if (strcmp(word, "garbage") == 0) {
        fake_qemu_say(side->qemu, "\x7f ELF\r\n", 7);
    } else if (strcmp(word, "die") == 0) {
        die(side);
    } else if (strcmp(word, "mute") == 0 || strcmp(word, "forget") == 0) {
        /* that was seen to when the command came */
    } else if (*word == '~') {
        set(&side->status, word + 1);
    } else if (*word == '=') {
        set(&side->run_state, word + 1);
    } else if (*word == '(') {
        g_autofree char *text = g_strndup(word + 1, strlen(word) - 2);

        set(&side->error_desc, text);
    } else if (*word == '!') {
        set(&side->refusal, word + 1);
    } else {
        migrate_to(side, word);
    }
}

static gboolean on_cancel(gpointer user_data)
{
    FakePair *pair = user_data;

    pair->cancel_source = 0;
    run_cancel(pair->run);
    return G_SOURCE_REMOVE;
}

static void play(FakePair *pair, const char *words)
{
    g_auto(GStrv) each = g_strsplit(words, " ", -1);

    for (char **word = each; *word; word++) {
        if (strcmp(*word, "cancel") == 0 || strcmp(*word, "cancel-now") == 0) {
            pair->cancel_source =
                g_idle_add_full((*word)[6] ? G_PRIORITY_HIGH : G_PRIORITY_LOW,
                                on_cancel, pair, NULL);
        } else if (**word) {
            do_side(&pair->sides[**word == 'D'], *word + 2);
        }
    }
}

static const char *reaction_to(FakePair *pair, const char *told)
{
    for (size_t i = 0; i < G_N_ELEMENTS(pair->script->reactions); i++) {
        const Reaction *reaction = &pair->script->reactions[i];

        if (!pair->reacted[i] && reaction->command &&
            strcmp(reaction->command, told) == 0) {
            pair->reacted[i] = true;
            return reaction->words;
        }
    }
    for (size_t i = 0; i < G_N_ELEMENTS(usual); i++) {
        if (strcmp(usual[i].command, told) == 0) {
            return usual[i].words;
        }
    }
    return "";
}

/* ---- answers ---- */

static char *tell_migration(const FakeSide *side)
{
    g_autofree char *name = g_strdup_printf(
        "query-migrate-%s",
        strcmp(side->status, "completed") == 0 ? "completed" : "active");
    g_autoptr(JsonNode) node = side->side == SIDE_SOURCE
                                   ? recorded_reply(name, side->pair->version)
                                   : json_value("{}");
    JsonObject *object = json_node_get_object(node);

    if (strcmp(side->status, "none") == 0) {
        return g_strdup("{}");
    }
    json_object_set_string_member(object, "status", side->status);
    if (side->error_desc) {
        json_object_set_string_member(object, "error-desc", side->error_desc);
    }
    return qmp_json_to_text(node);
}

static char *tell_capabilities(const CapsInventory *inventory)
{
    g_autoptr(GString) text = g_string_new("[");
    g_auto(GStrv) names = caps_inventory_names(inventory, true);

    for (char **name = names; *name; name++) {
        g_string_append_printf(
            text, "%s{\"capability\": \"%s\", \"state\": %s}",
            name == names ? "" : ", ", *name,
            caps_inventory_is_on(inventory, *name) ? "true" : "false");
    }
    return g_strconcat(text->str, "]", NULL);
}

static char *tell_parameters(const CapsInventory *inventory)
{
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);

    json_node_set_object(node, inventory->parameters);
    return qmp_json_to_text(node);
}

/* Both have the machine that was recorded.  NULL: that is no question of it. */
static char *tell_machine(const FakeSide *side, const char *command,
                          JsonObject *arguments)
{
    for (int i = 0; i < N_CAPS_MACHINE_QUESTIONS; i++) {
        g_autoptr(QmpCommand) question = caps_machine_question(i);
        bool is_it = strcmp(question->name, command) == 0 &&
                     (!question->arguments ||
                      json_object_equal(question->arguments, arguments));
        if (is_it) {
            g_autoptr(JsonNode) node =
                recorded_machine_reply(i, side->pair->version);
            return qmp_json_to_text(node);
        }
    }
    return NULL;
}

/* NULL: it is no question, or one that it does not know. */
static char *answer_to(const FakeSide *side, const char *command,
                       JsonObject *arguments)
{
    if (strcmp(command, "query-status") == 0) {
        return g_strdup_printf("{\"status\": \"%s\"}", side->run_state);
    }
    if (strcmp(command, "query-migrate") == 0) {
        return tell_migration(side);
    }
    if (strcmp(command, "query-migrate-capabilities") == 0) {
        return tell_capabilities(&side->inventory);
    }
    if (strcmp(command, "query-migrate-parameters") == 0) {
        return tell_parameters(&side->inventory);
    }
    if (strcmp(command, "query-qmp-schema") == 0) {
        g_autoptr(JsonNode) node = recorded_reply(command, side->pair->version);
        return qmp_json_to_text(node);
    }
    if (strcmp(command, "query-kvm") == 0) {
        return g_strdup("{\"enabled\": false, \"present\": true}");
    }
    return tell_machine(side, command, arguments);
}

/* A setting that it takes, it has from now on. */
static void take_setting(FakeSide *side, const char *command,
                         JsonObject *arguments)
{
    if (g_str_has_prefix(command, "migrate-set-") && arguments) {
        g_autoptr(QmpCommand) setting = qmp_command_new(command);
        setting->arguments = json_object_ref(arguments);
        caps_inventory_apply(&side->inventory, setting);
    }
}

static void add_arguments(GString *told, JsonObject *arguments)
{
    JsonArray *list = qmp_json_array(arguments, "capabilities");
    g_autoptr(GList) names = json_object_get_members(arguments);

    for (guint i = 0; list && i < json_array_get_length(list); i++) {
        JsonObject *row = json_array_get_object_element(list, i);

        g_string_append_printf(
            told, " %c%s",
            json_object_get_boolean_member(row, "state") ? '+' : '-',
            json_object_get_string_member(row, "capability"));
    }
    for (GList *at = names; !list && at; at = at->next) {
        g_autofree char *value =
            qmp_json_to_text(json_object_get_member(arguments, at->data));

        g_string_append_printf(told, " %s=%s", (char *)at->data, value);
    }
}

static void note_told(FakeSide *side, const char *command,
                      JsonObject *arguments)
{
    GString *told = side->pair->told;

    g_string_append_printf(told, "%s%c", told->len ? "; " : "",
                           side->side == SIDE_SOURCE ? 'S' : 'D');
    if (g_str_has_prefix(command, "migrate-set-")) {
        add_arguments(told, arguments);
    } else {
        g_string_append_printf(told, " %s", command);
    }
}

static bool on_command(FakeQemu *fake, const char *command,
                       JsonObject *arguments, const char *id,
                       gpointer user_data)
{
    FakeSide *side = user_data;
    bool is_question = strstr(command, "query-") != NULL;
    g_autofree char *answer = answer_to(side, command, arguments);
    g_autofree char *told = g_strdup_printf(
        "%c %s", side->side == SIDE_SOURCE ? 'S' : 'D', command);

    if (strcmp(command, "qmp_capabilities") == 0) {
        return false;
    }
    if (!answer && is_question) {
        fake_qemu_error(fake, id, "The command has not been found");
        return true;
    }
    if (!answer) {
        note_told(side, command, arguments);
    }
    const char *words = reaction_to(side->pair, told);
    const char *refusal = strchr(words, '!');
    side->mute = strstr(words, ":mute") != NULL;
    if (refusal) { /* it stands last in the words */
        g_autofree char *text = g_strdelimit(g_strdup(refusal + 1), "_", ' ');

        fake_qemu_error(fake, id, text);
        return true;
    }
    if (!strstr(words, ":forget")) {
        take_setting(side, command, arguments);
    }
    /* QEMU says that before it answers. */
    if (side->side == SIDE_SOURCE && g_str_has_prefix(words, "S:setup")) {
        migrate_to(side, "setup");
        words += strlen("S:setup");
    }
    if (!side->mute) {
        fake_qemu_return(fake, id, answer ? answer : "{}");
    }
    play(side->pair, words);
    return true;
}

/* ---- life ---- */

static void init_side(FakePair *pair, Side which)
{
    FakeSide *side = &pair->sides[which];
    g_auto(GStrv) version = g_strsplit(pair->version, ".", 2);
    g_autofree char *script = g_strdup_printf(SCRIPT, version[1], version[0]);

    side->pair = pair;
    side->side = which;
    side->path = g_build_filename(pair->folder, side_name(which), NULL);
    side->qemu = fake_qemu_new(script);
    fake_qemu_set_handler(side->qemu, on_command, side);
    if (!fake_qemu_listen(side->qemu, side->path)) {
        g_error("%s", side->path);
    }
    side->address = qmp_address_parse(fake_qemu_address(side->qemu), NULL);
    recorded_inventory(&side->inventory, pair->version);
    set(&side->status, "none");
    set(&side->run_state, which == SIDE_DESTINATION ? "inmigrate"
                          : pair->script->run_state ? pair->script->run_state
                                                    : "running");
    side->pid = fork();
    if (side->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* also when a check fails */
        pause();
        _exit(0);
    }
}

static void add_wishes(MigrationSettings *settings, const char *wishes)
{
    g_auto(GStrv) each = g_strsplit(wishes ? wishes : "", " ", -1);

    settings->wishes =
        g_ptr_array_new_with_free_func((GDestroyNotify)caps_wish_free);
    for (char **word = each; *word; word++) {
        char *equals = strchr(*word, '=');

        if (equals) {
            *equals = '\0';
        }
        if (**word) {
            g_ptr_array_add(
                settings->wishes,
                equals ? caps_wish_parameter(*word, equals + 1)
                       : caps_wish_capability(*word + 1, **word == '+'));
        }
    }
}

bool fake_pair_can_die(void)
{
    int fd = syscall(SYS_pidfd_open, getpid(), 0);

    if (fd >= 0) {
        close(fd);
    }
    return fd >= 0;
}

FakePair *fake_pair_new(const PairScript *script)
{
    FakePair *pair = g_new0(FakePair, 1);

    pair->script = script;
    pair->version = script->version ? script->version : "10.0";
    pair->folder = g_dir_make_tmp("qmigrate-test-XXXXXX", NULL);
    pair->told = g_string_new(NULL);
    pair->settings.uri =
        g_strdup(script->uri ? script->uri : "unix:/run/stream");
    add_wishes(&pair->settings, script->wishes);
    init_side(pair, SIDE_SOURCE);
    init_side(pair, SIDE_DESTINATION);
    return pair;
}

static void clear_side(FakeSide *side)
{
    if (side->pid) {
        kill(side->pid, SIGKILL);
        waitpid(side->pid, NULL, 0);
    }
    fake_qemu_free(side->qemu);
    g_unlink(side->path);
    qmp_address_free(side->address);
    g_free(side->path);
    g_free(side->run_state);
    g_free(side->status);
    g_free(side->error_desc);
    caps_inventory_clear(&side->inventory);
    g_free(side->refusal);
}

void fake_pair_free(FakePair *pair)
{
    g_clear_handle_id(&pair->cancel_source, g_source_remove);
    g_clear_pointer(&pair->run, run_free);
    clear_side(&pair->sides[SIDE_SOURCE]);
    clear_side(&pair->sides[SIDE_DESTINATION]);
    g_rmdir(pair->folder);
    g_free(pair->folder);
    migration_settings_clear(&pair->settings);
    g_string_free(pair->told, TRUE);
    g_free(pair);
}

static void on_done(Run *run, gpointer user_data)
{
    FakePair *pair = user_data;

    pair->is_done = true;
}

const Migration *fake_pair_run(FakePair *pair)
{
    const RunConfig config = {
        .address = { pair->sides[SIDE_SOURCE].address,
                     pair->sides[SIDE_DESTINATION].address },
        .pid = { pair->sides[SIDE_SOURCE].pid,
                 pair->sides[SIDE_DESTINATION].pid },
        .settings = &pair->settings,
    };
    const RunHandlers handlers = { .done = on_done };

    pair->run = run_new(&config, &handlers, pair);
    run_start(pair->run);
    while (!pair->is_done) {
        g_main_context_iteration(NULL, TRUE);
    }
    return run_migration(pair->run);
}

const char *fake_pair_told(const FakePair *pair)
{
    return pair->told->str;
}
