/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/lib/fake-script.h"

#include <stdlib.h>
#include <string.h>

#include "qmp/json.h"
#include "qmp/parser.h"

static void step_free(gpointer data)
{
    Step *step = data;

    g_clear_pointer(&step->message, json_object_unref);
    g_free(step->bytes);
    g_free(step);
}

static void read_message(Step *step, const char *line, const char *rest)
{
    g_autoptr(GError) error = NULL;

    step->message = qmp_parse_object(rest, strlen(rest), &error);
    if (!step->message) {
        g_error("script: %s: %s", line, error->message);
    }
}

static const struct {
    const char *word;
    StepKind kind;
} verbs[] = {
    { "bytes ", STEP_BYTES },   { "repeat ", STEP_BYTES },
    { "chunk ", STEP_CHUNK },   { "pause", STEP_PAUSE },
    { "silent", STEP_SILENT },  { "close", STEP_CLOSE },
    { "invent ", STEP_INVENT },
};

static void read_verb(Step *step, const char *line, const char *rest)
{
    bool repeats = g_str_has_prefix(rest, "repeat ");

    for (size_t i = 0; i < G_N_ELEMENTS(verbs); i++) {
        if (g_str_has_prefix(rest, verbs[i].word)) {
            char *end = (char *)rest + strlen(verbs[i].word);

            step->kind = verbs[i].kind;
            step->n = 1;
            if (repeats || step->kind == STEP_CHUNK) {
                step->n = strtoul(end, &end, 10);
            }
            step->bytes = g_strcompress(end + (repeats && *end == ' '));
            return;
        }
    }
    g_error("script: %s: unknown verb", line);
}

static Step *read_line(const char *line)
{
    Step *step = g_new0(Step, 1);
    const char *rest = line + MIN(strlen(line), 3);

    if (g_str_has_prefix(line, "-> ")) {
        step->kind = STEP_HEAR;
        read_message(step, line, rest);
    } else if (g_str_has_prefix(line, "*> ")) {
        step->kind = STEP_RULE;
        read_message(step, line, rest);
    } else if (g_str_has_prefix(line, "<- ")) {
        step->kind = STEP_SAY;
        read_message(step, line, rest);
    } else if (g_str_has_prefix(line, "! ")) {
        read_verb(step, line, line + 2);
    } else {
        g_error("script: %s: no such line", line);
    }
    return step;
}

GPtrArray *fake_script_parse(const char *text)
{
    GPtrArray *steps = g_ptr_array_new_with_free_func(step_free);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (char **line = lines; *line; line++) {
        g_strstrip(*line);
        if (**line && **line != '#') {
            g_ptr_array_add(steps, read_line(*line));
        }
    }
    return steps;
}

const char *fake_command_name(JsonObject *command)
{
    const char *name = qmp_json_string(command, "execute");

    return name ? name : qmp_json_string(command, "exec-oob");
}

static bool same_member(JsonObject *wanted, JsonObject *got, const char *name)
{
    JsonNode *left = json_object_get_member(wanted, name);
    JsonNode *right = json_object_get_member(got, name);

    return !left || (right && json_node_equal(left, right));
}

bool fake_step_fits(const Step *step, JsonObject *command)
{
    return g_strcmp0(fake_command_name(step->message),
                     fake_command_name(command)) == 0 &&
           same_member(step->message, command, "arguments");
}

char *fake_member_text(JsonObject *object, const char *name)
{
    JsonNode *node = json_object_get_member(object, name);

    return node ? qmp_json_to_text(node) : NULL;
}
