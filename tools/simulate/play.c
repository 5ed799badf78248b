/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/simulate/play.h"

static Play *play_new(const PolicySpec *policy)
{
    Play *play = g_new0(Play, 1);
    play->policy = policy;
    play->said = g_array_new(FALSE, FALSE, sizeof(Said));
    return play;
}

void play_free(Play *play)
{
    g_array_unref(play->said);
    g_free(play);
}

static void keep(Play *play, const Sample *sample, const Verdict *verdict)
{
    const Said said = { *sample, *verdict };
    g_array_append_val(play->said, said);
    play->n_decisions += verdict->action != POLICY_WAIT;
}

static void on_sample(const Sample *sample, const Verdict *verdict,
                      gpointer user_data)
{
    keep(user_data, sample, verdict);
}

Play *play_model(const Scene *scene, const PolicySpec *policy)
{
    Play *play = play_new(policy);
    Scene armed = *scene;
    scene_arm(&armed, policy);
    play->result = scene_run(&armed, policy, on_sample, play);
    return play;
}

Play *play_recorded(const Recorded *recorded, const PolicyTerms *terms,
                    const PolicySpec *policy)
{
    Play *play = play_new(policy);
    PolicyTerms own = *terms;
    if (recorded->qemu_downtime_us > 0) {
        own.qemu_downtime_us = recorded->qemu_downtime_us;
    }
    g_autoptr(Policy) judge = policy_new(policy, &own);
    for (guint i = 0; i < recorded->samples->len; i++) {
        const Sample *sample = &g_array_index(recorded->samples, Sample, i);
        Verdict verdict = policy_judge(judge, sample);
        keep(play, sample, &verdict);
        if (verdict.action == POLICY_ABORT ||
            verdict.action == POLICY_POSTCOPY ||
            verdict.action == POLICY_STOP) {
            break;
        }
    }
    return play;
}
