/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which address two processes on this host can use, from facts about them. */
#include "tests/lib/check.h"

#include "orchestrator/stream-address.h"
#include "tests/lib/recorded-pair.h"

#define S SIDE_SOURCE
#define D SIDE_DESTINATION

/* What makes a process another than the usual: root, that sees what we see. */
typedef enum {
    PRIVATE_TMP = 1 << 0, /* the first folder is its own */
    CHROOT = 1 << 1,      /* it sees none of them */
    USER = 1 << 2,        /* uid 1000, umask 022 */
    NETWORK = 1 << 3,     /* its own */
    UNKNOWN = 1 << 4,     /* nothing is known of it */
    BLIND = 1 << 5,       /* nothing of its folders */
    OPEN = 1 << 6,        /* umask 0 */
    NO_WRITE = 1 << 7,    /* to the first folder */
} Trait;

static ProcessFacts process_of(unsigned traits, uint64_t number)
{
    bool is_user = traits & USER;
    ProcessFacts facts = {
        .known = !(traits & UNKNOWN),
        .uid = is_user ? 1000 : 0,
        .fs_uid = is_user ? 1000 : 0,
        .fs_gid = is_user ? 1000 : 0,
        .umask = traits & OPEN ? 0 : 022,
        .may_override = is_user ? ANSWER_NO : ANSWER_YES,
        .network = traits & NETWORK ? number : 1,
    };
    for (unsigned i = 0; i < 2; i++) {
        bool is_own = i == 0 && traits & PRIVATE_TMP;
        bool no_write = i == 0 && traits & NO_WRITE;
        facts.folders[i] = (HostFolder){
            .is_there = traits & BLIND    ? ANSWER_UNKNOWN
                        : traits & CHROOT ? ANSWER_NO
                                          : ANSWER_YES,
            .device = is_own ? number : 1,
            .inode = i,
            .may_search = ANSWER_YES,
            .may_make = no_write ? ANSWER_NO : ANSWER_YES,
            .is_ours = is_own ? ANSWER_NO : ANSWER_YES,
        };
    }
    return facts;
}

#define OTHER "unix:/b/s"
#define PAIR  "fd:pair"
#define TCP   "tcp:127.0.0.1:0"

static const struct {
    const char *what;
    unsigned source, destination;
    bool several, again, no_pass;
    const char *uri, *reason; /* NULL: the usual; uri "": none works */
    const char *needs_tcp;
} cases[] = {
    { "alike, and what only tcp carries", 0, 0, .uri = TCP,
      .reason = "zero-copy-send needs tcp", .needs_tcp = "zero-copy-send" },
    { "nothing is known, and the same", UNKNOWN, UNKNOWN, .uri = TCP,
      .reason = "zero-copy-send needs tcp", .needs_tcp = "zero-copy-send" },
    { "other networks, and the same", 0, NETWORK, .uri = "",
      .reason = "zero-copy-send needs tcp", .needs_tcp = "zero-copy-send" },
    { "alike", 0, 0 },
    { "nothing is known", UNKNOWN, UNKNOWN },
    { "of one of them", PRIVATE_TMP, UNKNOWN },
    { "we may not look", BLIND, BLIND },
    { "a private folder", 0, PRIVATE_TMP, .uri = OTHER,
      .reason = "the QEMUs do not see the same /a" },
    { "of both", PRIVATE_TMP, PRIVATE_TMP, .uri = OTHER,
      .reason = "the QEMUs do not see the same /a" },
    { "for several connections, too", 0, PRIVATE_TMP, .several = true,
      .uri = OTHER, .reason = "the QEMUs do not see the same /a" },
    { "another root", 0, CHROOT, .uri = PAIR,
      .reason = "the QEMUs do not see the same /a" },
    { "another root, and multifd", 0, CHROOT, .several = true, .uri = TCP,
      .reason = "the QEMUs do not see the same /a" },
    { "another root, and a recovery", 0, CHROOT, .again = true, .uri = TCP,
      .reason = "the QEMUs do not see the same /a" },
    { "another root, over a monitor that passes nothing", 0, CHROOT,
      .no_pass = true, .uri = TCP,
      .reason = "the QEMUs do not see the same /a" },
    { "another root and network", 0, CHROOT | NETWORK, .uri = PAIR,
      .reason = "the QEMUs do not see the same /a" },
    { "another root and network, and multifd", 0, CHROOT | NETWORK,
      .several = true, .uri = "",
      .reason = "the QEMUs do not see the same /a" },
    { "another network alone", 0, NETWORK },
    { "root connects to a user's socket", 0, USER },
    { "a user not to root's", USER, 0, .uri = PAIR,
      .reason = "the source (uid 1000) may not connect to a socket of the "
                "destination (uid 0)" },
    { "unless root lets all", USER, OPEN },
    { "a user to their own", USER, USER },
    { "a user and multifd", USER, 0, .several = true, .uri = TCP,
      .reason = "the source (uid 1000) may not connect to a socket of the "
                "destination (uid 0)" },
    { "a user in another network, and multifd", USER | NETWORK, 0,
      .several = true, .uri = "",
      .reason = "the source (uid 1000) may not connect to a socket of the "
                "destination (uid 0)" },
    { "a folder that is not to be written", USER, USER | NO_WRITE, .uri = OTHER,
      .reason = "the destination (uid 1000) may not make a socket in /a" },
};

static char *folders[] = { (char *)"/a", (char *)"/b", NULL };

static void an_address_works_for_both(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const ProcessFacts process[N_SIDES] = {
            process_of(cases[i].source, 77),
            process_of(cases[i].destination, 88),
        };
        const StreamNeeds needs = {
            .usual = "unix:/a/s",
            .folders = folders,
            .may_pass = !cases[i].no_pass,
            .needs_several = cases[i].several,
            .needs_again = cases[i].again,
            .needs_tcp = cases[i].needs_tcp,
            .process = process,
        };
        StreamAddress chosen = stream_address_choose(&needs);
        bool is_none = cases[i].uri && !*cases[i].uri;
        if (g_strcmp0(chosen.uri, is_none ? NULL : cases[i].uri) != 0 ||
            g_strcmp0(chosen.reason, cases[i].reason) != 0 ||
            chosen.is_none != is_none) {
            fail_msg("%s: %s, %s", cases[i].what, chosen.uri, chosen.reason);
        }
        stream_address_clear(&chosen);
    }
}

#define LEAVE                                                                  \
    " (leave --uri out: an address that works for both is then chosen)\n"

static const struct {
    const char *what, *uri;
    unsigned source, destination;
    bool is_indirect;
    const char *found;
} given[] = {
    { "alike", "unix:/a/s", 0, 0, false, "" },
    { "not known", "unix:/a/s", UNKNOWN, CHROOT, false, "" },
    { "not seen by the destination", "unix:/a/s", 0, CHROOT, false,
      "error D address: unix:/a/s cannot be used: it sees no folder /a" LEAVE },
    { "not seen by the source", "unix:/a/s", CHROOT, 0, false,
      "error S address: unix:/a/s cannot be used: it sees no folder /a" LEAVE },
    { "which connects elsewhere", "unix:/a/s", CHROOT | USER, 0, true, "" },
    { "another folder of that name", "unix:/a/s", 0, PRIVATE_TMP, false,
      "error * address: unix:/a/s cannot be used: the QEMUs do not see the "
      "same "
      "/a" LEAVE },
    { "the same for a file", "file:/a/s", 0, PRIVATE_TMP, false,
      "error * address: file:/a/s cannot be used: the QEMUs do not see the "
      "same "
      "/a" LEAVE },
    { "we open it", "fd:/a/s", 0, PRIVATE_TMP, false, "" },
    { "a user", "unix:/a/s", USER, 0, false,
      "error * address: unix:/a/s cannot be used: the source (uid 1000) may "
      "not "
      "connect to a socket of the destination (uid 0)" LEAVE },
    { "no folder is in it", "tcp:127.0.0.1:0", 0, CHROOT, false, "" },
};

static void a_given_address_is_checked(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(given); i++) {
        const ProcessFacts process[N_SIDES] = {
            process_of(given[i].source, 77),
            process_of(given[i].destination, 88),
        };
        g_auto(Uri) uri = { 0 };
        g_autoptr(GPtrArray) findings = findings_new();
        assert_true(uri_parse(given[i].uri, &uri, NULL));
        stream_address_check(&uri, given[i].uri, !given[i].is_indirect, process,
                             findings);
        g_autofree char *found = recorded_findings_to_text(findings);
        if (strcmp(found, given[i].found) != 0) {
            fail_msg("%s: %s", given[i].what, found);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_works_for_both),
        cmocka_unit_test(a_given_address_is_checked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
