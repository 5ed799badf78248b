/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "caps/version.h"

#include <glib.h>

CapsVersion caps_version_parse(const char *text)
{
    char *end;
    guint64 major = text ? g_ascii_strtoull(text, &end, 10) : 0;
    if (major == 0 || major > 999 || *end != '.' || !g_ascii_isdigit(end[1])) {
        return 0;
    }
    guint64 minor = g_ascii_strtoull(end + 1, NULL, 10);
    return minor < 1000 ? CAPS_VERSION(major, minor) : 0;
}

char *caps_version_to_text(CapsVersion version)
{
    return g_strdup_printf("%u.%u", version / 1000, version % 1000);
}
