/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The verbs.  Each takes its own arguments (argv[0] is the verb), prints, and
 * returns the exit code of orchestrator/outcome.h.
 */
typedef int VerbFunc(int argc, char **argv);

VerbFunc verb_run, verb_lab, verb_check, verb_caps, verb_qmp, verb_simulate,
    verb_predict, verb_tls;
VerbFunc verb_status, verb_cancel, verb_postcopy, verb_recover;
