/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The words of --host of qmigrate tls make: one host, with all its names.  Pure. */
#include "tls/make.h"

/*
 * "a.example,10.0.0.1": an array of TlsName, the first of which also names the
 * host's folder.  localhost has its addresses without a word.  NULL: it is none,
 * in G_OPTION_ERROR.  Free with g_ptr_array_unref().
 */
GPtrArray *names_parse(const char *text, GError **error);
