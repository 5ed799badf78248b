/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The error domain; QEMU's class rides along inside the GError. */
#include "qmp/error.h"

typedef struct {
    char *class_name;
} QmpErrorPrivate;

static void qmp_error_private_init(QmpErrorPrivate *priv)
{
    priv->class_name = NULL;
}

static void qmp_error_private_copy(const QmpErrorPrivate *from,
                                   QmpErrorPrivate *to)
{
    to->class_name = g_strdup(from->class_name);
}

static void qmp_error_private_clear(QmpErrorPrivate *priv)
{
    g_free(priv->class_name);
}

G_DEFINE_EXTENDED_ERROR(QmpError, qmp_error)

const char *qmp_error_class(const GError *error)
{
    if (!g_error_matches(error, QMP_ERROR, QMP_ERROR_COMMAND)) {
        return NULL;
    }
    return qmp_error_get_private(error)->class_name;
}

GError *qmp_error_new_command(const char *error_class, const char *desc)
{
    GError *error = g_error_new_literal(QMP_ERROR, QMP_ERROR_COMMAND, desc);

    qmp_error_get_private(error)->class_name = g_strdup(error_class);
    return error;
}
