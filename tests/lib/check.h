/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * cmocka, with its headers in order, and checks that say what was found.  Tables
 * of cases call print_message() with the case first, so that a failure tells.
 */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */
#include <glib.h>
#include <stdbool.h>
#include <string.h>

#define check_no_error(error)                                                  \
    do {                                                                       \
        if (error) {                                                           \
            fail_msg("unexpected error: %s", (error)->message);                \
        }                                                                      \
    } while (0)

#define check_error(error, error_domain, error_code)                           \
    do {                                                                       \
        if (!(error)) {                                                        \
            fail_msg("no error, but " #error_code " was expected");            \
        }                                                                      \
        if (!g_error_matches(error, error_domain, error_code)) {               \
            fail_msg("not " #error_code " but %s %d: %s",                      \
                     g_quark_to_string((error)->domain), (error)->code,        \
                     (error)->message);                                        \
        }                                                                      \
    } while (0)

/* Is @part in @text? */
#define check_contains(text, part)                                             \
    do {                                                                       \
        const char *check_text = (text), *check_part = (part);                 \
                                                                               \
        if (!check_text || !strstr(check_text, check_part)) {                  \
            fail_msg("\"%s\" is not in \"%s\"", check_part,                    \
                     check_text ? check_text : "(null)");                      \
        }                                                                      \
    } while (0)

/* Cases of a table fail with their name. */
#define check_case(what, condition)                                            \
    do {                                                                       \
        if (!(condition)) {                                                    \
            fail_msg("%s: %s does not hold", what, #condition);                \
        }                                                                      \
    } while (0)

/*
 * Runs the GMainContext until @condition holds.  Tests wait for facts; the limit
 * is there only so that a broken one ends.
 */
#define CHECK_PATIENCE_US (30 * G_USEC_PER_SEC)
#define wait_until(condition)                                                  \
    do {                                                                       \
        gint64 wait_end = g_get_monotonic_time() + CHECK_PATIENCE_US;          \
        guint wait_tick = g_timeout_add(100, check_tick, NULL);                \
                                                                               \
        while (!(condition)) {                                                 \
            if (g_get_monotonic_time() > wait_end) {                           \
                fail_msg("waited in vain for: %s", #condition);                \
            }                                                                  \
            g_main_context_iteration(NULL, TRUE);                              \
        }                                                                      \
        g_source_remove(wait_tick);                                            \
    } while (0)

static inline gboolean check_tick(gpointer unused)
{
    return G_SOURCE_CONTINUE;
}
