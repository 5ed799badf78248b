/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * One policy on one migration: a model of it, or one that was recorded.  Keeps
 * what it said of each sample.  Pure.
 */
#include "tools/simulate/recorded.h"
#include "tools/simulate/scene.h"

/* What was said of a sample. */
typedef struct {
    Sample sample;
    Verdict verdict;
} Said;

typedef struct {
    const PolicySpec *policy;
    ModelResult result; /* of a model */
    GArray *said;       /* of Said: each sample */
    guint n_decisions;  /* that are none */
} Play;

Play *play_model(const Scene *scene, const PolicySpec *policy);

/* Ends with what would have ended it. */
Play *play_recorded(const Recorded *recorded, const PolicyTerms *terms,
                    const PolicySpec *policy);
void play_free(Play *play);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Play, play_free)
