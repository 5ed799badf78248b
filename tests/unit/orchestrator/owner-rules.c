/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who has the guest: the rules I2, I4, I10, I12 and I14 over all facts and
 * contexts that there can be. */
#include "tests/lib/check.h"

#include "orchestrator/owner.h"

/* clang-format off */
static const char *const run_states[] = {
    "", "running", "paused", "inmigrate", "finish-migrate", "postmigrate",
    "internal-error",
};
/* clang-format on */

static bool is_postcopy(const Facts *facts)
{
    return status_is_postcopy(facts->status);
}

static void check_proof(Owner owner, const Facts facts[N_SIDES],
                        const OwnerContext *context)
{
    const Facts *source = &facts[SIDE_SOURCE];
    const Facts *destination = &facts[SIDE_DESTINATION];
    bool is_proved = context->ours.proof == OURS_PROVED &&
                     ours_is_current(&context->ours, source->status);

    switch ((int)owner) {
    case OWNER_CONT_SOURCE: /* I7, I14 */
        assert_true(context->guest_ran);
        assert_true(is_proved || (context->held && !context->started));
        assert_false(context->ours.is_external);
        break;
    case OWNER_CANCEL: /* I12 */
        assert_true(is_proved);
        break;
    case OWNER_NOBODY: /* no vCPU of it runs anywhere */
        assert_true(source->dead ||
                    (source->connected && source->run_state[0] != '\0' &&
                     !facts_is_running(source)));
        assert_true(destination->dead || !facts_is_running(destination) ||
                    !context->started ||
                    (context->through_file && !context->handed_over));
        break;
    }
}

/* I4; since 10.2 a source goes back to how it was before: then its guest is the
 * only one, if it is we who stopped it and it never ran there. */
static void check_postcopy(Owner owner, const Facts facts[N_SIDES],
                           const OwnerContext *context)
{
    const Facts *destination = &facts[SIDE_DESTINATION];
    if (!context->started || !(context->postcopy || context->arrived)) {
        return;
    }
    bool is_back = context->held && destination->dead &&
                   status_is_terminal(facts[SIDE_SOURCE].status) &&
                   owner_never_ran_there(destination, context);
    assert_true(owner != OWNER_CANCEL &&
                (owner != OWNER_CONT_SOURCE || is_back));
}

static void check_rules(const Facts facts[N_SIDES], const OwnerContext *context)
{
    const Facts *source = &facts[SIDE_SOURCE];
    const Facts *destination = &facts[SIDE_DESTINATION];
    Owner owner = owner_judge(facts, context, false);
    Owner final = owner_judge(facts, context, true);
    bool has_nothing = context->through_file && !context->handed_over;
    check_proof(owner, facts, context);
    assert_true(final != OWNER_WAIT && final != OWNER_CANCEL &&
                final != OWNER_STOP_SOURCE);
    assert_true(owner == final || owner == OWNER_WAIT ||
                owner == OWNER_CANCEL || owner == OWNER_STOP_SOURCE);
    check_postcopy(owner, facts, context);
    switch (owner) {
    case OWNER_CONT_SOURCE: /* I2 */
        assert_true(source->connected);
        assert_true(source->status == STATUS_COMPLETED ||
                    (context->held && status_is_terminal(source->status)));
        assert_true(destination->dead || destination->status == STATUS_FAILED ||
                    has_nothing || !context->started);
        assert_false(context->cont_sent && context->started);
        assert_true(destination->resume_us == 0 || !context->started);
        assert_false(destination->blind && context->started);
        break;
    case OWNER_CONT_DESTINATION: /* the source cannot go on by itself */
        assert_true(source->dead || source->status == STATUS_COMPLETED);
        assert_true(destination->connected && context->guest_ran);
        break;
    case OWNER_CANCEL: /* I10 */
        assert_false(is_postcopy(source));
        assert_int_not_equal(source->status, STATUS_IN_PROGRESS);
        assert_true(source->connected);
        break;
    case OWNER_DESTINATION: /* I3, I9 */
        assert_int_equal(destination->status, STATUS_COMPLETED);
        assert_true(source->dead || source->status == STATUS_COMPLETED ||
                    source->status == STATUS_POSTCOPY_PAUSED ||
                    context->arrived);
        break;
    case OWNER_STOP_SOURCE: /* what it runs has gone on elsewhere */
        assert_true(context->arrived && source->connected);
        break;
    case OWNER_POSTCOPY:
        assert_true(is_postcopy(source) && source->connected);
        assert_false(destination->dead);
        break;
    case OWNER_SOURCE:
        assert_true(source->connected && !source->dead);
        break;
    case OWNER_NOBODY:
        assert_true(source->dead || destination->dead ||
                    destination->status == STATUS_FAILED || has_nothing ||
                    source->status == STATUS_CANCELLED || !context->started);
        break;
    default:
        break;
    }
}

static Facts facts_by_number(unsigned n)
{
    Facts facts = { .connected = n & 1,
                    .dead = (n & 3) == 2,
                    .blind = (n & 3) == 3,
                    .resume_us = n & 4 };
    facts.stopped = n & 8;
    facts.status = n / 16 % N_STATUSES;
    g_strlcpy(facts.run_state,
              run_states[n / 16 / N_STATUSES % G_N_ELEMENTS(run_states)],
              sizeof(facts.run_state));
    return facts;
}

/* An external migration is never ours. */
static Ours ours_by_number(unsigned n)
{
    static const Status ends[] = { STATUS_UNKNOWN, STATUS_COMPLETED,
                                   STATUS_FAILED, STATUS_CANCELLED };
    const bool is_external = n % 7 == 3;
    return (Ours){ .proof = is_external ? OURS_NO
                            : n & 1     ? OURS_ASKED + n % 3
                                        : OURS_NO,
                   .ended = ends[n % 5 % G_N_ELEMENTS(ends)],
                   .is_external = is_external };
}

/* Each pair of facts by each context, on a grid that shares no factor. */
static void rules_hold_for_all_facts(void **state)
{
    const unsigned n = 16 * N_STATUSES * G_N_ELEMENTS(run_states);

    for (unsigned i = 0; i < n; i++) {
        for (unsigned j = i % 3; j < n; j += 3) {
            const Facts facts[N_SIDES] = { facts_by_number(i),
                                           facts_by_number(j) };
            const unsigned bits = i * 5 + j / 3;
            const OwnerContext context = { .started = bits & 1,
                                           .ours = ours_by_number(bits),
                                           .guest_ran = bits & 2,
                                           .handed_over = bits & 4,
                                           .cont_sent = bits & 8,
                                           .through_file = bits & 16,
                                           .postcopy = bits & 64,
                                           .arrived = bits & 64,
                                           .held = bits & 32 };
            check_rules(facts, &context);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_hold_for_all_facts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
