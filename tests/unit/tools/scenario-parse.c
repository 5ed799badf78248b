/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Scenario files: what is right, and what is wrong, by line and column. */
#include "tools/scenario/parse.h"

#include <string.h>

#include "tests/lib/folder.h"
#include "tools/scenario/matrix.h"

static const char *const keys[] = { "enable", "memory", "smp", "qemu-arguments",
                                    NULL };

/* "it" is the text at hand; others are there to be included. */
static char *read_text(const char *path, gpointer user_data, GError **error)
{
    if (strcmp(path, "it") == 0) {
        return g_strdup(user_data);
    }
    if (g_str_has_suffix(path, "other")) {
        return g_strdup("[defaults]\nmemory = 5GiB\n");
    }
    if (g_str_has_suffix(path, "loop")) {
        return g_strdup("include loop\n");
    }
    g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "no %s", path);
    return NULL;
}

static ScenarioFile *parse(const char *text, GError **error)
{
    return scenario_file_parse("it", keys, read_text, (gpointer)text, error);
}

/* The options of each cell, a line each. */
static char *options_of(const ScenarioFile *file)
{
    g_autoptr(GString) all = g_string_new(NULL);
    g_autoptr(GPtrArray) cells =
        g_ptr_array_new_with_free_func((GDestroyNotify)cell_free);
    for (guint i = 0; i < file->scenarios->len; i++) {
        assert_true(
            matrix_add_cells(file->scenarios->pdata[i], NULL, cells, NULL));
    }
    for (guint i = 0; i < cells->len; i++) {
        const Cell *cell = cells->pdata[i];
        g_autofree char *words = g_strjoinv(" ", cell->options);
        g_string_append_printf(all, "%s: %s\n", cell->name, words);
    }
    return g_string_free(g_steal_pointer(&all), FALSE);
}

static const struct {
    const char *text, *options;
} right[] = {
    { "[scenario a]\n", "a: \n" },
    { "\xef\xbb\xbf[scenario bom]\n", "bom: \n" },
    { "# a comment\n\n; another\n[scenario a b]\r\nsmp = 2\r\n",
      "a b: --smp=2\n" },
    { "[defaults]\nsmp = 2\n[scenario a]\n[scenario b]\nsmp = 3\n",
      "a: --smp=2\nb: --smp=3\n" },
    /* in order, and a scenario's own instead of all of the defaults' */
    { "[defaults]\nenable = x\nenable = y\n[scenario a]\n[scenario b]\n"
      "enable = z\nenable = w\n",
      "a: --enable=x --enable=y\nb: --enable=z --enable=w\n" },
    { "[scenario a]\nsmp = 1, 2\nenable = \"x,y\"\n",
      "a [smp=1]: --smp=1 --enable=x,y\na [smp=2]: --smp=2 --enable=x,y\n" },
    { "[scenario a]\nenable = yes, no\n", "a [enable=yes]: --enable\n"
                                          "a [enable=no]: \n" },
    { "[scenario a]\nsmp = 1, 2\nmemory = 3, 4\n",
      "a [smp=1 memory=3]: --smp=1 --memory=3\n"
      "a [smp=1 memory=4]: --smp=1 --memory=4\n"
      "a [smp=2 memory=3]: --smp=2 --memory=3\n"
      "a [smp=2 memory=4]: --smp=2 --memory=4\n" },
    { "include other\n[scenario a]\n", "a: --memory=5GiB\n" },
    { "[choice load a]\nsmp = 1\nmemory = 2\n[choice load b]\nsmp = 3\n"
      "[scenario a]\nload = a, b\n",
      "a [load=a]: --smp=1 --memory=2\na [load=b]: --smp=3\n" },
};

static void right_ones_become_cells(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(right); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(ScenarioFile) file = parse(right[i].text, &error);
        print_message("%s\n", right[i].text);
        assert_null(error);
        g_autofree char *options = options_of(file);
        assert_string_equal(options, right[i].options);
    }
}

static const struct {
    const char *text, *where, *what;
} wrong[] = {
    { "[senarii a]\n", "it:1:2: ", "section" },
    { "[scenario]\n", "it:1:2: ", "a name" },
    { "[scenario a\n", "it:1:1: ", "']'" },
    { "[scenario a] b\n", "it:1:14: ", "too many" },
    { "[defaults a]\n", "it:1:2: ", "no name" },
    { "[scenario a]\n[scenario a]\n", "it:2:2: ", "already, at it:1" },
    { "smp = 2\n", "it:1:1: ", "belongs into" },
    { "at start: cancel\n", "it:1:1: ", "belongs into a scenario" },
    { "[defaults]\nexpect passes > 1\n", "it:2:1: ", "belongs into" },
    { "[scenario a]\nsmq = 2\n", "it:2:1: ", "did you mean smp" },
    { "[scenario a]\nsmp = \n", "it:2:7: ", "empty" },
    { "[scenario a]\nsmp = 1,,2\n", "it:2:7: ", "empty" },
    { "[scenario a]\nhello\n", "it:2:1: ", "no key" },
    { "[scenario a]\ndeadline = x\n", "it:2:12: ", "takes microseconds" },
    { "[scenario a]\ndeadline = 30\n", "it:2:12: ", "has no unit" },
    { "[scenario a]\ndeadline = 0s\n", "it:2:12: ", "nothing to wait for" },
    { "[scenario a]\nat 200 after start: cancel\n", "it:2:4: ", "has no unit" },
    { "[scenario a]\nat start: link delay 5\n", "it:2:22: ", "has no unit" },
    { "[scenario a]\nexpect exit\n", "it:2:12: ", "comparison is missing" },
    { "[scenario a]\nexpect error source-lots\n",
      "it:2:14: ", "did you mean source-lost" },
    { "[scenario a]\nrepeat = 0\n", "it:2:10: ", "repeat" },
    { "[scenario a]\nreport = totem\n", "it:2:10: ", "did you mean total" },
    { "[scenario a]\nat start cancel\n", "it:2:1: ", "':'" },
    { "[scenario a]\nat start:\n", "it:2:10: ", "an action is missing" },
    { "[scenario a]\nat start: cancel now\n", "it:2:18: ", "too many" },
    { "[scenario a]\nat start: kill\n", "it:2:15: ", "source or destination" },
    { "[scenario a]\nat start: set x \"a; cancel\n",
      "it:2:17: ", "not closed" },
    { "[scenario a]\nat source \"new: cancel\n", "it:2:11: ", "not closed" },
    { "[scenario a]\nexpect error \"x\n", "it:2:14: ", "not closed" },
    { "[scenario a]\nsmp = \"2\n", "it:2:7: ", "not closed" },
    { "[scenario a]\nat start: cancel; ; stop\n", "it:2:19: ", "missing" },
    { "[scenario a]\nat end: recover\n", "it:2:9: ", "kill qmigrate" },
    { "[scenario a]\nat start: guest dance\n", "it:2:17: ", "guest does" },
    { "[scenario a]\nat start: guest dirty-rate 5s\n", "it:2:28: ", "unit" },
    { "[scenario a]\nat guest rat: cancel\n",
      "it:2:10: ", "did you mean rate" },
    { "[scenario a]\nneed argument migrate\n",
      "it:2:15: ", "a name is missing" },
    { "[scenario a]\nat start: set x\n", "it:2:16: ", "its value" },
    { "[scenario a]\nat start: qmp source stop [1]\n", "it:2:27: ", "JSON" },
    { "[scenario a]\nat start: link rate 5s\n", "it:2:21: ", "unit" },
    { "[scenario a]\nat start: link brake\n", "it:2:16: ", "link" },
    { "[scenario a]\nat : cancel\n", "it:2:4: ", "a moment is missing" },
    { "[scenario a]\nat noon: cancel\n", "it:2:4: ", "no moment" },
    { "[scenario a]\nat source actiwe: cancel\n",
      "it:2:11: ", "did you mean active" },
    { "[scenario a]\nat pass one: cancel\n", "it:2:9: ", "number" },
    { "[scenario a]\nat remaining 5: cancel\n", "it:2:14: ", "needs <" },
    { "[scenario a]\nat 9223372036854775807us after start: cancel\n",
      "it:2:4: ", "longer than a day" },
    { "[scenario a]\nat 5GiB after start: cancel\n", "it:2:4: ", "unit" },
    { "[scenario a]\nexpect outcom failed\n",
      "it:2:8: ", "did you mean outcome" },
    { "[scenario a]\nexpect outcome failet\n",
      "it:2:16: ", "did you mean failed" },
    { "[scenario a]\nexpect passes about 5\n", "it:2:15: ", "comparison" },
    { "[scenario a]\nexpect total < 5MiB\n", "it:2:16: ", "unit" },
    { "[scenario a]\nexpect statuses active\n",
      "it:2:8: ", "needs source or destination" },
    { "[scenario a]\nexpect source passes > 1\n",
      "it:2:15: ", "not of one side" },
    { "[scenario a]\nexpect heartbeat\n", "it:2:17: ", "'whole'" },
    { "[scenario a]\nneed money\n", "it:2:6: ", "no need" },
    { "[scenario a]\nneed qemu >= new\n", "it:2:14: ", "no version" },
    { "[scenario a]\nneed capability\n", "it:2:16: ", "a name is missing" },
    { "include\n", "it:1:8: ", "a file is missing" },
    { "include nowhere\n", "it:1:9: ", "no ./nowhere" },
    { "include loop\n", "./loop:1:9: ", "a loop" },
    { "\xff\n", "it:1:1: ", "UTF-8" },
    { "[choice smp a]\n", "it:1:2: ", "an option" },
    { "[choice a]\n", "it:1:2: ", "[choice KEY VALUE]" },
    { "[choice a b]\nsmp = 1, 2\n", "it:2:7: ", "one value" },
    { "[choice a b]\n[scenario c]\na = d\n", "it:3:5: ", "[choice a d]" },
};

static void wrong_ones_are_told_by_line_and_column(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(ScenarioFile) file = parse(wrong[i].text, &error);
        print_message("%s\n", wrong[i].text);
        assert_null(file);
        assert_true(
            g_error_matches(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE));
        if (!g_str_has_prefix(error->message, wrong[i].where)) {
            print_error("%s\n", error->message);
            fail();
        }
        check_contains(error->message, wrong[i].what);
    }
}

static void steps_keep_their_order_and_words(void **state)
{
    static const char text[] =
        "[scenario a]\nneed kvm\n"
        "at 200ms after source active: cancel; set tls-authz \"a;b: c\" ; \n"
        "at destination event RESUME: qmp source x {\"a\": \"b;c\"}\n"
        "at remaining < 10MiB: link cut\n"
        "expect source statuses exactly active \"brand-new\"\n";
    g_autoptr(ScenarioFile) file = parse(text, NULL);
    const Scenario *scenario = file->scenarios->pdata[0];
    const ScenarioStep *first = scenario->steps->pdata[0];
    const ScenarioStep *second = scenario->steps->pdata[1];
    const ScenarioStep *third = scenario->steps->pdata[2];
    const ScenarioAction *set = first->actions->pdata[1];
    const ScenarioAction *qmp = second->actions->pdata[0];
    const Expectation *fact = scenario->expectations->pdata[0];

    assert_int_equal(scenario->needs->len, 1);
    assert_int_equal(first->moment.kind, MOMENT_STATUS);
    assert_int_equal(first->moment.delay_us, 200000);
    assert_int_equal(first->actions->len, 2);
    assert_string_equal(set->value, "a;b: c");
    assert_int_equal(first->spot.line, 3);
    assert_int_equal(second->moment.side, SIDE_DESTINATION);
    assert_string_equal(second->moment.word, "RESUME");
    assert_string_equal(json_object_get_string_member(qmp->arguments, "a"),
                        "b;c");
    assert_int_equal(third->moment.number, 10 << 20);
    assert_true(scenario->uses_link);
    assert_true(fact->is_exact);
    assert_string_equal(fact->words[1], "brand-new");
}

static void a_matrix_has_its_limit(void **state)
{
    g_autoptr(GString) text = g_string_new("[scenario a]\n");
    for (int key = 0; key < 3; key++) {
        g_string_append_printf(text, "%s = 0", keys[key]);
        for (int i = 1; i < 22; i++) {
            g_string_append_printf(text, ", %d", i);
        }
        g_string_append_c(text, '\n');
    }
    g_autoptr(ScenarioFile) file = parse(text->str, NULL);
    g_autoptr(GPtrArray) cells =
        g_ptr_array_new_with_free_func((GDestroyNotify)cell_free);
    g_autoptr(GError) error = NULL;
    const char *const overridden[] = { "smp", NULL };

    assert_false(
        matrix_add_cells(file->scenarios->pdata[0], NULL, cells, &error));
    check_contains(error->message, "10000");
    assert_true(
        matrix_add_cells(file->scenarios->pdata[0], overridden, cells, NULL));
    assert_int_equal(cells->len, 22 * 22);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(right_ones_become_cells),
        cmocka_unit_test(wrong_ones_are_told_by_line_and_column),
        cmocka_unit_test(steps_keep_their_order_and_words),
        cmocka_unit_test(a_matrix_has_its_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
