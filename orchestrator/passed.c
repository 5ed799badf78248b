/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "orchestrator/passed.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "orchestrator/uri.h"
#include "orchestrator/way.h"

struct Passed {
    Uri uri;
    int going;         /* on its way to QEMU; -1: none */
    int ends[N_SIDES]; /* of the pair, while they are ours; else -1 */
    char *made;        /* the file that was not there before; or NULL */
};

static void close_fd(int *fd)
{
    if (*fd >= 0) {
        close(*fd);
        *fd = -1;
    }
}

Passed *passed_new(void)
{
    Passed *passed = g_new0(Passed, 1);
    passed->going = passed->ends[SIDE_SOURCE] = passed->ends[SIDE_DESTINATION] =
        -1;
    return passed;
}

void passed_free(Passed *passed, bool began)
{
    close_fd(&passed->going);
    close_fd(&passed->ends[SIDE_SOURCE]);
    close_fd(&passed->ends[SIDE_DESTINATION]);
    if (passed->made && !began) {
        unlink(passed->made);
    }
    g_free(passed->made);
    uri_clear(&passed->uri);
    g_free(passed);
}

static int open_file(Passed *passed, Side side, bool direct)
{
    const Uri *uri = &passed->uri;
    int flags = O_CLOEXEC | (direct ? O_DIRECT : 0);
    if (side == SIDE_DESTINATION) {
        return open(uri->path, flags | O_RDONLY);
    }
    if (direct) {
        return open(uri->path, flags | O_WRONLY); /* made by the plain one */
    }
    /* Somebody else's file is touched at its offset alone. */
    int fd = open(uri->path, flags | O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (fd >= 0) {
        passed->made = g_strdup(uri->path);
    } else if (errno == EEXIST && uri->has_offset) {
        fd = open(uri->path, flags | O_WRONLY);
    }
    return fd;
}

static int open_end(Passed *passed, Side side)
{
    if (passed->ends[side] < 0 &&
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, passed->ends) < 0) {
        return -1;
    }
    int fd = passed->ends[side];
    passed->ends[side] = -1;
    return fd;
}

static bool passes(const QmpCommand *command)
{
    return strcmp(command->name, "getfd") == 0 ||
           strcmp(command->name, "add-fd") == 0;
}

static bool is_direct(const QmpCommand *command)
{
    return g_strcmp0(json_object_get_string_member_with_default(
                         command->arguments, "opaque", NULL),
                     WAY_DIRECT) == 0;
}

bool passed_open(Passed *passed, const char *uri, Side side,
                 QmpCommand *command, GError **error)
{
    if (!passes(command)) {
        return true;
    }
    passed_close(passed);
    uri_clear(&passed->uri);
    uri_parse(uri, &passed->uri, NULL);
    passed->going = passed->uri.kind == URI_PAIR
                        ? open_end(passed, side)
                        : open_file(passed, side, is_direct(command));
    if (passed->going < 0) {
        int code = errno;
        g_set_error(error, G_IO_ERROR, g_io_error_from_errno(code),
                    "%s cannot be opened for it: %s",
                    passed->uri.path ? passed->uri.path : "a pair of sockets",
                    g_strerror(code));
        return false;
    }
    command->fd = passed->going;
    return true;
}

void passed_close(Passed *passed)
{
    close_fd(&passed->going);
}
