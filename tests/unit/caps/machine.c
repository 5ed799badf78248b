/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What two machines differ in, from the replies of real QEMUs of one command
 * line, with one thing in them changed; and odd replies.
 */
#include "tests/lib/machine-pair.h"

static const char *const versions[] = { "7.2", "10.0" };

static void one_command_line_is_no_difference(void **state)
{
    for (int i = 0; i < 4; i++) {
        const char *source = versions[i & 1], *destination = versions[i >> 1];
        Pair pair;
        pair_init(&pair, source, destination);
        pair_want(&pair, "postcopy-ram");
        pair_want(&pair, "validate-uuid");
        take_all(&pair.machines[SIDE_SOURCE], source, NULL, 0);
        take_all(&pair.machines[SIDE_DESTINATION], destination, NULL, 0);
        pair_compare(&pair);
        if (pair.findings->len > 0) {
            const Finding *finding = pair.findings->pdata[0];
            fail_msg("%s to %s: %s", source, destination, finding->text);
        }
        pair_clear(&pair);
    }
}

#define E           FINDING_ERROR
#define W           FINDING_WARNING
#define Q(question) CAPS_MACHINE_##question
/* Enough of a table of blocks, and of 10.0's for the block that lies first. */
#define BLOCK(name, offset, used, total)                                       \
    name " 4 KiB " #offset " " #used " " #total "\\n"
#define BLOCKS(rows) "{\"human-readable-text\":\"titles\\n" rows "\"}"

#define LAYOUT(start, block)                                                   \
    "\"FlatView #0\\n AS \\\"memory\\\", root: system\\n"                      \
    "  " start "-00000000ffffffff (prio 0, ram): " block "\\n\""
/* The first PCI device. */
#define PRIMARY                                                                \
    {                                                                          \
        Q(DEVICES), "failover_pair_id = \\\"\\\"",                             \
            "failover_pair_id = \\\"standby\\\""                               \
    }
#define MODULE "[{\"type\":\"dimm\",\"data\":{\"memdev\":\"m\",\"addr\":1}}]"

typedef struct {
    const char *what;
    const char *wanted;            /* a capability that will be on */
    const char *versions[N_SIDES]; /* NULL: 7.2 */
    Side changed;
    Change changes[4];
    /* all that is found, in order */
    struct {
        FindingCode code;
        Severity severity;
        const char *text;
    } found[4];
} Case;

#define DST SIDE_DESTINATION
#define SRC SIDE_SOURCE

/* clang-format off */
static const Case cases[] = {
    { "machine type", NULL, { 0 }, DST,
      { { Q(TYPE), "7.2", "7.1" } },
      { { FINDING_MACHINE, E, "the source is pc-q35-7.2, the destination is "
                              "pc-q35-7.1" } } },
    { "of another machine nothing else is compared", NULL, { 0 }, DST,
      { { Q(TYPE), "7.2", "7.1" }, { Q(MEMORY), "67108864", "1" } },
      { { FINDING_MACHINE, E, "pc-q35-7.1" } } },
    { "UUID", NULL, { 0 }, DST,
      { { Q(UUID), "0001", "0002" } },
      { { FINDING_UUID, W, "0001 on the source" } } },
    { "UUID that QEMU compares", "validate-uuid", { 0 }, DST,
      { { Q(UUID), "0001", "0002" } },
      { { FINDING_UUID, E, "QEMU compares" } } },

    { "no SMM", NULL, { 0 }, DST,
      { { Q(SMM), "auto", "off" } },
      { { FINDING_MACHINE, W, "SMM is on on the source, off on the" } } },
    { "SMM as by default", NULL, { 0 }, DST, { { Q(SMM), "auto", "on" } },
      { { 0 } } },
    { "no suspending", NULL, { 0 }, SRC, { { Q(S3), "0", "1" } },
      { { FINDING_MACHINE, W, "disable_s3 is 1 on the source, 0 on the" } } },
    { "no hibernating", NULL, { 0 }, SRC, { { Q(S4), "0", "1" } },
      { { FINDING_MACHINE, W, "disable_s4 is 1 on the source, 0 on the" } } },
    { "no hotplug by ACPI", NULL, { 0 }, DST,
      { { Q(PCI_HOTPLUG), "true", "false" } },
      { { FINDING_MACHINE, W, "ACPI is true on the source, false on the" } } },
    { "room for more memory", NULL, { 0 }, DST,
      { { Q(SLOTS), "max-size\":", "max-size\":1" } },
      { { FINDING_MEMORY, W, "(maxmem), the destination" } } },
    { "more memory", NULL, { 0 }, DST,
      { { Q(MEMORY), "67108864", "134217728" } },
      { { FINDING_MEMORY, E, "64.0 MiB of memory, the destination 128 MiB" } } },
    { "a byte less", NULL, { 0 }, DST,
      { { Q(MEMORY), "67108864", "67108863" } },
      { { FINDING_MEMORY, E, "67108864 B of memory" } } },
    { "less memory plugged in", NULL, { 0 }, SRC,
      { { Q(MEMORY), "y\":0", "y\":1048576" } },
      { { FINDING_MEMORY, E, "1.00 MiB of memory plugged in" } } },
    { "more memory plugged in", NULL, { 0 }, DST,
      { { Q(MEMORY), "y\":0", "y\":1048576" } },
      { { FINDING_MEMORY, W, "plugged in" } } },
    { "memory that cannot grow", NULL, { 0 }, DST,
      { { Q(MEMORY), ",\"plugged-memory\":0", "" } }, { { 0 } } },
    { "slots", NULL, { 0 }, DST,
      { { Q(SLOTS), "slots\":2", "slots\":4" } },
      { { FINDING_MEMORY, E, "2 slots for memory, the destination 4" } } },
    { "no slots", NULL, { 0 }, DST,
      { { Q(SLOTS), "\"slots\":2,", "" } },
      { { FINDING_MEMORY, E, "the destination 0" } } },
    { "backend of another id", NULL, { 0 }, DST,
      { { Q(BLOCKS), "ram0", "mem0" }, { Q(BACKENDS), "ram0", "mem0" } },
      { { FINDING_MEMORY_BACKENDS, E, "lacks the memory 'ram0' of the source "
                                      "(64.0 MiB)" } } },
    { "backend of another size", NULL, { 0 }, DST,
      { { Q(BLOCKS), "0x0000000004000000", "0x0000000008000000" } },
      { { FINDING_MEMORY_BACKENDS, E, "'ram0' is 64.0 MiB on the source, "
                                      "128 MiB" } } },
    { "of another size, as is the whole", NULL, { 0 }, DST,
      { { Q(BLOCKS), "0x0000000004000000", "0x0000000008000000" },
        { Q(MEMORY), "67108864", "134217728" } },
      { { FINDING_MEMORY, E, "64.0 MiB" } } },
    { "shared on one side", NULL, { 0 }, DST,
      { { Q(BACKENDS), "share\":true", "share\":false" } }, { { 0 } } },
    { "shared on one side, where it counts", "x-ignore-shared", { 0 }, DST,
      { { Q(BACKENDS), "share\":true", "share\":false" } },
      { { FINDING_MEMORY_BACKENDS, E, "'ram0' out on the source only" } } },
    { "shared on both sides, where it counts", "x-ignore-shared", { 0 }, DST, { { 0 } },
      { { 0 } } },
    { "a module of more memory", NULL, { 0 }, DST,
      { { Q(BLOCKS), "0x0000000004000000", "0x0000000008000000" },
        { Q(MEMORY), "y\":0", "y\":67108864" } },
      { { FINDING_MEMORY, W, "plugged in" },
        { FINDING_MEMORY_BACKENDS, E, "'ram0' is 64.0 MiB" } } },
    { "huge pages", NULL, { 0 }, DST,
      { { Q(BLOCKS), "4 KiB", "2 MiB" } }, { { 0 } } },
    { "huge pages and post-copy", "postcopy-ram", { 0 }, DST,
      { { Q(BLOCKS), "4 KiB", "2 MiB" } },
      { { FINDING_MEMORY_BACKENDS, E, "'ram0' are 4 KiB on the source, 2 MiB" }
      } },
    { "a ROM is missing", NULL, { 0 }, DST,
      { { Q(BLOCKS), "virtio-net-pci.rom", "another.rom" } },
      { { FINDING_MEMORY_BACKENDS, E, "virtio-net-pci.rom' of the source" } } },
    { "tables have room to grow", NULL, { 0 }, DST,
      { { Q(BLOCKS), "0x0000000000020000 0x0000000000200000",
                     "0x0000000000010000 0x0000000000200000" } }, { { 0 } } },
    { "tables have too little room to grow", NULL, { 0 }, DST,
      { { Q(BLOCKS), "0x0000000000020000 0x0000000000200000",
                     "0x0000000000010000 0x0000000000018000" } },
      { { FINDING_MEMORY_BACKENDS, E, "/rom@etc/acpi/tables" } } },
    { "memory that is no device's", NULL, { 0 }, SRC,
      { { Q(BLOCKS), NULL, BLOCKS(BLOCK("", 0x0, 0x1, 0x1)) } }, { { 0 } } },
    { "firmware of another size", NULL, { "10.0", "10.0" }, SRC,
      { { Q(BLOCKS), NULL, BLOCKS(BLOCK("pc.bios", 0x0, 0x4000000, 0x4000000)
            BLOCK("ram0", 0x4000000, 0x4000000, 0x4000000)) } },
      { { FINDING_MEMORY_BACKENDS, E, "'pc.bios' is 64.0 MiB" } } },

    { "memory at another address", NULL, { 0 }, DST,
      { { Q(LAYOUT), NULL, LAYOUT("0000000080000000", "ram0") } },
      { { FINDING_MEMORY_LAYOUT, E, "'ram0' at 0x0 on the source, at "
                                    "0x80000000 on the destination" } } },
    { "memory in two pieces", NULL, { 0 }, SRC,
      { { Q(LAYOUT), "0000000000100000-0000000003ffffff",
                     "0000000100000000-0000000103ffffff" } },
      { { FINDING_MEMORY_LAYOUT, E, "at 0x0 and 0x100000000 on the source" } }
    },
    { "memory that is not mapped yet", NULL, { 0 }, DST,
      { { Q(LAYOUT), NULL, LAYOUT("0000000080000000", "other") } }, { { 0 } } },
    { "memory that is no backend", NULL, { 0 }, DST,
      { { Q(LAYOUT), "00000000fffc0000", "00000000fff00000" } }, { { 0 } } },
    { "a module that only the source has", NULL, { 0 }, SRC,
      { { Q(MEMORY_DEVICES), NULL, MODULE } },
      { { 0 } } },

    { "a vCPU less", NULL, { 0 }, DST,
      { { Q(CPUS), NULL, "[{\"cpu-index\":0}]" } },
      { { FINDING_CPUS, E, "2 vCPUs, the destination 1" } } },
    { "a vCPU more", NULL, { 0 }, SRC,
      { { Q(CPUS), NULL, "[{\"cpu-index\":0}]" } },
      { { FINDING_CPUS, W, "1 vCPU, the destination 2" } } },
    { "a vCPU plugged in elsewhere", NULL, { 0 }, DST,
      { { Q(CPUS), "index\":1", "index\":2" } },
      { { FINDING_CPUS, E, "numbers" } } },
    { "a vCPU more could be plugged in", NULL, { 0 }, DST,
      { { Q(TOPOLOGY), "maxcpus\":2", "maxcpus\":3" } },
      { { FINDING_CPUS, W, "can have 2 vCPUs (maxcpus), the destination 3" } }
    },
    { "a vCPU less, without ACPI", NULL, { 0 }, SRC,
      { { Q(TOPOLOGY), "maxcpus\":2", "maxcpus\":3" },
        { Q(BLOCKS), "/rom@etc/acpi/tables", "" } },
      { { 0 } } },
    { "cores as sockets", NULL, { 0 }, DST,
      { { Q(CPUS), "\"core-id\":1,\"thread-id\":0,\"node-id\":0,"
                   "\"socket-id\":0",
                   "\"core-id\":0,\"socket-id\":1" },
        { Q(TOPOLOGY), "cores\":2", "cores\":1" } },
      { { FINDING_CPUS, W, "cores and threads" } } },
    { "cores as sockets of three", NULL, { 0 }, DST,
      { { Q(CPUS), "\"core-id\":1,\"thread-id\":0,\"node-id\":0,"
                   "\"socket-id\":0",
                   "\"core-id\":0,\"socket-id\":1" },
        { Q(TOPOLOGY), "cores\":2", "cores\":3" } },
      { { FINDING_CPUS, E, "numbers" } } },
    { "another model", NULL, { 0 }, DST,
      { { Q(CPU_MODEL), "qemu64", "Nehalem-v1" } },
      { { FINDING_CPU_MODEL, W, "qemu64 on the source, Nehalem-v1 on the" } } },
    { "another vendor, and of the features nothing", NULL, { 0 }, DST,
      { { Q(CPU_VENDOR), "AuthenticAMD", "GenuineIntel" },
        { Q(CPU_FEATURES), "126614525", "126614524" } },
      { { FINDING_CPU_MODEL, E, "two vendors: AuthenticAMD on the source, "
                                "GenuineIntel on the destination" } } },
    { "a feature less", NULL, { 0 }, DST,
      { { Q(CPU_FEATURES), "126614525", "126614524" },
        { Q(CPU_MODEL), "qemu64", "Nehalem-v1" } },
      { { FINDING_CPU_MODEL, E, "lack what the guest may use: fpu" } } },
    { "a feature more", NULL, { 0 }, SRC,
      { { Q(CPU_FEATURES), "126614525", "126614524" } },
      { { FINDING_CPU_MODEL, W, "more than those of the source, and the guest "
                                "could not go back: fpu" } } },
    { "many features less", NULL, { 0 }, DST,
      { { Q(CPU_FEATURES), "126614525", "0" } },
      { { FINDING_CPU_MODEL, E, "fpu, de, pse, tsc, msr, pae, mce, cx8 and 13 "
                                "more" } } },

    { "a device is missing", NULL, { 0 }, DST,
      { { Q(DEVICES), "dev: VGA, id", "dev: cirrus-vga, id" } },
      { { FINDING_DEVICES, E, "lacks VGA, which the source has on pcie.0 addr "
                              "04.0" },
        { FINDING_DEVICES, W, "has cirrus-vga on pcie.0 addr 04.0, which the "
                              "source does not have" } } },
    { "with its ROM and all that sits on it", NULL, { 0 }, DST,
      { { Q(DEVICES), "dev: virtio-net-pci, id", "dev: e1000, id" },
        { Q(BLOCKS), "virtio-net-pci.rom", "e1000.rom" } },
      { { FINDING_DEVICES, E, "lacks virtio-net-pci 'net0', which" },
        { FINDING_DEVICES, W, "has e1000 'net0'" } } },
    { "a device is elsewhere", NULL, { 0 }, DST,
      { { Q(DEVICES), "addr = 02.0", "addr = 05.0" } },
      { { FINDING_DEVICES, E, "virtio-blk-pci 'disk0' is on pcie.0 addr 02.0 "
                              "on the source, on pcie.0 addr 05.0" } } },
    { "its bus is elsewhere", NULL, { 0 }, DST,
      { { Q(DEVICES), "addr = 01.0", "addr = 05.0" } },
      { { FINDING_DEVICES, E, "pcie-root-port 'port0' is on" } } },
    { "a disk has another number", NULL, { 0 }, DST,
      { { Q(DEVICES), "scsi-id = 0", "scsi-id = 1" } },
      { { FINDING_DEVICES, E, "scsi-hd is on hba0.0 channel 0, scsi-id 0, lun "
                              "0 on the source" } } },
    { "an id does not count", NULL, { 0 }, DST,
      { { Q(DEVICES), "id \\\"net0\\\"", "id \\\"\\\"" },
        { Q(DEVICES), "bus: hba0.0", "bus: scsi.0" } }, { { 0 } } },
    { "what the board has", NULL, { 0 }, DST,
      { { Q(DEVICES), "dev: hpet", "dev: hpet-2" } },
      { { FINDING_DEVICES, E, "lacks hpet" },
        { FINDING_DEVICES, W, "hpet-2" } } },
    { "what the board has in another version", NULL, { "7.2", "10.0" }, DST,
      { { Q(DEVICES), "dev: hpet", "dev: hpet-2" } },
      { { FINDING_DEVICES, W, "lacks hpet" },
        { FINDING_DEVICES, W, "hpet-2" } } },
    { "the primary of a failover pair is hidden", NULL, { 0 }, SRC,
      { { Q(DEVICES), "dev: VGA, id", "dev: e1000e, id" }, PRIMARY },
      { { FINDING_DEVICES, W, "has VGA on pcie.0 addr 04.0" } } },
    { "the primary of a failover pair is there", NULL, { 0 }, DST,
      { { Q(DEVICES), "dev: VGA, id", "dev: e1000e, id" }, PRIMARY },
      { { FINDING_DEVICES, E, "lacks VGA" } } },
    { "the primary of a failover pair has a ROM", NULL, { 0 }, DST,
      { { Q(BLOCKS), "virtio-net-pci.rom", "other.rom" }, PRIMARY },
      { { FINDING_MEMORY_BACKENDS, E, "virtio-net-pci.rom' of the source" } } },
    { "a disk of other sectors", NULL, { 0 }, DST,
      { { Q(DEVICES), "logical_block_size = 512", "logical_block_size = 4096" }
      },
      { { FINDING_DEVICES, E, "logical_block_size=512 on the source, 4096 on"
        } } },
    { "a queue less, of virtio-blk-device but said of virtio-blk-pci", NULL,
      { 0 }, DST,
      { { Q(DEVICES), "num-queues = 2", "num-queues = 1" } },
      { { FINDING_DEVICES, E, "virtio-blk-pci 'disk0' on pcie.0 addr 02.0 has "
                              "num-queues=2 on the source, 1 on" } } },
    { "another serial number", NULL, { 0 }, DST,
      { { Q(DEVICES), "serial = \\\"\\\"", "serial = \\\"a b\\\"" } },
      { { FINDING_DEVICES, W, "has serial= on the source, a b on the" } } },
    { "another end of a serial number", NULL, { 0 }, SRC,
      { { Q(DEVICES), "serial = \\\"\\\"", "serial = \\\"a \\\"b\\\"" } },
      { { FINDING_DEVICES, W, "has serial=a \"b on the source" } } },
    { "a write cache by default", NULL, { 0 }, DST,
      { { Q(DEVICES), "write-cache = \\\"auto\\\"",
                      "write-cache = \\\"on\\\"" } }, { { 0 } } },
    { "no write cache", NULL, { 0 }, DST,
      { { Q(DEVICES), "write-cache = \\\"auto\\\"",
                      "write-cache = \\\"off\\\"" } },
      { { FINDING_DEVICES, W, "write-cache=on on the source, off on" } } },
    { "a port in another slot", NULL, { 0 }, DST,
      { { Q(DEVICES), " slot = 0", " slot = 1" } },
      { { FINDING_DEVICES, E, "pcie-root-port 'port0' on pcie.0 addr 01.0 has "
                              "slot=0 on the source, 1 on the destination, "
                              "and QEMU refuses" } } },
    { "a word that another device has too", NULL, { 0 }, DST,
      { { Q(DEVICES), "hotplug = true", "hotplug = false" } }, { { 0 } } },
    { "a property that one version does not have", NULL, { 0 }, DST,
      { { Q(DEVICES), "host_mtu = ", "other = " } }, { { 0 } } },
    { "a shorter disk", NULL, { 0 }, DST,
      { { Q(DISKS), "size\":1073741824", "size\":536870912" } },
      { { FINDING_DISKS, E, "virtio-blk-pci 'disk0' on pcie.0 addr 02.0 has a "
                            "disk of 1.00 GiB on the source, 512 MiB on" } } },
    { "a longer disk", NULL, { 0 }, SRC,
      { { Q(DISKS), "size\":1073741824", "size\":536870912" } },
      { { FINDING_DISKS, W, "512 MiB on the source, 1.00 GiB on" } } },
    { "a sector less", NULL, { 0 }, DST,
      { { Q(DISKS), "size\":1073741824", "size\":1073741312" } },
      { { FINDING_DISKS, E, "1.00 GiB on the source, 1024 MiB on" } } },
    { "two disks of two sizes, changed over", NULL, { 0 }, DST,
      { { Q(DISKS), "size\":1073741824", "size\":536870912" },
        { Q(DISKS), "size\":1073741824", "size\":2147483648" } },
      { { FINDING_DISKS, W, "scsi-hd on hba0.0 channel 0, scsi-id 0, lun 0 has "
                            "a disk of 1.00 GiB on the source, 2.00 GiB" },
        { FINDING_DISKS, E, "'disk0' on pcie.0 addr 02.0 has a disk of 1.00 "
                            "GiB on the source, 512 MiB" } } },
    { "a read-only disk", NULL, { 0 }, DST,
      { { Q(DISKS), "ro\":false", "ro\":true" } },
      { { FINDING_DISKS, E, "writable on the source, read-only on" } } },
    { "a writable disk", NULL, { 0 }, SRC,
      { { Q(DISKS), "ro\":false", "ro\":true" } },
      { { FINDING_DISKS, W, "read-only on the source, writable on" } } },
    { "no medium", NULL, { 0 }, SRC,
      { { Q(DISKS), NULL, "[{\"device\":\"c\",\"removable\":true}]" },
        { Q(DEVICES), "null0", "" }, { Q(DEVICES), "null1", "c" } },
      { { FINDING_DISKS, W, "scsi-hd on hba0.0 channel 0, scsi-id 0, lun 0 has "
                            "no medium on the source, one on the" },
        { FINDING_DISKS, W, "'disk0' on pcie.0 addr 02.0 has no medium on the "
                            "source" } } },
    { "no medium in a drive that is no disk", NULL, { 0 }, DST,
      { { Q(DISKS), NULL, "[{\"device\":\"c\",\"removable\":false}]" },
        { Q(DEVICES), "null1", "c" } },
      { { FINDING_DISKS, E, "has a medium on the source, none on the" } } },
    { "a disk by the id of its device, while a job filters it", NULL, { 0 },
      DST,
      { { Q(DISKS), "size\":1073741824", "size\":536870912" },
        { Q(DEVICES), "null0", "#block123" } },
      { { FINDING_DISKS, E, "'disk0'" } } },
    { "a disk that cannot be told", NULL, { 0 }, DST,
      { { Q(DISKS), "size\":1073741824", "size\":536870912" },
        { Q(DISKS), "disk0", "other" }, { Q(DEVICES), "null0", "#block123" } },
      { { 0 } } },
    { "a backend outside of QEMU", NULL, { 0 }, SRC,
      { { Q(DEVICES), "dev: VGA, id", "dev: vhost-user-fs-pci, id" } },
      { { FINDING_DEVICES, E, "lacks vhost-user-fs-pci" },
        { FINDING_DEVICES, W, "has VGA" },
        { FINDING_NOT_COMPARED, FINDING_NOTE,
          "what the backend of vhost-user-fs-pci keeps" } } },
    { "on no bus", NULL, { 0 }, DST,
      { { Q(OTHER_DEVICES), "child<vmgenid>", "string" } },
      { { FINDING_DEVICES, E, "has 0 vmgenid, the source has 1" } } },
    { "on no bus, more", NULL, { 0 }, SRC,
      { { Q(OTHER_DEVICES), "child<vmgenid>", "string" } },
      { { FINDING_DEVICES, W, "has 1 vmgenid, the source has 0" } } },
    { "a vCPU is no device", NULL, { 0 }, DST,
      { { Q(OTHER_DEVICES), "\"string\"", "\"child<qemu64-x86_64-cpu>\"" } },
      { { 0 } } },
    { "everything at once", "validate-uuid", { 0 }, DST,
      { { Q(UUID), "0001", "0002" }, { Q(MEMORY), "67108864", "1" },
        { Q(CPU_MODEL), "qemu64", "x" }, { Q(DEVICES), "= 02.0", "= 05.0" } },
      { { FINDING_CPU_MODEL, W, "x on the destination" },
        { FINDING_DEVICES, E, "disk0" }, { FINDING_MEMORY, E, "1 B" },
        { FINDING_UUID, E, "0002" } } },
};
/* clang-format on */

static void check_found(const Case *one, const GPtrArray *findings)
{
    guint n = 0;
    while (n < G_N_ELEMENTS(one->found) && one->found[n].text) {
        n++;
    }
    for (guint i = 0; i < MIN(n, findings->len); i++) {
        const Finding *finding = findings->pdata[i];
        g_autofree char *text = finding_to_text(finding);
        if (finding->code != one->found[i].code ||
            finding->severity != one->found[i].severity ||
            !strstr(text, one->found[i].text)) {
            fail_msg("%s: %s %s: %s", one->what,
                     severity_name(finding->severity),
                     finding_row(finding->code)->word, text);
        }
        check_case(one->what, finding->hint && *finding->hint);
    }
    if (findings->len != n) {
        const Finding *last =
            findings->len > n ? findings->pdata[findings->len - 1] : NULL;
        fail_msg("%s: %u findings, not %u: %s", one->what, findings->len, n,
                 last ? last->text : "");
    }
}

static void each_difference_is_found(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const Case *one = &cases[i];
        const char *source = one->versions[SRC] ? one->versions[SRC] : "7.2";
        const char *destination =
            one->versions[DST] ? one->versions[DST] : "7.2";
        size_t n = G_N_ELEMENTS(one->changes);
        Pair pair;
        pair_init(&pair, source, destination);
        if (one->wanted) {
            pair_want(&pair, one->wanted);
        }
        take_all(&pair.machines[SRC], source, one->changes,
                 one->changed == SRC ? n : 0);
        take_all(&pair.machines[DST], destination, one->changes,
                 one->changed == DST ? n : 0);
        pair_compare(&pair);
        check_found(one, pair.findings);
        pair_clear(&pair);
    }
}

static void credentials_have_to_be_there(void **state)
{
    static const struct {
        const char *id;
        bool found;
    } ids[] = { { "", true }, { "ram0", true }, { "tls0", false } };

    for (size_t i = 0; i < G_N_ELEMENTS(ids); i++) {
        Pair pair;
        pair_init(&pair, "10.0", "7.2");
        take_all(&pair.machines[SRC], "10.0", NULL, 0);
        take_all(&pair.machines[DST], "7.2", NULL, 0);
        json_object_set_string_member(pair.wanted[DST].parameters, "tls-creds",
                                      ids[i].id);
        pair_compare(&pair);
        check_case(ids[i].id, pair.findings->len == !ids[i].found);
        if (!ids[i].found) {
            const Finding *finding = pair.findings->pdata[0];
            assert_int_equal(finding->code, FINDING_UNKNOWN_NAME);
            assert_int_equal(finding->side, DST);
            check_contains(finding->text, "'tls0'");
            pair.machines[DST].told[CAPS_MACHINE_OBJECTS] = false;
            g_ptr_array_set_size(pair.findings, 0);
            pair_compare(&pair);
            assert_int_equal(pair.findings->len, 0);
        }
        pair_clear(&pair);
    }
}

/* Each answer missing on one side, or both: a note, and nothing is guessed. */
static void what_is_not_told_is_not_compared(void **state)
{
    for (int missing = 0; missing < N_CAPS_MACHINE_QUESTIONS; missing++) {
        for (int sides = 1; sides <= 3; sides++) {
            Pair pair;
            pair_init(&pair, "7.2", "7.2");
            pair_want(&pair, "validate-uuid");
            for (int side = 0; side < N_SIDES; side++) {
                take_all(&pair.machines[side], "7.2", NULL, 0);
                pair.machines[side].told[missing] &= !(sides >> side & 1);
            }
            pair_compare(&pair);
            check_case(caps_machine_question_name(missing),
                       pair.findings->len <= 1);
            if (pair.findings->len > 0) {
                const Finding *finding = pair.findings->pdata[0];
                assert_int_equal(finding->code, FINDING_NOT_COMPARED);
                assert_int_equal(finding->severity, FINDING_NOTE);
                assert_int_equal(finding->side, sides == 3   ? N_SIDES
                                                : sides == 1 ? SRC
                                                             : DST);
            }
            pair_clear(&pair);
        }
    }
}

static void nothing_is_told_by_nobody(void **state)
{
    Pair pair;
    pair_init(&pair, "7.2", "7.2");
    for (int i = 0; i < N_CAPS_MACHINE_QUESTIONS; i++) {
        assert_false(caps_machine_take(&pair.machines[SRC], i, NULL));
    }
    pair_compare(&pair);
    assert_int_equal(pair.findings->len, 1);
    pair_clear(&pair);
}

/* clang-format off */
static const char *const odd[] = {
    "null", "1", "-1", "true", "\"\"", "\"x\"", "\"-machine\\n\"", "[]", "[1]",
    "[null]", "[{}]", "[[]]", "{}", "{\"qemu\":1}", "{\"enabled\":1}",
    "{\"human-readable-text\":\"\"}", "{\"human-readable-text\":[]}",
    "[{\"cpu-index\":-1}]", "[{\"cpu-index\":\"0\"}]", "[{\"props\":[]}]",
    "[{\"name\":1,\"type\":2}]", "[{\"type\":\"child<\"}]",
    "[{\"id\":\"a\",\"share\":1}]",
    "[{\"device\":\"\",\"inserted\":{}}]",
    "[{\"device\":\"x\",\"inserted\":{\"image\":1,\"ro\":2}}]",
    "[{\"device\":\"\",\"removable\":true},{\"device\":1}]",
    "[{\"data\":1}]",
    "[{\"data\":{\"memdev\":\"\",\"addr\":18446744073709551615}}]",
    "[{\"data\":{\"memdev\":\"a\",\"addr\":\"1\",\"memaddr\":-1}}]",
    "{\"cores\":9223372036854775807,\"threads\":9223372036854775807}",
    "[{\"cpu-index\":9223372036854775807,\"props\":"
      "{\"socket-id\":9223372036854775807,\"die-id\":9223372036854775807}}]",
};
/* clang-format on */

/* Whatever a QEMU says, it is taken or not, and comparing survives it. */
static void odd_replies_are_survived(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(odd); i++) {
        for (int with = 0; with < 2; with++) {
            g_autoptr(JsonNode) reply = json_value(odd[i]);
            Pair pair;
            pair_init(&pair, "10.0", "10.0");
            pair_want(&pair, "x-ignore-shared");
            for (int q = 0; q < N_CAPS_MACHINE_QUESTIONS; q++) {
                caps_machine_take(&pair.machines[SRC], q, reply);
            }
            if (with) {
                take_all(&pair.machines[DST], "10.0", NULL, 0);
            }
            pair_compare(&pair);
            pair_clear(&pair);
        }
    }
}

static void both_qemus_take_the_questions(void **state)
{
    for (size_t v = 0; v < G_N_ELEMENTS(versions); v++) {
        for (int i = 0; i < N_CAPS_MACHINE_QUESTIONS; i++) {
            g_autoptr(QmpCommand) question = caps_machine_question(i);
            recorded_check_command(versions[v], question);
            check_case(caps_machine_question_name(i),
                       g_str_has_prefix(caps_machine_question_name(i),
                                        question->name));
        }
    }
}

static void a_question_has_its_arguments(void **state)
{
    g_autoptr(QmpCommand) type = caps_machine_question(CAPS_MACHINE_TYPE);
    g_autoptr(QmpCommand) tree = caps_machine_question(CAPS_MACHINE_DEVICES);
    g_autofree char *type_text = qmp_command_to_text(type, -1);
    g_autofree char *tree_text = qmp_command_to_text(tree, -1);

    check_contains(type_text, "{\"path\":\"/machine\",\"property\":\"type\"}");
    check_contains(tree_text, "{\"command-line\":\"info qtree\"}");
    assert_string_equal(caps_machine_question_name(CAPS_MACHINE_TYPE),
                        "qom-get /machine type");
    assert_string_equal(caps_machine_question_name(CAPS_MACHINE_UUID),
                        "query-uuid");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_command_line_is_no_difference),
        cmocka_unit_test(each_difference_is_found),
        cmocka_unit_test(credentials_have_to_be_there),
        cmocka_unit_test(what_is_not_told_is_not_compared),
        cmocka_unit_test(nothing_is_told_by_nobody),
        cmocka_unit_test(odd_replies_are_survived),
        cmocka_unit_test(both_qemus_take_the_questions),
        cmocka_unit_test(a_question_has_its_arguments),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
