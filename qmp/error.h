/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The one error domain of the QMP library.  A code says who must act, not what
 * happened: the message says that.  A cancelled call fails with
 * G_IO_ERROR_CANCELLED, as everywhere in GIO.
 */
#include <glib.h>

typedef enum {
    QMP_ERROR_USAGE,       /* the caller: a bad address, or a command that this
                            * session cannot carry (an fd over TCP, OOB where it
                            * is not offered), or the schema does not have */
    QMP_ERROR_UNREACHABLE, /* the operator: nobody answers at this address */
    QMP_ERROR_TIMED_OUT,   /* the peer is there and silent; QEMU may still act
                            * on the command, so ask before doing it again */
    QMP_ERROR_CLOSED,      /* the session is over; the guest may well live on */
    QMP_ERROR_PROTOCOL, /* the peer does not speak QMP; the session is over */
    QMP_ERROR_TLS, /* whoever gave out the credentials: the peer is not who it
                    * should be, or does not believe that we are */
    QMP_ERROR_COMMAND, /* QEMU said no; qmp_error_class() has its class */
} QmpError;

#define QMP_ERROR (qmp_error_quark())
GQuark qmp_error_quark(void);

/*
 * QEMU's error class ("GenericError", "CommandNotFound", ...) of a
 * QMP_ERROR_COMMAND, else NULL.  Owned by @error.
 */
const char *qmp_error_class(const GError *error);

/* A QMP_ERROR_COMMAND as QEMU said it; @desc becomes the message, untouched. */
GError *qmp_error_new_command(const char *error_class, const char *desc);
