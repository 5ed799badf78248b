/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who has the guest, and what it does there, as far as somebody can tell who
 * came later. */
#include "orchestrator/attached.h"

#include "orchestrator/guest-state.h"
#include "orchestrator/saturate.h"
#include "qmp/json.h"

#define STILL_US (3 * G_USEC_PER_SEC) /* what is worth to be said */

static bool runs(const Facts *facts)
{
    return facts_run_state_is(facts, "running") ||
           facts_run_state_is(facts, "suspended");
}

static bool tells_memory(const Attached *a, Side side)
{
    JsonNode *reply = a->migration[side];
    return reply && JSON_NODE_HOLDS_OBJECT(reply) &&
           qmp_json_object(json_node_get_object(reply), "ram");
}

bool attached_is_incoming(const Attached *a)
{
    /* Of what comes in QEMU tells no memory, and in these statuses it does of
     * what goes out. */
    const Facts *source = &a->facts[SIDE_SOURCE];
    bool tells = source->status == STATUS_ACTIVE ||
                 status_is_postcopy(source->status) ||
                 source->status == STATUS_COMPLETED;
    return facts_run_state_is(source, "inmigrate") ||
           (tells && a->migration[SIDE_SOURCE] &&
            !tells_memory(a, SIDE_SOURCE));
}

bool attached_is_swapped(const Attached *a)
{
    const Facts *destination = &a->facts[SIDE_DESTINATION];
    if (!destination->connected || !attached_is_incoming(a)) {
        return false;
    }
    return facts_run_state_is(&a->facts[SIDE_SOURCE], "inmigrate")
               ? destination->run_state[0] != '\0' &&
                     !facts_run_state_is(destination, "inmigrate")
               : tells_memory(a, SIDE_DESTINATION);
}

Owner attached_judge(const Attached *a, bool final)
{
    const Facts *source = &a->facts[SIDE_SOURCE];
    const Facts *destination = &a->facts[SIDE_DESTINATION];
    bool is_alone = !a->has_destination && status_is_terminal(source->status) &&
                    runs(source);
    const OwnerContext context = {
        .started = source->status != STATUS_NONE,
        /* The user says that the two belong together; nothing is sent for it. */
        .ours = { .proof = OURS_PROVED },
        .guest_ran = a->guest_ran,
        .handed_over = a->may_be_handed && !is_alone,
    };
    Owner owner = owner_judge(a->facts, &context, final);

    if (!a->has_destination && source->status == STATUS_POSTCOPY_PAUSED) {
        return OWNER_SPLIT; /* recover finds out what the destination does */
    }
    /* It is gone, but nobody saw whether it had run the guest: the source may
     * still be continued then, and a person may know. */
    if (owner == OWNER_NOBODY && source->status == STATUS_COMPLETED &&
        destination->blind && destination->resume_us == 0) {
        return OWNER_UNPROVED;
    }
    return owner;
}

int64_t attached_still_us(const Attached *a)
{
    int64_t still_us = a->now_us - a->moved_us;
    return a->moved_us > 0 && still_us >= STILL_US &&
                   status_is_in_progress(a->facts[SIDE_SOURCE].status)
               ? still_us
               : 0;
}

int64_t attached_switchover_us(const Attached *a)
{
    const Sample *sample = &a->sample;
    g_autofree char *set = caps_inventory_value(&a->inventories[SIDE_SOURCE],
                                                "avail-switchover-bandwidth");
    double bytes_per_s = set ? g_ascii_strtod(set, NULL) : 0;
    if (bytes_per_s <= 0) {
        bytes_per_s = sample->sent_bytes_per_s;
    }
    return sample->remaining_bytes >= 0 && bytes_per_s > 0
               ? saturate_from_double(sample->remaining_bytes * 1e6 /
                                      bytes_per_s)
               : -1;
}

/* --- in words --- */

/* clang-format off */
static const struct {
    const char *guest, *phrase; /* NULL: as the source's run state is */
    const char *then;
} going_on[N_STATUSES] = {
    [STATUS_IN_PROGRESS]     = { "unknown", "is somewhere between both", "" },
    [STATUS_SETUP]           = { "source", NULL, ", which is connecting" },
    [STATUS_WAIT_UNPLUG]     = { "source", NULL,
                                 ", which waits for the guest to let go of a "
                                 "device" },
    [STATUS_ACTIVE]          = { "source", NULL, ", and its memory is sent" },
    [STATUS_PRE_SWITCHOVER]  = { "source", "stands still on the source",
                                 ", which waits to be told to hand it over" },
    [STATUS_DEVICE]          = { "unknown", "stands still",
                                 ", and is being handed over" },
    [STATUS_POSTCOPY_DEVICE] = { "unknown", "stands still",
                                 ", and is being handed over" },
    [STATUS_POSTCOPY]        = { "split", "is on the destination",
                                 ", and part of its memory on the source" },
    [STATUS_POSTCOPY_PAUSED] = { "split", "is split between both",
                                 ", and waits for the connection to be mended" },
    [STATUS_POSTCOPY_RECOVER] = { "split", "is split between both",
                                  ", and the connection is being mended" },
    [STATUS_CANCELLING]      = { "source", NULL, ", which gives up" },
};

/* At the end. */
static const struct {
    Owner owner;
    const char *guest, *phrase; /* NULL: as that side's run state is */
} ends[] = {
    { OWNER_SOURCE,      "source",      NULL },
    { OWNER_DESTINATION, "destination", NULL },
    { OWNER_CONT_DESTINATION, "destination",
      "is on the destination, paused, and waits for cont there" },
    { OWNER_CONT_SOURCE, "source",
      "stands still on the source: the destination never ran it" },
    { OWNER_SPLIT,       "split",       "is split between both" },
    { OWNER_NOBODY,      "none",        "is gone" },
    { OWNER_DOOMED,      "unknown",
      "cannot survive, but a QEMU still runs a part of it and can write to its "
      "disks: quit that QEMU" },
};
/* clang-format on */

static char *unproved(const Attached *a)
{
    const Facts *source = &a->facts[SIDE_SOURCE];
    const Facts *destination = &a->facts[SIDE_DESTINATION];
    if (runs(source) && runs(destination)) {
        return g_strdup("the guest RUNS ON BOTH SIDES");
    }
    if (source->status == STATUS_COMPLETED && !destination->connected) {
        return g_strdup("the source has handed the guest over; whether the "
                        "destination runs it, only the destination can tell");
    }
    return g_strdup("who has the guest is not established");
}

static char *ended(const Attached *a, const char **ret_guest)
{
    Owner owner = attached_judge(a, /* final= */ true);
    for (size_t i = 0; i < G_N_ELEMENTS(ends); i++) {
        if (ends[i].owner != owner) {
            continue;
        }
        Side side = owner == OWNER_DESTINATION ? SIDE_DESTINATION : SIDE_SOURCE;
        *ret_guest = ends[i].guest;
        return ends[i].phrase
                   ? g_strdup_printf("the guest %s", ends[i].phrase)
                   : guest_state_text(a->facts[side].run_state, side);
    }
    *ret_guest = "unknown";
    return unproved(a);
}

/* Seen from the wrong end. */
static char *incoming(const Attached *a, const char **ret_guest)
{
    const Facts *facts = &a->facts[SIDE_SOURCE];
    if (attached_is_swapped(a)) {
        *ret_guest = "unknown";
        return g_strdup("source and destination are swapped: the guest comes "
                        "to the QEMU of --source");
    }
    if (facts->status == STATUS_COMPLETED) {
        /* It came here: for the next migration this is the source. */
        *ret_guest = "source";
        g_autofree char *text = guest_state_text(facts->run_state, SIDE_SOURCE);
        return g_strdup_printf("%s, where it came by migration", text);
    }
    *ret_guest = "unknown";
    return g_strdup("this QEMU is the one that the guest comes to: it is to be "
                    "given as --destination");
}

char *attached_guest(const Attached *a, const char **ret_guest)
{
    const Facts *source = &a->facts[SIDE_SOURCE];
    const Facts *destination = &a->facts[SIDE_DESTINATION];
    Status status = source->status;

    if (status == STATUS_UNKNOWN || source->run_state[0] == '\0' ||
        !source->connected) {
        *ret_guest = "unknown";
        return g_strdup("the source does not tell");
    }
    if (attached_is_swapped(a) ||
        (attached_is_incoming(a) && !a->has_destination)) {
        return incoming(a, ret_guest);
    }
    if (status_is_terminal(status)) {
        return ended(a, ret_guest);
    }
    if (attached_waits_for_cont(a)) {
        *ret_guest = going_on[status].guest;
        return g_strdup_printf("the guest is on the destination, paused: it "
                               "waits for cont%s",
                               going_on[status].then);
    }
    bool is_there = status == STATUS_POSTCOPY && destination->connected;
    g_autofree char *text =
        is_there ? guest_state_text(destination->run_state, SIDE_DESTINATION)
        : going_on[status].phrase
            ? g_strdup_printf("the guest %s", going_on[status].phrase)
            : guest_state_text(source->run_state, SIDE_SOURCE);
    *ret_guest = going_on[status].guest;
    return g_strdup_printf("%s%s", text, going_on[status].then);
}

const char *attached_guest_state(const Attached *a, const char *guest)
{
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        const Facts *facts = &a->facts[side];
        if (g_str_equal(guest, side_name(side)) && facts->connected &&
            *facts->run_state) {
            return facts->run_state;
        }
    }
    return NULL;
}
