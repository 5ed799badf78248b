/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/contradiction.h"

#include <string.h>

#include "caps/table.h"
#include "caps/units.h"

typedef struct {
    char *option, *word;
    CapsWish *wish;
} Word;

struct Typed {
    GPtrArray *words;
};

static void word_free(Word *word)
{
    g_free(word->option);
    g_free(word->word);
    caps_wish_free(word->wish);
    g_free(word);
}

Typed *typed_new(void)
{
    Typed *typed = g_new0(Typed, 1);
    typed->words = g_ptr_array_new_with_free_func((GDestroyNotify)word_free);
    return typed;
}

void typed_free(Typed *typed)
{
    g_ptr_array_unref(typed->words);
    g_free(typed);
}

void typed_add(Typed *typed, const char *option, const char *word,
               const CapsWish *wish)
{
    Word *one = g_new0(Word, 1);
    one->option = g_strdup(option);
    one->word = g_strdup(word);
    one->wish = caps_wish_copy(wish);
    g_ptr_array_add(typed->words, one);
}

/* 1GiB is 1024MiB, true is on. */
static bool is_same_value(const char *name, const char *a, const char *b)
{
    static const char *const on[] = { "on", "true", NULL };
    static const char *const off[] = { "off", "false", NULL };
    Unit unit = caps_row_unit(caps_table_parameter(name));
    uint64_t number_a, number_b;

    if (unit_parse(a, unit, &number_a, NULL) &&
        unit_parse(b, unit, &number_b, NULL)) {
        return number_a == number_b;
    }
    return strcmp(a, b) == 0 ||
           (g_strv_contains(on, a) && g_strv_contains(on, b)) ||
           (g_strv_contains(off, a) && g_strv_contains(off, b));
}

static bool contradict(const Word *a, const Word *b)
{
    const CapsWish *x = a->wish, *y = b->wish;
    if (strcmp(a->option, b->option) == 0 || strcmp(x->name, y->name) != 0 ||
        !x->value != !y->value) {
        return false;
    }
    return x->value ? !is_same_value(x->name, x->value, y->value)
                    : x->on != y->on;
}

gboolean typed_check(const Typed *typed, GError **error)
{
    for (guint i = 0; i < typed->words->len; i++) {
        for (guint j = i + 1; j < typed->words->len; j++) {
            const Word *a = typed->words->pdata[i];
            const Word *b = typed->words->pdata[j];
            if (contradict(a, b)) {
                g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                            "%s and %s contradict each other; leave one of "
                            "them out",
                            a->word, b->word);
                return FALSE;
            }
        }
    }
    return TRUE;
}
