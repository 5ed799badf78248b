/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A 16550, never waited for: what its FIFO does not take stays in the ring
 * until the next tick.
 */
#include "tools/guest/serial.h"

#include "tools/guest/apic.h"
#include "tools/guest/interrupt.h"
#include "tools/guest/memory.h"
#include "tools/guest/x86.h"

#define PORT          0x3f8
#define LSR           (PORT + 5)
#define LSR_DATA      0x01
#define LSR_THR_EMPTY 0x20
#define FIFO_BYTES    16u
#define POLL_TURNS    64u

#define OUTPUT_BYTES 65536u
#define RESERVE      8192u /* of the output, for what is not a heartbeat */
#define INPUT_BYTES  64u

/* The counters run on; the ring's size is a power of two. */
static char output[OUTPUT_BYTES];
static unsigned output_head, output_tail;
static char input[INPUT_BYTES];
static volatile unsigned input_head, input_tail;

static unsigned owner; /* the boot vCPU */
static bool panicked;
static const Line *volatile last_words; /* of another vCPU */

void serial_init(void)
{
    owner = apic_id();
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

/* As much as the FIFO takes; returns how much that is. */
static unsigned output_some(void)
{
    unsigned n = output_head - output_tail;

    if (n > FIFO_BYTES) {
        n = FIFO_BYTES;
    }
    for (unsigned i = 0; i < n; i++) {
        x86_out8(PORT, (uint8_t)output[(output_tail + i) % OUTPUT_BYTES]);
    }
    return n;
}

static void say_last_words(const Line *words);

/* Bounded: it runs in an interrupt, and an absent port reads as ones. */
void serial_poll(void)
{
    if (last_words != NULL) {
        say_last_words(last_words);
    }
    for (unsigned turns = 0; turns < POLL_TURNS; turns++) {
        uint8_t lsr = x86_in8(LSR);
        bool receive =
            (lsr & LSR_DATA) && input_head - input_tail < INPUT_BYTES;
        bool send = (lsr & LSR_THR_EMPTY) && output_head != output_tail;

        if (!receive && !send) {
            return;
        }
        uint8_t received = receive ? x86_in8(PORT) : 0;
        unsigned n_sent = send ? output_some() : 0;
        memory_before_write();
        if (receive) {
            input[input_head++ % INPUT_BYTES] = (char)received;
        }
        output_tail += n_sent;
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
    while (output_room() < line->n + 1) {
        interrupts_wait();
    }
    output_line(line);
    serial_poll();
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

bool serial_is_empty(void)
{
    return output_head == output_tail;
}

static void halt_for_ever(void) __attribute__((noreturn));
static void halt_for_ever(void)
{
    for (;;) {
        x86_halt();
    }
}

/* The owner's end, also on behalf of another vCPU. */
static void say_last_words(const Line *words)
{
    last_words = NULL;
    while (output_room() < words->n + 1) {
        serial_poll();
    }
    output_line(words);
    while (output_head != output_tail) {
        serial_poll();
    }
    halt_for_ever();
}

void panic_line(Line *words)
{
    bool is_first = !__atomic_test_and_set(&panicked, __ATOMIC_ACQ_REL);

    if (apic_id() == owner) {
        while (!is_first && last_words == NULL) {
            x86_pause();
        }
        say_last_words(is_first ? words : last_words);
    } else if (is_first) {
        last_words = words;
    }
    halt_for_ever();
}

void panic(const char *words)
{
    Line line = { .n = 0 };

    line_add(&line, "panic %s", words);
    panic_line(&line);
}
