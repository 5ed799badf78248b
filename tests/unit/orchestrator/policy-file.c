/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Policies that users write: what they do, and what is refused. */
#include "tests/lib/check.h"

#include "orchestrator/policy-file.h"
#include "tests/lib/policy-play.h"

static const PolicyTerms bare = { .qemu_downtime_us = 300000 };
static const PolicyTerms armed = { .qemu_downtime_us = 300000,
                                   .has_postcopy = true };

static const struct {
    const char *what, *text, *message;
} refused[] = {
    { "nothing", "", "there is no group [policy] in it" },
    { "no ini file", "start at 100 ms", "not an ini file: " },
    { "json", "{ \"steps\": [] }", "not an ini file: " },
    { "not UTF-8", "[policy]\nname = a\xff\n", "not UTF-8, at byte 17" },
    { "another group", "[policy]\nlast = abort\n[steps]\n1 = abort\n",
      "[steps]: there is no such group (it takes [policy])" },
    { "an unknown key", "[policy]\nstart-downtme = 100ms\n",
      "[policy] start-downtme: there is no such key; did you mean "
      "'start-downtime'? (it takes name, features, start-downtime, poll, "
      "count, steps, last, timeout, timeout-per-gib, at-timeout)" },
    { "a key twice", "[policy]\nlast = stop\nlast = abort\n",
      "[policy] last: it is there twice" },
    { "the name of another", "[policy]\nname = nova\nlast = abort\n",
      "[policy] name: 'nova' is built in" },
    { "no name", "[policy]\nname =\nlast = abort\n", "name: it takes a word" },
    { "a name that a terminal would obey",
      "[policy]\nname = a\x1b[2Jb\nlast = abort\n",
      "[policy] name: it has a control character in it" },
    { "an unknown action", "[policy]\nsteps = 1: downtme 200ms\nlast = abort\n",
      "[policy] steps: there is no action 'downtme'; did you mean "
      "'downtime'? (it takes 'downtime TIME', 'postcopy', 'stop', 'stop TIME' "
      "or 'abort')" },
    { "no action", "[policy]\nsteps = 1:\nlast = abort\n",
      "[policy] steps: there is no action ''" },
    { "an empty step", "[policy]\nsteps = 1: stop;; 2: abort\n",
      "[policy] steps: '' has no limit: it takes 'LIMIT: ACTION'" },
    { "an action without its time", "[policy]\nlast = downtime; abort\n",
      "[policy] last: 'downtime' takes a time" },
    { "an action with a time", "[policy]\nlast = abort 5s\n",
      "[policy] last: 'abort' takes no time" },
    { "no time", "[policy]\nlast = downtime soon; abort\n",
      "[policy] last: 'soon' is not a number from 0; it takes milliseconds, "
      "for "
      "example 300ms or 2s" },
    { "too long a time", "[policy]\nlast = downtime 1h; abort\n",
      "[policy] last: '1h' is not from 1 ms to 2000 s" },
    { "no downtime", "[policy]\nstart-downtime = 0ms\nlast = abort\n",
      "[policy] start-downtime: '0ms' is not from 1 ms to 2000 s" },
    { "falling limits",
      "[policy]\nsteps = 3: downtime 200ms; 2: downtime 300ms\nlast = abort\n",
      "[policy] steps: '2: downtime 300ms' does not come after "
      "'3: downtime 200ms': each limit must be greater than the one before" },
    { "equal limits",
      "[policy]\nsteps = 2: downtime 200ms; 2: downtime 300ms\nlast = abort\n",
      "[policy] steps: '2: downtime 300ms' does not come after" },
    { "a limit of the wrong kind",
      "[policy]\nsteps = 10s: downtime 200ms\nlast = abort\n",
      "[policy] steps: '10s' has a unit that does not fit; it takes a plain "
      "number" },
    { "no end", "[policy]\nsteps = 2: downtime 200ms\n",
      "[policy] last: it has no end: the last action must be 'abort', "
      "'postcopy' or 'stop' without a time, or there must be a 'timeout' or "
      "'timeout-per-gib'" },
    { "a stop that may not come", "[policy]\nlast = stop 200ms\n",
      "[policy] last: it has no end" },
    { "a timeout that may not end it",
      "[policy]\ntimeout = 5min\nat-timeout = stop 200ms\n",
      "[policy] at-timeout: 'stop 200ms' is no end" },
    { "nothing to do", "[policy]\nstart-downtime = 100ms\n", "it has no end" },
    { "more after the end",
      "[policy]\nsteps = 2: abort; 3: downtime 2s\nlast = abort\n",
      "[policy] steps: what follows 'abort' never comes" },
    { "last after the end", "[policy]\nsteps = 2: stop\nlast = abort\n",
      "[policy] last: what follows 'stop' never comes" },
    { "an unknown count", "[policy]\ncount = stalls\nlast = abort\n",
      "[policy] count: 'stalls' cannot be counted; did you mean 'stalled'? (it "
      "takes passes, stalled, time or time-per-gib)" },
    { "an end without a time", "[policy]\nlast = abort\nat-timeout = stop\n",
      "[policy] at-timeout: there is no timeout" },
    { "a time without an end",
      "[policy]\ntimeout = 5min\nat-timeout = downtime "
      "2s\n",
      "[policy] at-timeout: 'downtime 2s' is no end" },
    { "an unknown feature", "[policy]\nfeatures = autoconverge\nlast = abort\n",
      "[policy] features: there is no option --autoconverge; did you mean "
      "'auto-converge'?" },
    { "a feature without its value",
      "[policy]\nfeatures = compress\n"
      "last = abort\n",
      "[policy] features: --compress takes a METHOD[:LEVEL]; here it cannot be "
      "given one" },
    { "a poll of a day", "[policy]\npoll = 24h\nlast = abort\n",
      "[policy] poll: '24h' is not from 0 ms to 3600 s" },
};

static void refuses_with_the_reason(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(refused); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(PolicySpec) spec = policy_spec_parse(refused[i].text, &error);
        check_case(refused[i].what, !spec);
        check_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE);
        if (!strstr(error->message, refused[i].message)) {
            fail_msg("%s: %s", refused[i].what, error->message);
        }
    }
}

static void check_file(const char *text, const PolicyTerms *terms,
                       const Play *what, const char *expected,
                       const char *reason)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(PolicySpec) spec = policy_spec_parse(text, &error);
    check_no_error(error);
    check_play_of(spec, terms, what, expected, reason);
}

static const Play a_pass_a_second = {
    .pass_s = 1, .left_mib = { 800, 400, 450, 400, 300, 350 }
};

static void counts_what_it_is_told_to(void **state)
{
    check_file("[policy]\npoll = 0\nsteps = 1: downtime 150ms; 3: downtime "
               "200ms;\nlast = downtime 5s; abort\n",
               &bare, &a_pass_a_second,
               "2.0 set 150, 4.0 set 200, 5.0 set 5000, 6.0 abort",
               "6 passes since the first look: abort");
    check_file("[policy]\npoll = 0\ncount = stalled\nsteps = 0: downtime 1s; "
               "1: postcopy\nlast = abort\n",
               &armed, &a_pass_a_second, "3.0 set 1000, 4.0 postcopy",
               "it has not shrunk for 2 passes: post-copy");
    check_file("[policy]\npoll = 0\ncount = time\nsteps = 2s: downtime 1s; "
               "4500ms: stop 10s\nlast = abort\n",
               &bare, &a_pass_a_second,
               "2.1 set 1000, 4.6 stop 10000, 4.7 abort", NULL);
    const Play four_gib = { .total_mib = 4096 };
    check_file("[policy]\npoll = 0\ncount = time-per-gib\nsteps = 2s: abort\n",
               &bare, &four_gib, "8.1 abort", "for each GiB are over: abort");
}

/* The last actions are not for a first pass that does not shrink, but for one
 * more than the last limit allows. */
static void last_is_over_the_last_limit(void **state)
{
    const Play waves = {
        .pass_s = 1, .left_mib = { 400, 500, 500, 300, 350, 250, 260, 270 }
    };
    check_file("[policy]\npoll = 0\ncount = stalled\nsteps = 1: downtime 1s\n"
               "last = abort\n",
               &bare, &waves, "3.0 set 1000, 8.0 abort",
               "it has not shrunk for 2 passes: abort");
}

/* The first pass that does not shrink starts a row of its own. */
static void a_pass_that_shrinks_starts_anew(void **state)
{
    check_file("[policy]\npoll = 0\ncount = stalled\nsteps = 1: abort\n", &bare,
               &a_pass_a_second, "4.0 abort", NULL);
    check_file("[policy]\npoll = 0\ncount = stalled\nsteps = 2: abort\n", &bare,
               &a_pass_a_second, "8.0 abort",
               "it has not shrunk for 3 passes: abort");
}

static void ends_when_the_time_is_over(void **state)
{
    const char *both = "[policy]\npoll = 0\ntimeout = 10s\ntimeout-per-gib = "
                       "3s\nat-timeout = postcopy\n";
    check_file(both, &armed, &a_pass_a_second, "3.1 postcopy",
               "the 3000 ms allowed are over: post-copy");
    const Play four_gib = { .total_mib = 4096 };
    check_file(both, &armed, &four_gib, "10.1 postcopy", NULL);
    check_file(both, &bare, &four_gib, "10.1 abort",
               "the 10.0 s allowed are over, and post-copy is not armed: "
               "abort");
    check_file("[policy]\ntimeout = 10s\n", &bare, &four_gib, "11.0 abort",
               NULL);
}

static void goes_on_where_postcopy_is_not_armed(void **state)
{
    check_file("[policy]\npoll = 0\nsteps = 1: postcopy\nlast = stop\n", &bare,
               &a_pass_a_second, "2.0 stop 2000000",
               ", and post-copy is not armed: stop and copy");
    check_file("[policy]\npoll = 0\nsteps = 1: postcopy\n", &bare,
               &a_pass_a_second, "", NULL);
}

/* It stops only if that is enough, and else goes on. */
static void what_follows_a_stop_with_a_time_comes(void **state)
{
    check_file("[policy]\npoll = 0\nsteps = 1: stop 200ms\n"
               "last = stop 1s; abort\n",
               &bare, &a_pass_a_second,
               "2.0 stop 200, 3.0 stop 1000, 4.0 abort", NULL);
    check_file("[policy]\npoll = 0\nsteps = 1: stop 200ms\ntimeout = 3h\n",
               &bare, &a_pass_a_second, "2.0 stop 200",
               ": stop if the rest takes no more than 200 ms");
}

static void check_needs_postcopy(const char *text, bool expected)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(PolicySpec) spec = policy_spec_parse(text, &error);
    check_no_error(error);
    check_case(text, policy_spec_needs_postcopy(spec) == expected);
}

static void says_that_post_copy_is_its_only_end(void **state)
{
    check_needs_postcopy("[policy]\nlast = postcopy\n", true);
    check_needs_postcopy("\xef\xbb\xbf[policy]\nlast = postcopy\n", true);
    check_needs_postcopy("[policy]\nsteps = 3: postcopy\n", true);
    check_needs_postcopy("[policy]\nlast = postcopy; abort\n", false);
    check_needs_postcopy("[policy]\nlast = postcopy\ntimeout = 1h\n", false);
}

/* The literal block of docs/policies.rst that begins with [policy]. */
static char *example(void)
{
    g_autofree char *path = g_build_filename(g_getenv("G_TEST_SRCDIR"), "docs",
                                             "policies.rst", NULL);
    g_autofree char *page = NULL;
    GString *text = g_string_new(NULL);
    assert_true(g_file_get_contents(path, &page, NULL, NULL));
    const char *at = strstr(page, "    [policy]\n");
    assert_non_null(at);
    g_auto(GStrv) lines = g_strsplit(at, "\n", -1);
    for (guint i = 0; g_str_has_prefix(lines[i], "    "); i++) {
        g_string_append_printf(text, "%s\n", lines[i] + 4);
    }
    return g_string_free(text, FALSE);
}

static void example_of_the_page_is_one(void **state)
{
    g_autofree char *text = example();
    g_autoptr(GError) error = NULL;
    g_autoptr(PolicySpec) spec = policy_spec_parse(text, &error);
    check_no_error(error);
    assert_string_equal(policy_spec_name(spec), "patient");
    assert_string_equal(policy_spec_features(spec)[0], "auto-converge");
    assert_int_equal(policy_spec_start_ms(spec, &bare), 100);
    const Play rises = { .pass_s = 1, .left_mib = { 300, 400 } };
    check_play_of(spec, &armed, &rises,
                  "2.0 set 200, 4.0 set 400, 7.0 postcopy", NULL);
    check_play_of(spec, &bare, &rises,
                  "2.0 set 200, 4.0 set 400, 7.0 set 2000, "
                  "8.0 abort",
                  NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_with_the_reason),
        cmocka_unit_test(counts_what_it_is_told_to),
        cmocka_unit_test(a_pass_that_shrinks_starts_anew),
        cmocka_unit_test(last_is_over_the_last_limit),
        cmocka_unit_test(ends_when_the_time_is_over),
        cmocka_unit_test(goes_on_where_postcopy_is_not_armed),
        cmocka_unit_test(what_follows_a_stop_with_a_time_comes),
        cmocka_unit_test(says_that_post_copy_is_its_only_end),
        cmocka_unit_test(example_of_the_page_is_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
