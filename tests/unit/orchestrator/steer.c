/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A policy of the test's own at the helm: what its verdicts become. */
#include "tests/lib/check.h"

#include "orchestrator/phases.h"
#include "orchestrator/policies.h"
#include "orchestrator/steer.h"

static Verdict next; /* what the policy will say */
static guint n_judged;

static Verdict say(Policy *policy, const Sample *sample)
{
    n_judged++;
    return next;
}

static uint64_t start_at_70(const PolicySpec *spec, const PolicyTerms *terms)
{
    return 70;
}

static const char *const no_features[] = { NULL };
static const PolicySpec own = { .name = "own",
                                .features = no_features,
                                .start_ms = start_at_70,
                                .judge = say };

typedef struct {
    MigrationSettings settings;
    Migration *m;
} Helm;

/* In transfer, with a source that has a downtime-limit of 300 ms. */
static Helm *helm_new(const char *uri)
{
    Helm *helm = g_new0(Helm, 1);
    g_autoptr(JsonNode) parameters = json_from_string(
        "{\"downtime-limit\": 300, \"max-bandwidth\": 1000}", NULL);
    helm->settings =
        (MigrationSettings){ .uri = g_strdup(uri), .policy = &own };
    helm->m = migration_new(&helm->settings);
    caps_inventory_take_parameters(&helm->m->inventories[SIDE_SOURCE],
                                   parameters);
    helm->m->phase = PHASE_TRANSFER;
    helm->m->context.started = true;
    helm->m->facts[SIDE_SOURCE].status = STATUS_ACTIVE;
    helm->m->sample = sample_unknown();
    next = (Verdict){ .action = POLICY_WAIT };
    n_judged = 0;
    return helm;
}

static void helm_free(Helm *helm)
{
    migration_free(helm->m);
    migration_settings_clear(&helm->settings);
    g_free(helm);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Helm, helm_free)

static Helm *helm_begin(void)
{
    Helm *helm = helm_new("tcp:127.0.0.1:0");
    steer_wish(helm->m);
    steer_begin(helm->m);
    return helm;
}

static const Action *only_action(const Migration *m)
{
    assert_int_equal(m->actions->len, 1);
    return m->actions->pdata[0];
}

static void check_command(const QmpCommand *command, const char *text)
{
    g_autoptr(JsonNode) node =
        json_node_init_object(json_node_alloc(), command->arguments);
    g_autofree char *found = json_to_string(node, FALSE);
    assert_string_equal(command->name, "migrate-set-parameters");
    assert_string_equal(found, text);
}

static void its_start_is_wished_for(void **state)
{
    g_autoptr(Helm) helm = helm_new("tcp:127.0.0.1:0");
    steer_wish(helm->m);
    assert_int_equal(helm->m->wishes->len, 1);
    const CapsWish *wish = helm->m->wishes->pdata[0];
    assert_string_equal(wish->name, "downtime-limit");
    assert_string_equal(wish->value, "70");
    assert_int_equal(helm->m->found_downtime_ms, 300);
}

static void the_users_start_is_left(void **state)
{
    g_autoptr(Helm) helm = helm_new("tcp:127.0.0.1:0");
    helm->settings.terms.start_downtime_us = 50000;
    steer_wish(helm->m);
    assert_int_equal(helm->m->wishes->len, 0);
}

static bool is_users_throttle(CapsWish *wish, bool is_own)
{
    g_autoptr(Helm) helm = helm_new("tcp:127.0.0.1:0");
    g_ptr_array_add(helm->m->wishes, wish);
    helm->m->n_own_wishes = is_own ? helm->m->wishes->len : 0;
    steer_begin(helm->m);
    return helm->m->policy->terms.throttle_is_users;
}

static void the_users_throttle_is_known(void **state)
{
    assert_true(is_users_throttle(caps_wish_parameter("max-cpu-throttle", "50"),
                                  /* is_own= */ false));
    assert_true(is_users_throttle(caps_wish_parameter("vcpu-dirty-limit", "5"),
                                  /* is_own= */ false));
    assert_false(is_users_throttle(caps_wish_parameter("max-cpu-throttle", "9"),
                                   /* is_own= */ true));
    assert_false(is_users_throttle(caps_wish_capability("auto-converge", true),
                                   /* is_own= */ false));
}

static void nothing_steers_through_a_file(void **state)
{
    g_autoptr(Helm) helm = helm_new("file:/run/guest");
    steer_wish(helm->m);
    steer_begin(helm->m);
    assert_int_equal(helm->m->wishes->len, 0);
    assert_null(helm->m->policy);
    assert_int_equal(steer_judge(helm->m), PHASE_TRANSFER);
}

static void what_it_sets_can_be_put_back(void **state)
{
    g_autoptr(Helm) helm = helm_begin();
    Migration *m = helm->m;
    next = (Verdict){ .action = POLICY_SET,
                      .parameter = "downtime-limit",
                      .value = 150,
                      .rule = "more" };
    assert_int_equal(steer_judge(m), PHASE_TRANSFER);

    const Action *action = only_action(m);
    assert_int_equal(action->ask, TELL_PARAMETER);
    assert_int_equal(action->side, SIDE_SOURCE);
    check_command(action->command, "{\"downtime-limit\":150}");
    assert_int_equal(m->n_sent, 1);
    const CapsStep *step = m->steps->pdata[0];
    check_command(step->undo, "{\"downtime-limit\":300}");
    assert_int_equal(m->decisions->len, 1);

    /* until QEMU has answered, nothing else is decided */
    assert_int_equal(steer_judge(m), PHASE_TRANSFER);
    assert_int_equal(n_judged, 1);
}

static void to_stop_is_a_downtime_limit(void **state)
{
    g_autoptr(Helm) helm = helm_begin();
    next = (Verdict){ .action = POLICY_STOP,
                      .parameter = "downtime-limit",
                      .value = 2000000,
                      .rule = "last" };
    steer_judge(helm->m);
    check_command(only_action(helm->m)->command,
                  "{\"downtime-limit\":2000000}");
}

static void an_abort_fails_with_its_reason(void **state)
{
    g_autoptr(Helm) helm = helm_begin();
    next = (Verdict){ .action = POLICY_ABORT, .rule = "hopeless" };
    g_strlcpy(next.reason, "needs 340 MiB/s", sizeof(next.reason));
    assert_int_equal(steer_judge(helm->m), PHASE_RESOLVE);
    assert_int_equal(helm->m->failure.code, FAILURE_DID_NOT_CONVERGE);
    assert_string_equal(helm->m->failure.message, "needs 340 MiB/s");
}

static void only_an_active_source_is_judged(void **state)
{
    g_autoptr(Helm) helm = helm_begin();
    for (Status status = 0; status < N_STATUSES; status++) {
        helm->m->facts[SIDE_SOURCE].status = status;
        steer_judge(helm->m);
    }
    assert_int_equal(n_judged, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_start_is_wished_for),
        cmocka_unit_test(the_users_start_is_left),
        cmocka_unit_test(the_users_throttle_is_known),
        cmocka_unit_test(nothing_steers_through_a_file),
        cmocka_unit_test(what_it_sets_can_be_put_back),
        cmocka_unit_test(to_stop_is_a_downtime_limit),
        cmocka_unit_test(an_abort_fails_with_its_reason),
        cmocka_unit_test(only_an_active_source_is_judged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
