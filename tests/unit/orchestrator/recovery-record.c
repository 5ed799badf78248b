/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A record survives being written and read, and what is no record is refused. */
#include "tests/lib/check.h"

#include <string.h>

#include "orchestrator/recovery-record.h"

static void add_step(RecoveryRecord *record, Side side, const char *value,
                     const char *before)
{
    CapsStep *step = g_new0(CapsStep, 1);
    step->side = side;
    step->command = qmp_command_set_string(
        qmp_command_new("migrate-set-parameters"), "tls-creds", value);
    step->undo = qmp_command_set_string(
        qmp_command_new("migrate-set-parameters"), "tls-creds", before);
    step->may_be_used_up = side == SIDE_DESTINATION;
    g_ptr_array_add(record->steps, step);
}

static RecoveryRecord *example(void)
{
    RecoveryRecord *record = recovery_record_new();
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        record->process[side] =
            (ProcessIdentity){ .pid = 100 + side,
                               .start_ticks = G_GUINT64_CONSTANT(1) << 40,
                               .pid_namespace = 4026531836,
                               .boot_id = "0123" };
        record->address[side] = g_strdup_printf("unix:/run/%d.qmp", side);
    }
    record->uri = g_strdup("file:/tmp/a \"b\"");
    record->as_channels = true;
    record->migrate_us = 123;
    record->context = (OwnerContext){ .guest_ran = true, .cont_sent = true };
    record->evidence = (Evidence){ .began_min_us = 1, .looked_ns = -1 };
    add_step(record, SIDE_SOURCE, "ours", "theirs");
    add_step(record, SIDE_DESTINATION, "ours", "");
    return record;
}

static void what_is_written_is_read(void **state)
{
    g_autoptr(RecoveryRecord) written = example();
    g_autofree char *text = recovery_record_to_text(written);
    g_autoptr(RecoveryRecord) read = recovery_record_from_text(text);
    g_autofree char *again = read ? recovery_record_to_text(read) : NULL;

    assert_non_null(read);
    assert_string_equal(again, text);
    assert_true(process_identity_equal(&read->process[SIDE_DESTINATION],
                                       &written->process[SIDE_DESTINATION]));
    assert_true(read->context.guest_ran && read->context.cont_sent);
    assert_false(read->context.started || read->context.handed_over);
    assert_int_equal(read->steps->len, 2);
}

/* That is how the journal changes it. */
static void a_mark_is_one_byte_of_the_text(void **state)
{
    g_autoptr(RecoveryRecord) record = example();
    g_autofree char *text = recovery_record_to_text(record);
    char marks[RECOVERY_MARKS_MAX];

    record->context.started = true;
    size_t n = recovery_record_marks(record, marks);
    memcpy(text + recovery_record_marks_offset(), marks, n);
    g_autofree char *expected = recovery_record_to_text(record);
    assert_string_equal(text, expected);
}

static void no_record(const char *text)
{
    g_autoptr(RecoveryRecord) record = recovery_record_from_text(text);
    assert_null(record);
}

static void what_is_cut_or_changed_is_refused(void **state)
{
    static const struct {
        const char *from, *to;
    } changes[] = {
        { "journal/2", "journal/1" },
        { "marks=g", "marks=x" },
        { "\"pid\"", "\"pit\"" },
        { "\"uri\"", "\"url\"" },
        { "\"execute\"", "\"exec\"" },
        { "\"boot_id\" : \"0123\"", "\"boot_id\" : \"\"" },
        { "\"settings\" : [", "\"settings\" : [ 3, " },
        { "\"start_ticks\" : 1", "\"start_ticks\" : -1" },
    };
    g_autoptr(RecoveryRecord) record = example();
    g_autofree char *text = recovery_record_to_text(record);

    for (size_t n = 0; n < strlen(text) - 2; n++) {
        g_autofree char *cut = g_strndup(text, n);
        no_record(cut);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(changes); i++) {
        g_auto(GStrv) parts = g_strsplit(text, changes[i].from, 2);
        assert_int_equal(g_strv_length(parts), 2);
        g_autofree char *changed = g_strjoinv(changes[i].to, parts);
        no_record(changed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(a_mark_is_one_byte_of_the_text),
        cmocka_unit_test(what_is_cut_or_changed_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
