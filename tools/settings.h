/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The options that every verb that migrates has (design: SETTINGS), as the user
 * typed them, and checked as far as that goes without asking a QEMU.
 */
#include <glib.h>
#include <stdbool.h>

#include "orchestrator/migration.h"

typedef enum { PROGRESS_AUTO, PROGRESS_ALWAYS, PROGRESS_NEVER } ProgressWhen;

typedef struct {
    MigrationSettings migration; /* uri may be NULL: to be chosen */
    const char *tls_made; /* a lab shall make credentials, of this kind; NULL */
    gboolean makes_tls;   /* a verb that can sets it before */
    ProgressWhen progress;
    char *json;  /* a file, "-" for standard output, or NULL */
    char *trace; /* a file, or NULL */
    gboolean quiet;
    gboolean dry_run;
    gboolean predict;   /* a verb that always does sets it before */
    int64_t measure_us; /* for a prediction */
} Settings;

/*
 * Parses @argv by @entries (the verb's own) and the shared ones.  @parameters
 * describes what stands behind the options, @summary the verb.  Fails with the
 * nearest valid option for an unknown one.  --help prints and exits.
 */
gboolean settings_parse(Settings *settings, const GOptionEntry *entries,
                        const char *parameters, const char *summary, int *argc,
                        char ***argv, GError **error);

/* Only those of them that count when a post-copy is mended: recover_only is
 * set, and uri is that of --recover-uri, or NULL. */
gboolean settings_parse_recovery(Settings *settings,
                                 const GOptionEntry *entries,
                                 const char *summary, int *argc, char ***argv,
                                 GError **error);
void settings_clear(Settings *settings);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Settings, settings_clear)

/* The long names of @entries and of all that settings_parse() takes beside them:
 * of const char *.  Free with g_ptr_array_unref(). */
GPtrArray *settings_option_names(const GOptionEntry *entries);

/* For verbs that migrate nothing: only @entries. */
gboolean options_parse(const GOptionEntry *entries, const char *parameters,
                       const char *summary, int *argc, char ***argv,
                       GError **error);

/* The same, with options behind other words too. */
gboolean options_parse_mixed(const GOptionEntry *entries,
                             const char *parameters, const char *summary,
                             int *argc, char ***argv, GError **error);

/* A quantity of an option: unit_parse() with the option's name in the error. */
gboolean option_quantity(const char *option, const char *text, int unit,
                         uint64_t *ret, GError **error);

/* Wrong words: sets G_OPTION_ERROR_BAD_VALUE and returns false. */
G_GNUC_PRINTF(2, 3)
gboolean option_refuse(GError **error, const char *format, ...);

/* The one way to end for wrong words: prints and returns the exit code. */
int usage_failed(const char *verb, const GError *error);

/* What stands behind --json so far, even if parsing failed: a result document
 * is written whatever the outcome.  NULL: nothing. */
const char *settings_json_word(void);
