/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Both folders together, whom the destination lets in, and what both QEMUs are
 * told. */
#include "qmp/json.h"
#include "tests/lib/certificates.h"
#include "tests/lib/recorded.h"
#include "tls/setup.h"

#define KEY       "00112233445566778899aabbccddeeff"
#define OTHER_KEY "ff112233445566778899aabbccddeeff"
#define NONE      N_TLS_FINDINGS

static TlsCredentials *psk(const char *text)
{
    TlsCredentials *credentials = tls_credentials_new("/keys");
    certificates_put(credentials, TLS_FILE_PSK, text);
    return credentials;
}

/* Exactly these, NONE: nothing. */
static void expect(const TlsPair *pair, TlsFindingCode code)
{
    g_autoptr(GPtrArray) findings = tls_findings_new();
    tls_inspect_pair(pair, findings);
    for (guint i = 0; i < findings->len; i++) {
        const TlsFinding *finding = findings->pdata[i];
        print_message("%s: %s\n", tls_finding_row(finding->code)->word,
                      finding->text);
        assert_int_equal(finding->code, code);
    }
    assert_int_equal(findings->len > 0, code != NONE);
}

static TlsPair pair_of(const TlsCredentials *client,
                       const TlsCredentials *server)
{
    bool is_psk = tls_credentials_kind(client) == TLS_KIND_PSK;
    const TlsPair pair = { .credentials = { client, server },
                           .host = is_psk ? NULL : CERTIFICATES_HOST,
                           .now_s = CERTIFICATES_NOW_S };
    return pair;
}

static void one_ca_is_right(void **state)
{
    g_autoptr(TlsCredentials) both = certificates_folder(NULL, NULL, NULL);
    TlsPair pair = pair_of(both, both);

    expect(&pair, NONE);
    pair.host = "b.example";
    expect(&pair, TLS_FINDING_NAME);
    pair.host = NULL;
    expect(&pair, TLS_FINDING_NO_NAME);
}

static void two_cas_are_not(void **state)
{
    g_autoptr(TlsCredentials) a = certificates_folder(NULL, NULL, NULL);
    g_autoptr(TlsCredentials) b = certificates_folder(NULL, NULL, NULL);
    const TlsPair pair = pair_of(a, b);
    g_autoptr(GPtrArray) findings = tls_findings_new();

    tls_inspect_pair(&pair, findings);
    assert_int_equal(findings->len, 2);
    expect(&pair, TLS_FINDING_OTHER_CA);
}

/* Not by its own list, but by the destination's. */
static void the_destination_revokes(void **state)
{
    g_auto(Certificate) ca = { NULL, NULL };
    g_autoptr(TlsCredentials) server = certificates_folder(NULL, NULL, &ca);
    g_autoptr(TlsCredentials) client = tls_credentials_new("/client");
    g_auto(Certificate) host = certificate_host(NULL, TLS_CLIENT, &ca);
    g_autofree char *crl = certificate_crl(&ca, &host, 10);
    const TlsPair pair = pair_of(client, server);

    certificates_put(client, TLS_FILE_CA_CERT, ca.certificate);
    certificates_put(client, TLS_FILE_CLIENT_CERT, host.certificate);
    certificates_put(client, TLS_FILE_CLIENT_KEY, host.key);
    expect(&pair, NONE);
    certificates_put(server, TLS_FILE_CA_CRL, crl);
    expect(&pair, TLS_FINDING_REVOKED);
}

static void both_have_one_kind(void **state)
{
    g_autoptr(TlsCredentials) certificates =
        certificates_folder(NULL, NULL, NULL);
    g_autoptr(TlsCredentials) key = psk("qemu:" KEY "\n");
    const TlsPair pair = pair_of(certificates, key);
    expect(&pair, TLS_FINDING_OTHER_KIND);
}

static const struct {
    const char *what, *client, *server, *identity;
    TlsFindingCode code;
} keys[] = {
    { "the same", "qemu:" KEY, "a:" OTHER_KEY "\nqemu:" KEY, NULL, NONE },
    { "in capitals", "qemu:00112233445566778899AABBCCDDEEFF", "qemu:" KEY, NULL,
      NONE },
    { "of another run", "qemu:" KEY, "qemu:" OTHER_KEY, NULL,
      TLS_FINDING_OTHER_KEY },
    { "not QEMU's own name", "a:" KEY, "a:" KEY, NULL, TLS_FINDING_IDENTITY },
    { "the name wished", "a:" KEY, "a:" KEY, "a", NONE },
    { "not at the source", "b:" KEY, "a:" KEY, "a", TLS_FINDING_IDENTITY },
    { "not at the destination", "a:" KEY, "b:" KEY, "a", TLS_FINDING_IDENTITY },
};

static void keys_are_compared(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
        g_autoptr(TlsCredentials) client = psk(keys[i].client);
        g_autoptr(TlsCredentials) server = psk(keys[i].server);
        TlsPair pair = pair_of(client, server);

        print_message("%s\n", keys[i].what);
        pair.identity = keys[i].identity;
        expect(&pair, keys[i].code);
    }
}

/* What one end cannot be seen to be, the other end tells, or the wish. */
static void a_kind_is_never_none(void **state)
{
    g_autoptr(TlsCredentials) certificates =
        certificates_folder(NULL, NULL, NULL);
    g_autoptr(TlsCredentials) key = psk("qemu:" KEY "\n");
    g_autoptr(TlsCredentials) empty = tls_credentials_new("/empty");
    const struct {
        const TlsCredentials *client, *server;
        const char *identity;
        TlsKind kinds[N_TLS_ROLES];
    } cases[] = {
        { certificates, key, NULL, { TLS_KIND_X509, TLS_KIND_PSK } },
        { certificates, empty, "a", { TLS_KIND_X509, TLS_KIND_X509 } },
        { empty, key, NULL, { TLS_KIND_PSK, TLS_KIND_PSK } },
        { empty, empty, "a", { TLS_KIND_PSK, TLS_KIND_PSK } },
        { empty, empty, NULL, { TLS_KIND_X509, TLS_KIND_X509 } },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        TlsPair pair = pair_of(cases[i].client, cases[i].server);
        pair.identity = cases[i].identity;
        for (TlsRole role = 0; role < N_TLS_ROLES; role++) {
            assert_int_equal(tls_pair_kind(&pair, role), cases[i].kinds[role]);
        }
    }
}

/* As it is on another host: whose QEMU will tell. */
static void what_cannot_be_seen_is_no_error(void **state)
{
    g_autoptr(TlsCredentials) certificates =
        certificates_folder(NULL, NULL, NULL);
    g_autoptr(TlsCredentials) absent = tls_credentials_new("/elsewhere");
    absent->error = g_strdup("No such file or directory");
    absent->is_absent = true;

    for (TlsRole role = 0; role < N_TLS_ROLES; role++) {
        g_autoptr(GPtrArray) findings = tls_findings_new();
        TlsPair pair = role == TLS_CLIENT ? pair_of(absent, certificates)
                                          : pair_of(certificates, absent);
        expect(&pair, TLS_FINDING_MISSING);
        pair.is_elsewhere[role] = true;
        tls_inspect_pair(&pair, findings);
        assert_false(tls_findings_have_error(findings));
        assert_int_equal(tls_findings_find(findings, TLS_FINDING_MISSING)->role,
                         role);
        pair.host = NULL;
        tls_inspect_pair(&pair, findings);
        assert_non_null(tls_findings_find(findings, TLS_FINDING_NO_NAME));
    }
}

static void what_does_nothing_is_told(void **state)
{
    g_autoptr(TlsCredentials) certificates =
        certificates_folder(NULL, NULL, NULL);
    g_autoptr(TlsCredentials) key = psk("qemu:" KEY "\n");
    g_autoptr(TlsAuthz) authz = tls_authz_new_list();
    const struct {
        const TlsCredentials *both;
        const char *host, *identity;
        const TlsAuthz *authz;
        guint n;
    } cases[] = {
        { key, NULL, "qemu", NULL, 0 },
        { key, "a.example", NULL, NULL, 1 },
        { key, NULL, NULL, authz, 1 },
        { key, "a.example", NULL, authz, 2 },
        { certificates, CERTIFICATES_HOST, NULL, NULL, 0 },
        { certificates, CERTIFICATES_HOST, "qemu", NULL, 1 },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GPtrArray) findings = tls_findings_new();
        TlsPair pair = pair_of(cases[i].both, cases[i].both);
        guint n = 0;
        pair.host = cases[i].host;
        pair.identity = cases[i].identity;
        pair.authz = cases[i].authz;
        tls_inspect_pair(&pair, findings);
        for (guint j = 0; j < findings->len; j++) {
            const TlsFinding *one = findings->pdata[j];
            n +=
                one->code == TLS_FINDING_UNUSED && one->severity == TLS_WARNING;
        }
        print_message("case %zu\n", i);
        assert_int_equal(n, cases[i].n);
    }
}

static const struct {
    const char *match;
    bool is_glob, allows, allows_rest;
    TlsAuthzVerdict verdict;
} rules[] = {
    { "CN=a.example", false, true, false, TLS_AUTHZ_ALLOWED },
    { "cn=a.example", false, true, false, TLS_AUTHZ_DENIED },
    { "CN=a.example", false, false, true, TLS_AUTHZ_DENIED },
    { "CN=*.example", false, true, false, TLS_AUTHZ_DENIED },
    { "CN=*.example", true, true, false, TLS_AUTHZ_ALLOWED },
    { "CN=b.example", false, false, true, TLS_AUTHZ_ALLOWED },
};

static void lists_are_judged(void **state)
{
    g_autoptr(TlsCredentials) both = certificates_folder(NULL, NULL, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(rules); i++) {
        g_autoptr(TlsAuthz) authz = tls_authz_new_list();
        TlsPair pair = pair_of(both, both);

        authz->allows_rest = rules[i].allows_rest;
        tls_authz_add(authz, rules[i].match, rules[i].is_glob, rules[i].allows);
        pair.authz = authz;
        check_case(rules[i].match,
                   tls_authz_judge(authz, "CN=a.example") == rules[i].verdict);
        expect(&pair, rules[i].verdict == TLS_AUTHZ_DENIED
                          ? TLS_FINDING_NOT_AUTHORIZED
                          : NONE);
    }
}

static void others_are_judged(void **state)
{
    g_autoptr(TlsAuthz) nobody = tls_authz_new_list();
    g_autoptr(TlsAuthz) simple =
        tls_authz_new(TLS_AUTHZ_SIMPLE, "CN=a.example");
    g_autoptr(TlsAuthz) file =
        tls_authz_new(TLS_AUTHZ_LIST_FILE, "/etc/allowed");

    assert_int_equal(tls_authz_judge(nobody, "CN=a"), TLS_AUTHZ_DENIED);
    assert_int_equal(tls_authz_judge(simple, "CN=a.example"),
                     TLS_AUTHZ_ALLOWED);
    assert_int_equal(tls_authz_judge(simple, "CN=a"), TLS_AUTHZ_DENIED);
    assert_int_equal(tls_authz_judge(file, "CN=a"), TLS_AUTHZ_UNKNOWN);
}

/* A key has no distinguished name. */
static void a_list_for_keys_does_nothing(void **state)
{
    g_autoptr(TlsCredentials) both = psk("qemu:" KEY "\n");
    g_autoptr(TlsAuthz) authz = tls_authz_new_list();
    TlsPair pair = pair_of(both, both);

    pair.authz = authz;
    expect(&pair, TLS_FINDING_UNUSED);
    g_autoptr(TlsSetup) setup = tls_setup_new(&pair, "it");
    assert_int_equal(setup->steps[TLS_SERVER]->len, 1);
}

/* clang-format off */
static const struct {
    TlsRole role;
    guint i;
    const char *command, *undo;
} told[] = {
    { TLS_CLIENT, 0,
      "{\"execute\":\"object-add\",\"arguments\":{\"qom-type\":"
      "\"tls-creds-x509\",\"id\":\"it-creds\",\"endpoint\":\"client\","
      "\"dir\":\"/creds\",\"verify-peer\":true}}\n",
      "{\"execute\":\"object-del\",\"arguments\":{\"id\":\"it-creds\"}}\n" },
    { TLS_SERVER, 0,
      "{\"execute\":\"object-add\",\"arguments\":{\"qom-type\":"
      "\"tls-creds-x509\",\"id\":\"it-creds\",\"endpoint\":\"server\","
      "\"dir\":\"/creds\",\"verify-peer\":true}}\n",
      "{\"execute\":\"object-del\",\"arguments\":{\"id\":\"it-creds\"}}\n" },
    { TLS_SERVER, 1,
      "{\"execute\":\"object-add\",\"arguments\":{\"qom-type\":\"authz-list\","
      "\"id\":\"it-authz\",\"policy\":\"deny\",\"rules\":[{\"match\":"
      "\"CN=a.example\",\"policy\":\"allow\",\"format\":\"exact\"}]}}\n",
      "{\"execute\":\"object-del\",\"arguments\":{\"id\":\"it-authz\"}}\n" },
};
/* clang-format on */

static void check_parameter(const TlsSetup *setup, TlsRole role, guint i,
                            const char *name, const char *value)
{
    const TlsParameter *parameter = setup->parameters[role]->pdata[i];
    assert_string_equal(parameter->name, name);
    assert_string_equal(parameter->value, value);
}

static void both_are_told(void **state)
{
    g_autoptr(TlsCredentials) both = certificates_folder(NULL, NULL, NULL);
    g_autoptr(TlsAuthz) authz = tls_authz_new_list();
    TlsPair pair = pair_of(both, both);

    tls_authz_add(authz, "CN=a.example", false, true);
    pair.authz = authz;
    g_autoptr(TlsSetup) setup = tls_setup_new(&pair, "it");
    for (size_t i = 0; i < G_N_ELEMENTS(told); i++) {
        const TlsStep *step = setup->steps[told[i].role]->pdata[told[i].i];
        g_autofree char *command = qmp_command_to_text(step->command, -1);
        g_autofree char *undo = qmp_command_to_text(step->undo, -1);
        assert_string_equal(command, told[i].command);
        assert_string_equal(undo, told[i].undo);
    }
    check_parameter(setup, TLS_CLIENT, 0, "tls-creds", "it-creds");
    check_parameter(setup, TLS_CLIENT, 1, "tls-hostname", CERTIFICATES_HOST);
    check_parameter(setup, TLS_SERVER, 0, "tls-creds", "it-creds");
    check_parameter(setup, TLS_SERVER, 1, "tls-authz", "it-authz");
}

static void keys_are_told(void **state)
{
    g_autoptr(TlsCredentials) both = psk("me:" KEY "\n");
    TlsPair pair = pair_of(both, both);

    pair.identity = "me";
    g_autoptr(TlsSetup) setup = tls_setup_new(&pair, "it");
    const TlsStep *client = setup->steps[TLS_CLIENT]->pdata[0];
    const TlsStep *server = setup->steps[TLS_SERVER]->pdata[0];
    assert_string_equal(qmp_json_string(client->command->arguments, "username"),
                        "me");
    assert_null(qmp_json_string(server->command->arguments, "username"));
    check_parameter(setup, TLS_CLIENT, 1, "tls-hostname", "");
    check_parameter(setup, TLS_SERVER, 1, "tls-authz", "");
}

static GPtrArray *all_steps(void)
{
    g_autoptr(TlsAuthz) list = tls_authz_new_list();
    GPtrArray *steps =
        g_ptr_array_new_with_free_func((GDestroyNotify)tls_step_free);

    tls_authz_add(list, "CN=*", true, false);
    g_ptr_array_add(steps, tls_object_authz("it", list));
    for (TlsAuthzKind kind = TLS_AUTHZ_SIMPLE; kind < N_TLS_AUTHZ_KINDS;
         kind++) {
        if (kind == TLS_AUTHZ_LIST_FILE) {
            continue; /* none of both QEMUs takes it */
        }
        g_autoptr(TlsAuthz) authz = tls_authz_new(kind, "x");
        g_ptr_array_add(steps, tls_object_authz("it", authz));
    }
    for (TlsRole role = 0; role < N_TLS_ROLES; role++) {
        g_ptr_array_add(steps, tls_object_x509("it", "/d", role, true));
        g_ptr_array_add(steps, tls_object_psk("it", "/d", role, "me"));
        g_ptr_array_add(steps, tls_object_anon("it", role));
    }
    return steps;
}

static const char *const versions[] = { "7.2", "10.0" };

static void qemus_know_all_of_it(void **state)
{
    g_autoptr(GPtrArray) steps = all_steps();
    for (size_t v = 0; v < G_N_ELEMENTS(versions); v++) {
        QmpSchema *schema = recorded_schema(versions[v]);
        for (guint i = 0; i < steps->len; i++) {
            const TlsStep *step = steps->pdata[i];
            g_autoptr(GPtrArray) findings = tls_findings_new();

            recorded_check_command(versions[v], step->command);
            recorded_check_command(versions[v], step->undo);
            tls_step_check(step, schema, TLS_SERVER, findings);
            assert_int_equal(findings->len, 0);
        }
    }
}

static void what_a_qemu_lacks_is_told(void **state)
{
    g_autoptr(JsonNode) none = json_from_string("[]", NULL);
    g_autoptr(QmpSchema) empty = qmp_schema_new(none);
    QmpSchema *schema = recorded_schema("7.2");
    g_autoptr(TlsCredentials) both = certificates_folder(NULL, NULL, NULL);
    const TlsPair pair = pair_of(both, both);
    g_autoptr(TlsSetup) setup = tls_setup_new(&pair, "it");
    g_autoptr(GPtrArray) findings = tls_findings_new();
    const TlsStep *step = setup->steps[TLS_CLIENT]->pdata[0];

    tls_setup_check(setup, TLS_CLIENT, schema, findings);
    assert_int_equal(findings->len, 0);
    tls_setup_check(setup, TLS_SERVER, empty, findings);
    assert_int_equal(findings->len, 3); /* an object and two parameters */
    assert_int_equal(((TlsFinding *)findings->pdata[0])->code,
                     TLS_FINDING_NOT_OFFERED);
    qmp_command_set_string(step->command, "newer", "x");
    tls_step_check(step, schema, TLS_CLIENT, findings);
    assert_string_equal(((TlsFinding *)findings->pdata[3])->text,
                        "its object tls-creds-x509 has no newer");
    qmp_command_set_string(step->command, "qom-type", "tls-creds-newer");
    tls_step_check(step, schema, TLS_CLIENT, findings);
    assert_string_equal(((TlsFinding *)findings->pdata[4])->text,
                        "it has no object tls-creds-newer");
}

static void a_list_in_a_file_is_not_offered(void **state)
{
    g_autoptr(TlsAuthz) authz = tls_authz_new(TLS_AUTHZ_LIST_FILE, "/a");
    g_autoptr(TlsStep) step = tls_object_authz("it", authz);
    for (size_t v = 0; v < G_N_ELEMENTS(versions); v++) {
        g_autoptr(GPtrArray) findings = tls_findings_new();
        tls_step_check(step, recorded_schema(versions[v]), TLS_SERVER,
                       findings);
        assert_non_null(tls_findings_find(findings, TLS_FINDING_NOT_OFFERED));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_ca_is_right),
        cmocka_unit_test(two_cas_are_not),
        cmocka_unit_test(the_destination_revokes),
        cmocka_unit_test(both_have_one_kind),
        cmocka_unit_test(a_kind_is_never_none),
        cmocka_unit_test(what_cannot_be_seen_is_no_error),
        cmocka_unit_test(what_does_nothing_is_told),
        cmocka_unit_test(keys_are_compared),
        cmocka_unit_test(lists_are_judged),
        cmocka_unit_test(others_are_judged),
        cmocka_unit_test(a_list_for_keys_does_nothing),
        cmocka_unit_test(both_are_told),
        cmocka_unit_test(keys_are_told),
        cmocka_unit_test(qemus_know_all_of_it),
        cmocka_unit_test(what_a_qemu_lacks_is_told),
        cmocka_unit_test(a_list_in_a_file_is_not_offered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
