/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What a run that ended before migrate was sent has left on both QEMUs, for the
 * outcome line.  Pure; phase-end.c asks the destination if that is not known.
 */
#include "orchestrator/migration.h"

typedef enum {
    SETTINGS_UNTOUCHED,
    SETTINGS_RESTORED,
    SETTINGS_LEFT, /* the notes name them */
    N_SETTINGS_REMAINS,
} SettingsRemains;

/* A QEMU takes one migration: what became of the destination's. */
typedef enum {
    DESTINATION_FREE,
    DESTINATION_USED,
    DESTINATION_DOUBTFUL,
    DESTINATION_ENDED,
    N_DESTINATION_REMAINS,
} DestinationRemains;

typedef struct {
    SettingsRemains settings;
    DestinationRemains destination;
} Remains;

Remains remains_of(const Migration *m);

/* One phrase for people; free with g_free(). */
char *remains_text(Remains remains);

/* The destination was sent migrate-incoming, and only it can say what it made of
 * that: 7.2 can be sent another one if it could not listen, 10.0 can not. */
bool remains_must_ask(const Migration *m);
