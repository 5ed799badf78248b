/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "orchestrator/measure.h"

#include <math.h>
#include <string.h>

#include "qmp/json.h"

#define SAMPLE_PAGES  16384 /* for each GiB: the most that QEMU takes */
#define MIB           (1024.0 * 1024)
#define SHORTEST_MS   50
#define BEYOND_STEPS  60   /* of a quarter of the time measured */
#define STEADY_GROWTH 0.97 /* nearer to 1 is what chance makes of it */
#define MS_US         1000

/* Short ones too, since a small working set is full soon; and towards the end
 * evenly, since what comes later is made of how these bend. */
static const double looks[MEASURE_LOOKS] = { 1.0 / 64, 1.0 / 32, 1.0 / 16,
                                             1.0 / 8,  1.0 / 4,  3.0 / 8,
                                             1.0 / 2,  5.0 / 8,  3.0 / 4,
                                             7.0 / 8,  1 };

void measured_clear(Measured *measured)
{
    g_clear_pointer(&measured->points, g_array_unref);
    caps_inventory_clear(&measured->inventory);
}

int64_t measure_look_us(int64_t measure_us, unsigned look)
{
    return (int64_t)(measure_us * looks[look]);
}

static bool is_in_ms(const CapsInventory *inventory)
{
    return caps_inventory_has_argument(inventory, "calc-dirty-rate",
                                       "calc-time-unit");
}

GArray *measure_lengths(const CapsInventory *inventory, int64_t measure_us)
{
    GArray *lengths = g_array_new(FALSE, FALSE, sizeof(int64_t));
    if (!caps_inventory_has_command(inventory, "calc-dirty-rate")) {
        return lengths;
    }
    if (is_in_ms(inventory)) {
        for (int64_t part = 32; part >= 2; part /= 2) {
            int64_t length_us =
                MAX(measure_us / part / MS_US, SHORTEST_MS) * MS_US;
            g_array_append_val(lengths, length_us);
        }
        return lengths;
    }
    int64_t spent_us = 0;
    for (int64_t seconds = 1;; seconds++) {
        int64_t length_us = seconds * G_USEC_PER_SEC;
        spent_us += length_us;
        if (spent_us > measure_us) {
            return lengths;
        }
        g_array_append_val(lengths, length_us);
    }
}

/* Sampling pages is what every QEMU can under every accelerator: without KVM
 * 7.2 dies of the other modes, and 10.0 finds nothing by them. */
QmpCommand *measure_command(const CapsInventory *inventory, int64_t length_us)
{
    QmpCommand *command = qmp_command_new("calc-dirty-rate");
    if (is_in_ms(inventory)) {
        qmp_command_set_int(command, "calc-time", length_us / MS_US);
        qmp_command_set_string(command, "calc-time-unit", "millisecond");
    } else {
        qmp_command_set_int(command, "calc-time", length_us / G_USEC_PER_SEC);
    }
    return qmp_command_set_int(command, "sample-pages", SAMPLE_PAGES);
}

QmpCommand *measure_query(const CapsInventory *inventory)
{
    QmpCommand *command = qmp_command_new("query-dirty-rate");
    if (is_in_ms(inventory)) {
        qmp_command_set_string(command, "calc-time-unit", "millisecond");
    }
    return command;
}

MeasureState measure_take(JsonNode *reply, int64_t length_us, MeasurePoint *ret)
{
    JsonObject *info = reply && JSON_NODE_HOLDS_OBJECT(reply)
                           ? json_node_get_object(reply)
                           : NULL;
    const char *status = info ? qmp_json_string(info, "status") : NULL;
    const char *unit = info ? qmp_json_string(info, "calc-time-unit") : NULL;
    uint64_t mib_per_s, length_ms;

    if (g_strcmp0(status, "measuring") == 0) {
        return MEASURE_MEASURING;
    }
    if (g_strcmp0(status, "measured") != 0 ||
        !qmp_json_size(info, "dirty-rate", &mib_per_s)) {
        return MEASURE_IDLE;
    }
    ret->seconds = length_us / 1e6;
    if (g_strcmp0(unit, "millisecond") == 0 &&
        qmp_json_size(info, "calc-time", &length_ms) && length_ms > 0) {
        ret->seconds = length_ms / 1e3; /* it may have slept too long */
    }
    /* QEMU cuts off what is behind the point: on average a half */
    ret->bytes = mib_per_s == 0 ? 0 : (mib_per_s + 0.5) * MIB * ret->seconds;
    return MEASURE_DONE;
}

static double last_seconds(const GArray *points)
{
    double seconds = 0;
    for (guint i = 0; i < points->len; i++) {
        seconds = MAX(seconds, g_array_index(points, MeasurePoint, i).seconds);
    }
    return seconds;
}

Curve *measure_curve(const GArray *points, double most_bytes)
{
    Curve *curve = curve_new(most_bytes);
    double end = last_seconds(points);

    for (guint i = 0; i < points->len; i++) {
        const MeasurePoint *point = &g_array_index(points, MeasurePoint, i);
        curve_add(curve, point->seconds, point->bytes);
    }
    double last = curve_bytes(curve, end);
    double growth = last - curve_bytes(curve, end * 3 / 4);
    double before =
        curve_bytes(curve, end * 3 / 4) - curve_bytes(curve, end / 2);
    double ratio = before > 0 ? growth / before : 1;
    for (int i = 1; i <= BEYOND_STEPS && ratio < STEADY_GROWTH; i++) {
        growth *= ratio;
        last += growth;
        curve_add(curve, end * (1 + i / 4.0), last);
    }
    return curve;
}
