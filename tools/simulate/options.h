/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What qmigrate simulate is told on the command line. */
#include <glib.h>

#include "tools/simulate/scene.h"

typedef enum { SIMULATE_TRACE, SIMULATE_MODEL, SIMULATE_GRID } SimulateMode;

typedef struct {
    SimulateMode mode;
    const PolicySpec *policy; /* NULL: all of them */
    Scene scene;
    char *trace; /* a file */
    char *json;  /* a file, "-" for standard output, or NULL */
    char *show;  /* a pattern of cells, or NULL */
} SimulateOptions;

/* Fails in G_OPTION_ERROR.  --help prints and exits. */
gboolean simulate_options_read(SimulateOptions *options, int *argc,
                               char ***argv, GError **error);
void simulate_options_clear(SimulateOptions *options);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SimulateOptions, simulate_options_clear)

/* What stands behind --json so far, even if reading failed; NULL: nothing. */
const char *simulate_options_json_word(void);
