/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What the parser's own files share; nobody outside of them includes this. */
#include "tools/scenario/cursor.h"
#include "tools/scenario/scenario.h"

#define SCENARIO_DEADLINE_US (G_GUINT64_CONSTANT(60) * G_USEC_PER_SEC)

Scenario *scenario_new(Spot spot, const char *name);
GPtrArray *settings_new(void); /* of ScenarioSetting, owned */
ScenarioSetting *setting_copy(const ScenarioSetting *from);
void moment_clear(Moment *moment);
void expectation_free(Expectation *expectation);
void need_free(ScenarioNeed *need);

/* Each reads from the cursor to the end of what is its own, and says where it
 * stopped in @error if it cannot. */
gboolean moment_parse(Cursor *cursor, Moment *moment, GError **error);
ScenarioAction *action_parse(Cursor *cursor, GError **error);
Expectation *expectation_parse(Cursor *cursor, GError **error);
ScenarioNeed *need_parse(Cursor *cursor, GError **error);

/* "source" or "destination": takes the word, or leaves it there. */
gboolean side_accept(Cursor *cursor, Side *side);
/* One of QEMU's words for where a migration is; any, in quotes. */
extern const char *const scenario_statuses[];
gboolean status_parse(Cursor *cursor, char **ret, GError **error);
gboolean compare_parse(Cursor *cursor, Compare *compare, GError **error);
