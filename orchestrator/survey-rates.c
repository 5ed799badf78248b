/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The part of a survey in which QEMU measures, length after length. */
#include "orchestrator/survey-private.h"

#define POLL_MS   20u
#define OTHERS_MS 10000u /* somebody else's measurement */
#define LATE_MS   5000u  /* one of ours, past its length */

static void on_rate(GObject *object, GAsyncResult *result, gpointer user_data);
static void start_length(Surveyor *surveyor);

static gboolean on_poll(gpointer user_data)
{
    Surveyor *surveyor = user_data;
    g_autoptr(QmpCommand) query = measure_query(&surveyor->measured->inventory);
    surveyor->source = 0;
    surveyor_ask(surveyor, "query-dirty-rate", query, on_rate);
    return G_SOURCE_REMOVE;
}

static void poll_in(Surveyor *surveyor, int64_t wait_us)
{
    surveyor->source = g_timeout_add_full(G_PRIORITY_DEFAULT, wait_us / 1000,
                                          on_poll, surveyor, NULL);
}

static int64_t length_us(const Surveyor *surveyor)
{
    return g_array_index(surveyor->lengths, int64_t, surveyor->length);
}

static void on_started(GObject *object, GAsyncResult *result,
                       gpointer user_data)
{
    Surveyor *surveyor;
    g_autoptr(JsonNode) reply =
        surveyor_take_answer(object, result, user_data, &surveyor);
    if (reply) {
        poll_in(surveyor, length_us(surveyor));
    }
}

static void start_length(Surveyor *surveyor)
{
    if (surveyor->length == surveyor->lengths->len) {
        surveyor_end(surveyor);
        return;
    }
    g_autoptr(QmpCommand) command =
        measure_command(&surveyor->measured->inventory, length_us(surveyor));
    surveyor->is_ours = TRUE;
    surveyor->deadline_us =
        g_get_monotonic_time() + length_us(surveyor) + LATE_MS * (int64_t)1000;
    surveyor_ask(surveyor, "calc-dirty-rate", command, on_started);
}

static void take_rate(Surveyor *surveyor, MeasureState state,
                      const MeasurePoint *point)
{
    gboolean is_late = g_get_monotonic_time() > surveyor->deadline_us;
    if (state == MEASURE_DONE ||
        (!surveyor->is_ours && state == MEASURE_IDLE)) {
        if (surveyor->is_ours) {
            g_array_append_val(surveyor->measured->points, *point);
            surveyor->length++;
        }
        start_length(surveyor);
    } else if (!is_late) {
        poll_in(surveyor,
                POLL_MS * 1000); /* it begins in a thread of its own */
    } else if (surveyor->is_ours) {
        surveyor_fail(surveyor, FAILURE_CANNOT_MEASURE,
                      g_strdup("calc-dirty-rate does not come to an end"));
    } else {
        surveyor_fail(
            surveyor, FAILURE_CANNOT_MEASURE,
            g_strdup_printf("somebody else measures the dirty rate, for more "
                            "than %u s already; QEMU does one at a time",
                            OTHERS_MS / 1000));
    }
}

static void on_rate(GObject *object, GAsyncResult *result, gpointer user_data)
{
    Surveyor *surveyor;
    g_autoptr(JsonNode) reply =
        surveyor_take_answer(object, result, user_data, &surveyor);
    MeasurePoint point = { 0, 0 };
    if (reply) {
        int64_t of_us = surveyor->is_ours ? length_us(surveyor) : 0;
        MeasureState state = measure_take(reply, of_us, &point);
        take_rate(surveyor, state, &point);
    }
}

static void start(Surveyor *surveyor)
{
    Measured *measured = surveyor->measured;
    measured->method = MEASURED_QEMU;
    surveyor->lengths =
        measure_lengths(&measured->inventory, surveyor->measure_us);
    if (!caps_inventory_has_command(&measured->inventory, "calc-dirty-rate")) {
        surveyor_fail(
            surveyor, FAILURE_CANNOT_MEASURE,
            g_strdup_printf("the guest's memory cannot be looked at (%s), and "
                            "this QEMU has no calc-dirty-rate",
                            measured->why_not_memory));
    } else if (surveyor->lengths->len == 0) {
        surveyor_fail(
            surveyor, FAILURE_CANNOT_MEASURE,
            g_strdup("this QEMU measures whole seconds, and less than one is "
                     "allowed"));
    } else if (measured->memory_bytes < MEASURE_BLOCK_MIN_BYTES) {
        surveyor_fail(
            surveyor, FAILURE_CANNOT_MEASURE,
            g_strdup_printf("the guest's memory cannot be looked at (%s), and "
                            "calc-dirty-rate leaves out what has less than "
                            "128 MiB",
                            measured->why_not_memory));
    } else {
        surveyor->deadline_us =
            g_get_monotonic_time() + OTHERS_MS * (int64_t)1000;
        on_poll(surveyor); /* does somebody else measure? */
    }
}

static void on_schema(GObject *object, GAsyncResult *result, gpointer user_data)
{
    Surveyor *surveyor;
    g_autoptr(JsonNode) reply =
        surveyor_take_answer(object, result, user_data, &surveyor);
    if (reply) {
        caps_inventory_take_schema(&surveyor->measured->inventory, reply);
        start(surveyor);
    }
}

void surveyor_ask_rates(Surveyor *surveyor)
{
    g_autoptr(QmpCommand) command = qmp_command_new("query-qmp-schema");
    surveyor_ask(surveyor, "query-qmp-schema", command, on_schema);
}
