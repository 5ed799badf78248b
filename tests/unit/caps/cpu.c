/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What one vCPU has and another lacks, by name. */
#include "tests/lib/check.h"

#include "caps/cpu.h"
#include "qmp/json.h"
#include "tests/lib/recorded.h"

#define WORD(eax, ecx, reg, bits)                                              \
    "{\"cpuid-register\":\"" reg "\",\"cpuid-input-eax\":" #eax                \
    ",\"cpuid-input-ecx\":" #ecx ",\"features\":" #bits "}"
#define WORD_OF_1(reg, bits)                                                   \
    "{\"cpuid-register\":\"" reg                                               \
    "\",\"cpuid-input-eax\":1,\"features\":" #bits "}"

static const struct {
    const char *what, *words, *others, *missing;
} cases[] = {
    { "the same", WORD_OF_1("ECX", 1), WORD_OF_1("ECX", 1), "" },
    { "more is no lack", WORD_OF_1("ECX", 1), WORD_OF_1("ECX", 3), "" },
    { "a named bit", WORD_OF_1("ECX", 268435457), WORD_OF_1("ECX", 1), "avx" },
    { "the highest bit", WORD_OF_1("ECX", 2147483648), WORD_OF_1("ECX", 0),
      "hypervisor" },
    { "another register", WORD_OF_1("EDX", 33554432), WORD_OF_1("ECX", 0),
      "sse" },
    { "by ecx", WORD(7, 1, "EAX", 17), WORD(7, 0, "EAX", 17),
      "sha512 avx-vnni" },
    { "a word that the other does not tell", WORD(7, 0, "EBX", 32),
      WORD_OF_1("EDX", 32), "avx2" },
    { "no name is last", WORD(7, 0, "EBX", 4128), WORD(7, 0, "EBX", 0),
      "avx2 CPUID[0x7,0].EBX bit 12" },
    { "what follows from the topology",
      WORD_OF_1("EDX", 268435456) "," WORD(2147483649, 0, "ECX", 2),
      WORD_OF_1("EDX", 0), "" },
    { "no word of that name", WORD(99, 3, "EDX", 1), WORD(7, 0, "EBX", 0),
      "CPUID[0x63,3].EDX bit 0" },
};

static GArray *words_of(const char *text)
{
    g_autofree char *array = g_strdup_printf("[%s]", text);
    g_autoptr(JsonNode) reply = json_value(array);
    return caps_cpu_words_parse(reply);
}

static void says_what_is_missing(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GArray) words = words_of(cases[i].words);
        g_autoptr(GArray) others = words_of(cases[i].others);
        g_autoptr(GPtrArray) missing = caps_cpu_words_missing(words, others);
        g_ptr_array_add(missing, NULL);
        g_autofree char *list = g_strjoinv(" ", (char **)missing->pdata);
        if (strcmp(list, cases[i].missing) != 0) {
            fail_msg("%s: %s", cases[i].what, list);
        }
    }
}

/* 10.0 tells words that 7.2 does not know; the model is the same. */
static void one_model_is_the_same_in_both(void **state)
{
    g_autoptr(JsonNode) old = recorded_reply("machine", "7.2");
    g_autoptr(JsonNode) new = recorded_reply("machine", "10.0");
    g_autoptr(GArray) words = caps_cpu_words_parse(
        json_object_get_member(json_node_get_object(old), "cpu-features"));
    g_autoptr(GArray) others = caps_cpu_words_parse(
        json_object_get_member(json_node_get_object(new), "cpu-features"));
    g_autoptr(GPtrArray) missing = caps_cpu_words_missing(words, others);
    g_autoptr(GPtrArray) more = caps_cpu_words_missing(others, words);

    assert_int_equal(words->len, 24);
    assert_int_equal(others->len, 31);
    assert_int_equal(missing->len, 0);
    assert_int_equal(more->len, 0);
}

static const char *const odd[] = {
    "{}",
    "[]",
    "[1]",
    "[{}]",
    "\"x\"",
    "[{\"cpuid-register\":\"ECX\",\"cpuid-input-eax\":1}]",
    "[{\"cpuid-register\":\"ECX0\",\"cpuid-input-eax\":1,\"features\":1}]",
    "[{\"cpuid-register\":1,\"cpuid-input-eax\":1,\"features\":1}]",
    "[{\"cpuid-register\":\"ECX\",\"cpuid-input-eax\":-1,\"features\":1}]",
};

static void takes_nothing_that_is_none(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(odd); i++) {
        g_autoptr(JsonNode) reply = json_value(odd[i]);
        g_autoptr(GArray) words = caps_cpu_words_parse(reply);
        check_case(odd[i], !words);
    }
    assert_null(caps_cpu_words_parse(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_what_is_missing),
        cmocka_unit_test(one_model_is_the_same_in_both),
        cmocka_unit_test(takes_nothing_that_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
