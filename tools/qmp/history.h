/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The lines typed in this shell and in those before it, in
 * $XDG_STATE_HOME/qmigrate/qmp_history.  Without the file it is only this
 * shell's.
 */
void history_open(void);

/* Not what begins with a blank, nor the same line again. */
void history_keep(const char *line);
void history_close(void);
