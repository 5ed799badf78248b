/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "tools/verb.h"

int verb_lab(int argc, char **argv)
{
    fputs("error: not built yet\n", stderr);
    return 1;
}
