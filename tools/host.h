/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What a measurement depends on besides QEMU: kernel, processor, memory. */
#include <json-glib/json-glib.h>

/* Free with json_object_unref(). */
JsonObject *host_describe(void);
