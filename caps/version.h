/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A QEMU version, where the schema cannot tell what a QEMU does.  The third
 * number is left away: what QEMU takes changes with the second.  Pure.
 */

typedef unsigned CapsVersion; /* 0: not known, or no bound */

#define CAPS_VERSION(major, minor) ((CapsVersion)(major)*1000u + (minor))

/* "10.0.2 (Debian ...)" as in QMP's greeting; 0: it is no version. */
CapsVersion caps_version_parse(const char *text);

/* "10.0"; free with g_free(). */
char *caps_version_to_text(CapsVersion version);
