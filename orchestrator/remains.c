/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "orchestrator/remains.h"

static const char *const settings_texts[N_SETTINGS_REMAINS] = {
    [SETTINGS_RESTORED] = "all settings were restored",
    [SETTINGS_LEFT] = "settings are left, see the notes",
};

/* clang-format off */
static const char *const destination_texts[N_DESTINATION_REMAINS] = {
    [DESTINATION_USED] =
        "the destination was used: restart it with -S -incoming defer",
    [DESTINATION_DOUBTFUL] =
        "the destination may be used: restart it with -S -incoming defer",
    [DESTINATION_ENDED] =
        "the destination has ended: start it again with -S -incoming defer",
};
/* clang-format on */

char *remains_text(Remains remains)
{
    const char *settings = settings_texts[remains.settings];
    const char *destination = destination_texts[remains.destination];

    if (!settings && !destination) {
        return g_strdup("nothing was changed");
    }
    if (settings && destination) {
        return g_strdup_printf("%s; %s", settings, destination);
    }
    return g_strdup(settings ? settings : destination);
}

static bool incoming_was_sent(const Migration *m)
{
    return m->asked_us[SIDE_DESTINATION][TELL_INCOMING] > 0;
}

/* The event "setup" proves nothing: 7.2 sends it too, and is as before then. */
bool remains_must_ask(const Migration *m)
{
    return incoming_was_sent(m) && !m->is_incoming_taken &&
           m->migrate_us == 0 && m->facts[SIDE_DESTINATION].connected;
}

static SettingsRemains settings_of(const Migration *m)
{
    SettingsRemains remains = SETTINGS_UNTOUCHED;
    if (m->has_foreign_settings) {
        return SETTINGS_LEFT;
    }
    for (guint i = 0; i < m->steps->len; i++) {
        const CapsStep *step = m->steps->pdata[i];
        bool is_left = step->is_left || step->is_undo_refused;
        if (is_left && !m->facts[step->side].dead) {
            return SETTINGS_LEFT;
        }
        if (step->is_restored) {
            remains = SETTINGS_RESTORED;
        }
    }
    return remains;
}

static DestinationRemains destination_of(const Migration *m)
{
    const Facts *facts = &m->facts[SIDE_DESTINATION];
    if (facts->has_died) {
        return DESTINATION_ENDED;
    }
    if (!incoming_was_sent(m)) {
        return DESTINATION_FREE;
    }
    if (m->is_incoming_taken) {
        return DESTINATION_USED;
    }
    if (!m->is_incoming_known) {
        return DESTINATION_DOUBTFUL;
    }
    return facts->status == STATUS_NONE && !facts->listens ? DESTINATION_FREE
                                                           : DESTINATION_USED;
}

Remains remains_of(const Migration *m)
{
    return (Remains){ settings_of(m), destination_of(m) };
}
