/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who could listen: what QEMU 7.2 and 10.0 said when they were asked to, beside
 * one who listens already.  And which way it goes, as far as that can be told on
 * any host; host-apart.c has a network of its own.
 */
#include "tests/lib/check.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "orchestrator/host.h"

typedef enum { ANY_V4, ANY_V6, ANY_BOTH, LOOPBACK_V4, N_TAKEN } Taken;

/* Listens at a free port; -1: there is no such family here. */
static int listen_as(Taken taken, uint16_t *ret_port)
{
    const bool is_v4 = taken == ANY_V4 || taken == LOOPBACK_V4;
    const int on = 1, v6_only = taken == ANY_V6;
    struct sockaddr_in v4 = { .sin_family = AF_INET };
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
    struct sockaddr *address =
        is_v4 ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6;
    socklen_t n = is_v4 ? sizeof(v4) : sizeof(v6);
    v4.sin_addr.s_addr =
        htonl(taken == LOOPBACK_V4 ? INADDR_LOOPBACK : INADDR_ANY);

    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -1;
    }
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6_only, sizeof(v6_only));
    if (bind(fd, address, n) != 0 || listen(fd, 1) != 0) {
        close(fd);
        return -1;
    }
    getsockname(fd, address, &n);
    *ret_port = ntohs(is_v4 ? v4.sin_port : v6.sin6_port);
    return fd;
}

static const struct {
    const char *asked;
    bool is_free[N_TAKEN]; /* v4, v6, both, 127.0.0.1 */
} answers[] = {
    { "", { true, true, false, true } },
    { "0.0.0.0", { false, true, false, false } },
    { "::", { true, false, false, true } },
    { "127.0.0.1", { false, true, false, false } },
    { "127.0.0.2", { false, true, false, true } },
    { "::1", { true, false, false, true } },
};

static void tells_who_could_listen(void **state)
{
    static const char *const words[] = { "any IPv4", "any IPv6", "any",
                                         "127.0.0.1" };
    const char *why;
    bool has_v6 = host_can_bind("::1", 0, &why) == ANSWER_YES;

    for (int taken = 0; taken < N_TAKEN; taken++) {
        uint16_t port;
        int fd = listen_as(taken, &port);
        for (size_t i = 0; fd >= 0 && i < G_N_ELEMENTS(answers); i++) {
            bool is_v6 = strchr(answers[i].asked, ':') || !*answers[i].asked;
            if (is_v6 && !has_v6) {
                continue;
            }
            HostAnswer answer = host_can_bind(answers[i].asked, port, &why);
            print_message("%s, while %s listens\n", answers[i].asked,
                          words[taken]);
            if (answers[i].is_free[taken]) {
                assert_int_equal(answer, ANSWER_YES);
                assert_null(why);
            } else {
                assert_int_equal(answer, ANSWER_NO);
                check_contains(why, "in use");
            }
        }
        if (fd >= 0) {
            close(fd);
        }
    }
}

/* The server closes first, so its end of the connection lingers at the port. */
static void serve_once(int listener, uint16_t port)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char byte;
    assert_int_equal(
        connect(client, (const struct sockaddr *)&address, sizeof(address)), 0);
    int server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    assert_true(server >= 0);
    close(server);
    assert_int_equal(read(client, &byte, 1), 0);
    close(client);
}

/* ... which does not keep QEMU from listening, nor does a look of ours. */
static void a_port_that_was_used_is_free(void **state)
{
    uint16_t port;
    const char *why;
    int fd = listen_as(LOOPBACK_V4, &port);
    assert_true(fd >= 0);
    serve_once(fd, port);
    close(fd);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(host_can_bind("127.0.0.1", port, &why), ANSWER_YES);
    }
}

static void what_is_not_ours_is_not_known(void **state)
{
    /* 192.0.2.0/24 and 2001:db8::/32 are for documentation: nobody has them */
    static const char *const addresses[] = { "192.0.2.1", "2001:db8::1",
                                             "localhost", "odd host", "[::1]" };
    for (size_t i = 0; i < G_N_ELEMENTS(addresses); i++) {
        const char *why = NULL;
        HostAnswer answer = host_can_bind(addresses[i], 0, &why);

        /* Where there is no IPv6 at all that is known. */
        check_case(addresses[i],
                   answer == ANSWER_UNKNOWN ||
                       (answer == ANSWER_NO && strchr(addresses[i], ':')));
        check_case(addresses[i], why != NULL);
    }
}

static void what_is_local_has_no_speed(void **state)
{
    static const char *const addresses[] = { "127.0.0.1", "127.1.2.3",
                                             "0.0.0.0", "0" };
    for (size_t i = 0; i < G_N_ELEMENTS(addresses); i++) {
        HostLink link = host_link_to("", addresses[i]);

        check_case(addresses[i], link.is_local);
        check_case(addresses[i], link.bits_per_s == HOST_UNKNOWN);
        check_case(addresses[i], link.why == NULL);
        check_case(addresses[i], link.interface[0] != '\0');
    }
}

static void names_are_not_resolved(void **state)
{
    static const char *const names[] = { "localhost", "host.example", "",
                                         "[::1]" };
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        HostLink link = host_link_to("", names[i]);

        check_case(names[i], !link.is_local);
        check_case(names[i], link.interface[0] == '\0');
        check_case(names[i], link.bits_per_s == HOST_UNKNOWN);
        check_contains(link.why, "numeric");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_who_could_listen),
        cmocka_unit_test(a_port_that_was_used_is_free),
        cmocka_unit_test(what_is_not_ours_is_not_known),
        cmocka_unit_test(what_is_local_has_no_speed),
        cmocka_unit_test(names_are_not_resolved),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
