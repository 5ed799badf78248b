/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A policy that a user has written: a schedule, as an ini file with one group,
 * [policy] (docs/policies.rst).  From text, not from a file: pure.
 */
#include "orchestrator/policy.h"

/*
 * Free with policy_spec_free(), when no Policy works by it any more.  Fails in
 * G_OPTION_ERROR_BAD_VALUE with the group, the key, what is wrong with it and
 * what would have been right.
 */
PolicySpec *policy_spec_parse(const char *text, GError **error);

/* Of policy_spec_parse() only; NULL is nothing. */
void policy_spec_free(PolicySpec *spec);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PolicySpec, policy_spec_free)
