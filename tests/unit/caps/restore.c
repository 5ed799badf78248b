/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What we set is restored; what another client set after us is left alone.
 */
#include "tests/lib/check.h"

#include "caps/restore.h"
#include "tests/lib/recorded-pair.h"

/* "+name", "-name" or "name=number", separated by blanks, as one command. */
static QmpCommand *command_of(const char *words)
{
    g_auto(GStrv) each = g_strsplit(words, " ", -1);
    if (strchr(words, '=')) {
        QmpCommand *command = qmp_command_new("migrate-set-parameters");
        for (char **word = each; *word; word++) {
            g_auto(GStrv) pair = g_strsplit(*word, "=", 2);
            qmp_command_set_int(command, pair[0], atoi(pair[1]));
        }
        return command;
    }
    if (*words != '+' && *words != '-') {
        return qmp_command_new(words);
    }
    g_autoptr(GString) rows = g_string_new("[");
    for (char **word = each; *word; word++) {
        g_string_append_printf(rows, "%s{\"capability\":\"%s\",\"state\":%s}",
                               word == each ? "" : ",", *word + 1,
                               **word == '+' ? "true" : "false");
    }
    g_string_append_c(rows, ']');
    return qmp_command_set_node(qmp_command_new("migrate-set-capabilities"),
                                "capabilities",
                                json_from_string(rows->str, NULL));
}

/* "S|D set / undo", separated by ";". */
static GPtrArray *steps_of(const char *text)
{
    GPtrArray *steps =
        g_ptr_array_new_with_free_func((GDestroyNotify)caps_step_free);
    g_auto(GStrv) each = g_strsplit(text, "; ", -1);
    for (char **one = each; *one; one++) {
        g_auto(GStrv) both = g_strsplit(*one + 2, " / ", 2);
        CapsStep *step = g_new0(CapsStep, 1);
        step->side = **one == 'S' ? SIDE_SOURCE : SIDE_DESTINATION;
        step->command = command_of(both[0]);
        step->undo = *both[1] ? command_of(both[1])
                              : qmp_command_new(step->command->name);
        g_ptr_array_add(steps, step);
    }
    return steps;
}

/* On the source; @restored is in the order in which it is sent. */
static const struct {
    const char *what, *steps;
    guint n; /* that were sent */
    const char *now, *restored, *foreign;
} cases[] = {
    { "as we set it",
      "S max-bandwidth=5 / max-bandwidth=7; S +events / -events", 2,
      "max-bandwidth=5 +events", "S -events; S max-bandwidth=7", NULL },
    { "restored already",
      "S max-bandwidth=5 / max-bandwidth=7; S +events / -events", 2,
      "max-bandwidth=7 -events", "", NULL },
    { "changed by another client", "S max-bandwidth=5 / max-bandwidth=7", 1,
      "max-bandwidth=9", "", "max-bandwidth=9 (before: 7)" },
    { "one of two",
      "S downtime-limit=1 max-bandwidth=5 / downtime-limit=300 "
      "max-bandwidth=7",
      1, "downtime-limit=1 max-bandwidth=9", "S downtime-limit=300",
      "max-bandwidth=9 (before: 7)" },
    { "one of two capabilities was switched back",
      "S +events +xbzrle / -events "
      "-xbzrle",
      1, "+events -xbzrle", "S -events", NULL },
    { "set twice by us",
      "S max-bandwidth=5 / max-bandwidth=7; S max-bandwidth=6 / "
      "max-bandwidth=5",
      2, "max-bandwidth=6", "S max-bandwidth=5; S max-bandwidth=7", NULL },
    { "the same, undone by half when qmigrate was killed",
      "S max-bandwidth=5 / max-bandwidth=7; S max-bandwidth=6 / "
      "max-bandwidth=5",
      2, "max-bandwidth=5", "S max-bandwidth=5; S max-bandwidth=7", NULL },
    { "set twice, and the old value again",
      "S max-bandwidth=5 / max-bandwidth=7; S max-bandwidth=6 / "
      "max-bandwidth=5",
      2, "max-bandwidth=7", "", NULL },
    { "set twice, then by another client",
      "S max-bandwidth=5 / max-bandwidth=7; S max-bandwidth=6 / "
      "max-bandwidth=5",
      2, "max-bandwidth=9", "", "max-bandwidth=9 (before: 7)" },
    { "what was not sent is not ours", "S max-bandwidth=5 / max-bandwidth=7", 0,
      "max-bandwidth=9", "", NULL },
    { "the other side's values say nothing",
      "S max-bandwidth=5 / max-bandwidth=7; D max-bandwidth=9 / "
      "max-bandwidth=8",
      2, "max-bandwidth=9", "", "max-bandwidth=9 (before: 7)" },
    { "QEMU does not report it any more", "S new-one=5 / new-one=7", 1, "",
      "S new-one=7", NULL },
    { "what has no old value cannot be restored", "S max-bandwidth=5 / ", 1,
      "max-bandwidth=5", "", NULL },
    { "nor is it, by whomever", "S max-bandwidth=5 / ", 1, "max-bandwidth=9",
      "", "max-bandwidth=9 (before: not set)" },
    { "an object is no setting", "S object-add / object-del", 1, "", "", NULL },
};

static void make(CapsInventory *now, const char *words)
{
    g_auto(GStrv) each = g_strsplit(words, " ", -1);
    for (char **word = each; *word && **word; word++) {
        g_autoptr(QmpCommand) command = command_of(*word);
        caps_inventory_apply(now, command);
    }
}

static char *restored(const GPtrArray *steps, guint n, const CapsInventory *now)
{
    g_autoptr(GPtrArray) sent =
        g_ptr_array_new_with_free_func((GDestroyNotify)caps_step_free);
    for (guint i = n; i-- > 0;) {
        const CapsStep *step = steps->pdata[i];
        QmpCommand *undo =
            step->side == SIDE_SOURCE ? caps_restore(steps, n, i, now) : NULL;
        if (undo) {
            CapsStep *one = g_new0(CapsStep, 1);
            one->command = undo;
            g_ptr_array_add(sent, one);
        }
    }
    return recorded_plan_to_text(sent, false);
}

static void only_ours_is_restored(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(RecordedPair) pair;
        recorded_pair_init(&pair, "10.0", "10.0");
        CapsInventory *now = &pair.inventories[SIDE_SOURCE];
        make(now, cases[i].now);
        g_autoptr(GPtrArray) steps = steps_of(cases[i].steps);

        g_autofree char *text = restored(steps, cases[i].n, now);
        g_autofree char *foreign =
            caps_restore_foreign(steps, cases[i].n, SIDE_SOURCE, now);
        if (strcmp(text, cases[i].restored) != 0 ||
            g_strcmp0(foreign, cases[i].foreign) != 0) {
            fail_msg("%s: restores %s, foreign: %s", cases[i].what, text,
                     foreign);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_ours_is_restored),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
