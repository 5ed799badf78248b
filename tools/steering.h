/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The options that say when to switch over: --policy and what it is allowed. */
#include <glib.h>

#include "orchestrator/migration.h"

/* As typed; each may be NULL. */
typedef struct {
    char *policy, *max_downtime, *on_stall, *postcopy_after;
} SteeringWords;

/*
 * Fills in @migration's policy and terms; its wishes and features are there, and
 * those features that the policy is made for are added.  Fails in G_OPTION_ERROR_BAD_VALUE for
 * a value that cannot be right, and for what does not go together.
 */
gboolean steering_take(const SteeringWords *words, MigrationSettings *migration,
                       GError **error);

/* Do they go together?  @policy is NULL for all that there are. */
gboolean steering_check(const PolicySpec *policy, const PolicyTerms *terms,
                        bool has_postcopy, GError **error);

/* Words of their own.  @name, @text: NULL for what holds if nothing is said. */
gboolean steering_take_policy(const char *name, const PolicySpec **ret,
                              GError **error);
gboolean steering_take_on_stall(const char *text, PolicyTerms *terms,
                                GError **error);
gboolean steering_take_postcopy_after(const char *text, PolicyTerms *terms,
                                      GError **error);
