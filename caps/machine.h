/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What one QEMU tells of its machine, and what of it keeps the guest of one
 * from living in the other.  QEMU compares little: a difference ends the
 * migration in the middle of the stream, crashes the guest later, or is never
 * noticed.  The questions are data and can all be asked at once; what a QEMU
 * did not answer is "not told" and not compared.  Pure.
 */
#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "caps/block.h"
#include "caps/inventory.h"
#include "caps/side.h"
#include "qmp/command.h"

typedef enum {
    CAPS_MACHINE_TYPE,
    CAPS_MACHINE_TYPES, /* all that this QEMU has */
    CAPS_MACHINE_UUID,
    CAPS_MACHINE_MEMORY, /* how much */
    CAPS_MACHINE_SLOTS,
    CAPS_MACHINE_BACKENDS,
    CAPS_MACHINE_BLOCKS,
    CAPS_MACHINE_LAYOUT,         /* guest addresses */
    CAPS_MACHINE_MEMORY_DEVICES, /* that are plugged in */
    CAPS_MACHINE_CPUS,           /* how many, and where */
    CAPS_MACHINE_TOPOLOGY,
    CAPS_MACHINE_CPU_MODEL,
    CAPS_MACHINE_CPU_VENDOR, /* of x86 */
    CAPS_MACHINE_CPU_FEATURES,
    CAPS_MACHINE_NAMED_DEVICES, /* that the user made, with an id */
    CAPS_MACHINE_OTHER_DEVICES, /* without one */
    CAPS_MACHINE_DEVICES,       /* all that are on a bus, and where */
    CAPS_MACHINE_DISKS,         /* with their media */
    CAPS_MACHINE_SMM,           /* how it was started, as those below */
    CAPS_MACHINE_S3,
    CAPS_MACHINE_S4,
    CAPS_MACHINE_PCI_HOTPLUG,
    CAPS_MACHINE_OBJECTS, /* made by -object: TLS credentials are */
    N_CAPS_MACHINE_QUESTIONS,
} CapsMachineQuestion;

typedef struct {
    uint64_t index;                             /* in QEMU */
    uint64_t socket, die, module, core, thread; /* for the guest */
} CapsCpu;

/* Memory made by -object memory-backend-*. */
typedef struct {
    bool share;
    uint64_t bytes;
} CapsBackend;

/* Memory that is plugged in, with the id of its backend. */
typedef struct {
    char *backend;
    uint64_t address;             /* in the guest */
    const char *address_property; /* of -device: "addr", "memaddr" */
    int64_t slot, node;           /* -1: it has none */
} CapsMemoryDevice;

/* Devices made by -device and device_add. */
typedef enum {
    CAPS_MADE_NAMED,
    CAPS_MADE_OTHER,
    N_CAPS_MADE,
} CapsMade;

/* Each member is there only if its question is told. */
typedef struct {
    bool told[N_CAPS_MACHINE_QUESTIONS];
    char *type;        /* "pc-q35-7.2" */
    GHashTable *types; /* all that it has: name -> alias or "" */
    char *uuid;
    uint64_t memory_bytes, plugged_bytes; /* all, and what of it is plugged */
    uint64_t n_slots;          /* for memory that is plugged in later */
    uint64_t max_bytes;        /* with all of that; 0: it cannot grow */
    GHashTable *backends;      /* id -> CapsBackend */
    GPtrArray *blocks;         /* of CapsBlock */
    GPtrArray *layout;         /* of CapsMapping */
    GPtrArray *memory_devices; /* of CapsMemoryDevice */
    GArray *cpus;              /* of CapsCpu */
    unsigned n_vcpus;          /* 0: not told */
    uint64_t dies, modules, cores, threads; /* of each socket, die... */
    uint64_t max_cpus;                      /* plugged or not; 0: not told */
    char *cpu_model;                        /* "qemu64" */
    char *cpu_vendor;                       /* "AuthenticAMD" */
    GArray *cpu_words;                      /* of CapsCpuWord */
    GPtrArray *made[N_CAPS_MADE]; /* types, as often as they are there */
    GPtrArray *devices;           /* of CapsDevice */
    GPtrArray *disks;             /* of CapsDisk */
    GHashTable *objects;          /* id -> type */
    char *
        settings[N_CAPS_MACHINE_QUESTIONS]; /* the answers that are one value */
} CapsMachine;

void caps_machine_clear(CapsMachine *machine);

QmpCommand *caps_machine_question(CapsMachineQuestion question);
/* What tells it from the others: "query-uuid", "qom-get /machine type". */
const char *caps_machine_question_name(CapsMachineQuestion question);

/*
 * Takes the answer, once; NULL: QEMU refused the question, or does not know it.
 * False: it is not told, as there is no answer or none of the shape that QEMU
 * 7.2 and 10.0 give.
 */
bool caps_machine_take(CapsMachine *machine, CapsMachineQuestion question,
                       JsonNode *reply);

/* The id of the backend that @block belongs to; NULL: of none, or not told. */
const char *caps_machine_backend_of(const CapsMachine *machine,
                                    const CapsBlock *block);

/*
 * Does x-ignore-shared of this QEMU leave the backend @id out of the stream?
 * Until 8.0 all shared memory, from 8.1 on only that of memory-backend-file.
 */
bool caps_machine_leaves_out(const CapsMachine *machine, CapsVersion version,
                             const char *id);
/* The size of all such backends. */
uint64_t caps_machine_left_out_bytes(const CapsMachine *machine,
                                     CapsVersion version);

/* It will have the object @id before the migration begins. */
void caps_machine_will_have(CapsMachine *machine, const char *id);

/*
 * Adds what differs to @findings (caps/finding.h).  @wanted is how both sides
 * will be set: some differences count only for post-copy, multifd...
 */
void caps_machine_compare(const CapsMachine machines[N_SIDES],
                          const CapsInventory wanted[N_SIDES],
                          GPtrArray *findings);
