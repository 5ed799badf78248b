/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A 16550, never waited for: what its FIFO does not take stays in the ring until
 * the next tick.
 */
#include "tools/guest/serial.h"

#include "tools/guest/x86.h"

#define PORT          0x3f8
#define LSR           (PORT + 5)
#define LSR_DATA      0x01
#define LSR_THR_EMPTY 0x20
#define FIFO_BYTES    16u

#define OUTPUT_BYTES 65536u
#define RESERVE      8192u /* of the output, for what is not a heartbeat */
#define INPUT_BYTES  64u

/* The counters run on; the ring's size is a power of two. */
static char output[OUTPUT_BYTES];
static unsigned output_head, output_tail;
static char input[INPUT_BYTES];
static volatile unsigned input_head, input_tail;

void serial_init(void)
{
    x86_out8(PORT + 1, 0);    /* no interrupts */
    x86_out8(PORT + 3, 0x80); /* divisor: */
    x86_out8(PORT + 0, 1);    /* 115200 baud */
    x86_out8(PORT + 1, 0);
    x86_out8(PORT + 3, 3); /* 8n1 */
    x86_out8(PORT + 2, 7); /* FIFOs on and empty */
    x86_out8(PORT + 4, 3); /* DTR, RTS */
}

static unsigned output_room(void)
{
    return OUTPUT_BYTES - (output_head - output_tail);
}

static void output_line(const Line *line)
{
    for (size_t i = 0; i < line->n; i++) {
        output[output_head++ % OUTPUT_BYTES] = line->text[i];
    }
    output[output_head++ % OUTPUT_BYTES] = '\n';
}

static void output_some(void)
{
    unsigned n = output_head - output_tail;

    if (n > FIFO_BYTES) {
        n = FIFO_BYTES;
    }
    while (n-- > 0) {
        x86_out8(PORT, (uint8_t)output[output_tail++ % OUTPUT_BYTES]);
    }
}

void serial_poll(void)
{
    uint8_t lsr;

    /* Bounded: an absent port reads as ones for ever. */
    for (unsigned turns = 0; turns < 64; turns++) {
        lsr = x86_in8(LSR);
        if ((lsr & LSR_DATA) && input_head - input_tail < INPUT_BYTES) {
            input[input_head % INPUT_BYTES] = (char)x86_in8(PORT);
            input_head++;
        } else if (!(lsr & LSR_THR_EMPTY)) {
            return;
        }
        if (output_head == output_tail && !(lsr & LSR_DATA)) {
            return;
        }
        if (lsr & LSR_THR_EMPTY) {
            output_some();
        }
    }
}

bool serial_try_send(Line *line)
{
    if (output_room() < RESERVE + line->n + 1) {
        return false;
    }
    output_line(line);
    return true;
}

void serial_send(Line *line)
{
    x86_interrupts_off();
    while (output_room() < line->n + 1) {
        x86_interrupts_on_and_halt();
        x86_interrupts_off();
    }
    output_line(line);
    serial_poll();
    x86_interrupts_on();
}

int serial_read(void)
{
    int byte = -1;

    if (serial_has_input()) {
        byte = (unsigned char)input[input_tail % INPUT_BYTES];
        input_tail++;
    }
    return byte;
}

bool serial_has_input(void)
{
    return input_head != input_tail;
}

void panic_line(Line *words)
{
    x86_interrupts_off();
    while (output_room() < words->n + 1) {
        serial_poll();
    }
    output_line(words);
    for (;;) {
        if (output_head != output_tail) {
            serial_poll();
        } else {
            x86_halt();
        }
    }
}

void panic(const char *words)
{
    Line line = { .n = 0 };

    line_add(&line, "panic %s", words);
    panic_line(&line);
}
