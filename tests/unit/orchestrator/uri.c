/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the migration stream goes. */
#include "tests/lib/check.h"

#include "orchestrator/uri.h"
#include "tests/lib/recorded.h"

static const struct {
    const char *text;
    const char *path, *host;
    int port;
    bool wildcard;
} good[] = {
    { "unix:/run/stream", "/run/stream", NULL, 0, false },
    { "unix:/a:b c", "/a:b c", NULL, 0, false },
    { "unix:/:::", "/:::", NULL, 0, false },
    { "file:/var/lib/guest", "/var/lib/guest", NULL, 0, false },
    { "file:/a, b:c", "/a, b:c", NULL, 0, false },
    { "file:/guest,offset=4096", "/guest", NULL, 0, false },
    { "fd:/guest", "/guest", NULL, 0, false },
    { "fdset:/guest,offset=0x1000", "/guest", NULL, 0, false },
    { "fd:pair", NULL, NULL, 0, false },
    { "exec:cat", NULL, NULL, 0, false },
    { "tcp:127.0.0.1:0", NULL, "127.0.0.1", 0, false },
    { "tcp:host.example:65535", NULL, "host.example", 65535, false },
    { "tcp:[::1]:4444", NULL, "::1", 4444, false },
    { "tcp:[fe80::1%eth0]:1", NULL, "fe80::1%eth0", 1, false },
    { "tcp:0.0.0.0:0", NULL, "0.0.0.0", 0, true },
    { "tcp:[::]:0", NULL, "::", 0, true },
    { "tcp::4444", NULL, "", 4444, true },
    { "tcp:[::0]:0", NULL, "::0", 0, true },
    { "tcp:[0:0:0:0:0:0:0:0]:0", NULL, "0:0:0:0:0:0:0:0", 0, true },
};

static void reads_each_kind(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
        const char *text = good[i].text;
        g_auto(Uri) uri = { 0 };
        g_autoptr(GError) error = NULL;

        check_case(text, uri_parse(text, &uri, &error));
        check_case(text, uri_is_file(text) == (uri.kind == URI_FILE));
        check_case(text, (uri.kind == URI_TCP) == (good[i].host != NULL));
        check_case(text, g_strcmp0(uri.path, good[i].path) == 0);
        check_case(text, g_strcmp0(uri.host, good[i].host) == 0);
        check_case(text, uri.port == good[i].port);
        check_case(text, uri_is_wildcard(&uri) == good[i].wildcard);
    }
}

static const struct {
    const char *text, *why;
} bad[] = {
    { "", "is none" },
    { "unix:", "no absolute path" },
    { "unix:stream", "no absolute path" },
    { "unix:/run/", "ends in a slash" },
    { "/run/stream", "is none" },
    { "udp:host:1", "is none" },
    { "file:", "no absolute path" },
    { "file:guest", "no absolute path" },
    { "file:./guest", "no absolute path" },
    { "file:/run/guest/", "ends in a slash" },
    { "file:/guest,offset=", "no offset in bytes" },
    { "file:/guest,offset=-1", "no offset in bytes" },
    { "file:/guest,offset=4k", "no offset in bytes" },
    { "file:/guest,offset=0x", "no offset in bytes" },
    { "file:/guest,offset=0x20M20", "no offset in bytes" },
    { "file:/guest,offset=9223372036854775808", "no offset in bytes" },
    { "file:/guest,offset=1,offset=2", "no offset in bytes" },
    { "file:/,offset=1", "ends in a slash" },
    { "fdset:guest", "no absolute path" },
    { "fd:/guest/", "ends in a slash" },
    { "fd:3", "no absolute path" },
    { "fd:Pair", "no absolute path" },
    { "exec:", "has no command" },
    { "exec:  ", "has no command" },
    { "Tcp:host:1", "is none" },
    { "tcp", "is none" },
    { "tcp:", "no port" },
    { "tcp:host", "no port" },
    { "tcp:host:", "no port" },
    { "tcp:host:65536", "no port" },
    { "tcp:host:-1", "no port" },
    { "tcp:host:+1", "no port" },
    { "tcp:host: 1", "no port" },
    { "tcp:host:1x", "no port" },
    { "tcp:host:99999999999999999999", "no port" },
    { "tcp:::1:4444", "odd host" },
    { "tcp:[::1:4444", "odd host" },
    { "tcp:::1]:4444", "odd host" },
    { "tcp:[]:4444", "odd host" },
    { "tcp:host:1:2", "odd host" },
    { "tcp:host name:1", "odd host" },
    /* QEMU takes options behind the port; we know what we ask for */
    { "tcp:host,ipv4:1", "odd host" },
    { "tcp:host:1,ipv4=on", "no port" },
};

static void refuses_the_rest(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_auto(Uri) uri = { 0 };
        g_autoptr(GError) error = NULL;

        check_case(bad[i].text, !uri_parse(bad[i].text, &uri, &error));
        check_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE);
        check_contains(error->message, bad[i].why);
        check_contains(error->message, "tcp:HOST:PORT");
    }
}

/* The destination's query-migrate, as both versions reply when they listen. */
#define V4_7_2                                                                 \
    "{\"socket-address\": [{\"port\": \"41191\", \"ipv4\": true, "             \
    "\"host\": \"127.0.0.1\", \"type\": \"inet\"}]}"
#define V6_7_2                                                                 \
    "{\"socket-address\": [{\"port\": \"46475\", \"ipv6\": true, "             \
    "\"host\": \"::1\", \"type\": \"inet\"}]}"
#define ANY4_10_0                                                              \
    "{\"status\": \"setup\", \"socket-address\": [{\"port\": \"44119\", "      \
    "\"ipv4\": true, \"host\": \"0.0.0.0\", \"type\": \"inet\"}]}"
#define ANY_10_0                                                               \
    "{\"status\": \"setup\", \"socket-address\": [{\"port\": \"44121\", "      \
    "\"ipv6\": true, \"host\": \"::\", \"type\": \"inet\"}, {\"port\": "       \
    "\"46381\", \"ipv4\": true, \"host\": \"0.0.0.0\", \"type\": \"inet\"}]}"
#define UNIX_10_0                                                              \
    "{\"status\": \"setup\", \"socket-address\": [{\"path\": "                 \
    "\"/run/stream\", \"type\": \"unix\"}]}"

static const struct {
    const char *what, *text, *host, *reply, *uri;
} told[] = {
    { "a free port, 7.2", "tcp:127.0.0.1:0", NULL, V4_7_2,
      "tcp:127.0.0.1:41191" },
    { "a free port, v6", "tcp:[::1]:0", NULL, V6_7_2, "tcp:[::1]:46475" },
    { "a name stays a name", "tcp:host.example:0", "other", V4_7_2,
      "tcp:host.example:41191" },
    { "a wildcard, 10.0", "tcp:0.0.0.0:0", "192.0.2.7", ANY4_10_0,
      "tcp:192.0.2.7:44119" },
    { "a v6 wildcard", "tcp:[::]:0", "2001:db8::7", ANY_10_0,
      "tcp:[2001:db8::7]:44121" },
    /* QEMU's :: takes v4 too, at its own port; tried with 10.0 */
    { "no host at all", "tcp::0", "127.0.0.1", ANY_10_0,
      "tcp:127.0.0.1:44121" },
    { "a unix socket", "unix:/run/stream", NULL, UNIX_10_0,
      "unix:/run/stream" },
    { "a file is where it is", "file:/run/guest", "192.0.2.7", "{}",
      "file:/run/guest" },
    { "a unix socket needs no answer", "unix:/run/stream", NULL, "{}",
      "unix:/run/stream" },
    { "no port told", "tcp:127.0.0.1:0", NULL, "{}", NULL },
    { "an empty list", "tcp:127.0.0.1:0", NULL, "{\"socket-address\":[]}",
      NULL },
    { "addresses of no kind", "tcp:127.0.0.1:0", NULL,
      "{\"socket-address\":[1,null,{},{\"port\":5}]}", NULL },
    { "no list", "tcp:127.0.0.1:0", NULL, "{\"socket-address\":{}}", NULL },
    { "no object", "tcp:127.0.0.1:0", NULL, "[]", NULL },
    { "nothing to be understood", "rdma:host:1", NULL, V4_7_2, NULL },
};

static void tells_the_source_where(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(told); i++) {
        g_autoptr(JsonNode) reply = json_value(told[i].reply);
        g_autofree char *uri =
            uri_for_source(told[i].text, told[i].host, reply);

        if (g_strcmp0(uri, told[i].uri) != 0) {
            fail_msg("%s: %s", told[i].what, uri ? uri : "nothing");
        }
    }
    assert_null(uri_for_source("tcp:127.0.0.1:0", NULL, NULL));
    assert_false(uri_is_file(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_each_kind),
        cmocka_unit_test(refuses_the_rest),
        cmocka_unit_test(tells_the_source_where),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
