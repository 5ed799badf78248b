/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What a simulation is about: a guest, a link and what the user allows, as
 * plain numbers, and how they become what the model and a policy take.  Pure.
 */
#include "orchestrator/model.h"

typedef struct {
    double memory_bytes;
    double dirty_bytes_per_s, working_set_bytes;
    double busy; /* share of its time that the guest needs for that */
    Pattern pattern;
    double bandwidth_bytes_per_s; /* of the link */
    unsigned n_channels;          /* multifd; 0: none */
    double fault_us;
    double setup_us, resume_us;
    bool auto_converge; /* armed */
    PolicyTerms terms;
} Scene;

/* What is taken where nothing is said. */
Scene scene_default(void);

/* Arms what @policy is made for, as qmigrate run does. */
void scene_arm(Scene *scene, const PolicySpec *policy);

ModelResult scene_run(const Scene *scene, const PolicySpec *policy,
                      ModelTap *tap, gpointer user_data);

/* A guest's lost time as a share of the migration's. */
double scene_slowdown(const ModelResult *result);

/* Sequential, random, hot-cold, by number and back; NULL: there is none. */
const char *scene_pattern_name(guint pattern);

/* "migrated by post-copy"... */
const char *scene_end_name(ModelEnd end);
bool scene_has_migrated(const ModelResult *result);
