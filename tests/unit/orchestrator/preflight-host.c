/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What of the host stands in the way of a migration: memory that may be locked,
 * page faults that may be caught, memory that is free. */
#include "tests/lib/check.h"

#include "orchestrator/preflight.h"
#include "tests/lib/preflight-case.h"
#include "tests/lib/recorded-pair.h"

#define D   SIDE_DESTINATION
#define MIB (INT64_C(1) << 20)

#define ZERO_COPY "--multifd=2 --zero-copy"
#define WITH_ZERO_COPY                                                         \
    "S multifd-channels=2; S +events +multifd +pause-before-switchover "       \
    "+return-path +zero-copy-send; D multifd-channels=2; D +events +multifd"

/* clang-format off */
#define SOURCE_MAY_LOCK(...) .process = { { .known = true, __VA_ARGS__ } }
#define SENDS_FROM_4_MIB                                                       \
    .host = { { .known = true, .page_bytes = 4096,                             \
                .send_buffer_max_bytes = 4 * MIB } }
/* clang-format on */

static void locked_memory_is_compared(void **state)
{
    static const struct {
        const char *what;
        Inspection inspection;
        const char *found;
        bool may;
    } cases[] = {
        { "not known",
          { { "10.0", "10.0" }, .wishes = ZERO_COPY },
          "note S locked-memory: how much memory its process may lock for "
          "zero-copy is not known\n",
          true },
        { "no limit",
          { { "10.0", "10.0" },
            .wishes = ZERO_COPY,
            SOURCE_MAY_LOCK(.locked_limit_bytes = HOST_UNLIMITED),
            SENDS_FROM_4_MIB },
          "",
          true },
        { "no limit for who may lock all",
          { { "10.0", "10.0" },
            .wishes = ZERO_COPY,
            SOURCE_MAY_LOCK(.locked_limit_bytes = 65536,
                            .may_lock_all = ANSWER_YES),
            SENDS_FROM_4_MIB },
          "",
          true },
        { "too little",
          { { "10.0", "10.0" },
            .wishes = ZERO_COPY,
            .pid = { 77, 78 },
            SOURCE_MAY_LOCK(.locked_limit_bytes = 65536,
                            .may_lock_all = ANSWER_NO),
            SENDS_FROM_4_MIB },
          "error S locked-memory: its process may lock 64.0 KiB; zero-copy "
          "over 2 connections needs ",
          false },
        { "it is not asked for",
          { { "10.0", "10.0" },
            .wishes = "--multifd=2",
            SOURCE_MAY_LOCK(.locked_limit_bytes = 65536,
                            .may_lock_all = ANSWER_NO),
            SENDS_FROM_4_MIB },
          "",
          true },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Inspected) inspected = inspected_new(&cases[i].inspection);
        g_autofree char *found =
            recorded_findings_to_text(inspected->m->findings);
        FailureCode code = cases[i].may ? FAILURE_NONE : FAILURE_HOST;
        if (!g_str_has_prefix(found, cases[i].found) ||
            !*found != !*cases[i].found) {
            fail_msg("%s: %s", cases[i].what, found);
        }
        check_case(cases[i].what, inspected->m->failure.code == code);
    }
}

#define POST_COPY                                                              \
    "S +events +postcopy-ram +return-path; D +events "                         \
    "+postcopy-blocktime +postcopy-ram"
#define NO_USERFAULTFD                                                         \
    "error D userfaultfd: its process (uid 1000) may not use userfaultfd, "    \
    "which post-copy needs (sysctl vm.unprivileged_userfaultfd=1, or start "   \
    "it with CAP_SYS_PTRACE, or from QEMU 8.0 on let it open "                 \
    "/dev/userfaultfd)\n"

static const PreflightCase userfaults[] = {
    { "not known",
      { { "10.0", "10.0" }, .wishes = "--postcopy" },
      "note D userfaultfd: whether its process may use userfaultfd for "
      "post-copy is not known\n",
      POST_COPY },
    { "by capability",
      { { "10.0", "10.0" },
        .wishes = "--postcopy",
        DESTINATION(.userfaultfd = USERFAULTFD_BY_CAPABILITY) },
      "",
      POST_COPY },
    { "not at all",
      { { "10.0", "10.0" },
        .wishes = "--postcopy",
        DESTINATION(.userfaultfd = USERFAULTFD_NO, .uid = 1000) },
      NO_USERFAULTFD,
      NULL },
    { "by a device that 10.0 opens",
      { { "10.0", "10.0" },
        .wishes = "--postcopy",
        DESTINATION(.userfaultfd = USERFAULTFD_BY_DEVICE, .uid = 1000) },
      "",
      POST_COPY },
    { "and 7.2 does not",
      { { "10.0", "7.2" },
        .wishes = "--postcopy",
        DESTINATION(.userfaultfd = USERFAULTFD_BY_DEVICE, .uid = 1000) },
      NO_USERFAULTFD,
      NULL },
    { "of memory that is a file on a disk",
      { { "10.0", "7.2" },
        .wishes = "--postcopy",
        DESTINATION(.userfaultfd = USERFAULTFD_BY_CAPABILITY,
                    .on_disk = { 2, { MIB, 64 * MIB } }) },
      "error D memory-backends: the memory 'ram0' is a file on a disk, where "
      "post-copy cannot wait for pages (give it a memory-backend-memfd, or a "
      "mem-path= in tmpfs or hugetlbfs)\n",
      NULL },
    { "a kernel is one too, of another length",
      { { "10.0", "7.2" },
        .wishes = "--postcopy",
        DESTINATION(.userfaultfd = USERFAULTFD_BY_CAPABILITY,
                    .on_disk = { 1, { MIB } }) },
      "",
      POST_COPY },
    { "without post-copy it does not matter",
      { { "10.0", "10.0" },
        DESTINATION(.userfaultfd = USERFAULTFD_NO, .uid = 1000,
                    .on_disk = { 1, { 64 * MIB } }) },
      "",
      OURS },
    { "QEMU may judge",
      { { "10.0", "10.0" },
        .wishes = "--postcopy",
        .no_preflight = true,
        DESTINATION(.userfaultfd = USERFAULTFD_NO, .uid = 1000) },
      "",
      POST_COPY },
};

static void page_faults_can_be_caught(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(userfaults); i++) {
        preflight_case_run(&userfaults[i]);
    }
}

/* The recorded guests have 64 MiB. */
static const PreflightCase memories[] = {
    { "enough",
      { { "10.0", "10.0" },
        DESTINATION(.resident_bytes = 0),
        .host = { [D] = { .known = true, .available_bytes = 64 * MIB } } },
      "",
      OURS },
    { "too little, but some is there already",
      { { "10.0", "10.0" },
        DESTINATION(.resident_bytes = 60 * MIB),
        .host = { [D] = { .known = true, .available_bytes = 4 * MIB } } },
      "",
      OURS },
    { "too little",
      { { "10.0", "10.0" },
        DESTINATION(.resident_bytes = 10 * MIB),
        .host = { [D] = { .known = true, .available_bytes = 32 * MIB } } },
      "warning D free-memory: its host has 32.0 MiB of memory left, and the "
      "guest 64.0 MiB (free some, or the kernel ends a process)\n",
      OURS },
    { "not known",
      { { "10.0", "10.0" },
        DESTINATION(.resident_bytes = HOST_UNKNOWN),
        .host = { [D] = { .known = true, .available_bytes = MIB } } },
      "",
      OURS },
};

static void free_memory_is_counted(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(memories); i++) {
        preflight_case_run(&memories[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(locked_memory_is_compared),
        cmocka_unit_test(page_faults_can_be_caught),
        cmocka_unit_test(free_memory_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
