# SPDX-License-Identifier: LGPL-2.1-or-later
"""A guest does not leave a block job behind that would harm its disk: such a
job is refused before the migration, and ends it when it comes later."""

import json
import os

import pair
from pair import check

MIB = 1 << 20
SIZE = 16 * MIB
SLOW = 1 * MIB
KILOBYTE_RATE = 64 * 1024


def disk(place, name, fill):
    """A disk of the guest, whose node is 'disk' on either side."""
    path = place.path(name)
    with open(path, 'wb') as file:
        file.write(os.urandom(SIZE) if fill else bytes(SIZE))
    return ('-blockdev', f'driver=file,filename={path},node-name=file-{name}',
            '-blockdev', f'driver=raw,file=file-{name},node-name=disk',
            '-device', 'virtio-blk-pci,drive=disk')


def with_disks(place, version, **words):
    return place.pair(version, source_more=disk(place, 'source.raw', True),
                      destination_more=disk(place, 'destination.raw', False),
                      **words)


def jobs(qemu):
    return {job['id']: job['status'] for job in
            qemu.monitor.execute('query-jobs')}


def export(place):
    """The destination's disk, where the source can write it."""
    address = {'type': 'unix', 'path': place.path('nbd')}
    place.destination.monitor.execute(
        'nbd-server-start', addr={'type': 'unix', 'data':
                                  {'path': place.path('nbd')}})
    place.destination.monitor.execute(
        'block-export-add', **{'type': 'nbd', 'id': 'e', 'node-name': 'disk',
                               'writable': True})
    place.source.monitor.execute(
        'blockdev-add', **{'driver': 'raw', 'node-name': 'target', 'file': {
            'driver': 'nbd', 'export': 'disk', 'server': address}})


def add_target(place, name):
    with open(place.path(name), 'wb') as file:
        file.truncate(SIZE)
    place.source.monitor.execute(
        'blockdev-add', **{'driver': 'raw', 'node-name': name, 'file': {
            'driver': 'file', 'filename': place.path(name)}})


def mirror(place, speed=0):
    place.source.monitor.execute('blockdev-mirror', **{
        'job-id': 'mirror', 'device': 'disk', 'target': 'target',
        'sync': 'full', 'speed': speed})


def backup(place):
    place.source.monitor.execute('blockdev-backup', **{
        'job-id': 'backup', 'device': 'disk', 'target': 'copy',
        'sync': 'full', 'speed': SLOW})


def on_overlay(command, status, **words):
    def start(place):
        if 'overlay' not in [node['node-name'] for node in
                             place.source.monitor.execute(
                                 'query-named-block-nodes')]:
            place.source.monitor.execute('blockdev-snapshot-sync', **{
                'node-name': 'disk', 'snapshot-file': place.path('overlay'),
                'snapshot-node-name': 'overlay', 'format': 'qcow2'})
        place.source.monitor.execute(command, **{
            'job-id': 'job', 'device': 'overlay', 'speed': SLOW, **words})
        pair.until(lambda: jobs(place.source).get('job') == status, status)
    return start


# what is started, the job, and what must be said of it
REFUSED = {
    'mirror': (lambda place: mirror(place, SLOW), 'mirror', 'incomplete'),
    'backup': (backup, 'backup', 'hand over'),
    'stream': (on_overlay('block-stream', 'running'), 'job', 'go on writing'),
    'active-commit': (on_overlay('block-commit', 'ready'), 'job',
                      'job-complete'),
}


def refused(place, version):
    with_disks(place, version)
    export(place)
    add_target(place, 'copy')
    for what, (start, job, text) in REFUSED.items():
        start(place)
        pair.until(lambda: jobs(place.source).get(job) != 'created', 'started')
        run = place.migrate().ended(3, 'refused', 'block-job')
        run.says_one_error(hint=True)
        run.says(f"'{job}'", text)
        check(job in jobs(place.source), f'the {what} was touched')
        place.source.monitor.execute('job-cancel', id=job)
        pair.until(lambda: not jobs(place.source), f'the {what} ends')
    place.is_as_before()
    check(place.destination.migration() == 'none', 'a migration was begun')


def ready(place, version):
    """A mirror that is ready is warned about, and the copy is whole."""
    with_disks(place, version)
    export(place)
    mirror(place)
    pair.until(lambda: jobs(place.source)['mirror'] == 'ready', 'ready')
    run = place.migrate().ended(0, 'migrated')
    found = [one for one in run.result['findings']
             if one['code'] == 'block-job']
    check([one['severity'] for one in found] == ['warning'], f'{found}')
    place.runs_only_on(place.destination)
    with open(place.path('source.raw'), 'rb') as one, \
            open(place.path('destination.raw'), 'rb') as other:
        check(one.read() == other.read(), 'the disks differ')


def made(place, version):
    """A job that made a disk is over and harms nobody, on either side."""
    with_disks(place, version)
    for qemu in (place.source, place.destination):
        qemu.monitor.execute('blockdev-create', **{
            'job-id': 'made', 'options': {
                'driver': 'file', 'size': SIZE,
                'filename': place.path(f'made-{qemu.name}')}})
        pair.until(lambda q=qemu: jobs(q).get('made') == 'concluded', 'made')
    run = place.migrate().ended(0, 'migrated')
    sides = [one['side'] for one in run.result['findings']
             if one['code'] == 'block-job']
    check(sides == ['source', 'destination'], f'{sides}')


def under_way(place, *words):
    place.source.monitor.execute('migrate-set-parameters',
                                 **{'max-bandwidth': KILOBYTE_RATE})
    place.before = place.source.settings()
    run = place.migrate(*words, wait=False)
    pair.until(lambda: place.source.migration() == 'active', 'it migrates')
    return run


def started_late(place, version, *words):
    with_disks(place, version, rate=1000000)
    add_target(place, 'copy')
    run = under_way(place, *words)
    backup(place)
    run.wait().ended(4, 'failed', 'block-job').says_one_error(hint=True)
    run.says("transfer: source: the backup job 'backup'")
    check(jobs(place.source) == {'backup': 'running'}, 'the job was touched')
    place.is_as_before()


def broken_late(place, version, command, words, text):
    """A mirror that was ready before."""
    with_disks(place, version, rate=1000000)
    export(place)
    mirror(place)
    pair.until(lambda: jobs(place.source)['mirror'] == 'ready', 'ready')
    run = under_way(place)
    place.source.monitor.execute(command, **json.loads(words))
    run.wait().ended(4, 'failed', 'block-job').says_one_error(hint=True)
    run.says('transfer: source: the mirror job', text)
    place.is_as_before()


def completed_late(place, version):
    """A mirror that is ended well is no reason to fail."""
    with_disks(place, version, rate=0)
    export(place)
    mirror(place)
    pair.until(lambda: jobs(place.source)['mirror'] == 'ready', 'ready')
    run = under_way(place)
    place.source.monitor.execute('block-job-cancel', device='mirror')
    pair.until(lambda: not jobs(place.source), 'the mirror is over')
    place.source.monitor.execute('migrate-set-parameters',
                                 **{'max-bandwidth': 1024 * MIB})
    run.wait().ended(0, 'migrated')


def cases():
    for version in ('7.2', '10.0', '11.1'):
        for function in (refused, ready, made, started_late, completed_late):
            name = function.__name__.replace('_', '-')
            yield f'{name}-{version}', function, version
        yield (f'started-late-postcopy-{version}', started_late, version,
               '--postcopy', '--postcopy-after=100')
        for name, command, words, text in (
                ('paused', 'job-pause', '{"id": "mirror"}', 'standby'),
                ('cancelled', 'job-cancel', '{"id": "mirror"}', 'cancelled')):
            yield (f'mirror-{name}-{version}', broken_late, version, command,
                   words, text)


if __name__ == '__main__':
    pair.main(cases())
