/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Counts brackets, byte by byte, so it does not matter where the stream was
 * cut.  A byte's class comes from a table; what is not in it is no JSON outside
 * of a string, which keeps json-glib's extensions (comments, single quotes,
 * hexadecimal, "var x =") from ever reaching json-glib.
 */
#include "qmp/framer.h"

#include <glib.h>

typedef enum {
    ALIEN,
    BLANK,
    PLAIN, /* separators, and what numbers, true, false and null consist of */
    OPEN,
    CLOSE,
    QUOTE,
} ByteClass;

static const unsigned char classes[256] = {
    [' '] = BLANK, ['\t'] = BLANK, ['\r'] = BLANK, ['\n'] = BLANK,
    [','] = PLAIN, [':'] = PLAIN,  ['+'] = PLAIN,  ['-'] = PLAIN,
    ['.'] = PLAIN, ['0'] = PLAIN,  ['1'] = PLAIN,  ['2'] = PLAIN,
    ['3'] = PLAIN, ['4'] = PLAIN,  ['5'] = PLAIN,  ['6'] = PLAIN,
    ['7'] = PLAIN, ['8'] = PLAIN,  ['9'] = PLAIN,  ['E'] = PLAIN,
    ['a'] = PLAIN, ['e'] = PLAIN,  ['f'] = PLAIN,  ['l'] = PLAIN,
    ['n'] = PLAIN, ['r'] = PLAIN,  ['s'] = PLAIN,  ['t'] = PLAIN,
    ['u'] = PLAIN, ['{'] = OPEN,   ['['] = OPEN,   ['}'] = CLOSE,
    [']'] = CLOSE, ['"'] = QUOTE,
};

static QmpFrame push_in_string(QmpFramer *framer, unsigned char byte)
{
    if (byte < 0x20) {
        return QMP_FRAME_NOT_JSON;
    }
    if (framer->in_escape) {
        framer->in_escape = false;
    } else if (byte == '\\') {
        framer->in_escape = true;
    } else if (byte == '"') {
        framer->in_string = false;
    }
    return QMP_FRAME_PARTIAL;
}

static QmpFrame push_open(QmpFramer *framer, unsigned char byte)
{
    uint64_t bit;

    if (framer->depth == 0 && byte != '{') {
        return QMP_FRAME_NOT_JSON;
    }
    if (framer->depth == QMP_DEPTH_MAX) {
        return QMP_FRAME_TOO_DEEP;
    }
    bit = UINT64_C(1) << framer->depth++;
    framer->in_array =
        byte == '[' ? framer->in_array | bit : framer->in_array & ~bit;
    return QMP_FRAME_PARTIAL;
}

static QmpFrame push_close(QmpFramer *framer, unsigned char byte)
{
    bool in_array;

    if (framer->depth == 0) {
        return QMP_FRAME_NOT_JSON;
    }
    in_array = framer->in_array >> --framer->depth & 1;
    if (in_array != (byte == ']')) {
        return QMP_FRAME_NOT_JSON;
    }
    return framer->depth == 0 ? QMP_FRAME_COMPLETE : QMP_FRAME_PARTIAL;
}

static QmpFrame push_byte(QmpFramer *framer, unsigned char byte)
{
    if (framer->in_string) {
        return push_in_string(framer, byte);
    }
    switch ((ByteClass)classes[byte]) {
    case BLANK:
        return QMP_FRAME_PARTIAL;
    case OPEN:
        return push_open(framer, byte);
    case CLOSE:
        return push_close(framer, byte);
    case QUOTE:
        framer->in_string = true;
        break;
    case PLAIN:
        break;
    case ALIEN:
        return QMP_FRAME_NOT_JSON;
    }
    return framer->depth ? QMP_FRAME_PARTIAL : QMP_FRAME_NOT_JSON;
}

/* How many bytes of @data are text that changes nothing: most of them. */
static size_t skip_text(const QmpFramer *framer, const char *data, size_t n)
{
    size_t i = 0;

    if (framer->in_string && !framer->in_escape) {
        while (i < n && (unsigned char)data[i] >= 0x20 && data[i] != '"' &&
               data[i] != '\\') {
            i++;
        }
    }
    return i;
}

QmpFrame qmp_framer_push(QmpFramer *framer, const char *data, size_t n,
                         size_t *ret_used)
{
    QmpFrame frame = QMP_FRAME_PARTIAL;
    size_t room = QMP_MESSAGE_MAX_BYTES - framer->n_bytes;
    size_t i = 0;

    while (i < n && frame == QMP_FRAME_PARTIAL) {
        i += skip_text(framer, data + i, MIN(n, room) - i);
        if (i < n) {
            frame = i < room ? push_byte(framer, data[i++]) : QMP_FRAME_TOO_BIG;
        }
    }
    framer->n_bytes += i;
    if (frame == QMP_FRAME_COMPLETE) {
        *framer = QMP_FRAMER_INIT;
    }
    *ret_used = i;
    return frame;
}

const char *qmp_frame_to_string(QmpFrame frame)
{
    switch (frame) {
    case QMP_FRAME_PARTIAL:
        return "an unfinished message";
    case QMP_FRAME_COMPLETE:
        return "a whole message";
    case QMP_FRAME_TOO_BIG:
        return "more than 10 MiB in one message";
    case QMP_FRAME_TOO_DEEP:
        return "more than 64 brackets deep";
    case QMP_FRAME_NOT_JSON:
        return "not a JSON object";
    }
    g_assert_not_reached();
}
