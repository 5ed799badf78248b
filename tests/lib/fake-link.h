/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The socket of a FakeQemu: one client at a time, bytes in either direction. */
#include <gio/gio.h>
#include <stdbool.h>

typedef struct FakeLink FakeLink;

typedef struct {
    void (*connected)(gpointer user_data);
    /* One message; @text ends in NUL. */
    void (*heard)(const char *text, gpointer user_data);
} FakeLinkFuncs;

FakeLink *fake_link_new(const FakeLinkFuncs *funcs, gpointer user_data);
void fake_link_free(FakeLink *link);

/* As fake_qemu_address() and fake_qemu_listen(). */
const char *fake_link_address(FakeLink *link);
bool fake_link_listen(FakeLink *link, const char *where);

void fake_link_say(FakeLink *link, const char *bytes, size_t n);
void fake_link_set_chunk(FakeLink *link, size_t n);
void fake_link_hang_up(FakeLink *link);
bool fake_link_is_written(FakeLink *link);
bool fake_link_is_alone(FakeLink *link);
int fake_link_take_fd(FakeLink *link);
