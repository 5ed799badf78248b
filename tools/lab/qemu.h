/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * One QEMU process of a lab: its command line, its life, its standard error,
 * and the serial line of its guest.  QEMU connects its serial port to a socket
 * of ours, and it makes its monitor's socket before: so when the connection
 * comes, the monitor is there, and nothing has to be polled.
 */
#include "qmp/address.h"
#include "tools/lab/guard.h"
#include "tools/lab/line.h"

typedef struct {
    const char *binary;
    const char *machine;    /* type and options, without accel */
    const char *accel;      /* tcg or kvm */
    const char *accel_more; /* its properties, with the comma before; or NULL */
    uint64_t memory_bytes;
    unsigned n_cpus;
    const char *kernel;
    const char *append;      /* the guest's command line */
    char *const *own_more;   /* of this one alone, or NULL */
    char *const *more;       /* further arguments, NULL-terminated, or NULL */
    gboolean is_destination; /* -S -incoming defer */
    gboolean outlives_us;    /* --keep: no parent-death signal */
    gboolean is_watched;     /* it has a second monitor */
} QemuConfig;

typedef struct Qemu Qemu;

typedef struct {
    void (*line)(Qemu *qemu, const Line *line, int64_t time_us,
                 gpointer user_data);
    void (*connected)(Qemu *qemu, gpointer user_data); /* it is up */
    void (*exited)(Qemu *qemu, const char *how, gpointer user_data);
} QemuHandlers;

/*
 * Starts it; @name ("qemu1") names its files in the guard's folder.  Fails in
 * G_SPAWN_ERROR (no such program) or G_IO_ERROR.
 */
Qemu *qemu_start(Guard *guard, const char *name, const QemuConfig *config,
                 const QemuHandlers *handlers, gpointer user_data,
                 GError **error);

/* Kills it if it lives; no handler is called any more. */
void qemu_free(Qemu *qemu);

/* Kills it no more: qemu_free() only forgets it then. */
void qemu_let_go(Qemu *qemu);

const char *qemu_name(const Qemu *qemu);
const QmpAddress *qemu_monitor(const Qemu *qemu);
const QmpAddress *qemu_watch(const Qemu *qemu); /* NULL: there is none */
pid_t qemu_pid(const Qemu *qemu);
/* false: it is gone. */
gboolean qemu_signal(Qemu *qemu, int number);
gboolean qemu_is_alive(const Qemu *qemu);

/* Sends one byte to the guest's serial port. */
void qemu_tell_guest(Qemu *qemu, char byte);

/* The guest of @before will go on here; NULL: that may be ended now.  See
 * serial_follow(). */
void qemu_follow(Qemu *qemu, Qemu *before);

/* What it wrote to its standard error so far.  Free with g_free(). */
char *qemu_stderr(const Qemu *qemu);

/* Its command line as a shell would take it.  Free with g_free(). */
char *qemu_command_line(const Qemu *qemu);
