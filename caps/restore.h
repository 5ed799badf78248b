/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Which of the settings that we changed may be restored.  What another client has
 * set since then is that client's, and stays.  Pure.
 */
#include "caps/agree.h"

/*
 * The command that restores what step @i of @steps changed, without the settings
 * that @now shows as restored already or as changed by someone else.  The first
 * @n of @steps were sent; @now is of the side of step @i.  NULL: nothing is left
 * to restore.
 */
QmpCommand *caps_restore(const GPtrArray *steps, guint n, guint i,
                         const CapsInventory *now);

/*
 * The settings of @side that someone else changed after us, for people:
 * "max-bandwidth=5 (before: 7)".  NULL: none.  Free with g_free().
 */
char *caps_restore_foreign(const GPtrArray *steps, guint n, Side side,
                           const CapsInventory *now);
