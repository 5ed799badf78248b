/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/lab/pair.h"

#include <string.h>

#include "tools/lab/accel.h"

#define STDERR_LINES_MAX 8

static char *make_append(const LabOptions *options)
{
    return g_strdup_printf(
        "rate=%" G_GUINT64_FORMAT " working-set=%" G_GUINT64_FORMAT
        " pattern=%s content=%s seed=%d",
        options->dirty_bytes_per_s, options->working_set_bytes,
        options->pattern, options->content, options->seed);
}

void pair_init(Pair *pair, const LabOptions *options, const char *kernel)
{
    *pair = (Pair){
        .options = options,
        .kernel = kernel,
        .machine = g_strdup(options->machine),
        .append = make_append(options),
        .binary = { options->qemu[SIDE_SOURCE],
                    options->qemu[SIDE_DESTINATION] },
        .accel = strcmp(options->accel, "auto") != 0 ? options->accel
                 : accel_kvm_is_plausible()          ? "kvm"
                                                     : "tcg",
    };
}

void pair_clear(Pair *pair)
{
    pair_stop(pair, SIDE_SOURCE);
    pair_stop(pair, SIDE_DESTINATION);
    g_clear_pointer(&pair->machine, g_free);
    g_clear_pointer(&pair->append, g_free);
}

gboolean pair_can_fall_back(const Pair *pair)
{
    return strcmp(pair->options->accel, "auto") == 0 &&
           strcmp(pair->accel, "kvm") == 0;
}

gboolean pair_start(Pair *pair, Side side, Guard *guard,
                    const QemuHandlers *handlers, gpointer user_data,
                    GError **error)
{
    const QemuConfig config = {
        .binary = pair->binary[side],
        .machine = pair->machine,
        .accel = pair->accel,
        .accel_more = pair->options->accel_more,
        .memory_bytes = pair->options->memory_bytes,
        .n_cpus = pair->options->n_cpus,
        .kernel = pair->kernel,
        .append = pair->append,
        .more = pair->options->more,
        .own_more =
            side == SIDE_DESTINATION ? pair->options->destination_more : NULL,
        .is_destination = side == SIDE_DESTINATION,
        .outlives_us = pair->options->keep,
        .is_watched = pair->options->scenario != NULL,
    };
    g_autofree char *name = g_strdup_printf("qemu%u", ++pair->n_started);

    pair->qemu[side] =
        qemu_start(guard, name, &config, handlers, user_data, error);
    return pair->qemu[side] != NULL;
}

void pair_stop(Pair *pair, Side side)
{
    g_clear_pointer(&pair->qemu[side], qemu_free);
}

void pair_turn(Pair *pair)
{
    const char *binary = pair->binary[SIDE_SOURCE];

    qemu_follow(pair->qemu[SIDE_DESTINATION], NULL);
    pair_stop(pair, SIDE_SOURCE);
    pair->qemu[SIDE_SOURCE] = g_steal_pointer(&pair->qemu[SIDE_DESTINATION]);
    pair->binary[SIDE_SOURCE] = pair->binary[SIDE_DESTINATION];
    pair->binary[SIDE_DESTINATION] = binary;
}

Side pair_side_of(const Pair *pair, const Qemu *qemu)
{
    return qemu == pair->qemu[SIDE_DESTINATION] ? SIDE_DESTINATION
                                                : SIDE_SOURCE;
}

/* A crash can print a screenful of registers: the first lines say why. */
static char *first_lines(const char *text)
{
    const char *end = text;
    for (int n = 0; n < STDERR_LINES_MAX && end; n++) {
        end = strchr(end + (n > 0), '\n');
    }
    return end ? g_strdup_printf("%.*s\n(and more)", (int)(end - text), text)
               : g_strdup(text);
}

void pair_add_stderr(const Pair *pair, Failure *failure)
{
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        g_autofree char *all =
            pair->qemu[side] ? qemu_stderr(pair->qemu[side]) : NULL;
        if (all && *all) {
            g_autofree char *words = first_lines(all);
            g_autofree char *said = failure->qemu_text[side];
            failure->qemu_text[side] =
                said ? g_strdup_printf("%s\n%s", said, words)
                     : g_steal_pointer(&words);
        }
    }
}

char *pair_describe(const Pair *pair, const char *guest, const char *folder)
{
    g_autoptr(GString) text = g_string_new("kept:\n");
    g_autoptr(GString) pids = g_string_new(NULL);
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        const Qemu *qemu = pair->qemu[side];
        if (qemu && qemu_is_alive(qemu)) {
            gboolean has_it = strcmp(guest, side_name(side)) == 0;
            g_string_append_printf(text, "  %-12s process %d, monitor %s%s\n",
                                   side_name(side), qemu_pid(qemu),
                                   qemu_monitor(qemu)->text,
                                   has_it ? ", has the guest" : "");
            g_string_append_printf(pids, " %d", qemu_pid(qemu));
        }
    }
    g_string_append_printf(text, "  to end them: %s%s%srm -r %s\n",
                           pids->len ? "kill" : "", pids->str,
                           pids->len ? "; " : "", folder);
    return g_string_free(g_steal_pointer(&text), FALSE);
}

void pair_let_go(Pair *pair)
{
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        if (pair->qemu[side]) {
            qemu_let_go(pair->qemu[side]);
        }
    }
}
