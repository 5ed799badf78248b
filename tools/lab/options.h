/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What a lab is to be, checked. */
#include <json-glib/json-glib.h>
#include <stdint.h>

#include "caps/side.h"
#include "tools/scenario/scenario.h"

typedef struct {
    char *qemu[N_SIDES]; /* binaries */
    char *machine;       /* NULL: to be chosen */
    char *accel;         /* auto, tcg or kvm */
    char *accel_more;    /* its properties, with the comma before; NULL: none */
    uint64_t memory_bytes, dirty_bytes_per_s, working_set_bytes;
    uint64_t warm_up_us; /* the guest works so long before the migration */
    unsigned n_cpus, n_repeat;
    char *pattern, *content;
    char **more;             /* for both QEMUs, or NULL */
    char **destination_more; /* for the destination alone, or NULL */
    int seed;                /* of what the guest does at random */
    gboolean keep;
    const Scenario *scenario; /* its steps are taken; NULL: none */
} LabOptions;

/* The member "lab" of the result; free with json_object_unref(). */
JsonObject *lab_options_to_json(const LabOptions *options);

void lab_options_clear(LabOptions *options);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(LabOptions, lab_options_clear)
