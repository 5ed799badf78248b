/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* gnutls, with errors in words. */
#include "qmp/tls.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <string.h>
#include <sys/socket.h>

#include "qmp/certificate.h"
#include "qmp/credentials-private.h"
#include "qmp/error.h"

/* Only what its credentials can do is offered, so nothing else can be agreed
 * on. */
#define FOR_KEYS "NORMAL:-KX-ALL:+ECDHE-PSK:+DHE-PSK:+PSK"

struct QmpTls {
    int fd;
    gnutls_session_t session;
    QmpCredentials *credentials;
    char *host;
    gnutls_typed_vdata_st expected[2]; /* gnutls keeps no copy */
    bool is_ready;
    bool wants_write;
    unsigned char first; /* that the peer said; 0: nothing yet */
    int error_number;    /* of the socket */
    char *why;
};

/* --- the socket below --- */

static ssize_t keep_errno(QmpTls *tls, ssize_t n)
{
    if (n < 0) {
        tls->error_number = errno;
        gnutls_transport_set_errno(tls->session, errno);
    }
    return n;
}

static ssize_t pull(gnutls_transport_ptr_t data, void *bytes, size_t n)
{
    QmpTls *tls = data;
    ssize_t n_read = keep_errno(tls, recv(tls->fd, bytes, n, MSG_DONTWAIT));

    if (n_read > 0 && !tls->first) {
        tls->first = *(unsigned char *)bytes;
    }
    return n_read;
}

static ssize_t push(gnutls_transport_ptr_t data, const void *bytes, size_t n)
{
    QmpTls *tls = data;

    return keep_errno(tls,
                      send(tls->fd, bytes, n, MSG_DONTWAIT | MSG_NOSIGNAL));
}

/* --- the session --- */

static void expect_certificate(QmpTls *tls)
{
    tls->expected[0] = (gnutls_typed_vdata_st){
        .type = GNUTLS_DT_DNS_HOSTNAME, /* or an IP address */
        .data = (unsigned char *)tls->host,
    };
    tls->expected[1] = (gnutls_typed_vdata_st){
        .type = GNUTLS_DT_KEY_PURPOSE_OID,
        .data = (unsigned char *)GNUTLS_KP_TLS_WWW_SERVER,
    };
    gnutls_session_set_verify_cert2(tls->session, tls->expected,
                                    G_N_ELEMENTS(tls->expected), 0);
    if (!g_hostname_is_ip_address(tls->host)) {
        gnutls_server_name_set(tls->session, GNUTLS_NAME_DNS, tls->host,
                               strlen(tls->host));
    }
}

QmpTls *qmp_tls_new(int fd, const char *host, QmpCredentials *credentials)
{
    QmpTls *tls = g_new0(QmpTls, 1);

    tls->fd = fd;
    tls->credentials = qmp_credentials_ref(credentials);
    tls->host = g_strdup(host);
    tls->wants_write = true; /* the client speaks first */
    gnutls_init(&tls->session, GNUTLS_CLIENT | GNUTLS_NONBLOCK);
    if (credentials->psk) {
        gnutls_priority_set_direct(tls->session, FOR_KEYS, NULL);
        gnutls_credentials_set(tls->session, GNUTLS_CRD_PSK, credentials->psk);
    } else {
        gnutls_set_default_priority(tls->session);
        gnutls_credentials_set(tls->session, GNUTLS_CRD_CERTIFICATE,
                               credentials->x509);
        expect_certificate(tls);
    }
    gnutls_transport_set_ptr(tls->session, tls);
    gnutls_transport_set_pull_function(tls->session, pull);
    gnutls_transport_set_push_function(tls->session, push);
    return tls;
}

void qmp_tls_free(QmpTls *tls)
{
    if (tls) {
        if (tls->is_ready) {
            gnutls_bye(tls->session, GNUTLS_SHUT_WR);
        }
        gnutls_deinit(tls->session);
        qmp_credentials_unref(tls->credentials);
        g_free(tls->host);
        g_free(tls->why);
        g_free(tls);
    }
}

bool qmp_tls_is_ready(const QmpTls *tls)
{
    return tls->is_ready;
}

bool qmp_tls_wants_write(const QmpTls *tls)
{
    return tls->wants_write;
}

bool qmp_tls_has_pending(const QmpTls *tls)
{
    return gnutls_record_check_pending(tls->session) > 0;
}

const char *qmp_tls_why(const QmpTls *tls)
{
    return tls->why;
}

/* --- in words --- */

const char *qmp_tls_suspicion(const QmpTls *tls)
{
    if (tls->credentials->psk) {
        return "it may have another key, or none of that name, or want "
               "certificates";
    }
    if (!gnutls_certificate_client_get_request_status(tls->session)) {
        return "it may have keys (PSK) instead of certificates";
    }
    return tls->credentials->has_certificate
               ? "it may not accept our client certificate"
               : "it wants a client certificate, and there is no "
                 "client-cert.pem";
}

/* What happened to the stream; NULL: nothing did, something in it was wrong. */
static char *stream_words(QmpTls *tls, int code)
{
    switch (code) {
    case GNUTLS_E_PREMATURE_TERMINATION:
        return g_strdup("closed by the peer");
    case GNUTLS_E_FATAL_ALERT_RECEIVED:
        return g_strdup_printf(
            "ended by the peer with the alert \"%s\"",
            gnutls_alert_get_name(gnutls_alert_get(tls->session)));
    case GNUTLS_E_PULL_ERROR:
    case GNUTLS_E_PUSH_ERROR:
    case GNUTLS_E_INVALID_SESSION: /* a second error, after one of those */
        if (tls->error_number == EPIPE || tls->error_number == ECONNRESET) {
            return g_strdup("closed by the peer");
        }
        return g_strdup_printf("lost: %s", g_strerror(tls->error_number));
    default:
        return NULL;
    }
}

static void keep_why(QmpTls *tls, int code)
{
    g_free(tls->why);
    tls->why = stream_words(tls, code);
    if (!tls->why) {
        tls->why =
            g_strdup_printf("broken TLS: %s", gnutls_strerror_name(code));
    }
}

/* A record of a handshake or an alert is what a peer says first. */
static bool speaks_tls(const QmpTls *tls)
{
    return tls->first == 0 || tls->first == 0x16 || tls->first == 0x15;
}

static char *handshake_words(QmpTls *tls, int code)
{
    g_autofree char *what = stream_words(tls, code);

    if (code == GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR) {
        return qmp_certificate_words(tls->session, tls->host,
                                     tls->credentials->folder);
    }
    if (code == GNUTLS_E_INSUFFICIENT_CREDENTIALS && tls->credentials->psk) {
        return g_strdup("it wants certificates, and we have a key (PSK)");
    }
    if (what) {
        return g_strdup_printf("%s in the TLS handshake: %s", what,
                               qmp_tls_suspicion(tls));
    }
    return g_strdup_printf("the TLS handshake failed: %s",
                           gnutls_strerror_name(code));
}

/* --- both ways --- */

/* For errno; @code is negative. */
static ssize_t fail(QmpTls *tls, int code)
{
    if (code == GNUTLS_E_INTERRUPTED) {
        errno = EINTR;
    } else if (code == GNUTLS_E_AGAIN) {
        tls->wants_write = gnutls_record_get_direction(tls->session) == 1;
        errno = EAGAIN;
    } else if (!gnutls_error_is_fatal(code)) {
        errno = EINTR; /* a warning, or a wish that we need not heed */
    } else {
        keep_why(tls, code);
        errno = EPROTO;
    }
    return -1;
}

bool qmp_tls_shake_hands(QmpTls *tls, GError **error)
{
    g_autofree char *words = NULL;
    int code;

    do {
        code = gnutls_handshake(tls->session);
    } while (code < 0 && fail(tls, code) < 0 && errno == EINTR);
    if (code == 0) {
        tls->is_ready = true;
        tls->wants_write = false;
        return true;
    }
    if (code == GNUTLS_E_AGAIN) {
        return true;
    }
    if (!speaks_tls(tls)) {
        g_set_error_literal(error, QMP_ERROR, QMP_ERROR_PROTOCOL,
                            tls->first == '{' ? "speaks QMP without TLS: its "
                                                "address is tcp:HOST:PORT"
                                              : "does not speak TLS");
        return false;
    }
    gnutls_alert_send_appropriate(tls->session, code);
    words = handshake_words(tls, code);
    g_set_error_literal(error, QMP_ERROR, QMP_ERROR_TLS, words);
    return false;
}

/*
 * The last byte, which is the line's end, goes in a record of its own.  QEMU 7.2
 * takes one byte out of a record when its socket is readable, and has forgotten
 * the rest when it is not: so there must be more behind it, up to a record of one
 * byte.
 */
ssize_t qmp_tls_send(QmpTls *tls, const char *data, size_t n)
{
    ssize_t n_sent = gnutls_record_send(tls->session, data, MAX(n - 1, 1));

    tls->wants_write = false;
    return n_sent < 0 ? fail(tls, n_sent) : n_sent;
}

ssize_t qmp_tls_recv(QmpTls *tls, char *data, size_t n)
{
    ssize_t n_read = gnutls_record_recv(tls->session, data, n);

    tls->wants_write = false;
    if (n_read == GNUTLS_E_PREMATURE_TERMINATION) {
        return 0; /* a message that is not whole is seen by the framer */
    }
    return n_read < 0 ? fail(tls, n_read) : n_read;
}
