/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "orchestrator/preflight-host.h"

#include <string.h>

#include "caps/block.h"
#include "caps/units.h"
#include "orchestrator/stream-address.h"
#include "orchestrator/uri.h"

/* /dev/userfaultfd is opened from here on. */
#define SINCE_DEVICE CAPS_VERSION(8, 0)

static int64_t memory_bytes(const Migration *m)
{
    const CapsMachine *machine = &m->machines[SIDE_SOURCE];
    return machine->told[CAPS_MACHINE_MEMORY] ? (int64_t)machine->memory_bytes
                                              : -1;
}

static unsigned n_channels(const Migration *m)
{
    g_autofree char *text =
        caps_inventory_value(&m->wanted[SIDE_SOURCE], "multifd-channels");
    return text ? (unsigned)g_ascii_strtoull(text, NULL, 10) : 1;
}

/* Zero-copy pins what it sends: the kernel counts that against a limit. */
static void check_locked_memory(Migration *m)
{
    const ProcessFacts *process = &m->processes[SIDE_SOURCE];
    if (!caps_inventory_is_on(&m->wanted[SIDE_SOURCE], "zero-copy-send")) {
        return;
    }
    int64_t needs_bytes =
        host_zero_copy_needs_bytes(&m->hosts[SIDE_SOURCE], n_channels(m));
    if (!process->known || process->locked_limit_bytes == HOST_UNKNOWN ||
        needs_bytes == HOST_UNKNOWN) {
        findings_add(m->findings, FINDING_LOCKED_MEMORY, FINDING_NOTE,
                     SIDE_SOURCE, NULL,
                     "how much memory its process may lock for zero-copy is "
                     "not known");
        return;
    }
    if (process->may_lock_all == ANSWER_YES ||
        process->locked_limit_bytes >= needs_bytes) {
        return;
    }
    g_autofree char *limit =
        unit_format(process->locked_limit_bytes, UNIT_BYTES);
    g_autofree char *needs = unit_format(needs_bytes, UNIT_BYTES);
    findings_add(m->findings, FINDING_LOCKED_MEMORY, FINDING_ERROR, SIDE_SOURCE,
                 g_strdup_printf("prlimit --pid %d --memlock=%" G_GINT64_FORMAT
                                 ", or leave --zero-copy out",
                                 m->pid[SIDE_SOURCE], needs_bytes),
                 "its process may lock %s; zero-copy over %u connections needs "
                 "%s",
                 limit, n_channels(m), needs);
}

/* Post-copy catches the guest's faults, on the destination. */
static void check_userfaultfd(Migration *m)
{
    const ProcessFacts *process = &m->processes[SIDE_DESTINATION];
    const CapsInventory *wanted = &m->wanted[SIDE_DESTINATION];
    if (!caps_inventory_is_on(wanted, "postcopy-ram")) {
        return;
    }
    bool no = process->userfaultfd == USERFAULTFD_NO ||
              (process->userfaultfd == USERFAULTFD_BY_DEVICE &&
               wanted->version < SINCE_DEVICE);
    if (!process->known || process->userfaultfd == USERFAULTFD_UNKNOWN) {
        findings_add(m->findings, FINDING_USERFAULTFD, FINDING_NOTE,
                     SIDE_DESTINATION, NULL,
                     "whether its process may use userfaultfd for post-copy is "
                     "not known");
    } else if (no) {
        findings_add(m->findings, FINDING_USERFAULTFD, FINDING_ERROR,
                     SIDE_DESTINATION,
                     g_strdup("sysctl vm.unprivileged_userfaultfd=1, or start "
                              "it with CAP_SYS_PTRACE, or from QEMU 8.0 on let "
                              "it open /dev/userfaultfd"),
                     "its process (uid %" G_GINT64_FORMAT
                     ") may not use userfaultfd, which post-copy needs",
                     process->uid);
    }
}

/* The host of an address that means another place in each network. */
static bool is_loopback(const char *host)
{
    return g_str_has_prefix(host, "127.") || strcmp(host, "::1") == 0 ||
           strcmp(host, "localhost") == 0;
}

static void check_networks(Migration *m)
{
    const char *text = migration_uri(m);
    g_auto(Uri) uri = { 0 };
    if (!uri_parse(text, &uri, NULL) || uri.kind != URI_TCP) {
        return;
    }
    bool has_host = uri_is_wildcard(&uri) && m->settings->destination_host;
    const char *host = has_host ? m->settings->destination_host : uri.host;
    if (is_loopback(host) &&
        host_is_one_network(&m->processes[SIDE_SOURCE],
                            &m->processes[SIDE_DESTINATION]) == ANSWER_NO) {
        findings_add(m->findings, FINDING_ADDRESS, FINDING_ERROR, N_SIDES,
                     g_strdup("choose an address of the destination's network "
                              "that the source can reach, or unix:PATH"),
                     "the QEMUs are in two network namespaces, and %s is "
                     "another place in each",
                     host);
    }
}

/* Who uses what the caller looked at, and does it use the same?  A file is the
 * source's to write, all else is the destination's to listen at. */
static bool is_elsewhere(const Migration *m)
{
    g_auto(Uri) uri = { 0 };
    if (!uri_parse(migration_uri(m), &uri, NULL)) {
        return false;
    }
    const ProcessFacts *process =
        &m->processes[uri.kind == URI_FILE ? SIDE_SOURCE : SIDE_DESTINATION];
    return (uri.kind == URI_TCP ? process->same_network
                                : process->same_files) == ANSWER_NO;
}

static void check_room(Migration *m)
{
    uint64_t free_bytes = m->settings->file_free_bytes;
    int64_t bytes = memory_bytes(m);
    if (free_bytes == 0 || bytes < 0 || free_bytes >= (uint64_t)bytes ||
        is_elsewhere(m)) {
        return;
    }
    g_autofree char *left = unit_format(free_bytes, UNIT_BYTES);
    g_autofree char *all = unit_format(bytes, UNIT_BYTES);
    findings_add(m->findings, FINDING_ADDRESS, FINDING_WARNING, SIDE_SOURCE,
                 g_strdup("free some, or choose a file elsewhere; pages of "
                          "zeros take none"),
                 "the file system has %s of room left, and the guest %s of "
                 "memory",
                 left, all);
}

/* QEMU makes the file for its own user alone. */
static void check_owner(Migration *m)
{
    const ProcessFacts *source = &m->processes[SIDE_SOURCE];
    const ProcessFacts *destination = &m->processes[SIDE_DESTINATION];
    if (m->context.through_file && source->known && destination->known &&
        destination->uid != source->uid && destination->uid != 0) {
        findings_add(m->findings, FINDING_ADDRESS, FINDING_WARNING,
                     SIDE_DESTINATION,
                     g_strdup("start both QEMUs as the same user"),
                     "its process (uid %" G_GINT64_FORMAT
                     ") may not read the file, which the source's (uid "
                     "%" G_GINT64_FORMAT ") makes for itself alone",
                     destination->uid, source->uid);
    }
}

/* The destination's memory fills up as it arrives. */
static void check_free_memory(Migration *m)
{
    const ProcessFacts *process = &m->processes[SIDE_DESTINATION];
    const HostFacts *host = &m->hosts[SIDE_DESTINATION];
    int64_t bytes = memory_bytes(m);
    if (!process->known || !host->known || bytes < 0 ||
        host->available_bytes < 0 || process->resident_bytes < 0) {
        return;
    }
    int64_t missing_bytes =
        bytes - process->resident_bytes - host->available_bytes;
    if (missing_bytes > 0) {
        g_autofree char *all = unit_format(bytes, UNIT_BYTES);
        g_autofree char *left = unit_format(host->available_bytes, UNIT_BYTES);
        findings_add(
            m->findings, FINDING_FREE_MEMORY, FINDING_WARNING, SIDE_DESTINATION,
            g_strdup("free some, or the kernel ends a process"),
            "its host has %s of memory left, and the guest %s", left, all);
    }
}

/* Of the block with the largest pages; 0: not told. */
static int64_t page_bytes_of(const CapsMachine *machine)
{
    uint64_t largest = 0, bytes;
    for (guint i = 0; machine->blocks && i < machine->blocks->len; i++) {
        const CapsBlock *block = machine->blocks->pdata[i];
        g_auto(GStrv) words = g_strsplit(block->page_size, " ", -1);
        g_autofree char *text = g_strjoinv("", words); /* "2 MiB" */
        if (unit_parse(text, UNIT_BYTES, &bytes, NULL)) {
            largest = MAX(largest, bytes);
        }
    }
    return (int64_t)largest;
}

/* Memory of huge pages is promised when it is mapped, or taken from the rest. */
static void check_huge_pages(Migration *m)
{
    const HostFacts *host = &m->hosts[SIDE_DESTINATION];
    int64_t page_bytes = page_bytes_of(&m->machines[SIDE_DESTINATION]);
    int64_t bytes = memory_bytes(m);
    for (unsigned i = 0; host->known && bytes > 0 && i < host->n_huge; i++) {
        const HugePages *pages = &host->huge[i];
        int64_t n = (bytes + pages->page_bytes - 1) / pages->page_bytes;
        if (pages->page_bytes == page_bytes && pages->n_reserved < n &&
            pages->n_free < n) {
            g_autofree char *size = unit_format(page_bytes, UNIT_BYTES);
            findings_add(m->findings, FINDING_HUGE_PAGES, FINDING_WARNING,
                         SIDE_DESTINATION,
                         g_strdup("raise nr_hugepages, or start it with "
                                  "prealloc=on to see at once"),
                         "its host has %" G_GINT64_FORMAT
                         " pages of %s left, and the guest may need "
                         "%" G_GINT64_FORMAT,
                         pages->n_free, size, n);
        }
    }
}

void preflight_take_found(Migration *m)
{
    const GPtrArray *found = is_elsewhere(m) ? NULL : m->settings->found;
    for (guint i = 0; found && i < found->len; i++) {
        const Finding *finding = found->pdata[i];
        findings_add(m->findings, finding->code, finding->severity,
                     finding->side, g_strdup(finding->hint), "%s",
                     finding->text);
    }
}

static void check_address(Migration *m)
{
    g_auto(Uri) uri = { 0 };
    const MigrationSettings *settings = m->settings;
    if (!settings->is_usual && settings->folders &&
        uri_parse(settings->uri, &uri, NULL)) {
        stream_address_check(&uri, settings->uri, !settings->way_uri,
                             m->processes, m->findings);
    }
}

void preflight_check_host(Migration *m)
{
    check_address(m);
    check_locked_memory(m);
    check_userfaultfd(m);
    preflight_check_memory(m);
    check_networks(m);
    check_room(m);
    check_owner(m);
    check_huge_pages(m);
    check_free_memory(m);
}
