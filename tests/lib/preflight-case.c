/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/lib/preflight-case.h"

#include "tests/lib/check.h"
#include "tests/lib/recorded-pair.h"

/* Post-copy is armed in many cases; all of these have the note about it. */
static void leave_out_armed(char *found)
{
    char *from = strstr(found, "note * chosen: post-copy is armed");
    if (from) {
        char *to = strchr(from, '\n') + 1;
        memmove(from, to, strlen(to) + 1);
    }
}

void preflight_case_run(const PreflightCase *one)
{
    g_autoptr(Inspected) inspected = inspected_new(&one->inspection);
    const Migration *m = inspected->m;
    g_autofree char *found = recorded_findings_to_text(m->findings);
    g_autofree char *plan = recorded_plan_to_text(m->steps, false);

    leave_out_armed(found);
    if (strcmp(found, one->found) != 0 ||
        (one->plan && strcmp(plan, one->plan) != 0)) {
        fail_msg("%s: %s\n%s", one->what, plan, found);
    }
    check_case(one->what,
               (m->failure.code == FAILURE_NONE) == (one->plan != NULL));
    check_case(one->what, !m->context.started);
}
