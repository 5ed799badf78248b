/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What both of KubeVirt's ways to decide have in common. */
#include "orchestrator/policies.h"

#define KUBEVIRT_POLL_MS 400u

/* allowPostCopy: armed, and --on-stall does not say otherwise. */
bool kubevirt_allows_postcopy(const PolicyTerms *terms);
/* allowWorkloadDisruption: as allowPostCopy, or --on-stall=stop. */
bool kubevirt_allows_disruption(const PolicyTerms *terms);

/* What it may take, in whole seconds, for a guest of so much memory; 0: that is
 * not known. */
int64_t kubevirt_acceptable_s(const Sample *sample);
