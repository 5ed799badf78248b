/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the guest's words prove. */
#include "tests/lib/check.h"

#include "qmp/json.h"
#include "tools/lab/verify.h"

/* Lines of the guest, one per line; "|" is the end of the migration. */
static void listen(Verify *verify, const char *words)
{
    g_auto(GStrv) lines = g_strsplit(words, "\n", -1);
    gboolean after = FALSE;

    for (char **each = lines; *each; each++) {
        Line line = guest_line_parse(*each);

        after |= strcmp(*each, "|") == 0;
        verify_take(verify, &line, after);
    }
}

#define BEGIN                                                                  \
    "hello 1 cpus=2 memory-bytes=65536 working-set-bytes=4096 "                \
    "above-4g-bytes=0\nready\n"                                                \
    "rate cpu=0 pages=1000 us=1000000\nrate cpu=1 pages=500 us=500000\n|\n"
#define GOOD "verify pages=16 bad=0 lost-writes=0"

static const struct {
    const char *what, *words;
    uint64_t n_lost, n_repeated;
    FailureCode code;
    const char *message;
} judged[] = {
    { "all is well", BEGIN GOOD, 0, 0, FAILURE_NONE, NULL },
    { "nothing said", "", 0, 0, FAILURE_MEMORY_NOT_INTACT,
      "did not prove its memory" },
    { "it never checked", BEGIN, 0, 0, FAILURE_MEMORY_NOT_INTACT,
      "did not prove its memory" },
    { "a bad page", BEGIN "verify pages=16 bad=1 lost-writes=0", 0, 0,
      FAILURE_MEMORY_NOT_INTACT, "1 of 16 pages" },
    { "a lost write", BEGIN "verify pages=16 bad=0 lost-writes=3", 0, 0,
      FAILURE_MEMORY_NOT_INTACT, "3 writes are lost" },
    { "which page was bad first",
      BEGIN "bad page=1000 offset=8 expected=aa found=bb\n"
            "bad page=2000 offset=0 expected=cc found=dd\n"
            "verify pages=16 bad=2 lost-writes=0",
      0, 0, FAILURE_MEMORY_NOT_INTACT,
      "first: bad page=1000 offset=8 expected=aa found=bb" },
    { "memory before beats", BEGIN "verify pages=16 bad=1 lost-writes=0", 7, 0,
      FAILURE_MEMORY_NOT_INTACT, "1 of 16 pages" },
    { "a lost beat", BEGIN GOOD, 1, 0, FAILURE_BEATS_LOST,
      "1 heartbeats lost" },
    { "a beat that came twice", BEGIN GOOD, 0, 2, FAILURE_BEATS_LOST,
      "2 came twice" },
    { "no page checked proves nothing",
      BEGIN "verify pages=0 bad=0 lost-writes=0", 0, 0,
      FAILURE_MEMORY_NOT_INTACT, "" },
    { "nobody asks a guest that is off", BEGIN "off", 0, 0, FAILURE_NONE,
      NULL },
    { "a line that was cut proves nothing", BEGIN "verify", 0, 0,
      FAILURE_MEMORY_NOT_INTACT, "" },
    { "a line that was cut proves nothing", BEGIN "verify pages=16 bad=", 0, 0,
      FAILURE_MEMORY_NOT_INTACT, "" },
};

static void judges(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(judged); i++) {
        const char *what = judged[i].what;
        Verify verify = { 0 };
        g_autofree char *message = NULL;
        Beats beats;

        beats_init(&beats);
        beats.n_lost = judged[i].n_lost;
        beats.n_repeated = judged[i].n_repeated;
        listen(&verify, judged[i].words);
        FailureCode code = verify_judge(&verify, &beats, &message);
        if (code != judged[i].code) {
            print_error("%s\n", what);
        }
        assert_string_equal(failure_row(code)->word,
                            failure_row(judged[i].code)->word);
        check_case(what, (message == NULL) == (code == FAILURE_NONE));
        if (judged[i].message) {
            check_contains(message, judged[i].message);
        }
        beats_clear(&beats);
    }
}

static const struct {
    const char *what, *words;
    bool has_rate;
    double before, after;
} rates[] = {
    { "both vCPUs", BEGIN, true, 8192000, 0 },
    { "one vCPU of two", "hello 1 cpus=2\nrate cpu=0 pages=1000 us=1000000",
      false, 4096000, 0 },
    { "no vCPU known", "rate cpu=0 pages=1000 us=1000000", false, 4096000, 0 },
    { "in no time", "hello 1 cpus=1\nrate cpu=0 pages=1000 us=0", true, 0, 0 },
    { "after", BEGIN "rate cpu=0 pages=1 us=1000000", true, 8192000, 4096 },
};

static void adds_rates(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rates); i++) {
        Verify verify = { 0 };

        listen(&verify, rates[i].words);
        check_case(rates[i].what,
                   verify_has_rate_before(&verify) == rates[i].has_rate);
        check_case(rates[i].what,
                   verify.rate_before_bytes_per_s == rates[i].before);
        check_case(rates[i].what,
                   verify.rate_after_bytes_per_s == rates[i].after);
    }
}

static const struct {
    const char *what, *words, *member, *value;
} documents[] = {
    { "nothing proved", "", "memory", "\"unknown\"" },
    { "nothing proved", "", "pages", "null" },
    { "nothing proved", "", "bad_pages", "null" },
    { "nothing proved", "", "rate_before_bytes_per_s", "null" },
    { "nothing proved", "", "longest_stall_us", "null" },
    { "nothing proved", "", "write_times", "[]" },
    { "proved", BEGIN GOOD, "memory", "\"intact\"" },
    { "proved", BEGIN GOOD, "pages", "16" },
    { "proved", BEGIN GOOD, "lost_writes", "0" },
    { "proved", BEGIN GOOD, "rate_before_bytes_per_s", "8192000" },
    { "proved", BEGIN GOOD, "rate_after_bytes_per_s", "null" },
    { "not so", BEGIN "verify pages=16 bad=1 lost-writes=0", "memory",
      "\"not-intact\"" },
    { "writes", BEGIN "writes 0=3 10=2\n" GOOD, "write_times",
      "[{\"from_ns\":1,\"count\":3},{\"from_ns\":1024,\"count\":2}]" },
};

static void writes_the_document(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(documents); i++) {
        Verify verify = { 0 };
        Beats beats;

        beats_init(&beats);
        listen(&verify, documents[i].words);
        g_autoptr(JsonObject) object = verify_to_json(&verify, &beats);
        JsonNode *node = json_object_get_member(object, documents[i].member);
        assert_non_null(node);
        g_autofree char *value = qmp_json_to_text(node);
        if (strcmp(value, documents[i].value) != 0) {
            fail_msg("%s: %s is %s", documents[i].what, documents[i].member,
                     value);
        }
        beats_clear(&beats);
    }
}

/* However long the guest's complaint is, it fits. */
static void a_long_complaint_is_cut(void **state)
{
    g_autofree char *tail = g_strnfill(1000, 'x');
    g_autofree char *text = g_strdup_printf("bad page=1 %s", tail);
    Line line = guest_line_parse(text);
    Verify verify = { 0 };

    verify_take(&verify, &line, TRUE);
    assert_int_equal(strlen(verify.first_bad), sizeof(verify.first_bad) - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(judges),
        cmocka_unit_test(adds_rates),
        cmocka_unit_test(writes_the_document),
        cmocka_unit_test(a_long_complaint_is_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
