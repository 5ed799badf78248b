/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The interactive shell: readline on the terminal, fed by the main loop, so that
 * what QEMU says appears above the line being typed.  There is one at a time.
 */
#include "tools/qmp/talk.h"

typedef void ShellEnded(int exit_code, gpointer user_data);

/* @talk must be ready. */
void shell_start(Talk *talk, ShellEnded *ended, gpointer user_data);

/* Gives the terminal back; does nothing when there is no shell. */
void shell_stop(void);

/* False: there is no shell, and the event was not shown. */
bool shell_show_event(const char *event, size_t n);
