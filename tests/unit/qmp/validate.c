/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Commands against the schemas of real QEMUs.  What is accepted and refused here
 * was shown to them as well, and they said the same.
 */
#include "tests/lib/check.h"

#include "qmp/error.h"
#include "qmp/framer.h"
#include "qmp/validate.h"
#include "tests/lib/recorded.h"

typedef struct {
    const char *name, *arguments; /* JSON; NULL: none */
    const char *wanted;           /* behind the command's name; NULL: it fits */
    const char *version;          /* NULL: of both QEMUs */
} Case;

static const char *const versions[] = { "7.2", "10.0" };

/* clang-format off */
#define CHANNEL(addr) "{\"channels\":[{\"channel-type\":\"main\",\"addr\":" addr "}]}"

static const Case commands[] = {
    { "query-status", NULL, NULL },
    { "query-status", "{}", NULL },
    { "query-statu", NULL, "there is no such command" },
    { "", NULL, "there is no such command" },
    { "STOP", NULL, "there is no such command" }, /* that is an event */
    { "qmp_capabilities", "{\"enable\":[\"oob\"]}", NULL },
    { "migrate-continue", "{\"state\":\"pre-switchover\"}", NULL },
    { "query-migrationthreads", NULL, "there is no such command", "7.2" },
    { "query-migrationthreads", NULL, NULL, "10.0" },
};

static const Case kinds[] = {
    { "balloon", "{\"value\":1}", NULL },
    { "balloon", "{\"value\":-1}", NULL },
    { "balloon", "{\"value\":\"1\"}", "value: a string where an int is wanted" },
    { "balloon", "{\"value\":1.0}", "value: a number where an int is wanted" },
    { "balloon", "{\"value\":1e9}", "value: a number where an int is wanted" },
    { "balloon", "{\"value\":true}", "value: a bool where an int is wanted" },
    { "balloon", "{\"value\":null}", "value: null where an int is wanted" },
    { "balloon", "{\"value\":[1]}", "value: a list where an int is wanted" },
    { "balloon", "{\"value\":{}}", "value: an object where an int is wanted" },
    { "set_link", "{\"name\":\"n\",\"up\":false}", NULL },
    { "set_link", "{\"name\":\"n\",\"up\":0}", "up: an int where a bool is wanted" },
    { "set_link", "{\"name\":1,\"up\":true}", "name: an int where a string is wanted" },
    { "human-monitor-command", "{\"command-line\":\"\"}", NULL },
    { "qom-set", "{\"path\":\"/\",\"property\":\"p\",\"value\":[null,{\"a\":1.5}]}", NULL },
    { "qom-set", "{\"path\":\"/\",\"property\":\"p\",\"value\":null}", NULL },
    { "throttle", NULL, "there is no such command" },
    /* A number may be whole. */
    { "block-latency-histogram-set", "{\"id\":\"i\",\"boundaries\":[1,2.5]}",
      "boundaries[1]: a number where an int is wanted" },
    { "migrate-set-parameters", "{\"max-bandwidth\":\"1\"}",
      "max-bandwidth: a string where an int is wanted" },
    { "migrate-set-parameters", "{\"max-bandwidth\":-1}", NULL },
    { "migrate-set-parameters", "{\"multifd-channels\":256}", NULL }, /* ranges are not known */
};

static const Case members[] = {
    { "query-status", "{\"a\":1}", "a: unknown" },
    { "query-status", "{\"\":1}", "unknown" },
    { "set_link", NULL, "name: missing" },
    { "set_link", "{}", "name: missing" },
    { "set_link", "{\"name\":\"n\"}", "up: missing" },
    { "set_link", "{\"nname\":\"n\",\"up\":true}", "nname: unknown" },
    { "migrate-set-parameters", NULL, NULL }, /* all are optional */
    { "migrate-set-parameters", "{\"max-bandwith\":1}", "max-bandwith: unknown" },
    { "migrate-set-parameters", "{\"compress-level\":1}", NULL, "7.2" },
    { "migrate-set-parameters", "{\"compress-level\":1}", "compress-level: unknown", "10.0" },
    { "migrate-set-parameters", "{\"mode\":\"normal\"}", "mode: unknown", "7.2" },
    { "migrate-set-parameters", "{\"mode\":\"normal\"}", NULL, "10.0" },
    { "migrate-set-parameters", "{\"max-bandwidth\":null}", "max-bandwidth: null where an int is wanted" },
    { "migrate", NULL, "uri: missing", "7.2" },
    { "migrate", NULL, NULL, "10.0" }, /* uri or channels: QEMU looks at that later */
    { "migrate", "{\"uri\":\"unix:/s\",\"blk\":true}", NULL, "7.2" },
    { "migrate", "{\"uri\":\"unix:/s\",\"blk\":true}", "blk: unknown", "10.0" },
    { "migrate-incoming", "{\"uri\":\"unix:/s\",\"exit-on-error\":false}", "exit-on-error: unknown", "7.2" },
    { "migrate-incoming", "{\"uri\":\"unix:/s\",\"exit-on-error\":false}", NULL, "10.0" },
    /* Properties of the device are not in the schema. */
    { "device_add", "{\"driver\":\"virtio-net\",\"mac\":\"52:54:00:00:00:01\",\"mq\":true}", NULL },
    { "device_add", "{\"id\":\"n\",\"mq\":true}", "driver: missing" },
    { "device_add", "{\"driver\":1}", "driver: an int where a string is wanted" },
};

static const Case enums[] = {
    { "migrate-set-parameters", "{\"multifd-compression\":\"zstd\"}", NULL },
    { "migrate-set-parameters", "{\"multifd-compression\":\"lz4\"}",
      "multifd-compression: 'lz4' is none of none, zlib, zstd" },
    { "migrate-set-parameters", "{\"multifd-compression\":\"\"}",
      "multifd-compression: '' is none of none, zlib, zstd" },
    { "migrate-set-parameters", "{\"multifd-compression\":\"ZSTD\"}",
      "multifd-compression: 'ZSTD' is none of none, zlib, zstd" },
    { "migrate-set-parameters", "{\"multifd-compression\":0}",
      "multifd-compression: an int where an enum is wanted" },
    { "migrate-continue", "{\"state\":\"postcopy-recover-setup\"}", NULL, "10.0" },
};

static const Case lists[] = {
    { "migrate-set-capabilities", "{\"capabilities\":[]}", NULL },
    { "migrate-set-capabilities",
      "{\"capabilities\":[{\"capability\":\"events\",\"state\":true},"
      "{\"capability\":\"multifd\",\"state\":false}]}", NULL },
    { "migrate-set-capabilities", "{\"capabilities\":{\"capability\":\"events\",\"state\":true}}",
      "capabilities: an object where [object] is wanted" },
    { "migrate-set-capabilities", "{\"capabilities\":[1]}",
      "capabilities[0]: an int where an object is wanted" },
    { "migrate-set-capabilities", "{\"capabilities\":[{\"capability\":\"events\",\"state\":true},null]}",
      "capabilities[1]: null where an object is wanted" },
    { "migrate-set-capabilities",
      "{\"capabilities\":[{\"capability\":\"events\",\"state\":true},{\"capability\":\"multifd\",\"state\":1}]}",
      "capabilities[1].state: an int where a bool is wanted" },
    { "migrate-set-capabilities", "{\"capabilities\":[{\"capability\":\"events\"}]}",
      "capabilities[0].state: missing" },
    { "migrate-set-capabilities", "{\"capabilities\":[{\"capability\":\"events\",\"state\":true,\"x\":1}]}",
      "capabilities[0].x: unknown" },
    { "migrate-set-capabilities", "{\"capabilities\":[{\"capability\":\"mapped-ram\",\"state\":true}]}", NULL, "10.0" },
    { "migrate-set-capabilities", "{\"capabilities\":[{\"capability\":\"compress\",\"state\":true}]}", NULL, "7.2" },
    { "announce-self", "{\"initial\":1,\"max\":1,\"rounds\":1,\"step\":1,\"interfaces\":[\"a\",2]}",
      "interfaces[1]: an int where a string is wanted" },
};

static const Case alternates[] = {
    { "migrate-set-parameters", "{\"tls-creds\":\"tls0\"}", NULL },
    { "migrate-set-parameters", "{\"tls-creds\":null}", NULL },
    { "migrate-set-parameters", "{\"tls-creds\":1}",
      "tls-creds: an int where a string or null is wanted" },
    { "block-dirty-bitmap-merge", "{\"node\":\"n\",\"target\":\"t\",\"bitmaps\":"
      "[\"a\",{\"node\":\"n\",\"name\":\"b\"}]}", NULL },
    { "block-dirty-bitmap-merge", "{\"node\":\"n\",\"target\":\"t\",\"bitmaps\":[\"a\",{\"node\":\"n\"}]}",
      "bitmaps[1].name: missing" },
    { "block-dirty-bitmap-merge", "{\"node\":\"n\",\"target\":\"t\",\"bitmaps\":[[\"a\"]]}",
      "bitmaps[0]: a list where a string or object is wanted" },
    { "blockdev-add", "{\"driver\":\"qcow2\",\"file\":\"node\"}", NULL },
    { "blockdev-add", "{\"driver\":\"qcow2\",\"file\":null}",
      "file: null where an object or string is wanted" },
    { "blockdev-add", "{\"driver\":\"qcow2\",\"file\":\"node\",\"backing\":null}", NULL },
};

static const Case variants[] = {
    { "blockdev-add", "{\"driver\":\"raw\",\"offset\":0,\"file\":{\"driver\":\"file\",\"filename\":\"/x\"}}", NULL },
    { "blockdev-add", "{\"driver\":\"raw\",\"file\":{\"driver\":\"file\",\"filenam\":\"/x\"}}",
      "file.filenam: unknown" },
    { "blockdev-add", "{\"driver\":\"raw\",\"file\":{\"driver\":\"file\"}}", "file.filename: missing" },
    { "blockdev-add", "{\"driver\":\"raw\",\"filename\":\"/x\"}", "filename: unknown" },
    { "blockdev-add", "{\"filename\":\"/x\"}", "driver: missing" }, /* not filename, which depends on it */
    { "blockdev-add", "{\"filename\":\"/x\",\"driver\":1}", "driver: an int where an enum is wanted" },
    { "set_password", "{\"protocol\":\"vnc\",\"password\":\"p\",\"display\":\"d\"}", NULL },
    { "set_password", "{\"protocol\":\"spice\",\"password\":\"p\",\"display\":\"d\"}", "display: unknown" },
    { "set_password", "{\"protocol\":\"rdp\",\"password\":\"p\"}", "protocol: 'rdp' is none of vnc, spice" },
    { "send-key", "{\"keys\":[{\"type\":\"number\",\"data\":1},{\"type\":\"qcode\",\"data\":\"ret\"}]}", NULL },
    { "send-key", "{\"keys\":[{\"type\":\"number\",\"data\":\"ret\"}]}",
      "keys[0].data: a string where an int is wanted" },
    { "transaction", "{\"actions\":[{\"type\":\"abort\",\"data\":{\"a\":1}}]}", "actions[0].data.a: unknown" },
    { "object-add", "{\"qom-type\":\"tls-creds-psk\",\"id\":\"i\",\"dir\":\"/d\",\"username\":\"u\"}", NULL },
    { "object-add", "{\"qom-type\":\"tls-creds-psk\",\"id\":\"i\",\"endpoint\":\"peer\"}",
      "endpoint: 'peer' is none of client, server" },
    { "migrate", CHANNEL("{\"transport\":\"socket\",\"type\":\"unix\",\"path\":\"/s\"}"), NULL, "10.0" },
    { "migrate", CHANNEL("{\"transport\":\"socket\",\"type\":\"unix\",\"path\":\"/s\"}"),
      "channels: unknown", "7.2" },
    { "migrate", CHANNEL("{\"transport\":\"file\",\"filename\":\"/f\",\"offset\":0}"), NULL, "10.0" },
    { "migrate", CHANNEL("{\"transport\":\"file\",\"filename\":\"/f\",\"offset\":\"0x1000\"}"),
      "channels[0].addr.offset: a string where an int is wanted", "10.0" },
    { "migrate", CHANNEL("{\"transport\":\"socket\",\"type\":\"inet\",\"host\":\"h\",\"port\":4444}"),
      "channels[0].addr.port: an int where a string is wanted", "10.0" },
    { "migrate", CHANNEL("{\"transport\":\"socket\",\"type\":\"unix\",\"host\":\"h\"}"),
      "channels[0].addr.host: unknown", "10.0" },
    { "migrate", CHANNEL("{\"transport\":\"socket\"}"), "channels[0].addr.type: missing", "10.0" },
    { "migrate", CHANNEL("{\"transport\":\"pigeon\"}"),
      "channels[0].addr.transport: 'pigeon' is none of socket, exec, rdma, file", "10.0" },
    { "migrate", CHANNEL("{\"transport\":\"exec\",\"args\":[\"sh\",\"-c\",1]}"),
      "channels[0].addr.args[2]: an int where a string is wanted", "10.0" },
    { "migrate", CHANNEL("\"unix:/s\""), "channels[0].addr: a string where an object is wanted", "10.0" },
};
/* clang-format on */

static QmpCommand *command_of(const Case *one)
{
    QmpCommand *command = qmp_command_new(one->name);

    if (one->arguments) {
        g_autoptr(JsonNode) value = json_value(one->arguments);
        command->arguments = json_node_dup_object(value);
    }
    return command;
}

static void check_one(const Case *one, const char *version)
{
    g_autoptr(QmpCommand) command = command_of(one);
    g_autoptr(GError) error = NULL;
    bool fits = qmp_schema_validate(recorded_schema(version), command, &error);

    print_message("%s: %s %s\n", version, one->name, one->arguments);
    assert_int_equal(fits, !error);
    if (one->wanted) {
        g_autofree char *wanted =
            g_strdup_printf("%s: %s", one->name, one->wanted);

        check_error(error, QMP_ERROR, QMP_ERROR_USAGE);
        assert_string_equal(error->message, wanted);
    } else {
        check_no_error(error);
    }
}

static void check_cases(const Case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < G_N_ELEMENTS(versions); j++) {
            const char *version = cases[i].version;

            if (!version || strcmp(version, versions[j]) == 0) {
                check_one(&cases[i], versions[j]);
            }
        }
    }
}

static void names_of_commands(void **state)
{
    check_cases(commands, G_N_ELEMENTS(commands));
}

static void kinds_of_values(void **state)
{
    check_cases(kinds, G_N_ELEMENTS(kinds));
}

static void members_unknown_and_missing(void **state)
{
    check_cases(members, G_N_ELEMENTS(members));
}

static void values_of_enums(void **state)
{
    check_cases(enums, G_N_ELEMENTS(enums));
}

static void lists_element_by_element(void **state)
{
    check_cases(lists, G_N_ELEMENTS(lists));
}

static void alternates_by_kind(void **state)
{
    check_cases(alternates, G_N_ELEMENTS(alternates));
}

static void variants_by_tag(void **state)
{
    check_cases(variants, G_N_ELEMENTS(variants));
}

static void out_of_band_only_what_allows_it(void **state)
{
    const QmpSchema *schema = recorded_schema("10.0");
    g_autoptr(QmpCommand) pause = qmp_command_new("migrate-pause");
    g_autoptr(QmpCommand) status = qmp_command_new("query-status");
    g_autoptr(GError) error = NULL;

    pause->oob = status->oob = true;
    assert_true(qmp_schema_validate(schema, pause, NULL));
    assert_false(qmp_schema_validate(schema, status, &error));
    check_error(error, QMP_ERROR, QMP_ERROR_USAGE);
    assert_string_equal(error->message,
                        "query-status: it cannot be sent out of band");
}

/* A schema is what a peer says: "c" takes "a", of a type that goes in circles
 * or is nowhere, and 3 takes a list of lists of lists. */
#define STRANGE(a)                                                             \
    "[{\"name\":\"c\",\"meta-type\":\"command\",\"arg-type\":\"1\"},"          \
    "{\"name\":\"1\",\"meta-type\":\"object\",\"members\":"                    \
    "[{\"name\":\"a\",\"type\":\"2\"}]}," a "]"

static const struct {
    const char *what, *schema, *arguments, *wanted;
} strange[] = {
    { "no arguments named", "[{\"name\":\"c\",\"meta-type\":\"command\"}]",
      "{\"any\":1}", NULL },
    { "arguments that are a command",
      "[{\"name\":\"c\",\"meta-type\":\"command\",\"arg-type\":\"c\"}]",
      "{\"any\":1}", NULL },
    { "a type that is nowhere", STRANGE("{}"), "{\"a\":[1,{}]}", NULL },
    { "a kind that is new", STRANGE("{\"name\":\"2\",\"meta-type\":\"new\"}"),
      "{\"a\":[1,{}]}", NULL },
    { "a list of any", STRANGE("{\"name\":\"2\",\"meta-type\":\"array\"}"),
      "{\"a\":[1,{}]}", NULL },
    { "a list of itself",
      STRANGE("{\"name\":\"2\",\"meta-type\":\"array\","
              "\"element-type\":\"2\"}"),
      "{\"a\":[[[1]]]}",
      "c: a[0][0][0]: an int where [[[[[[[[list]]]]]]]] is wanted" },
    { "an alternate of itself",
      STRANGE("{\"name\":\"2\",\"meta-type\":\"alternate\","
              "\"members\":[1,{\"type\":\"2\"},{}]}"),
      "{\"a\":1}", NULL },
    { "an alternate of nothing",
      STRANGE("{\"name\":\"2\",\"meta-type\":\"alternate\"}"), "{\"a\":1}",
      NULL },
    { "an enum of nothing", STRANGE("{\"name\":\"2\",\"meta-type\":\"enum\"}"),
      "{\"a\":\"x\"}", NULL },
    { "a tag that is no member",
      STRANGE("{\"name\":\"2\",\"meta-type\":\"object\",\"tag\":\"t\","
              "\"variants\":[1,{},{\"case\":\"\"}]}"),
      "{\"a\":{\"t\":\"x\"}}", "c: a.t: unknown" },
    { "a variant that is its own",
      STRANGE("{\"name\":\"2\",\"meta-type\":\"object\",\"tag\":\"t\","
              "\"members\":[{\"name\":\"t\",\"type\":\"3\"}],"
              "\"variants\":[{\"case\":\"x\",\"type\":\"2\"}]}"),
      "{\"a\":{\"t\":\"x\"}}", NULL },
};

static void strange_schemas_do_no_harm(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(strange); i++) {
        g_autoptr(JsonNode) reply = json_value(strange[i].schema);
        g_autoptr(QmpSchema) schema = qmp_schema_new(reply);
        const Case one = { "c", strange[i].arguments };
        g_autoptr(QmpCommand) command = command_of(&one);
        g_autoptr(GError) error = NULL;

        qmp_schema_validate(schema, command, &error);
        print_message("%s\n", strange[i].what);
        assert_string_equal(error ? error->message : "fits",
                            strange[i].wanted ? strange[i].wanted : "fits");
    }
}

/* What comes from a program needs no parser, which has a limit of its own. */
static void depth_has_a_limit(void **state)
{
    g_autoptr(JsonNode) reply =
        json_value(STRANGE("{\"name\":\"2\",\"meta-type\":\"array\","
                           "\"element-type\":\"2\"}"));
    g_autoptr(QmpSchema) schema = qmp_schema_new(reply);

    for (unsigned depth = QMP_DEPTH_MAX; depth <= QMP_DEPTH_MAX + 1; depth++) {
        g_autoptr(QmpCommand) command = qmp_command_new("c");
        g_autoptr(GError) error = NULL;
        JsonArray *list = json_array_new();

        for (unsigned i = 1; i < depth; i++) {
            JsonArray *outer = json_array_new();
            json_array_add_array_element(outer, list);
            list = outer;
        }
        JsonNode *node = json_node_new(JSON_NODE_ARRAY);
        json_node_take_array(node, list);
        qmp_command_set_node(command, "a", node);
        assert_int_equal(qmp_schema_validate(schema, command, &error),
                         depth == QMP_DEPTH_MAX);
        if (error) {
            check_contains(error->message, "[0]: more than 64 deep");
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_of_commands),
        cmocka_unit_test(kinds_of_values),
        cmocka_unit_test(members_unknown_and_missing),
        cmocka_unit_test(values_of_enums),
        cmocka_unit_test(lists_element_by_element),
        cmocka_unit_test(alternates_by_kind),
        cmocka_unit_test(variants_by_tag),
        cmocka_unit_test(out_of_band_only_what_allows_it),
        cmocka_unit_test(strange_schemas_do_no_harm),
        cmocka_unit_test(depth_has_a_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
