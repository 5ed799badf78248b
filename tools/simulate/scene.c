/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/simulate/scene.h"

#include <string.h>

#define MIB 1048576.0
#define GIB (1024 * MIB)

/* One thread of QEMU sends no more: about 10 Gbit/s. */
#define CHANNEL_BYTES_PER_S 1.25e9

Scene scene_default(void)
{
    return (Scene){
        .memory_bytes = 16 * GIB,
        .dirty_bytes_per_s = 256 * MIB,
        .working_set_bytes = 4 * GIB,
        .busy = 1,
        .pattern = PATTERN_RANDOM,
        .bandwidth_bytes_per_s = GIB,
        .fault_us = 500,
        .setup_us = 5000,
        .resume_us = 10000,
        .terms = { .qemu_downtime_us = 300000 },
    };
}

void scene_arm(Scene *scene, const PolicySpec *policy)
{
    const char *const *feature = policy_spec_features(policy);
    for (; *feature; feature++) {
        if (strcmp(*feature, "auto-converge") == 0) {
            scene->auto_converge = true;
        } else if (strcmp(*feature, "dirty-limit") == 0) {
            scene->terms.has_dirty_limit = true;
        } else if (strcmp(*feature, "postcopy") == 0) {
            scene->terms.has_postcopy = true;
        }
    }
}

ModelResult scene_run(const Scene *scene, const PolicySpec *policy,
                      ModelTap *tap, gpointer user_data)
{
    g_autoptr(Curve) dirty = curve_of_pattern(
        scene->pattern, scene->dirty_bytes_per_s, scene->working_set_bytes);
    double one = MIN(scene->bandwidth_bytes_per_s, CHANNEL_BYTES_PER_S);
    double all = MIN(scene->bandwidth_bytes_per_s,
                     MAX(scene->n_channels, 1) * CHANNEL_BYTES_PER_S);
    const ModelSpec spec = {
        .memory_bytes = scene->memory_bytes,
        .first_bytes = scene->memory_bytes,
        .dirty = dirty,
        .busy = scene->busy,
        .bandwidth_bytes_per_s = all,
        .switchover_bandwidth_bytes_per_s = all,
        .setup_us = scene->setup_us,
        .resume_us = scene->resume_us,
        .fault_us = scene->fault_us,
        /* multifd is of no use to it */
        .postcopy_bandwidth_bytes_per_s = one,
        .auto_converge = scene->auto_converge,
    };
    PolicyTerms terms = scene->terms;
    terms.has_auto_converge = scene->auto_converge;
    return model_run(&spec, policy, &terms, tap, user_data);
}

double scene_slowdown(const ModelResult *result)
{
    return result->total_us > 0 ? result->lost_us / result->total_us : 0;
}

const char *scene_pattern_name(guint pattern)
{
    static const char *const names[] = {
        [PATTERN_SEQUENTIAL] = "sequential",
        [PATTERN_RANDOM] = "random",
        [PATTERN_HOT_COLD] = "hot-cold",
    };
    return pattern < G_N_ELEMENTS(names) ? names[pattern] : NULL;
}

const char *scene_end_name(ModelEnd end)
{
    static const char *const names[N_MODEL_ENDS] = {
        [MODEL_PRECOPY] = "migrated",
        [MODEL_POSTCOPY] = "migrated by post-copy",
        [MODEL_STOPPED] = "stopped and copied",
        [MODEL_ABORTED] = "aborted",
        [MODEL_TIMED_OUT] = "timed out",
        [MODEL_ENDLESS] = "no end in sight",
    };
    return names[end];
}

bool scene_has_migrated(const ModelResult *result)
{
    return result->end == MODEL_PRECOPY || result->end == MODEL_POSTCOPY ||
           result->end == MODEL_STOPPED;
}
