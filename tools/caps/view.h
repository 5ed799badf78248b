/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What qmigrate caps prints for people, on standard output. */
#include "tools/caps/inquiry.h"

/* The program's own tables. */
void view_table(void);

/* What one QEMU has. */
void view_one(const Inquired *qemus, Side side);

/* What both have, where they differ, and which features fit them. */
void view_two(const Inquired *qemus);
