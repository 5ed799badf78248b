/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Finds where one QMP message ends in a stream of bytes.  Pure: it holds a few
 * counters, never the bytes.  What it lets through is one balanced object in
 * the alphabet of JSON and within the limits; qmp/message.h decides whether it
 * is JSON, and QMP.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QMP_MESSAGE_MAX_BYTES (10u * 1024 * 1024) /* as libvirt and qemu.qmp */
#define QMP_DEPTH_MAX                                                          \
    64u /* json-glib 1.6 has no limit and overflows its stack */

typedef enum {
    QMP_FRAME_PARTIAL,  /* all bytes taken, the message goes on */
    QMP_FRAME_COMPLETE, /* the last byte taken ends a message */
    QMP_FRAME_TOO_BIG,  /* more than QMP_MESSAGE_MAX_BYTES */
    QMP_FRAME_TOO_DEEP, /* more than QMP_DEPTH_MAX open brackets */
    QMP_FRAME_NOT_JSON, /* a byte that no JSON object can have here */
} QmpFrame;

typedef struct {
    uint64_t in_array; /* bit n: is the bracket at depth n a '[' */
    size_t n_bytes;    /* of this message so far */
    unsigned depth;
    bool in_string;
    bool in_escape;
} QmpFramer;

#define QMP_FRAMER_INIT ((QmpFramer){ 0 })

/*
 * Looks at @n bytes; *@ret_used says how many belong to this message (white
 * space before it included).  After QMP_FRAME_COMPLETE the framer stands ready
 * for the next message; after an error it must not be used again.
 */
QmpFrame qmp_framer_push(QmpFramer *framer, const char *data, size_t n,
                         size_t *ret_used);

/* In words, for an error message: "more than 10 MiB in one message", ... */
const char *qmp_frame_to_string(QmpFrame frame);
