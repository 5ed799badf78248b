/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* TLS for the stream: which name is verified, what is found and told, and that all
 * of it is taken back. */
#include "orchestrator/secure.h"
#include "qmp/json.h"
#include "tests/lib/certificates.h"
#include "tests/lib/inspected.h"

#define KEY "qemu:00112233445566778899aabbccddeeff\n"

static TlsCredentials *copy_of(const TlsCredentials *from)
{
    TlsCredentials *to = tls_credentials_new(from->folder);
    for (TlsFileId id = 0; id < N_TLS_FILES; id++) {
        const TlsFile *file = &from->files[id];
        if (file->bytes) {
            gsize n;
            const void *bytes = g_bytes_get_data(file->bytes, &n);
            tls_credentials_put(to, id, bytes, n, file->mode);
        }
    }
    return to;
}

static Secure *with_certificates(void)
{
    Secure *secure = secure_new();
    TlsCredentials *both = certificates_folder(NULL, NULL, NULL);
    secure->credentials[SIDE_SOURCE] = both;
    secure->credentials[SIDE_DESTINATION] = copy_of(both);
    secure->now_s = CERTIFICATES_NOW_S;
    return secure;
}

static Secure *with_key(void)
{
    Secure *secure = secure_new();
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        secure->credentials[side] = tls_credentials_new("/keys");
        certificates_put(secure->credentials[side], TLS_FILE_PSK, KEY);
    }
    secure->now_s = CERTIFICATES_NOW_S;
    return secure;
}

static void the_name_is_that_of_the_address(void **state)
{
    static const struct {
        const char *uri, *hostname, *host; /* NULL: none */
        bool is_psk;
    } cases[] = {
        { "tcp:b.example:0", NULL, "b.example" },
        { "tcp:[::1]:4444", NULL, "::1" },
        { "tcp:0.0.0.0:0", NULL, "10.0.0.2" },
        { "tcp::4444", NULL, "10.0.0.2" },
        { "tcp:b.example:0", "c.example", "c.example" },
        { "unix:/run/stream", NULL, CERTIFICATES_HOST },
        { "unix:/run/stream", "c.example", "c.example" },
        { "tcp:b.example:0", NULL, NULL, true },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        MigrationSettings settings = {
            .uri = g_strdup(cases[i].uri),
            .destination_host = g_strdup("10.0.0.2"),
            .secure = cases[i].is_psk ? with_key() : with_certificates(),
        };
        settings.secure->hostname = g_strdup(cases[i].hostname);
        g_autofree char *host = secure_host(&settings);
        check_case(cases[i].uri, g_strcmp0(host, cases[i].host) == 0);
        migration_settings_clear(&settings);
    }
}

static const char *argument(const QmpCommand *command, const char *name)
{
    return command->arguments ? qmp_json_string(command->arguments, name)
                              : NULL;
}

static void objects_come_first_and_go_last(void **state)
{
    g_autoptr(Inspected) inspected =
        inspected_new(&(Inspection){ .version = { "7.2", "10.0" },
                                     .uri = "unix:/run/stream",
                                     .secure = with_certificates() });
    const GPtrArray *steps = inspected->m->steps;
    const CapsStep *source = steps->pdata[0], *destination = steps->pdata[1];

    assert_int_equal(inspected->m->failure.code, FAILURE_NONE);
    assert_int_equal(source->side, SIDE_SOURCE);
    assert_string_equal(argument(source->command, "endpoint"), "client");
    assert_int_equal(destination->side, SIDE_DESTINATION);
    assert_string_equal(argument(destination->command, "endpoint"), "server");
    for (guint i = 0; i < 2; i++) {
        const CapsStep *step = steps->pdata[i];
        assert_string_equal(step->command->name, "object-add");
        assert_string_equal(step->undo->name, "object-del");
        assert_string_equal(argument(step->undo, "id"), "qmigrate-creds");
    }
    /* both have the parameters, put back before the objects go */
    guint n = 0;
    for (guint i = 2; i < steps->len; i++) {
        const CapsStep *step = steps->pdata[i];
        n += g_strcmp0(argument(step->command, "tls-creds"),
                       "qmigrate-creds") == 0;
    }
    assert_int_equal(n, N_SIDES);
}

static void what_is_found_has_its_word(void **state)
{
    Secure *secure = with_certificates();
    secure->hostname = g_strdup("c.example");
    g_autoptr(Inspected) inspected = inspected_new(
        &(Inspection){ .version = { "10.0", "10.0" }, .secure = secure });
    const Finding *finding =
        findings_first(inspected->m->findings, FINDING_ERROR);

    assert_int_equal(finding->code, FINDING_CREDENTIALS);
    assert_string_equal(finding->word, "name");
    assert_int_equal(inspected->m->failure.code, FAILURE_TLS);
    assert_int_equal(inspected->m->outcome, OUTCOME_REFUSED);
}

static Inspected *let_pass_a_wrong_name(void)
{
    Secure *secure = with_certificates();
    secure->hostname = g_strdup("c.example");
    return inspected_new(&(Inspection){ .version = { "10.0", "10.0" },
                                        .no_preflight = true,
                                        .secure = secure });
}

static void qemu_is_left_to_find_it(void **state)
{
    g_autoptr(Inspected) inspected = let_pass_a_wrong_name();

    assert_int_equal(inspected->m->failure.code, FAILURE_NONE);
    assert_true(inspected->m->steps->len > 2);
}

/* ... and what then comes of it is explained. */
static void the_cause_is_named(void **state)
{
    g_autoptr(Inspected) inspected = let_pass_a_wrong_name();
    Side side = SIDE_SOURCE;
    g_autofree char *cause = secure_cause(inspected->m, &side);

    assert_non_null(strstr(cause, "c.example"));
    assert_int_equal(side, SIDE_DESTINATION);
}

/* Of a QEMU on this host it is an error, of any other not: it has its own. */
static void what_is_absent_here(void **state)
{
    static const struct {
        pid_t pid;
        const char *identity, *type;
        FailureCode code;
    } cases[] = {
        { 4242, NULL, NULL, FAILURE_TLS },
        { 0, NULL, "tls-creds-x509", FAILURE_NONE },
        { 0, "me", "tls-creds-psk", FAILURE_NONE },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        Secure *secure = secure_new();
        for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
            TlsCredentials *absent = tls_credentials_new("/elsewhere");
            absent->error = g_strdup("No such file or directory");
            absent->is_absent = true;
            secure->credentials[side] = absent;
        }
        secure->identity = g_strdup(cases[i].identity);
        g_autoptr(Inspected) inspected = inspected_new(
            &(Inspection){ .version = { "10.0", "10.0" },
                           .pid = { cases[i].pid, 2 * cases[i].pid },
                           .secure = secure });
        const Migration *m = inspected->m;

        assert_int_equal(m->failure.code, cases[i].code);
        if (cases[i].type) {
            const CapsStep *step = m->steps->pdata[0];
            assert_string_equal(argument(step->command, "qom-type"),
                                cases[i].type);
        }
    }
}

/* The result names a kind also where nothing is there. */
static void an_empty_folder_has_a_kind(void **state)
{
    Secure *secure = secure_new();
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        secure->credentials[side] = tls_credentials_new("/empty");
    }
    MigrationSettings settings = { .uri = g_strdup("tcp:b.example:0"),
                                   .secure = secure };
    g_autoptr(JsonObject) tls = secure_to_json(&settings);
    g_autofree char *text = secure_describe(&settings);

    assert_string_equal(qmp_json_string(tls, "kind"), "x509");
    assert_true(json_object_get_null_member(tls, "identity"));
    assert_string_equal(text, "x509, the destination verified as b.example");
    migration_settings_clear(&settings);
}

static void an_id_that_is_taken_is_left_alone(void **state)
{
    static const char objects[] =
        "[{\"name\":\"qmigrate-creds\",\"type\":\"child<tls-creds-psk>\"}]";
    g_autoptr(Inspected) inspected = inspected_new(&(Inspection){
        .version = { "10.0", "10.0" },
        .secure = with_key(),
        .replies = { { SIDE_DESTINATION, ASK_MACHINE + CAPS_MACHINE_OBJECTS,
                       objects } } });
    const CapsStep *step = inspected->m->steps->pdata[0];

    assert_int_equal(inspected->m->failure.code, FAILURE_NONE);
    assert_string_equal(argument(step->command, "id"), "qmigrate-2-creds");
}

static void what_cannot_go_with_it_is_refused(void **state)
{
    static const struct {
        const char *uri, *wishes;
    } cases[] = {
        { "file:/tmp/guest", NULL },
        { "tcp:127.0.0.1:0", "--multifd=2 --zero-copy" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Inspected) inspected =
            inspected_new(&(Inspection){ .version = { "10.0", "10.0" },
                                         .uri = cases[i].uri,
                                         .wishes = cases[i].wishes,
                                         .secure = with_key() });
        check_case(cases[i].uri,
                   inspected->m->outcome == OUTCOME_REFUSED &&
                       inspected->m->failure.code == FAILURE_INCOMPATIBLE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_name_is_that_of_the_address),
        cmocka_unit_test(objects_come_first_and_go_last),
        cmocka_unit_test(what_is_found_has_its_word),
        cmocka_unit_test(qemu_is_left_to_find_it),
        cmocka_unit_test(the_cause_is_named),
        cmocka_unit_test(what_is_absent_here),
        cmocka_unit_test(an_empty_folder_has_a_kind),
        cmocka_unit_test(an_id_that_is_taken_is_left_alone),
        cmocka_unit_test(what_cannot_go_with_it_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
