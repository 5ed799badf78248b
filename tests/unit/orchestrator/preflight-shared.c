/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What both processes share has to be the same: memory that is left out, a
 * network, a file.  From what the kernel would say of them, and recorded QEMUs.
 */
#include "tests/lib/check.h"

#include "orchestrator/preflight.h"
#include "tests/lib/inspected.h"
#include "tests/lib/recorded-pair.h"

#define MIB (INT64_C(1) << 20)

typedef struct {
    const char *what;
    Inspection inspection;
    const char *found; /* all findings */
} Case;

static void run_case(const Case *one)
{
    g_autoptr(Inspected) inspected = inspected_new(&one->inspection);
    const Migration *m = inspected->m;
    g_autofree char *found = recorded_findings_to_text(m->findings);

    if (strcmp(found, one->found) != 0) {
        fail_msg("%s:\n%s", one->what, found);
    }
    check_case(one->what, (m->failure.code != FAILURE_NONE) ==
                              g_str_has_prefix(found, "error"));
}

/* ---- memory ---- */

/* The recorded guests' 64 MiB are shared. */
/* clang-format off */
#define MAPPED(...) { .known = true, .n_shared = 1, .shared = { __VA_ARGS__ } }
#define OBJECTS(side, type)                                                    \
    { side, ASK_MACHINE + CAPS_MACHINE_OBJECTS,                                \
      "[{\"name\":\"ram0\",\"type\":\"child<" type ">\"}]" }
#define BOTH(type)                                                             \
    .replies = { OBJECTS(SIDE_SOURCE, type), OBJECTS(SIDE_DESTINATION, type) }
#define IGNORES(...)                                                           \
    { { "10.0", "10.0" }, .wishes = "+x-ignore-shared",                        \
      .process = { __VA_ARGS__ }, BOTH("memory-backend-file") }
#define IGNORES_MEMFD(version, ...)                                            \
    { { version, version }, .wishes = "+x-ignore-shared",                      \
      .process = { __VA_ARGS__ }, BOTH("memory-backend-memfd") }
#define SENDS(...) { { "10.0", "10.0" }, .process = { __VA_ARGS__ } }
#define FILE_7(bytes) { 0, 27, 7, 0, bytes }
#define NOT_PROVED(bytes) "error" UNPROVED(bytes)
#define UNPROVED(bytes)                                                        \
    " * memory-backends: x-ignore-shared leaves 64.0 MiB of shared "      \
    "memory out, and " bytes " of it are proved to be the same memory on "     \
    "both sides (give both the same file as mem-path= of a "                   \
    "memory-backend-file with share=on, on this host; or leave "               \
    "--ignore-shared out)\n"
#define SAME(bytes)                                                            \
    "error * memory-backends: both QEMUs have mapped the same " bytes " of "   \
    "the shared memory 'ram0', and pages that arrive would overwrite what "    \
    "the guest writes (add --ignore-shared, so that QEMU leaves this memory "  \
    "out; or give the destination another file)\n"

static const Case shared[] = {
    { "the same file",
      IGNORES(MAPPED(FILE_7(64 * MIB)), MAPPED(FILE_7(64 * MIB))),
      "" },
    { "another file",
      IGNORES(MAPPED(FILE_7(64 * MIB)), MAPPED({ 0, 27, 8, 0, 64 * MIB })),
      NOT_PROVED("0 B") },
    { "another file system",
      IGNORES(MAPPED(FILE_7(64 * MIB)), MAPPED({ 0, 28, 7, 0, 64 * MIB })),
      NOT_PROVED("0 B") },
    { "half of it",
      IGNORES(MAPPED(FILE_7(64 * MIB)), MAPPED(FILE_7(32 * MIB))),
      NOT_PROVED("32.0 MiB") },
    { "the other half",
      IGNORES(MAPPED(FILE_7(64 * MIB)), MAPPED({ 0, 27, 7, 1, 64 * MIB })),
      NOT_PROVED("0 B") },
    { "not known", IGNORES({ 0 }), "warning" UNPROVED("0 B") },
    { "memory without a name, which 10.0 sends",
      IGNORES_MEMFD("10.0", MAPPED({ 0, 1, 7, 0, 64 * MIB }),
                    MAPPED({ 0, 1, 8, 0, 64 * MIB })),
      "" },
    { "and 7.2 does not",
      IGNORES_MEMFD("7.2", MAPPED({ 0, 1, 7, 0, 64 * MIB }),
                    MAPPED({ 0, 1, 8, 0, 64 * MIB })),
      NOT_PROVED("0 B") },
    { "the same memory that 10.0 sends",
      IGNORES_MEMFD("10.0", MAPPED(FILE_7(64 * MIB)), MAPPED(FILE_7(64 * MIB))),
      SAME("64.0 MiB") },

    { "all is sent, into the same file",
      SENDS(MAPPED(FILE_7(64 * MIB)), MAPPED(FILE_7(64 * MIB))),
      SAME("64.0 MiB") },
    { "into another file",
      SENDS(MAPPED(FILE_7(64 * MIB)), MAPPED({ 0, 27, 8, 0, 64 * MIB })), "" },
    { "into another part of the file",
      SENDS(MAPPED(FILE_7(64 * MIB)),
            MAPPED({ 0, 27, 7, 64 * MIB, 64 * MIB })),
      "" },
    { "into what overlaps",
      SENDS(MAPPED(FILE_7(64 * MIB)), MAPPED({ 0, 27, 7, MIB, 64 * MIB })),
      SAME("63.0 MiB") },
    { "from where it is not known", SENDS({ 0 }, MAPPED(FILE_7(64 * MIB))),
      "" },
    { "the guest stands still meanwhile",
      { { "10.0", "10.0" }, .uri = "file:/run/guest",
        .process = { MAPPED(FILE_7(64 * MIB)), MAPPED(FILE_7(64 * MIB)) } },
      "" },
};
/* clang-format on */

static void shared_memory_has_to_be_the_same(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(shared); i++) {
        run_case(&shared[i]);
    }
}

/* ---- networks ---- */

#define APART                                                                  \
    {                                                                          \
        { .known = true, .network = 1 },                                       \
        {                                                                      \
            .known = true, .network = 2                                        \
        }                                                                      \
    }
#define TWO_NETWORKS(host)                                                     \
    "error * address: the QEMUs are in two network namespaces, and " host      \
    " is another place in each (choose an address of the destination's "       \
    "network that the source can reach, or unix:PATH)\n"

static const Case networks[] = {
    { "one",
      { { "10.0", "10.0" },
        .process = { { .known = true, .network = 1 },
                     { .known = true, .network = 1 } } },
      "" },
    { "loopback between two",
      { { "10.0", "10.0" }, .process = APART },
      TWO_NETWORKS("127.0.0.1") },
    { "by IPv6",
      { { "10.0", "10.0" }, .uri = "tcp:[::1]:0", .process = APART },
      TWO_NETWORKS("::1") },
    { "another address",
      { { "10.0", "10.0" }, .uri = "tcp:192.0.2.7:0", .process = APART },
      "" },
    { "a path",
      { { "10.0", "10.0" }, .uri = "unix:/run/stream", .process = APART },
      "" },
    { "not known",
      { { "10.0", "10.0" }, .process = { { .known = true, .network = 1 } } },
      "" },
};

static void loopback_is_in_one_network(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(networks); i++) {
        run_case(&networks[i]);
    }
}

/* ---- files ---- */

/* clang-format off */
#define TO_FILE { "10.0", "10.0" }, .uri = "file:/run/guest"
#define USERS(source, destination)                                             \
    .process = { { .known = true, .uid = source },                             \
                 { .known = true, .uid = destination } }
/* clang-format on */
#define OTHER_USER                                                             \
    "warning D address: its process (uid 1001) may not read the file, which "  \
    "the source's (uid 1000) makes for itself alone (start both QEMUs as the " \
    "same user)\n"

static const Case files[] = {
    { "room", { TO_FILE, .file_free_bytes = 64 * MIB }, "" },
    { "too little room",
      { TO_FILE, .file_free_bytes = 32 * MIB },
      "warning S address: the file system has 32.0 MiB of room left, and the "
      "guest 64.0 MiB of memory (free some, or choose a file elsewhere; pages "
      "of zeros take none)\n" },
    { "one user", { TO_FILE, USERS(1000, 1000) }, "" },
    { "another user", { TO_FILE, USERS(1000, 1001) }, OTHER_USER },
    { "root may read all", { TO_FILE, USERS(1000, 0) }, "" },
    { "another user, and no file",
      { { "10.0", "10.0" }, USERS(1000, 1001) },
      "" },
};

static void a_file_needs_room_and_a_reader(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        run_case(&files[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shared_memory_has_to_be_the_same),
        cmocka_unit_test(loopback_is_in_one_network),
        cmocka_unit_test(a_file_needs_room_and_a_reader),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
