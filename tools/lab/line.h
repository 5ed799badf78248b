/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* One line of the test guest's serial port, by docs/guest.rst.  Pure. */
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum {
    LINE_OTHER, /* not one of ours: to be ignored */
    LINE_HELLO,
    LINE_READY,
    LINE_BEAT,
    LINE_RATE,
    LINE_WRITES,
    LINE_BAD,
    LINE_VERIFY,
    LINE_PANIC,
    /* of its own accord, whatever the lab does */
    LINE_OFF,
    LINE_SUSPENDED,
    LINE_AWAKE,
} LineKind;

#define LINE_BUCKETS 64

typedef struct {
    LineKind kind;
    const char *text;       /* the whole line; bad and panic need it */
    unsigned n_members;     /* of those below, how many were there */
    uint64_t beat, beat_us; /* beat: number, guest time */
    uint64_t n_cpus;        /* hello */
    uint64_t memory_bytes, working_set_bytes, above_4g_bytes; /* hello */
    uint64_t cpu, pages, time_us;  /* rate; verify: pages */
    uint64_t bad, lost_writes;     /* verify */
    uint64_t writes[LINE_BUCKETS]; /* writes: how many took 2^i ns and more */
} Line;

/* @text has no line feed and must outlive the result. */
Line guest_line_parse(const char *text);
