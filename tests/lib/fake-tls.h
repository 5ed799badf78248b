/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * TLS before a FakeQemu, as a server, on a port of this host that the kernel
 * chooses, in the same process and on the same GMainContext.  It serves one
 * client and passes on what either side says.
 */
#include <stdbool.h>

#include "tests/lib/fake-qemu.h"

typedef struct FakeTls FakeTls;

/* All may be left out. */
typedef struct {
    const char *priority;  /* of gnutls, for other than its own */
    bool wants_client;     /* a client certificate, signed by its CA */
    bool hangs_up_rudely;  /* no goodbye when the FakeQemu hangs up */
    unsigned record_bytes; /* at most in a record that it sends */
    bool takes_bytes;      /* one each time that the socket is readable: 7.2 */
} FakeTlsWays;

/* @folder: ca-cert.pem, server-cert.pem and server-key.pem, or keys.psk. */
FakeTls *fake_tls_new(FakeQemu *qemu, const char *folder,
                      const FakeTlsWays *ways);
void fake_tls_free(FakeTls *tls);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FakeTls, fake_tls_free)

unsigned fake_tls_port(FakeTls *tls);
/* Reads nothing from the client until it is let go on. */
void fake_tls_hold(FakeTls *tls, bool is_held);
/* Its handshake with a client is done, or has failed. */
bool fake_tls_is_ready(const FakeTls *tls);
bool fake_tls_has_failed(const FakeTls *tls);
/* What the client ended the session with: a goodbye? */
bool fake_tls_is_left(const FakeTls *tls);
/* A key update, after which the session has other keys. */
void fake_tls_update_key(FakeTls *tls);
