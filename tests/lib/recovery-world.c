/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/lib/recovery-world.h"

#include <string.h>

#include "orchestrator/recovery-plan.h"
#include "qmp/parser.h"
#include "tests/lib/check.h"

#define TICK_US     450000 /* a later one would count as a process that froze */
#define TICKS_MAX   400
#define ACTIONS_MAX 400 /* at one moment */

#define BEGAN_US   (3 * G_USEC_PER_SEC)
#define STOPPED_NS (50 * INT64_C(1000000))

bool world_runs(const World *world, Side side)
{
    const char *run_state = world->qemu[side].run_state;
    return run_state && strcmp(run_state, "running") == 0;
}

static bool is_status(const World *world, Side side, const char *status)
{
    return g_strcmp0(world->qemu[side].status, status) == 0;
}

static unsigned n_broken;

void world_hold(const World *world, bool condition, const char *rule)
{
    if (!condition) {
        print_error("%s: %s\n", world->what, rule);
        n_broken++;
    }
}

unsigned world_n_broken(void)
{
    return n_broken;
}

/* ---- what both QEMUs say ---- */

static void obey_all(World *world);

static void feed(World *world, Event event)
{
    world->now_us += 1000;
    event.time_us = world->now_us;
    if (event.side == SIDE_SOURCE &&
        (event.kind == EVENT_REPLY || event.kind == EVENT_QMP)) {
        int64_t used_ns = world->past == PAST_ONWARD ? 5000000 : 50000;
        event.vcpu_ns = STOPPED_NS + used_ns;
        event.n_vcpus = 2;
    }
    migration_feed(world->m, &event);
}

/* Of QMP's own parser, which is faster; it takes an object alone. */
static JsonNode *parse(const char *text)
{
    if (*text == '[') {
        return json_from_string(text, NULL);
    }
    JsonNode *node = json_node_new(JSON_NODE_OBJECT);
    json_node_take_object(node, qmp_parse_object(text, strlen(text), NULL));
    return node;
}

G_GNUC_PRINTF(4, 5)
static void reply(World *world, Side side, Ask ask, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    g_autoptr(JsonNode) value = parse(text);
    feed(world,
         (Event){
             .kind = EVENT_REPLY, .side = side, .ask = ask, .value = value });
}

static void announce(World *world, Side side, const char *status)
{
    g_autoptr(JsonObject) data = json_object_new();
    world->qemu[side].status = status;
    json_object_set_string_member(data, "status", status);
    feed(world, (Event){ .kind = EVENT_QMP,
                         .side = side,
                         .name = "MIGRATION",
                         .data = data,
                         .qemu_time_us = world->now_us });
}

static void answer(World *world, Side side, Ask ask)
{
    const Qemu *qemu = &world->qemu[side];
    switch ((int)ask) {
    case ASK_RUN_STATE:
        reply(world, side, ask, "{\"status\": \"%s\"}", qemu->run_state);
        break;
    case ASK_MIGRATION:
        if (strcmp(qemu->status, "none") == 0) {
            reply(world, side, ask, "{}");
        } else {
            int64_t began_us = world->past == PAST_ONWARD
                                   ? BEGAN_US + G_USEC_PER_SEC
                                   : BEGAN_US;
            reply(world, side, ask,
                  "{\"status\": \"%s\", \"total-time\": %d, \"ram\": "
                  "{\"transferred\": 9}}",
                  qemu->status, (int)((world->now_us - began_us) / 1000));
        }
        break;
    case ASK_CAPABILITIES:
    case ASK_JOBS:
    case ASK_BLOCK_JOBS:
        reply(world, side, ask, "[]");
        break;
    case ASK_JIT:
        reply(world, side, ask,
              "{\"human-readable-text\": \"TB:\\nTB count   %s\\n\"}",
              !world->proves ? "unknown"
              : qemu->ran    ? "17"
                             : "0");
        break;
    case ASK_VCPU_STATS:
        reply(world, side, ask, "[]");
        break;
    default:
        reply(world, side, ask, "{}");
        break;
    }
}

/* ---- what both QEMUs do, and what they must not be asked to ---- */

static void obey_cont(World *world, Side side)
{
    Qemu *qemu = &world->qemu[side];
    world_hold(world, world->past != PAST_ONWARD,
               "cont, and the guest runs in a third QEMU");
    world_hold(world,
               world->context &&
                   (world->context->guest_ran || world->was_running),
               "I7: cont only for a guest that ran");
    world_hold(world, !world_runs(world, side_other(side)), "two guests run");
    if (side == SIDE_SOURCE) {
        bool had_nothing =
            world->context->through_file && !world->context->handed_over;
        world_hold(world, had_nothing || !world->qemu[SIDE_DESTINATION].ran,
                   "I2: cont on the source, and it ran on the destination");
        world_hold(world, !is_status(world, SIDE_DESTINATION, "completed"),
                   "cont on the source, and the destination has all of it");
    } else {
        world_hold(world, !qemu->ran,
                   "I7: cont for a guest that someone paused");
        world_hold(world,
                   is_status(world, side, "completed") ||
                       is_status(world, side, "postcopy-active"),
                   "cont on a destination that has not got it");
    }
    qemu->run_state = "running";
    qemu->ran = true;
    feed(world, (Event){ .kind = EVENT_QMP,
                         .side = side,
                         .name = "RESUME",
                         .qemu_time_us = world->now_us });
}

static void obey_cancel(World *world)
{
    world_hold(world, world->context && world->past != PAST_ONWARD,
               "I12: cancelled somebody else's");
    world_hold(world,
               !g_str_has_prefix(world->qemu[SIDE_SOURCE].status, "postcopy"),
               "I10: cancel in post-copy");
    if (!is_status(world, SIDE_SOURCE, "completed") &&
        !is_status(world, SIDE_SOURCE, "device")) {
        if (strcmp(world->qemu[SIDE_SOURCE].run_state, "finish-migrate") == 0) {
            world->qemu[SIDE_SOURCE].run_state = "running";
        }
        announce(world, SIDE_SOURCE, "cancelled");
    }
}

static void complete(World *world)
{
    world->qemu[SIDE_SOURCE].run_state = "postmigrate";
    if (world->qemu[SIDE_DESTINATION].status &&
        !is_status(world, SIDE_DESTINATION, "failed")) {
        if (!world_runs(world, SIDE_DESTINATION)) {
            world->qemu[SIDE_DESTINATION].run_state = "paused";
        }
        announce(world, SIDE_DESTINATION, "completed");
    }
    announce(world, SIDE_SOURCE, "completed");
}

static void tell(World *world, Side side, const char *event)
{
    feed(world, (Event){ .kind = EVENT_QMP,
                         .side = side,
                         .name = event,
                         .qemu_time_us = world->now_us });
}

static bool can_take_it(const World *world)
{
    return is_status(world, SIDE_DESTINATION, "none") ||
           is_status(world, SIDE_DESTINATION, "setup") ||
           is_status(world, SIDE_DESTINATION, "active");
}

/* The source by itself, faster than anybody asks: only events tell of it. */
static void go_on(World *world)
{
    Qemu *source = &world->qemu[SIDE_SOURCE];
    bool through_file = world->context && world->context->through_file;
    if (is_status(world, SIDE_SOURCE, "active")) {
        bool ran = world_runs(world, SIDE_SOURCE);
        source->run_state = "finish-migrate";
        if (ran) {
            tell(world, SIDE_SOURCE, "STOP");
        }
        announce(world, SIDE_SOURCE, "device");
    }
    if (is_status(world, SIDE_SOURCE, "device") && through_file) {
        source->run_state = "postmigrate";
        announce(world, SIDE_SOURCE, "completed");
    } else if (is_status(world, SIDE_SOURCE, "device") && can_take_it(world)) {
        complete(world);
    }
}

static void obey(World *world, const Action *action)
{
    Side side = action->side;
    world_hold(world, world->qemu[side].status != NULL,
               "sent to one that is dead");
    answer(world, side, action->ask);
    switch ((int)action->ask) {
    case TELL_CONT:
        obey_cont(world, side);
        break;
    case TELL_CANCEL:
        obey_cancel(world);
        break;
    case TELL_CONTINUE:
        world_hold(world, world->past != PAST_ONWARD,
                   "I12: continued somebody else's");
        complete(world);
        break;
    case TELL_INCOMING:
        world_hold(world, world->context && world->context->through_file,
                   "migrate-incoming without a file");
        world_hold(world, world->past != PAST_ONWARD, "loaded an old guest");
        world->qemu[SIDE_DESTINATION].run_state = "paused";
        announce(world, SIDE_DESTINATION, "completed");
        break;
    case TELL_STOP:
        /* A cont that was sent may have been heard. */
        world_hold(world,
                   side == SIDE_SOURCE &&
                       (world->qemu[SIDE_DESTINATION].ran ||
                        (world->context->cont_sent && !world->proves)),
                   "stopped a guest that is nowhere else");
        world->qemu[side].run_state = "paused";
        break;
    case TELL_QUIT:
        world_hold(world, false, "quit without --quit-stale");
        break;
    }
}

static void connect_to(World *world, Side side)
{
    static const ProcessIdentity identities[N_SIDES] = {
        { 11, 1, 1, "boot" },
        { 12, 2, 1, "boot" },
    };
    g_autoptr(RecoveryRecord) record = NULL;
    if (!world->qemu[side].status) {
        feed(world, (Event){ .kind = EVENT_LOST,
                             .side = side,
                             .code = FAILURE_MONITOR_UNREACHABLE,
                             .text = "refused" });
        feed(world, (Event){ .kind = EVENT_DIED, .side = side });
        return;
    }
    if (world->context) {
        record = recovery_record_new();
        record->context = *world->context;
        if (world->past != PAST_UNKNOWN) {
            record->evidence =
                (Evidence){ .began_min_us = BEGAN_US - 1000,
                            .began_max_us = BEGAN_US + 1000,
                            .stopped_ns = STOPPED_NS,
                            .looked_us = BEGAN_US + G_USEC_PER_SEC,
                            .looked_ns = STOPPED_NS - 1000000 };
        }
        record->uri = g_strdup(world->context->through_file ? "file:/run/guest"
                                                            : "unix:/run/s");
        for (Side one = SIDE_SOURCE; one < N_SIDES; one++) {
            record->process[one] = identities[one];
            record->address[one] = g_strdup("unix:/run/qmp");
        }
    }
    feed(world, (Event){ .kind = EVENT_CONNECTED,
                         .side = side,
                         .pid = identities[side].pid,
                         .identity = &identities[side],
                         .record = record,
                         .version = "10.0.0" });
}

static void obey_all(World *world)
{
    for (int i = 0; world->m->actions->len > 0; i++) {
        if (i == ACTIONS_MAX) {
            world_hold(world, false, "it asks for ever, and time stands still");
            g_ptr_array_set_size(world->m->actions, 0);
            return;
        }
        g_autofree Action *action =
            g_ptr_array_steal_index(world->m->actions, 0);
        if (action->kind == ACTION_CONNECT) {
            connect_to(world, action->side);
        } else {
            obey(world, action);
            qmp_command_free(action->command);
        }
    }
}

/* ---- one of them, and all ---- */

static void check_truth(const World *world)
{
    const Migration *m = world->m;
    bool on_source = world_runs(world, SIDE_SOURCE);
    bool on_destination = world_runs(world, SIDE_DESTINATION);

    switch (m->outcome) {
    case OUTCOME_MIGRATED:
        world_hold(world, is_status(world, SIDE_DESTINATION, "completed"),
                   "migrated, and the destination is not complete");
        world_hold(world, !on_source, "migrated, and the source runs");
        break;
    case OUTCOME_FAILED:
    case OUTCOME_CANCELLED:
    case OUTCOME_REFUSED:
        world_hold(world, !on_destination,
                   "on the source, and the destination runs");
        world_hold(world, world->qemu[SIDE_SOURCE].status != NULL,
                   "on a source that is dead");
        break;
    case OUTCOME_LOST:
        world_hold(world, !on_source && !on_destination, "lost, and it runs");
        world_hold(world, world->past != PAST_ONWARD,
                   "lost, and it runs in a third QEMU");
        break;
    default:
        break;
    }
}

Outcome world_recover(World *world)
{
    world->settings =
        (MigrationSettings){ .uri = (char *)"unix:/run/stream",
                             .recover_only = true,
                             .recover_attempts = 1,
                             .recover_timeout_us = 4 * G_USEC_PER_SEC,
                             .postcopy_stall_us = G_USEC_PER_SEC,
                             .adopt = world->settings.adopt };
    world->was_running = world_runs(world, SIDE_SOURCE);
    bool both = world->was_running && world_runs(world, SIDE_DESTINATION);
    world->m = migration_new(&world->settings);
    feed(world, (Event){ .kind = EVENT_START });
    PhaseId phase = world->m->phase;
    unsigned n_ticks = 0; /* in this phase */
    for (int i = 0; i < TICKS_MAX && world->m->phase != PHASE_DONE; i++) {
        obey_all(world);
        n_ticks = world->m->phase == phase ? n_ticks + 1 : 0;
        phase = world->m->phase;
        world->now_us += TICK_US;
        if (world->goes_on) {
            go_on(world);
        }
        bool is_late = n_ticks > 4 && phase_row(phase)->deadline_ms > 0;
        feed(world, (Event){ .kind = is_late ? EVENT_DEADLINE : EVENT_TICK });
    }
    obey_all(world);
    world_hold(world, world->m->phase == PHASE_DONE, "it does not end");
    world_hold(world,
               both || !(world_runs(world, SIDE_SOURCE) &&
                         world_runs(world, SIDE_DESTINATION)),
               "two guests run");
    check_truth(world);
    Outcome outcome = world->m->outcome;
    migration_free(world->m);
    return outcome;
}
