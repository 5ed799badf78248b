/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/terminal.h"

#include <sys/ioctl.h>

void terminal_size(int fd, guint *ret_columns, guint *ret_rows)
{
    struct winsize size = { 0 };
    ioctl(fd, TIOCGWINSZ, &size);
    *ret_columns = size.ws_col ? size.ws_col : 80;
    *ret_rows = size.ws_row ? size.ws_row : 24;
}

char *terminal_cut(const char *line, guint columns)
{
    return g_utf8_strlen(line, -1) >= (glong)columns
               ? g_utf8_substring(line, 0, columns - 1)
               : g_strdup(line);
}
