/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * How the bytes that a guest dirties grow with time: when to look, what to ask
 * QEMU where nobody else can look, and from what was seen to a curve.  Pure; the
 * looking is in survey.c.
 *
 * A host that may read the guest's memory sees it all in one go, at as many
 * moments as wanted and with the zero pages.  Else QEMU does it, by
 * calc-dirty-rate, one length after the other.
 */
#include "caps/inventory.h"
#include "orchestrator/curve.h"

#define MEASURE_US (4 * G_USEC_PER_SEC) /* all of it, unless the user says */

typedef struct {
    double seconds, bytes;
} MeasurePoint;

typedef enum {
    MEASURED_MEMORY, /* the guest's memory was read from outside */
    MEASURED_QEMU,   /* by calc-dirty-rate, which does not tell zero pages */
    MEASURED_PAUSED, /* the guest stands still, and dirties nothing */
} MeasureMethod;

/* What was found out about one QEMU and its guest. */
typedef struct {
    MeasureMethod method;
    const char *why_not_memory; /* one phrase; NULL: it was read */
    double memory_bytes;
    double first_bytes; /* of it, not zero; all where that is not known */
    bool is_first_known;
    GArray *points;          /* of MeasurePoint */
    CapsInventory inventory; /* capabilities and parameters */
} Measured;

void measured_clear(Measured *measured);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Measured, measured_clear)

/* Reading memory: moments after the beginning, rising. */
#define MEASURE_LOOKS 11
int64_t measure_look_us(int64_t measure_us, unsigned look);

/*
 * calc-dirty-rate: lengths of time (int64_t, us) that take @measure_us
 * together; as short ones only where QEMU takes milliseconds.  Empty: it does
 * not have the command, or not so much time is given.
 */
GArray *measure_lengths(const CapsInventory *inventory, int64_t measure_us);
QmpCommand *measure_command(const CapsInventory *inventory, int64_t length_us);
QmpCommand *measure_query(const CapsInventory *inventory);

/* QEMU samples pages, and none of a memory that is smaller. */
#define MEASURE_BLOCK_MIN_BYTES (128ull << 20)

typedef enum {
    MEASURE_IDLE,      /* nobody has asked for it */
    MEASURE_MEASURING, /* ask again later */
    MEASURE_DONE,
} MeasureState;

/* What @reply of measure_query() says of a measurement that was to take
 * @length_us; *@ret only with MEASURE_DONE. */
MeasureState measure_take(JsonNode *reply, int64_t length_us,
                          MeasurePoint *ret);

/*
 * @points (of MeasurePoint), and what they let expect of times that nobody has
 * waited for: as the growth slows down towards the last, so it goes on.
 */
Curve *measure_curve(const GArray *points, double most_bytes);
