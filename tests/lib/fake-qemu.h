/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A QEMU's monitor as a client sees it, played from a script by the same
 * process on the same GMainContext: no thread, no port, no chance.  Any number of
 * them can run side by side.
 *
 * A script is a transcript as the QMP specification writes them, one message per
 * line:
 *
 *     # anything
 *     <- {"QMP": ...}                     say this
 *     -> {"execute": "stop", "id": 1}     wait for this
 *     <- {"return": {}, "id": 1}          answer with whatever id it came with
 *     *> {"execute": "query-status"}      to this, whenever it is asked out of
 *     <- {"return": {...}}                turn, answer so; any number of times
 *     ! VERB                              see below
 *
 * A command is matched by name and, where the script has some, arguments.  An
 * "id" in the script only says which reply belongs to which command; a reply
 * without one belongs to the latest command.  An id that no "->" has is sent as
 * it stands.
 *
 *     ! pause          go on when the test calls fake_qemu_go_on()
 *     ! silent         hear everything, say nothing more
 *     ! close          hang up (after what was said before is written)
 *     ! bytes TEXT     say this exactly; \n, \" and \ooo as in C
 *     ! chunk N        from here on, N bytes per write; 0: as many as fit
 *     ! repeat N TEXT  say TEXT N times
 *     ! invent NAME... commands that this one takes, and no real one
 *
 * A command that the QEMU of the greeting would not take (its schema was
 * recorded) aborts the test: the script may be as wrong as the program.
 */
#include <gio/gio.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct FakeQemu FakeQemu;

/* @script: the text.  A script that cannot be read aborts the test. */
FakeQemu *fake_qemu_new(const char *script);
/* The script is tests/data/@name, as meson's QMIGRATE_TEST_DATA says where. */
FakeQemu *fake_qemu_new_from_file(const char *name);
void fake_qemu_free(FakeQemu *fake);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FakeQemu, fake_qemu_free)

/*
 * Where it answers: "fd:N", good for one client, unless fake_qemu_listen() was
 * called.  Then "tcp:127.0.0.1:PORT", "unix:PATH", ..., and it plays the script
 * from the start to each client, one after the other.
 */
const char *fake_qemu_address(FakeQemu *fake);
/* "127.0.0.1", "::1" or a path for a unix socket; false: not on this host. */
bool fake_qemu_listen(FakeQemu *fake, const char *where);

/*
 * Asked before the script for each command.  Returns false to leave it to the
 * script; else it has used the functions below, now or later.
 */
typedef bool FakeQemuHandler(FakeQemu *fake, const char *command,
                             JsonObject *arguments, const char *id,
                             gpointer user_data);
void fake_qemu_set_handler(FakeQemu *fake, FakeQemuHandler *handler,
                           gpointer user_data);
/* @id: as the handler got it, a JSON text. */
void fake_qemu_return(FakeQemu *fake, const char *id, const char *value);
void fake_qemu_error(FakeQemu *fake, const char *id, const char *desc);
/* @data: a JSON text, or NULL. */
void fake_qemu_event(FakeQemu *fake, const char *name, const char *data);

void fake_qemu_say(FakeQemu *fake, const char *bytes, size_t n);
void fake_qemu_go_on(FakeQemu *fake);
void fake_qemu_hang_up(FakeQemu *fake);

/* Has all of the script been played, and written? */
bool fake_qemu_is_done(FakeQemu *fake);
/* Is it at "! pause"? */
bool fake_qemu_is_paused(FakeQemu *fake);
/* The first command that fitted nowhere, in words; NULL: none.  The client got
 * an error reply. */
const char *fake_qemu_failure(FakeQemu *fake);
/* All commands so far, as they came, without line ends. */
const GPtrArray *fake_qemu_heard(FakeQemu *fake);
/* Did the client hang up? */
bool fake_qemu_is_alone(FakeQemu *fake);
/* The oldest descriptor that came by SCM_RIGHTS, now the caller's; -1: none. */
int fake_qemu_take_fd(FakeQemu *fake);
