/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/scenario/tell.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#include "qmp/json.h"
#include "tools/output.h"
#include "tools/plain.h"

#define FILE_NAME_MAX 200 /* bytes; more than this is no name of a file */

static const char *word_of(const ScenarioVerdict *verdict)
{
    return verdict->kind == VERDICT_HELD     ? "ok"
           : verdict->kind == VERDICT_FAILED ? "FAIL"
                                             : "skip";
}

char *tell_name(const CellRun *run)
{
    const Cell *cell = run->cell;
    return cell->round
               ? g_strdup_printf("%s, round %u", cell->name, cell->round)
               : g_strdup(cell->name);
}

void tell_people(const CellRun *run)
{
    const ScenarioVerdict *verdict = run->verdict;
    g_autofree char *name = tell_name(run);
    plain_print(stdout, "%-4s  %-56s %6.1f s\n", word_of(verdict), name,
                run->us / 1e6);
    if (verdict->reason) {
        plain_print(stdout, "      %s\n", verdict->reason);
    }
    for (guint i = 0; i < verdict->differences->len; i++) {
        plain_print(stdout, "      %s\n",
                    (char *)verdict->differences->pdata[i]);
    }
    if (run->kept) {
        plain_print(stdout, "      all of it: %s\n", run->kept);
    }
    plain_flush(stdout);
}

/* ---- TAP ---- */

void tell_tap_plan(guint n)
{
    plain_print(stdout, "TAP version 14\n1..%u\n", n);
    plain_flush(stdout);
}

static void tap_lines(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        plain_print(stdout, "# %s\n", *line);
    }
}

void tell_tap(const CellRun *run, guint number)
{
    const ScenarioVerdict *verdict = run->verdict;
    g_autofree char *name = g_strdelimit(tell_name(run), "#\n", ' ');

    plain_print(stdout, "%sok %u - %s%s%s\n",
                verdict->kind == VERDICT_FAILED ? "not " : "", number, name,
                verdict->reason ? " # SKIP " : "",
                verdict->reason ? verdict->reason : "");
    for (guint i = 0; i < verdict->differences->len; i++) {
        tap_lines(verdict->differences->pdata[i]);
    }
    if (run->kept) {
        plain_print(stdout, "# all of it: %s\n", run->kept);
    }
    plain_flush(stdout);
}

void tell_tap_end(void)
{
    plain_print(stdout, "Bail out! interrupted\n");
    plain_flush(stdout);
}

/* ---- JUnit ---- */

/* What XML 1.0 has no way to write is left out. */
static void add_escaped(GString *xml, const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    for (char *c = valid; *c; c++) {
        if ((unsigned char)*c < ' ' && *c != '\n' && *c != '\t') {
            *c = ' ';
        }
    }
    g_autofree char *escaped = g_markup_escape_text(valid, -1);
    g_string_append(xml, escaped);
}

/* @run may not have been run, when somebody interrupted it all. */
static void add_case(GString *xml, const CellRun *run)
{
    g_autoptr(ScenarioVerdict) none = verdict_without_result("not run");
    const ScenarioVerdict *verdict = run->verdict ? run->verdict : none;
    g_autofree char *name = tell_name(run);
    const char *skipped = run->verdict ? verdict->reason : "not run";
    g_string_append(xml, "  <testcase classname=\"");
    add_escaped(xml, run->cell->scenario->spot.file);
    g_string_append(xml, "\" name=\"");
    add_escaped(xml, name);
    g_string_append_printf(xml, "\" time=\"%.3f\">\n", run->us / 1e6);
    if (skipped) {
        g_string_append(xml, "    <skipped message=\"");
        add_escaped(xml, skipped);
        g_string_append(xml, "\"/>\n");
    }
    for (guint i = 0; !skipped && i < verdict->differences->len; i++) {
        g_string_append(xml, "    <failure message=\"");
        add_escaped(xml, verdict->differences->pdata[i]);
        g_string_append(xml, "\"/>\n");
    }
    g_string_append(xml, "  </testcase>\n");
}

gboolean tell_junit(const char *path, const GPtrArray *runs, GError **error)
{
    g_autoptr(GString) cases = g_string_new(NULL);
    guint counts[3] = { 0 }, n = 0;
    double s = 0;

    for (guint i = 0; i < runs->len; i++) {
        const CellRun *run = runs->pdata[i];
        add_case(cases, run);
        counts[run->verdict ? run->verdict->kind : VERDICT_SKIPPED]++;
        s += run->us / 1e6;
        n++;
    }
    g_autofree char *xml = g_strdup_printf(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<testsuites>\n<testsuite name=\"qmigrate\" tests=\"%u\" "
        "failures=\"%u\" skipped=\"%u\" time=\"%.3f\">\n%s</testsuite>\n"
        "</testsuites>\n",
        n, counts[VERDICT_FAILED], counts[VERDICT_SKIPPED], s, cases->str);
    return output_write_text(path, xml, error);
}

/* ---- what a failed one leaves ---- */

char *tell_file_name(const CellRun *run)
{
    g_autofree char *name = tell_name(run);
    char *file = g_strndup(name, FILE_NAME_MAX);
    for (char *c = file; *c; c++) {
        if (!g_ascii_isalnum(*c) && !strchr("-_.=,", *c)) {
            *c = '-';
        }
    }
    return file;
}

static gboolean put(const char *folder, const char *name, const char *text,
                    int mode, GError **error)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    return g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_NONE,
                                    mode, error);
}

/* This cell again, from whatever folder, and judged. */
static gboolean put_script(const CellRun *run, const char *folder,
                           GError **error)
{
    g_autoptr(GString) text = g_string_new("#!/bin/sh\nexec");
    gboolean is_behind = FALSE; /* of --: what is added stands before it */
    for (char **word = run->again; *word; word++) {
        g_autofree char *quoted = g_shell_quote(*word);
        is_behind |= strcmp(*word, "--") == 0;
        g_string_append_printf(
            text, "%s %s", strcmp(*word, "--") == 0 ? " \"$@\"" : "", quoted);
    }
    g_string_append(text, is_behind ? "\n" : " \"$@\"\n");
    return put(folder, "reproduce.sh", text->str, 0755, error);
}

/* Its files as they are, whatever there is of them. */
static void copy_files(const CellRun *run, const char *folder)
{
    static const char *const names[] = { "result.json", "trace.jsonl", "stdout",
                                         "stderr" };
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *from = g_build_filename(run->folder, names[i], NULL);
        g_autofree char *to = g_build_filename(folder, names[i], NULL);
        g_autoptr(GFile) source = g_file_new_for_path(from);
        g_autoptr(GFile) target = g_file_new_for_path(to);
        g_file_copy(source, target, G_FILE_COPY_OVERWRITE, NULL, NULL, NULL,
                    NULL);
    }
}

/* What the lab told of each QEMU: its command line, its standard error, what
 * the guest said. */
static gboolean put_told(const CellRun *run, const char *folder, GError **error)
{
    JsonObject *document =
        run->document ? json_node_get_object(run->document) : NULL;
    JsonObject *script = document ? qmp_json_object(document, "script") : NULL;
    JsonObject *logs = script ? qmp_json_object(script, "logs") : NULL;
    g_autoptr(GList) names = logs ? json_object_get_members(logs) : NULL;

    for (GList *name = names; name; name = name->next) {
        if (!put(folder, name->data, qmp_json_string(logs, name->data), 0644,
                 error)) {
            return FALSE;
        }
    }
    return TRUE;
}

char *tell_keep(const CellRun *run, const char *folder, GError **error)
{
    g_autofree char *name = tell_file_name(run);
    g_autofree char *path = g_build_filename(folder, name, NULL);

    if (g_mkdir_with_parents(path, 0755) < 0) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "cannot make %s",
                    path);
        return NULL;
    }
    copy_files(run, path);
    return put_script(run, path, error) && put_told(run, path, error)
               ? g_steal_pointer(&path)
               : NULL;
}
