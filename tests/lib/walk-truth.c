/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/lib/check.h"

#include "tests/lib/walk-truth.h"

#include "qmp/json.h"
#include "tests/lib/walk-events.h"

static void take_status(WalkTruth *truth, Status status)
{
    truth->is_sending = status == STATUS_ACTIVE;
    if (!truth->is_accepted) {
        truth->is_external |= !truth->is_sent && status_is_in_progress(status);
        return;
    }
    if (truth->ended != STATUS_UNKNOWN ? status != truth->ended
                                       : status == STATUS_SETUP) {
        truth->is_external = true;
    } else if (status_is_terminal(status)) {
        truth->ended = status;
    }
}

static void take_reply(WalkTruth *truth, JsonNode *value)
{
    JsonObject *info = value && JSON_NODE_HOLDS_OBJECT(value)
                           ? json_node_get_object(value)
                           : NULL;
    const char *word = info ? qmp_json_string(info, "status") : NULL;
    Status status = status_from_word(word ? word : "none");

    truth->is_sending = status == STATUS_ACTIVE;
    if (!truth->is_accepted) {
        return;
    }
    truth->is_external |= status == STATUS_NONE;
    truth->is_external |= truth->has_gap && truth->ended != STATUS_UNKNOWN &&
                          status != truth->ended;
    truth->has_gap &= !(info && json_object_has_member(info, "total-time"));
    if (status_is_terminal(status) && truth->ended == STATUS_UNKNOWN) {
        truth->ended = status;
    }
}

/* A destination that receives, asked after a source that sends, proves that it is
 * the same stream. */
static void take_destination(WalkTruth *truth, const Migration *m,
                             const Event *event)
{
    JsonObject *info = event->kind == EVENT_REPLY &&
                               event->ask == ASK_MIGRATION && event->value &&
                               JSON_NODE_HOLDS_OBJECT(event->value)
                           ? json_node_get_object(event->value)
                           : NULL;
    const char *word = info ? qmp_json_string(info, "status") : NULL;
    if (g_strcmp0(word, "active") == 0 && truth->is_sending &&
        !m->context.through_file && truth->ended == STATUS_UNKNOWN) {
        truth->has_gap = false;
    }
}

void walk_truth_take(WalkTruth *truth, const Migration *m, const Event *event)
{
    if (event->side != SIDE_SOURCE) {
        take_destination(truth, m, event);
        return;
    }
    if (event->kind == EVENT_QMP && strcmp(event->name, "MIGRATION") == 0) {
        take_status(truth,
                    status_from_word(qmp_json_string(event->data, "status")));
    } else if (event->kind == EVENT_LOST) {
        truth->has_gap |= truth->is_accepted;
    } else if (event->kind == EVENT_REPLY && event->ask == TELL_MIGRATE) {
        truth->is_accepted |= truth->is_sent;
    } else if (event->kind == EVENT_REFUSED && event->ask == TELL_MIGRATE) {
        truth->is_sent = truth->is_accepted;
    } else if (event->kind == EVENT_REPLY && event->ask == ASK_MIGRATION) {
        take_reply(truth, event->value);
    }
}

/* What the source reports is our migration. */
static bool is_ours(const WalkTruth *truth, const Migration *m)
{
    return truth->is_accepted && !truth->is_external && !truth->has_gap &&
           (truth->ended == STATUS_UNKNOWN ||
            truth->ended == m->facts[SIDE_SOURCE].status);
}

static void check_source(const WalkTruth *truth, const Migration *m, Ask ask)
{
    const Facts *facts = &m->facts[SIDE_SOURCE];
    bool is_held = m->context.held && !truth->is_sent && !truth->is_external;

    switch ((int)ask) {
    case TELL_CONT: /* I14 */
        assert_true(is_ours(truth, m) || is_held);
        break;
    case TELL_CANCEL: /* I12 */
        assert_true(is_ours(truth, m));
        break;
    case TELL_YANK:
    case TELL_CONTINUE:
    case TELL_POSTCOPY:
    case TELL_PARAMETER:
        assert_true(truth->is_accepted && !truth->is_external);
        break;
    case TELL_MIGRATE:
        assert_false(truth->is_external);
        break;
    case TELL_SETTING:
        assert_false(truth->is_external);
        break;
    case TELL_STOP: /* to be saved, or an old guest */
        assert_true(m->context.arrived || !truth->is_external);
        break;
    case TELL_UNDO: /* I5, whoever's it is */
        assert_false(status_is_in_progress(facts->status));
        break;
    }
}

void walk_truth_check(WalkTruth *truth, const Migration *m)
{
    for (guint i = 0; i < m->actions->len; i++) {
        const Action *action = m->actions->pdata[i];
        if (action->kind != ACTION_SEND) {
            continue;
        }
        if (action->side == SIDE_SOURCE) {
            check_source(truth, m, action->ask);
        } else if (action->ask == TELL_CONT) {
            assert_true(truth->is_accepted && !truth->is_external);
        }
        truth->is_sent |= action->ask == TELL_MIGRATE;
    }
}
