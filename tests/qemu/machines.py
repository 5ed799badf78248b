# SPDX-License-Identifier: LGPL-2.1-or-later
"""Pairs of machines that differ in one thing: what check finds, and what a
migration that does not look really does.  Most cases on three pairs, so that
every QEMU is source and destination once; with EVERY_PAIR=1, all on all nine."""

import itertools
import json
import os

import pair
from pair import check

ACROSS = (('7.2', '10.0'), ('10.0', '7.2'))
WITHIN = (('7.2', '7.2'), ('10.0', '10.0'), ('11.1', '11.1'))
NEWER = WITHIN[1:]
PAIRS = (tuple(itertools.product(('7.2', '10.0', '11.1'), repeat=2))
         if os.environ.get('EVERY_PAIR') else (*ACROSS, ('11.1', '11.1')))
COMPARED = ('machine', 'memory', 'memory-backends', 'memory-layout', 'cpus', 'cpu-model',
            'devices', 'disks', 'uuid', 'not-compared', 'breaks')


SLOTS = ['-m', '64,slots=2,maxmem=1G']


def disk(size, file='file', where='virtio-blk-pci', **settings):
    """A raw disk that only this QEMU has, by -blockdev."""
    options = ''.join(f',{name.replace("_", "-")}={value}' for name, value in settings.items())
    return ['-blockdev', f'null-co,node-name={file},size={size << 20}{options}',
            *devices(f'{where},drive={file}')]


def old_disk(size, where='virtio-blk-pci', **settings):
    """The same, by -drive."""
    options = ''.join(f',{name}={value}' for name, value in settings.items())
    return ['-drive', f'if=none,id=old,driver=null-co,size={size}M{options}',
            *devices(f'{where},drive=old')]


def devices(*words):
    return [part for word in words for part in ('-device', word)]


def drive(name='d'):
    return ['-blockdev', f'null-co,node-name={name}']


def backend(name, kind='memory-backend-ram', **properties):
    """Main memory of 64 MiB, as an object."""
    words = [f'{key.replace("_", "-")}={value}'
             for key, value in properties.items()]
    return ['-object', ','.join([kind, f'id={name}', 'size=64M', *words]),
            '-machine', f'memory-backend={name}']


def shared(name, share):
    return backend('a', 'memory-backend-file', share=share,
                   mem_path=f'FOLDER/{name}')


def module(size):
    return ['-object', f'memory-backend-ram,id=more,size={size}',
            *devices('pc-dimm,memdev=more')]


def plugged_cpus(*sockets):
    return ['-smp', '1,maxcpus=4,sockets=4', *devices(
        *(f'qemu64-x86_64-cpu,socket-id={socket},core-id=0,thread-id=0'
          for socket in sockets))]


def modules(*places):
    """Memory of 64 MiB and two modules of 64 MiB, NAME[,addr=...]."""
    return [*SLOTS, *(part for place in places for part in (
        '-object', f'memory-backend-ram,id={place.split(",")[0]},size=64M',
        '-device', f'pc-dimm,memdev={place}'))]


def nodes(*backends):
    """A guest of 96 MiB whose memory is these backends, one after the other."""
    return ['-m', '96', *(part for name in sorted(backends) for part in (
        '-object', f'memory-backend-ram,id={name},size=32M')),
        *(part for name in backends for part in (
            '-numa', f'node,memdev={name}'))]


def serial(iobase, irq):
    return devices(f'isa-serial,index=2,iobase={iobase},irq={irq}')


def failover(*words):
    return [*PORTS, *devices(*words)]


def machine(words):
    return ['-machine', words]


def lpc(setting):
    return ['-global', f'ICH9-LPC.{setting}']


IGNORE = ('--enable', 'x-ignore-shared')
MEMFD = backend('a', 'memory-backend-memfd', share='on')
PORTS = devices('pcie-root-port,id=one,chassis=1,addr=4',
                'pcie-root-port,id=two,chassis=2,addr=5')
PORT = 'pcie-root-port,chassis=1'
MAC = 'mac=52:54:00:00:00:01'
STANDBY = f'virtio-net-pci,id=standby,bus=one,failover=on,romfile=,{MAC}'
PRIMARY = f'e1000e,id=primary,bus=two,romfile=,{MAC},failover_pair_id=standby'
UUID = ['-uuid', '11111111-1111-1111-1111-111111111111']
OTHER_UUID = ['-uuid', '22222222-2222-2222-2222-222222222222']
UNUSED = ['-object', 'memory-backend-ram,id=unused,size=1M']
BLK = 'virtio-blk-pci'
BUS = devices('virtio-scsi-pci')
CD = 'ide-cd,bus=ide.1'
HBA = devices('virtio-scsi-pci,id=s') + drive()
ALL_DEVICES = [
    *drive(), *drive('e'), '-usb', '-vga', 'std', '-smp', '3,cores=3',
    *devices('usb-hub,port=2', 'usb-tablet,port=2.3', 'virtio-net-pci,id=n',
             'e1000', 'pcie-root-port,id=p,chassis=1',
             'virtio-blk-pci,drive=d,bus=p', 'virtio-scsi-pci',
             'scsi-hd,drive=e', 'virtio-balloon-pci', 'vmgenid', 'pvpanic')]

# What a migration really does.  Of a guest that was migrated but is missing
# something that this guest does not use, check says an error all the same.
MIGRATES, FAILS = 'migrates', 'fails'
SEEN = 'warning devices'
LOSES, TEARS = 'loses the guest', 'migrates, but the memory is torn'

# name: words of the source, of the destination, what is found, what happens.
CASES = {
    'same': ([], [], '', MIGRATES),
    'same-devices': (ALL_DEVICES, ALL_DEVICES, '', MIGRATES),
    'same-module': (SLOTS + module('128M'), SLOTS + module('128M'), '', MIGRATES),

    'machine': ([], machine('pc-q35-7.1'), 'error machine', FAILS),
    'chipset': ([], machine('pc-i440fx-7.2'), 'error machine', FAILS),

    'memory-more': ([], ['-m', '128'], 'error memory', FAILS),
    'memory-less': ([], ['-m', '48'], 'error memory', FAILS),
    'slots': (SLOTS, [], 'error memory', FAILS),
    'slots-of-destination': ([], SLOTS, 'error memory', FAILS),
    'maxmem': (SLOTS, ['-m', '64,slots=2,maxmem=2G'], 'warning memory',
               MIGRATES),
    'module-missing': (SLOTS + module('128M'), SLOTS, 'error memory,'
                       'error memory-backends,error devices', FAILS),
    'module-more': (SLOTS, SLOTS + module('128M'),
                    'warning memory,warning devices', MIGRATES),
    'module-longer': (SLOTS + module('128M'), SLOTS + module('256M'),
                      'warning memory,error memory-backends', FAILS),
    'module-address': (modules('m,addr=0x100000000'),
                       modules('m,addr=0x110000000'), 'error memory-layout',
                       MIGRATES),
    'module-slot': (modules('m,slot=0'), modules('m,slot=1'),
                    'warning memory-backends', MIGRATES),
    'module-order': (modules('m', 'n'), modules('n', 'm'),
                     'error memory-layout,warning memory-backends', MIGRATES),
    'module-order-but-place': (
        modules('m,addr=0x100000000,slot=0', 'n,addr=0x108000000,slot=1'),
        modules('n,addr=0x108000000,slot=1', 'm,addr=0x100000000,slot=0'), '',
        MIGRATES),
    'nodes': (nodes('a', 'b', 'c'), nodes('a', 'b', 'c'), '', MIGRATES),
    'node-order': (nodes('a', 'b', 'c'), nodes('a', 'c', 'b'),
                   'error memory-layout', TEARS),
    'memory-split': ([], machine('max-ram-below-4g=32M'),
                     'error memory-layout', TEARS),
    'backend-id': (backend('a'), backend('b'), 'error memory-backends', FAILS),
    'backend-kind': (backend('a'), backend('a', 'memory-backend-memfd'), '',
                     MIGRATES),
    'rom-missing': (devices('e1000'), devices('e1000,romfile='),
                    'error memory-backends', FAILS),
    'rom-more': (devices('e1000,romfile='), devices('e1000'), '', MIGRATES),
    'video-memory': (devices('VGA,vgamem_mb=16'), devices('VGA,vgamem_mb=32'),
                     'error memory-backends', FAILS),
    'no-acpi': ([], machine('acpi=off'), 'error memory-backends', FAILS),

    'cpu-missing': (['-smp', '2'], [], 'error cpus', FAILS),
    'cpu-elsewhere': (plugged_cpus(2), plugged_cpus(1), 'error cpus', FAILS),
    'cpu-order': (plugged_cpus(2, 1), plugged_cpus(1, 2), '', MIGRATES),
    'cpu-topology': (['-smp', '4,sockets=4'], ['-smp', '4,cores=4'],
                     'warning cpus', MIGRATES),
    'cpu-numbers': (['-smp', '6,sockets=2,cores=3'], ['-smp', '6,sockets=6'],
                    'error cpus', FAILS),
    'cpu-feature-missing': (['-cpu', 'qemu64,+sse4.2'], ['-cpu', 'qemu64'],
                            'error cpu-model', MIGRATES),
    'cpu-feature-more': (['-cpu', 'qemu64'], ['-cpu', 'qemu64,+sse4.2'],
                         'warning cpu-model', MIGRATES),
    'cpu-model': (['-cpu', 'Nehalem'], ['-cpu', 'Nehalem-v1'],
                  'warning cpu-model', MIGRATES),

    'uuid': (UUID, OTHER_UUID, 'warning uuid', MIGRATES),
    'uuid-validated': (UUID, OTHER_UUID, 'error uuid', FAILS,
                       '--enable', 'validate-uuid'),
    'uuid-multifd': (UUID, [], 'error uuid', FAILS, '--enable', 'multifd'),

    'missing': (devices('virtio-rng-pci'), [], 'error devices', FAILS),
    'missing-with-rom': (devices('virtio-net-pci'), [], 'error devices',
                         FAILS),
    'missing-on-no-bus': (devices('vmgenid'), [], 'error devices', FAILS),
    'missing-stateless': (devices('pvpanic'), [], 'warning devices', MIGRATES),
    'missing-behind-port': (PORTS + devices('virtio-rng-pci,bus=one'), PORTS,
                            'error devices', FAILS),
    'missing-scsi-disk': (HBA + devices('scsi-hd,drive=d'), HBA,
                          'error devices', FAILS),
    'missing-vga': (['-vga', 'std'], [], 'error devices', FAILS),
    'missing-parallel': (['-parallel', 'null'], [], 'error devices', FAILS),
    'more': ([], devices('virtio-rng-pci'), 'warning devices', MIGRATES),
    'another': (devices('virtio-rng-pci'), devices('virtio-balloon-pci'),
                'error devices,warning devices', FAILS),
    'id': (devices('virtio-rng-pci,id=a'), devices('virtio-rng-pci,id=b'), '',
           MIGRATES),
    'no-id': (devices('virtio-scsi-pci,id=a'), devices('virtio-scsi-pci'), '',
              MIGRATES),
    'by-option': (['-vga', 'std'], devices('VGA'), '', MIGRATES),
    'order': (devices('virtio-rng-pci', 'e1000'),
              devices('e1000', 'virtio-rng-pci'), 'error devices', FAILS),
    'order-but-place': (devices('virtio-rng-pci,addr=4', 'e1000,addr=5'),
                        devices('e1000,addr=5', 'virtio-rng-pci,addr=4'), '',
                        MIGRATES),
    'slot': (devices('virtio-rng-pci,addr=4'),
             devices('virtio-rng-pci,addr=5'), 'error devices', FAILS),
    'port': (PORTS + devices('virtio-rng-pci,bus=one'),
             PORTS + devices('virtio-rng-pci,bus=two'), 'error devices',
             FAILS),
    'usb-port': (['-usb', *devices('usb-tablet,port=1')],
                 ['-usb', *devices('usb-tablet,port=2')], 'error devices',
                 FAILS),
    'scsi-id': (HBA + devices('scsi-hd,drive=d,scsi-id=1'),
                HBA + devices('scsi-hd,drive=d,scsi-id=2'), 'error devices',
                FAILS),
    'serial-port-number': (
        devices('virtio-serial-pci', 'virtserialport,nr=1'),
        devices('virtio-serial-pci', 'virtserialport,nr=2'), 'error devices',
        FAILS),
    # The same shape as a pair whose guest has virtio-net's driver: the primary
    # is hidden on the destination.  This guest has none, so it is not unplugged.
    'failover-hidden': (failover(PRIMARY, STANDBY), failover(STANDBY, PRIMARY),
                        '', FAILS),
    'failover-unused': (failover(STANDBY, PRIMARY), failover(STANDBY, PRIMARY),
                        '', MIGRATES),
    'failover-more': (failover(STANDBY, PRIMARY), failover(PRIMARY, STANDBY),
                      '', MIGRATES),
    'failover-rom': (failover(PRIMARY.replace('romfile=,', ''), STANDBY),
                     failover(STANDBY, PRIMARY), 'error memory-backends',
                     FAILS),
    'iobase-stateless': (devices('isa-debug-exit,iobase=0xf4'),
                         devices('isa-debug-exit,iobase=0x501'),
                         'warning devices', MIGRATES),
    # the guest talks to an address, or waits for an interrupt, in vain
    'iobase': (serial('0x3e8', 5), serial('0x2e8', 5), 'error devices',
               MIGRATES),
    'irq': (serial('0x3e8', 5), serial('0x3e8', 7), 'error devices', MIGRATES),
    'sectors': (HBA + devices('scsi-hd,drive=d'),
                HBA + devices('scsi-hd,drive=d,logical_block_size=4096,'
                              'physical_block_size=4096'),
                'error devices', MIGRATES),
    # one is named as the other in the stream; the guest knows the tablet
    'usb-pointer': (['-usb', *devices('usb-tablet')],
                    ['-usb', *devices('usb-mouse')],
                    'error devices,warning devices', MIGRATES),
    'no-pit': ([], machine('pit=off'), 'error devices', FAILS),
}

# Each on one pair, the next on the next: what all versions do alike.
IN_TURN = {
    # QEMU takes any disk; what the guest loses, it finds later
    'disk': (disk(64), disk(64), '', MIGRATES),
    'disk-shorter': (disk(64), disk(32), 'error disks', MIGRATES),
    'disk-shorter-drive': (old_disk(64), old_disk(32), 'error disks', MIGRATES),
    'disk-drive-blockdev': (old_disk(64), disk(64), '', MIGRATES),
    'disk-shorter-ide': (disk(64, where='ide-hd,bus=ide.1'),
                         disk(32, where='ide-hd,bus=ide.1'), 'error disks',
                         MIGRATES),
    'disk-shorter-scsi': (BUS + disk(64, where='scsi-hd'),
                          BUS + disk(32, where='scsi-hd'), 'error disks',
                          MIGRATES),
    'disk-longer': (disk(32), disk(64), 'warning disks', MIGRATES),
    'disk-changed-over': (disk(64, 'a') + disk(32, 'b'),
                          disk(32, 'b') + disk(64, 'a'),
                          'error disks,warning disks', MIGRATES),
    'disk-read-only': (disk(64), disk(64, read_only='on'), 'error disks',
                       MIGRATES),
    'disk-writable': (old_disk(64, readonly='on'), old_disk(64),
                      'warning disks', MIGRATES),
    'disc': (disk(64, where=CD), disk(32, where=CD), 'warning disks', MIGRATES),
    'disc-missing': (disk(64, where=CD), devices(CD), 'warning disks',
                     MIGRATES),
    'disc-more': (devices(CD), disk(64, where=CD), 'warning disks', MIGRATES),
    'disk-host-cache': (old_disk(64, cache='none'),
                        old_disk(64, cache='writeback'), '', MIGRATES),

    'smm': ([], machine('smm=off'), 'warning machine', MIGRATES),
    'smm-default': ([], machine('smm=on'), '', MIGRATES),
    's3': (lpc('disable_s3=1'), [], 'warning machine', MIGRATES),
    's4': (lpc('disable_s4=1'), [], 'warning machine', MIGRATES),
    'pci-hotplug': ([], lpc('acpi-pci-hotplug-with-bridge-support=off'),
                    'warning machine', MIGRATES),
    # what the guest has seen, and QEMU does not compare
    'disk-serial': (disk(64, where=f'{BLK},serial=a b'),
                    disk(64, where=f'{BLK},serial=a c'), SEEN, MIGRATES),
    'disk-wwn': (BUS + disk(64, where='scsi-hd,wwn=1'),
                 BUS + disk(64, where='scsi-hd,wwn=2'), SEEN, MIGRATES),
    'disk-write-cache': (disk(64, where=f'{BLK},write-cache=off'),
                         disk(64), SEEN, MIGRATES),
    'disk-write-cache-default': (disk(64, where=f'{BLK},write-cache=on'),
                                 disk(64), '', MIGRATES),
    'net-mtu': (devices('virtio-net-pci,romfile=,host_mtu=1400'),
                devices('virtio-net-pci,romfile='), SEEN, MIGRATES),
    'net-mac': (devices(f'virtio-net-pci,romfile=,{MAC}'),
                devices('virtio-net-pci,romfile='), SEEN, MIGRATES),
    'net-backend': (['-netdev', 'hubport,hubid=0,id=n',
                     *devices('virtio-net-pci,netdev=n')],
                    devices('virtio-net-pci'), '', MIGRATES),
    # what QEMU compares when the guest has been stopped and sent
    'disk-queues': (disk(64, where=f'{BLK},num-queues=4'),
                    disk(64, where=f'{BLK},num-queues=1'),
                    'error devices', FAILS),
    'scsi-queues': (devices('virtio-scsi-pci,num_queues=2'),
                    devices('virtio-scsi-pci,num_queues=4'), 'error devices',
                    FAILS),
    'net-vectors': (devices('virtio-net-pci,romfile=,mq=on,vectors=10'),
                    devices('virtio-net-pci,romfile='),
                    'error devices,warning devices', FAILS),
    'port-hotplug': (devices(f'{PORT},hotplug=on'),
                     devices(f'{PORT},hotplug=off'), 'error devices', FAILS),
    'port-reserve': (devices(f'{PORT},io-reserve=4k'), devices(PORT),
                     'error devices', FAILS),
    'port-slot': (devices(f'{PORT},slot=1'), devices(f'{PORT},slot=2'),
                  'error devices', FAILS),
    'port-chassis': (devices(PORT), devices('pcie-root-port,chassis=2'), SEEN,
                     MIGRATES),
}

# What differs between the pairs.
CASES_OF_PAIRS = [
    # What the board has may be another device in another version.
    ('no-hpet', WITHIN, [], machine('hpet=off'), 'error devices', FAILS),
    ('no-hpet', ACROSS, [], machine('hpet=off'), 'warning devices', FAILS),
    # Which memory both share is only known of QEMU's processes.
    ('shared-on-one-side', ACROSS,
        shared('ram', 'on'), shared('other', 'off'), 'error memory-backends',
        FAILS, *IGNORE),
    ('shared-on-the-other', ACROSS,
        shared('ram', 'off'), shared('other', 'on'), 'error memory-backends',
        FAILS, *IGNORE),
    ('shared', ACROSS, shared('ram', 'on'), shared('ram', 'on'), '', MIGRATES,
               *IGNORE),
    ('shared-in-two-files', ACROSS,
        shared('ram', 'on'), shared('other', 'on'), 'error memory-backends',
        FAILS, *IGNORE),
    # the migration succeeds; whether the guest lost a write is chance
    ('shared-but-sent', ACROSS, shared('ram', 'on'), shared('ram', 'on'),
                        'error memory-backends', MIGRATES),
    ('shared-but-sent-to-another', ACROSS, shared('ram', 'on'), shared('other', 'on'),
                                   '', MIGRATES),
    ('shared-with-a-copy', ACROSS, shared('ram', 'on'), shared('ram', 'off'), '',
                           MIGRATES),
    ('copy-of-the-shared', ACROSS, shared('ram', 'off'), shared('ram', 'on'), '',
                           MIGRATES),
    # Since 8.1, x-ignore-shared leaves out only memory in a file with a name.
    ('shared-no-file', (('7.2', '7.2'),), MEMFD, MEMFD,
     'error memory-backends', FAILS, *IGNORE),
    ('shared-no-file', NEWER, MEMFD, MEMFD, '', MIGRATES, *IGNORE),
    ('shared-no-file', (('7.2', '10.0'),), MEMFD, MEMFD,
     'error memory-backends', FAILS, *IGNORE),
    ('shared-no-file', (('10.0', '7.2'),), MEMFD, MEMFD,
     'error memory-backends', FAILS, *IGNORE),
    ('private-no-file', NEWER, MEMFD, backend('a'), '', MIGRATES, *IGNORE),
    # This guest has no ACPI: Linux fails on all of them.
    ('cpu-more', (('7.2', '10.0'), ('10.0', '7.2'), ('10.0', '11.1')), [],
     ['-smp', '2'], 'warning cpus', MIGRATES),
    ('cpu-more', (('11.1', '11.1'), ('11.1', '10.0')), [], ['-smp', '2'],
     'error cpus,warning cpus', FAILS),
    ('cpu-not-plugged', WITHIN, ['-smp', '1,maxcpus=2'], ['-smp', '2'],
     'warning cpus', MIGRATES),
    # QEMU 10.0 and 11.1 abort, as long as KVM is not in use.
    ('unused-backend', (('7.2', '10.0'),), UNUSED, UNUSED, '', MIGRATES),
    ('unused-backend', (('10.0', '7.2'), ('11.1', '11.1')), UNUSED, UNUSED,
     'error breaks', LOSES),
    # not in every version, or not in every build
    ('gpu-outputs', WITHIN[:2], devices('virtio-gpu-pci,max_outputs=2'),
     devices('virtio-gpu-pci'), 'error devices', FAILS),
    ('short-module', NEWER, SLOTS + module('32M'),
     SLOTS + module('32M'), 'error breaks', LOSES),
]


def compare(place, source, destination, case):
    here, there, found, really, *words = case
    here, there = ([word.replace('FOLDER', place.folder) for word in side]
                   for side in (here, there))
    place.pair(source, destination, source_more=here, destination_more=there)
    finds(place, found, words)
    migrates(place, really, words)


def finds(place, found, words):
    run = place.qmigrate('check', '--source', place.source.qmp,
                         '--destination', place.destination.qmp, '--json', '-',
                         *words)
    document = json.loads(run.out)
    check(document['schema'] == 'qmigrate.check/1', document['schema'])
    findings = [one for one in document['findings']
                if one['code'] in COMPARED]
    told = sorted({f'{one["severity"]} {one["code"]}' for one in findings})
    texts = '; '.join(one['text'] for one in findings)
    check(told == sorted(filter(None, found.split(','))),
          f'found {told}: {texts}')
    check(all(one['hint'] for one in findings), f'no hint: {texts}')
    check(run.code == (3 if 'error' in found else 0), f'exit code {run.code}')
    check(place.source.run_state() == 'running' and
          place.destination.run_state() == 'inmigrate', 'not left as it was')


def migrates(place, really, words):
    """What comes of it when nothing is compared."""
    run = place.migrate('--no-preflight', *words)
    if really == MIGRATES:
        run.ended(0, 'migrated')
        place.runs_only_on(place.destination)
    elif really == TEARS:
        run.ended(0, 'migrated')
        is_torn(place.destination)
    elif really == FAILS:
        check(run.code == 4, f'exit code {run.code}: {run.err}')
        place.runs_only_on(place.source)
    else:
        # 7 where the kernel does not name QEMU's process: nothing proves it
        check(run.code in (7, 8), f'exit code {run.code}: {run.err}')
        check(not place.runs_where(), 'the guest is there')


def is_torn(qemu):
    try:
        qemu.is_intact()
    except pair.Failed as error:
        check('torn' in str(error), error)
    else:
        raise pair.Failed('the memory is intact')


def all_cases():
    for name, case in CASES.items():
        for pair_of in PAIRS:
            yield f'{name}-{"-to-".join(pair_of)}', compare, *pair_of, case
    for i, (name, case) in enumerate(IN_TURN.items()):
        pairs = PAIRS if os.environ.get('EVERY_PAIR') else [PAIRS[i % len(PAIRS)]]
        for pair_of in pairs:
            yield f'{name}-{"-to-".join(pair_of)}', compare, *pair_of, case
    for name, pairs, *case in CASES_OF_PAIRS:
        for pair_of in pairs:
            yield f'{name}-{"-to-".join(pair_of)}', compare, *pair_of, case


pair.main(all_cases())
