/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tls/finding.h"

#include <string.h>

#define MAKE_ANEW "make it anew: qmigrate tls make --force"

/* clang-format off */
static const TlsFindingRow rows[N_TLS_FINDINGS] = {
    [TLS_FINDING_MISSING] = { "missing",
        "a file or folder that QEMU needs is not there",
        "name the folder where it is, or make it: qmigrate tls make" },
    [TLS_FINDING_UNREADABLE] = { "unreadable",
        "a file or folder cannot be read",
        "let this user read it, and the user that runs QEMU" },
    [TLS_FINDING_UNPARSABLE] = { "unparsable",
        "a file holds something else than its name says",
        "put a PEM file there, or for keys.psk lines of IDENTITY:HEXADECIMAL" },
    [TLS_FINDING_ENCRYPTED] = { "encrypted",
        "a private key has a passphrase, which QEMU is not told",
        "take it off: openssl pkey -in KEY -out NEW" },
    [TLS_FINDING_KEY_READABLE] = { "key-readable",
        "a private key can be read or changed by others",
        "chmod 600 the file" },
    [TLS_FINDING_CA_KEY] = { "ca-key",
        "the CA's private key lies in a folder that goes to a host",
        "keep it elsewhere: who has it can make certificates for any host" },
    [TLS_FINDING_UNUSED] = { "unused",
        "something is there that QEMU does not look at",
        "take it away if it misleads" },
    [TLS_FINDING_EXPIRED] = { "expired",
        "a certificate is not valid any more",
        MAKE_ANEW },
    [TLS_FINDING_NOT_YET_VALID] = { "not-yet-valid",
        "a certificate is not valid yet",
        "set the clock of the host, or wait" },
    [TLS_FINDING_EXPIRES_SOON] = { "expires-soon",
        "a certificate expires within 30 days",
        MAKE_ANEW },
    [TLS_FINDING_NOT_A_CA] = { "not-a-ca",
        "ca-cert.pem has a certificate that may not sign others",
        "put the CA's certificate there" },
    [TLS_FINDING_IS_A_CA] = { "is-a-ca",
        "the certificate of a host is one of a CA",
        "put the host's certificate there, signed by the CA" },
    [TLS_FINDING_USAGE] = { "usage",
        "a certificate's key usage does not allow what QEMU does with it",
        MAKE_ANEW },
    [TLS_FINDING_PURPOSE] = { "purpose",
        "a certificate is made for another purpose",
        "the destination needs one of a TLS server, the source one of a client" },
    [TLS_FINDING_WEAK_KEY] = { "weak-key",
        "a key is shorter than today's practice",
        MAKE_ANEW },
    [TLS_FINDING_WEAK_SIGNATURE] = { "weak-signature",
        "a certificate is signed with a broken hash",
        MAKE_ANEW },
    [TLS_FINDING_UNTRUSTED] = { "untrusted",
        "a certificate is not signed by a CA of ca-cert.pem",
        "put the certificates of all CAs between it and the root into ca-cert.pem" },
    [TLS_FINDING_KEY_MISMATCH] = { "key-mismatch",
        "a private key does not belong to its certificate",
        "put the key there that the certificate was made with" },
    [TLS_FINDING_REVOKED] = { "revoked",
        "the CA has revoked a certificate",
        "make the host a new certificate" },
    [TLS_FINDING_CRL_EXPIRED] = { "crl-expired",
        "ca-crl.pem is out of date: QEMU goes on with it, and misses what came since",
        "have the CA write a new one" },
    [TLS_FINDING_CRL_ISSUER] = { "crl-issuer",
        "ca-crl.pem is not signed by the CA, which QEMU does not verify",
        "put the CRL of the CA in ca-cert.pem there" },
    [TLS_FINDING_NAME] = { "name",
        "the destination's certificate is not for the name that is verified",
        "--tls-hostname with a name that it has, or one made for this name" },
    [TLS_FINDING_NO_NAME] = { "no-name",
        "there is no name to verify the destination's certificate against",
        "--tls-hostname with a name that the certificate has" },
    [TLS_FINDING_IDENTITY] = { "identity",
        "keys.psk has no key of the identity that the source uses",
        "name one that it has, or make one: qmigrate tls make --psk" },
    [TLS_FINDING_NOT_AUTHORIZED] = { "not-authorized",
        "the destination's list does not allow the source's certificate",
        "put the distinguished name into the list, written exactly so" },
    [TLS_FINDING_NOT_OFFERED] = { "not-offered",
        "this QEMU was built without what is needed",
        "use a QEMU that has it" },
    [TLS_FINDING_OTHER_KIND] = { "other-kind",
        "one side has certificates, the other a PSK",
        "give both sides the same kind" },
    [TLS_FINDING_OTHER_CA] = { "other-ca",
        "one side's certificate is not signed by the other side's CA",
        "have both sides' certificates made by one CA" },
    [TLS_FINDING_OTHER_KEY] = { "other-key",
        "both sides have different keys for the identity",
        "copy keys.psk from one side to the other" },
};
/* clang-format on */

const TlsFindingRow *tls_finding_row(TlsFindingCode code)
{
    g_assert(code < N_TLS_FINDINGS);
    return &rows[code];
}

static void finding_free(TlsFinding *finding)
{
    g_free(finding->file);
    g_free(finding->text);
    g_free(finding->hint);
    g_free(finding);
}

GPtrArray *tls_findings_new(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)finding_free);
}

/* A file that both ends read is looked at twice; the worse severity stays. */
static gboolean is_said_already(const GPtrArray *findings,
                                const TlsFinding *finding)
{
    for (guint i = 0; i < findings->len; i++) {
        TlsFinding *other = findings->pdata[i];
        if (other->code == finding->code &&
            g_strcmp0(other->file, finding->file) == 0 &&
            strcmp(other->text, finding->text) == 0) {
            other->severity = MAX(other->severity, finding->severity);
            if (other->role != finding->role) {
                other->role = N_TLS_ROLES;
            }
            return TRUE;
        }
    }
    return FALSE;
}

void tls_findings_add(GPtrArray *findings, TlsFindingCode code,
                      TlsSeverity severity, TlsRole role, const char *file,
                      const char *format, ...)
{
    TlsFinding *finding = g_new0(TlsFinding, 1);
    va_list args;

    finding->code = code;
    finding->severity = severity;
    finding->role = role;
    finding->file = g_strdup(file);
    finding->hint = g_strdup(tls_finding_row(code)->mend);
    va_start(args, format);
    finding->text = g_strdup_vprintf(format, args);
    va_end(args);
    if (!is_said_already(findings, finding)) {
        g_ptr_array_add(findings, finding);
    } else {
        finding_free(finding);
    }
}

const TlsFinding *tls_findings_find(const GPtrArray *findings,
                                    TlsFindingCode code)
{
    for (guint i = 0; i < findings->len; i++) {
        const TlsFinding *finding = findings->pdata[i];
        if (finding->code == code) {
            return finding;
        }
    }
    return NULL;
}

gboolean tls_findings_have_error(const GPtrArray *findings)
{
    for (guint i = 0; i < findings->len; i++) {
        const TlsFinding *finding = findings->pdata[i];
        if (finding->severity == TLS_ERROR) {
            return TRUE;
        }
    }
    return FALSE;
}

char *tls_finding_to_text(const TlsFinding *finding)
{
    return finding->file
               ? g_strdup_printf("%s: %s", finding->file, finding->text)
               : g_strdup(finding->text);
}
