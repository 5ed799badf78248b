/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The script of a FakeQemu: its text to steps. */
#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <stddef.h>

typedef enum {
    STEP_HEAR,  /* -> */
    STEP_RULE,  /* *>, with its answers up to the next step that is none */
    STEP_SAY,   /* <- */
    STEP_BYTES, /* ! bytes, ! repeat */
    STEP_CHUNK,
    STEP_PAUSE,
    STEP_SILENT,
    STEP_CLOSE,
    STEP_INVENT, /* holds for all of the script */
} StepKind;

typedef struct {
    StepKind kind;
    JsonObject *message; /* HEAR, RULE, SAY */
    char *bytes;         /* BYTES; INVENT: names with blanks between */
    size_t n;            /* CHUNK: bytes in one.  BYTES: how often */
} Step;

/* Steps; aborts with the line if one cannot be read. */
GPtrArray *fake_script_parse(const char *text);

/* Is @command one that @step waits for? */
bool fake_step_fits(const Step *step, JsonObject *command);

/* "stop" of {"execute": "stop"} or {"exec-oob": "stop"}; NULL: neither. */
const char *fake_command_name(JsonObject *command);

/* A member as JSON text; NULL: not there.  Free with g_free(). */
char *fake_member_text(JsonObject *object, const char *name);
