# SPDX-License-Identifier: LGPL-2.1-or-later
"""A guest goes through a file: saved by the one, loaded by the other, and
wherever that ends, it runs in exactly one place."""

import json
import os
import signal
import stat
import subprocess

import pair
import wire
from moments import NEVER_ENDS, RATE, name_of
from pair import check

MODES = {
    'plain': (),
    'mapped-ram': ('--enable', 'mapped-ram'),
    'multifd': ('--enable', 'mapped-ram', '--enable', 'multifd'),
    'direct-io': ('--enable', 'mapped-ram', '--enable', 'multifd', '--set',
                  'direct-io=on'),
}
VERSION = '10.0'


class Disk:
    """A small file system of the test's own; gone with the case."""

    def __init__(self, path, options):
        os.mkdir(path)
        self.path = path
        subprocess.run(['mount', '-t', 'tmpfs', '-o', options, 'tmpfs', path],
                       check=True, capture_output=True)

    def close(self):
        subprocess.run(['umount', '-l', self.path], check=True)


def start(place, *words, uri=None, wait=True, **how):
    """What the destination had set is kept beside what the source had."""
    place.pair(VERSION, **how)
    return go(place, *words, uri=uri, wait=wait)


def go(place, *words, uri=None, wait=True):
    place.file = uri or place.path('guest')
    place.before = place.source.settings()
    place.waiting = place.destination.settings()
    return place.migrate('--uri', 'file:' + place.file, *words, wait=wait)


def start_saving(place, **how):
    """The source writes, for as long as the test wants."""
    run = start(place, *NEVER_ENDS, rate=RATE, wait=False, **how)
    place.source.monitor.status('active')
    check(place.source.run_state() == 'paused', 'it dirties what is saved')
    return run


def is_there(place):
    """On the destination, with its settings as they were, and the file."""
    place.runs_only_on(place.destination)
    check(place.source.run_state() == 'postmigrate', 'the source is not over')
    check(place.destination.settings() == place.waiting, 'settings are left')
    kept = os.stat(place.file)
    check(kept.st_size > 0 and stat.S_IMODE(kept.st_mode) == 0o600,
          f'the file is {kept}')


def is_here(place, waits=True):
    """On the source, as if nothing had been; the destination waits still."""
    place.is_as_before()
    check(not os.path.lexists(place.file), 'the file is left')
    if waits:
        check(place.destination.settings() == place.waiting,
              'settings are left on the destination')
        check(place.destination.run_state() == 'inmigrate', 'it was used')


# it works


def by_lab(place, mode, *words):
    """The guest checks its memory; a lab leaves no file."""
    path = place.path('guest')
    run = place.qmigrate(
        'lab', '--json', '-', '--accel', 'tcg', '--memory', '64MiB', '--qemu',
        pair.QEMUS[VERSION], '--uri', 'file:' + path, *MODES[mode], *words)
    check(run.code == 0, f'exit code {run.code}: {run.err}')
    document = json.loads(run.out)
    for result in document.get('runs', [document]):
        check(result['verify']['memory'] == 'intact', f'{result["verify"]}')
        check(result['verify']['heartbeats_lost'] == 0, 'heartbeats lost')
        stood_us = result['downtime_us']['events']
        check(stood_us >= result['time_us']['precopy'],
              f'stood still for {stood_us} us only')
        check(abs(result['downtime_us']['guest'] - stood_us) < 500000,
              f'the guest saw {result["downtime_us"]}')
    check(not os.path.lexists(path), 'the file is left')


def lab_keeps_it(place):
    run = place.qmigrate(
        'lab', '--json', '-', '--accel', 'tcg', '--memory', '64MiB', '--qemu',
        pair.QEMUS[VERSION], '--uri', 'file:' + place.path('guest'), '--keep')
    for pid in place.of_qmigrate():
        os.kill(pid, signal.SIGKILL)
    pair.until(lambda: not place.of_qmigrate(), 'all are gone')
    subprocess.run(['rm', '-r', *(os.path.join(place.tmp, name)
                                  for name in os.listdir(place.tmp))],
                   check=True)
    check(run.code == 0, f'exit code {run.code}: {run.err}')
    check(os.path.getsize(place.path('guest')) > 1 << 20, 'no file')


def by_run(place, mode):
    start(place, *MODES[mode], rate=2000000).ended(0, 'migrated')
    is_there(place)


def again_from_the_file(place, mode):
    """What is left is all of the guest."""
    by_run(place, mode)
    other = place.qemu('other', VERSION, '-machine', pair.MACHINE, '-m', '64',
                       '-S', '-incoming', 'defer')
    capabilities = [{'capability': name, 'state': True} for name
                    in ('events', 'mapped-ram')[:1 + (mode != 'plain')]]
    other.monitor.execute('migrate-set-capabilities', capabilities=capabilities)
    other.monitor.execute('migrate-incoming', uri='file:' + place.file)
    other.monitor.status('completed')
    place.destination.kill()
    other.monitor.execute('cont')
    place.runs_only_on(other)


def paused_before(place):
    place.pair(VERSION, rate=RATE)
    place.source.monitor.execute('stop')
    go(place).ended(0, 'migrated')
    check(place.destination.run_state() == 'paused', 'it was resumed')
    place.destination.monitor.execute('cont')
    is_there(place)


def paused_in_prepare(place):
    """A person was quicker than our own stop."""
    place.pair(VERSION)
    relay = place.held(wire.Relay(place.path('relay'), place.destination.qmp,
                                  hold=('migrate-set-capabilities',)))
    run = place.migrate('--uri', 'file:' + place.path('guest'),
                        destination=relay.path, wait=False)
    relay.wait_held()
    place.source.monitor.execute('stop')
    relay.release()
    run.wait().ended(0, 'migrated')
    check(place.destination.run_state() == 'paused', 'it was resumed')


def continued_while_saved(place):
    """A person wants it to run all the same: it is saved live."""
    run = start_saving(place)
    monitor = place.source.monitor
    monitor.execute('cont')
    monitor.execute('migrate-set-parameters', **{'max-bandwidth': 1 << 30})
    run.wait().ended(0, 'migrated')
    place.runs_only_on(place.destination)


def turns_off_what_hurts(place):
    """Somebody had turned on what a file cannot go with."""
    place.pair(VERSION)
    place.source.monitor.execute(
        'migrate-set-capabilities', capabilities=[
            {'capability': name, 'state': True}
            for name in ('return-path', 'pause-before-switchover')])
    disk = place.held(Disk(place.path('disk'), 'ro'))
    go(place, uri=os.path.join(disk.path, 'guest')).ended(
        4, 'failed', 'migrate-refused')
    is_here(place)
    go(place).ended(0, 'migrated')
    is_there(place)


# it cannot be written


def cannot_write(place, uri, why, *words):
    run = start(place, *words, uri=uri, rate=2000000)
    run.ended(4, 'failed', ('migration-failed', 'migrate-refused'))
    run.says('error: transfer: source: ', "source's QEMU says: ", why)
    is_here(place)
    go(place, *words).ended(0, 'migrated')  # nothing was used up
    is_there(place)


def cannot_be(place, name, why):
    """That is seen before the guest is stopped."""
    place.pair(VERSION)
    run = go(place, uri=place.path(name)).ended(3, 'refused', 'host')
    run.says('error: inspect: source: ', why)
    check('tcp:' not in run.err, f'said {run.err}')
    place.is_as_before()


def disk_full(place, mode):
    disk = place.held(Disk(place.path('disk'), 'size=16M'))
    cannot_write(place, os.path.join(disk.path, 'guest'), 'No space left',
                 *MODES[mode])


def disk_full_paused(place):
    disk = place.held(Disk(place.path('disk'), 'size=16M'))
    place.pair(VERSION)
    place.source.monitor.execute('stop')
    go(place, uri=os.path.join(disk.path, 'guest')).ended(
        4, 'failed', 'migration-failed')
    check(place.source.run_state() == 'paused', 'it was resumed')
    check(not os.path.lexists(place.file), 'the file is left')


def read_only(place):
    disk = place.held(Disk(place.path('disk'), 'ro'))
    cannot_write(place, os.path.join(disk.path, 'guest'), 'Read-only')


def missing_folder(place):
    cannot_be(place, 'nowhere/guest', 'its folder is not there')


def long_name(place):
    cannot_be(place, 'x' * 256, 'longer than 255 bytes')


def a_folder(place):
    place.pair(VERSION)
    os.mkdir(place.path('guest'))
    go(place).ended(3, 'refused', 'host').says('is there already')
    place.is_as_before()


def write_mine(place):
    with open(place.path('guest'), 'w', encoding='utf-8') as file:
        file.write('mine')


def is_mine(place):
    with open(place.path('guest'), encoding='utf-8') as file:
        check(file.read() == 'mine', 'the file is not what it was')


def there_already(place, *words):
    """QEMU would not find out by itself that it is somebody's."""
    write_mine(place)
    run = start(place, *words).ended(3, 'refused', 'host')
    run.says('error: inspect: ', 'QEMU would overwrite it')
    is_mine(place)
    place.is_as_before()


def there_already_for_lab(place):
    write_mine(place)
    run = place.qmigrate('lab', '--accel', 'tcg', '--memory', '64MiB', '--qemu',
                         pair.QEMUS[VERSION], '--uri',
                         'file:' + place.path('guest'))
    check(run.code == 3, f'exit code {run.code}: {run.err}')
    is_mine(place)


# it cannot be loaded


def other_memory(place):
    run = start(place, '--no-preflight', destination_memory=96)
    run.ended(4, 'failed', 'destination-failed')
    run.says('error: load: destination: ', 'load of migration failed')
    is_here(place, waits=False)


def other_capability(place):
    """Turned off behind our back: what was saved mapped is not understood."""
    place.pair(VERSION)
    relay = place.held(wire.Relay(place.path('relay'), place.destination.qmp,
                                  hold=('migrate-incoming',)))
    run = place.migrate('--uri', 'file:' + place.path('guest'), '--enable',
                        'mapped-ram', destination=relay.path, wait=False)
    relay.wait_held()
    place.destination.monitor.execute(
        'migrate-set-capabilities',
        capabilities=[{'capability': 'mapped-ram', 'state': False}])
    relay.release()
    run.wait().ended(4, 'failed', 'destination-failed')
    place.is_as_before()


def file_is_gone(place):
    """Refused at once, which proves that it was not loaded."""
    place.pair(VERSION)
    relay = place.held(wire.Relay(place.path('relay'), place.destination.qmp,
                                  hold=('migrate-incoming',)))
    run = place.migrate('--uri', 'file:' + place.path('guest'),
                        destination=relay.path, wait=False)
    relay.wait_held()
    os.unlink(place.path('guest'))
    relay.release()
    run.wait().ended(4, 'failed', 'incoming-refused')
    run.says('error: load: destination: ', 'No such file')
    place.is_as_before()


def start_loading(place):
    """Long enough to do something meanwhile."""
    run = start(place, '--max-bandwidth', '0', memory=512, wait=False)
    place.destination.monitor.status('active')
    return run


def destination_killed(place):
    run = start_loading(place)
    place.destination.kill()
    run.wait().ended(4, 'failed', 'destination-lost')
    run.says('error: load: destination: ')
    is_here(place, waits=False)


def source_killed_loading(place):
    """It is not needed any more."""
    run = start_loading(place)
    place.source.kill()
    run.wait().ended(0, 'migrated')
    place.runs_only_on(place.destination)


# somebody ends it


def interrupted_saving(place, *words):
    run = start_saving(place)
    run.signal(signal.SIGINT)
    run.wait().ended(5, 'cancelled', 'cancelled')
    is_here(place)
    go(place).ended(0, 'migrated')
    is_there(place)


def interrupted_loading(place):
    run = start_loading(place)
    run.signal(signal.SIGINT)
    run.wait().ended(0, 'migrated')
    check('too late to cancel' in run.out, f'said {run.out!r}')
    is_there(place)


def cancelled_by_somebody(place):
    run = start_saving(place)
    place.source.monitor.execute('migrate_cancel')
    run.wait().ended(5, 'cancelled', 'cancelled-elsewhere')
    is_here(place)


def by_timeout(place):
    run = start(place, *NEVER_ENDS, '--timeout', '300ms', rate=RATE)
    run.ended(4, 'failed', 'timeout')
    is_here(place)


def destination_killed_saving(place):
    run = start_saving(place)
    place.destination.kill()
    run.wait().ended(4, 'failed', 'destination-lost')
    is_here(place, waits=False)


def source_killed_saving(place):
    run = start_saving(place)
    place.source.kill()
    run.wait().ended(8, 'lost', 'source-lost')
    check(place.runs_where() == [], 'it runs somewhere')


def n_after(seen, first, command):
    """So many commands of that name came after the first one of another."""
    return seen[seen.index(first):].count(command) if first in seen else 0


def monitor_cut_saving(place, side):
    place.pair(VERSION, rate=RATE)
    relay = place.held(wire.Relay(place.path('relay'),
                                  getattr(place, side).qmp))
    run = place.migrate(*NEVER_ENDS, '--uri', 'file:' + place.path('guest'),
                        **{side: relay.path}, wait=False)
    place.source.monitor.status('active')
    # Before the first answer nothing would prove whose migration it is.
    if side == 'source':
        pair.until(lambda: n_after(relay.seen, 'migrate', 'query-migrate') > 1,
                   'an answer')
    relay.cut()
    if run.wait().code == 7:  # nothing proves any more whose migration it is
        run.ended(7, 'unresolved', 'monitor-lost')
        place.runs_only_on(place.source)
        return
    run.ended(4, 'failed', 'monitor-lost')
    place.is_as_before()


def monitor_cut_loading(place, mode):
    """It reads on, and is found when it is through."""
    place.pair(VERSION, memory=512)
    relay = place.held(wire.Relay(place.path('relay'), place.destination.qmp))
    run = place.migrate('--max-bandwidth', '0', *MODES[mode], '--uri',
                        'file:' + place.path('guest'), destination=relay.path,
                        wait=False)
    place.destination.monitor.status('active')
    relay.cut()
    run.wait().ended(0, 'migrated')
    place.runs_only_on(place.destination)


# it is refused


def too_old(place, source, destination, side):
    place.pair(source, destination)
    run = go(place).ended(3, 'refused', 'incompatible')
    run.says(f'error: inspect: {side}: ', 'does not know file:', '8.2')
    is_here(place)


def too_old_unchecked(place, source, destination, why):
    place.pair(source, destination)
    run = go(place, '--no-preflight')
    run.ended(4, 'failed', ('migrate-refused', 'incoming-refused'))
    run.says("QEMU says: ", why)
    is_here(place, waits=False)


def does_not_go_with(place, capability):
    run = start(place, '--enable', capability)
    run.ended(3, 'refused', 'incompatible')
    run.says(f'takes {capability} with an address that nothing')
    is_here(place)


def pauses_for_nothing(place):
    """The guest stands still before, and nobody waits for the other side."""
    start(place, '--enable', 'pause-before-switchover').ended(0, 'migrated')
    place.runs_only_on(place.destination)


def relative(place):
    run = start(place, uri='guest')
    check(run.code == 2, f'exit code {run.code}: {run.err}')
    run.says('no absolute path')
    is_here(place)


def has_o_direct():
    place = pair.Place()
    try:
        os.close(os.open(place.path('file'),
                         os.O_CREAT | os.O_WRONLY | os.O_DIRECT))
        return True
    except OSError:
        return False
    finally:
        place.close()


def all_cases():
    modes = dict(MODES)
    if not has_o_direct():
        print('skipped direct-io: the temporary folder has no O_DIRECT')
        del modes['direct-io']
    for mode in modes:
        yield f'lab-{mode}', by_lab, mode
        yield f'run-{mode}', by_run, mode
    yield 'lab-ping-pong', by_lab, 'plain', '--repeat', '3'
    yield 'lab-keep', lab_keeps_it
    for mode in ('plain', 'mapped-ram'):
        yield f'again-{mode}', again_from_the_file, mode
    if os.geteuid() == 0:
        for mode in ('plain', 'mapped-ram', 'multifd'):
            yield f'disk-full-{mode}', disk_full, mode
        yield 'disk-full-paused', disk_full_paused
        yield 'read-only', read_only
    else:
        print('skipped disk-full, read-only: only root can mount')
    for case in (paused_before, paused_in_prepare, continued_while_saved,
                 turns_off_what_hurts, pauses_for_nothing, missing_folder,
                 long_name, a_folder, there_already, there_already_for_lab, other_memory,
                 other_capability, file_is_gone,
                 destination_killed, source_killed_loading, interrupted_saving,
                 interrupted_loading, cancelled_by_somebody, by_timeout,
                 destination_killed_saving, source_killed_saving, relative):
        yield name_of(case), case
    for side in ('source', 'destination'):
        yield f'monitor-cut-{side}', monitor_cut_saving, side
    yield 'there-already-unchecked', there_already, '--no-preflight'
    for mode in ('plain', 'mapped-ram'):
        yield f'monitor-cut-loading-{mode}', monitor_cut_loading, mode
    for capability in ('return-path', 'postcopy-ram'):
        yield f'with-{capability}', does_not_go_with, capability
    yield 'too-old-7.2', too_old, '7.2', '7.2', 'source'
    yield 'too-old-7.2-to-10.0', too_old, '7.2', '10.0', 'source'
    yield 'too-old-10.0-to-7.2', too_old, '10.0', '7.2', 'destination'
    yield ('unchecked-7.2-to-10.0', too_old_unchecked, '7.2', '10.0',
           'valid migration protocol')
    yield ('unchecked-10.0-to-7.2', too_old_unchecked, '10.0', '7.2',
           'unknown migration protocol')


if VERSION in pair.QEMUS:
    pair.main(all_cases())
print(f'no QEMU {VERSION} to test with')
raise SystemExit(77)
