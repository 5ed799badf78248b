/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/interrupt.h"

#include <glib-unix.h>

static struct {
    InterruptFunc *func;
    gpointer user_data;
} watcher;

static gboolean on_signal(gpointer user_data)
{
    watcher.func(watcher.user_data);
    return G_SOURCE_CONTINUE;
}

void interrupt_watch(InterruptFunc *func, gpointer user_data)
{
    static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
    watcher.func = func;
    watcher.user_data = user_data;
    for (size_t i = 0; i < G_N_ELEMENTS(signals); i++) {
        g_unix_signal_add(signals[i], on_signal, NULL);
    }
}
