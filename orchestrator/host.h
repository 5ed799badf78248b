/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Looks at this host, for the preflight: what a QEMU's process may do, what is
 * left of memory and processors, which way a stream would leave, whether an
 * address or a file can be used.  Nothing is changed, sent or connected to, no
 * name is resolved, and nothing fails: what cannot be found out is "not known".
 *
 * @root is a folder with a proc and a sys in it, "" for the real ones.
 */
#include <json-glib/json-glib.h>
#include <net/if.h>
#include <sys/types.h>

#include "orchestrator/facts-host.h"
#include "orchestrator/process-identity.h"

ProcessFacts host_read_process(const char *root, pid_t pid);

/* Fills in facts->folders, for up to HOST_FOLDERS_MAX absolute @folders. */
void host_read_folders(const char *root, pid_t pid, const char *const *folders,
                       ProcessFacts *facts);

/* All zero if any part of it cannot be read. */
ProcessIdentity host_identify_process(const char *root, pid_t pid);

/* Its threads as query-migrationthreads tells them, [{"name", "thread-id"}], an
 * empty list if they cannot be seen.  Names are those that QEMU gave; before
 * 11.0 only with -name debug-threads=on. */
JsonNode *host_threads(const char *root, pid_t pid);

/* Are all vCPUs of @cpus, an answer to query-cpus-fast or NULL, threads of the
 * process?  So it is the QEMU that answered, whatever its program is called. */
bool host_has_vcpus(const char *root, pid_t pid, JsonNode *cpus);

/* Is @thread one of the process's?  False also where that cannot be seen. */
bool host_has_thread(const char *root, pid_t pid, int64_t thread);

/*
 * Does the process still run?  NO is proof: its pid is free, is another
 * process's, or is that of a zombie.  UNKNOWN: @identity is of another boot,
 * host or pid namespace, or /proc is hidden from us.
 */
HostAnswer host_still_runs(const char *root, const ProcessIdentity *identity);

/* Nothing is known of a process that we may not look into. */
HostMapped host_mapped_from_disk(const char *root, pid_t pid);

/* What it shares with who else has mapped the same files; returns how many. */
unsigned host_shared_memory(const char *root, pid_t pid,
                            SharedMemory ret[HOST_SHARED_MAX]);

/* @pid is whose processors are counted. */
HostFacts host_read(const char *root, pid_t pid);

typedef struct {
    char interface[IF_NAMESIZE]; /* by which it leaves; "": not known */
    bool is_local;               /* to this host itself */
    int64_t bits_per_s;          /* HOST_UNKNOWN: also of what is local */
    const char *why; /* the interface is not known, one phrase; else NULL */
} HostLink;

/*
 * The way to @address, which must be numeric: a name would have to be asked for,
 * and that may take long.
 */
HostLink host_link_to(const char *root, const char *address);

/*
 * Could QEMU listen there now?  The port is bound as QEMU binds it, for a moment,
 * and never connected to.  @address is numeric, or "" for all of the host.  NO:
 * it is taken, or the host does not speak that family; UNKNOWN: it is no address
 * of this host, or we may not where QEMU perhaps may.  @ret_why is the reason if
 * it is not YES, one phrase.
 */
HostAnswer host_can_bind(const char *address, uint16_t port,
                         const char **ret_why);

/*
 * Could QEMU make a socket at @path?  By our own rights, which may be others
 * than QEMU's: so UNKNOWN where we may not.  What is at @path already is not
 * looked at; QEMU removes it.
 */
HostAnswer host_can_bind_unix(const char *path, const char **ret_why);

typedef enum {
    FILE_UNKNOWN, /* relative to QEMU's folder, /dev/fdset/N, out of sight */
    FILE_NO_FOLDER,
    FILE_ABSENT, /* but its folder is there */
    FILE_REGULAR,
    FILE_OTHER, /* a folder, a device... */
} FileKind;

typedef struct {
    FileKind kind;
    int64_t size_bytes;   /* of a regular file */
    int64_t free_bytes;   /* of its file system, for anybody */
    HostAnswer may_write; /* it or, if it is absent, its folder; by our rights,
                         * NO only where the file system is read-only */
} HostFile;

HostFile host_file(const char *path);
