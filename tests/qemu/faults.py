# SPDX-License-Identifier: LGPL-2.1-or-later
"""What can really go wrong in a migration: a QEMU dies or hangs, both do not
fit, the monitor is cut.  Each case holds the pair at the very moment it is
about, and asks both QEMUs afterwards who runs the guest."""

import os
import signal
import socket

import pair
import wire
from moments import (NEVER_ENDS, RATE, name_of, start_endless, start_held,
                     start_loaded)
from pair import check

PAIRS = [('7.2', '7.2'), ('10.0', '10.0'), ('7.2', '10.0'), ('10.0', '7.2')]


# a QEMU dies


def destination_killed_active(place, source, destination):
    run = start_endless(place, source, destination)
    place.destination.kill()
    run.wait().ended(4, 'failed', 'destination-lost')
    run.says('error: transfer: destination: ')
    place.is_as_before()


def destination_killed_held(place, source, destination):
    run, relay = start_held(place, source, destination)
    place.destination.kill()
    run.wait()
    relay.release()
    run.ended(4, 'failed', 'destination-lost')
    run.says('error: switchover: destination: ')
    place.is_as_before()


def destination_killed_device(place, source, destination):
    """The source has sent its last byte, and nobody says that it arrived."""
    run, relay = start_held(place, source, destination)
    place.destination.signal(signal.SIGSTOP)
    relay.release()
    place.source.monitor.status('device')
    place.destination.kill()
    run.wait().ended(4, 'failed', 'destination-lost')
    run.says('error: switchover: destination: ')
    place.is_as_before()


def destination_killed_loaded(place, source, destination):
    """qmigrate may have told a dead QEMU to run; then it must not continue
    the source, and says so."""
    run = start_loaded(place, source, destination)
    place.destination.kill()
    run.signal(signal.SIGCONT)
    run.wait()
    check(run.result, f'no result: {run.err}')
    check(run.result['error']['code'] == 'destination-lost', f'{run.err}')
    if run.code == 4:
        place.is_as_before()
    else:
        check(run.code in (7, 8), f'exit code {run.code}: {run.err}')
        check(place.runs_where() == [], 'runs, and was called lost')


def source_killed_active(place, source, destination):
    run = start_endless(place, source, destination)
    place.source.kill()
    run.wait().ended(8, 'lost', 'source-lost')
    check(run.result['guest'] == 'none', f'guest {run.result["guest"]}')
    run.says('error: transfer: source: ')
    check(place.runs_where() == [], 'it runs somewhere')


def source_killed_unseen(place, source, destination):
    """The destination's word of it comes first, and is not the cause."""
    run = start_endless(place, source, destination)
    run.signal(signal.SIGSTOP)
    place.source.kill()
    place.destination.monitor.status('failed')
    run.signal(signal.SIGCONT)
    run.wait().ended(8, 'lost', 'source-lost')


def source_killed_loaded(place, source, destination):
    """The destination has all of the guest: it is the one to run it."""
    run = start_loaded(place, source, destination)
    place.source.kill()
    run.signal(signal.SIGCONT)
    run.wait().ended(0, 'migrated')
    place.runs_only_on(place.destination)


# the two do not fit


def wrong_machine(place, source, destination):
    place.pair(source, destination, machine='pc-q35-7.2',
               destination_machine='pc-i440fx-7.2')
    run = place.migrate().ended(3, 'refused', 'incompatible')
    run.says('pc-q35-7.2', 'pc-i440fx-7.2', 'error: inspect: ')
    place.is_as_before()
    check(place.destination.run_state() == 'inmigrate', 'destination used')


def fails_in_qemu(place, cause):
    """QEMU itself finds out.  7.2's destination ends, and what it says stands
    on its standard error; 10.0's lives on and says less by QMP."""
    run = place.migrate('--no-preflight')
    run.ended(4, 'failed', ('destination-failed', 'destination-lost',
                            'migration-failed'))
    place.is_as_before()
    pair.until(lambda: cause in place.destination.words(),
               f'the destination says {cause}')
    if place.destination.is_alive():
        said = run.result['error']['qemu']['destination']
        check(said and 'load of migration failed' in said, f'{run.err}')
        run.says("destination's QEMU says: ", said)
    else:
        run.says('destination', 'hint: ')


def wrong_machine_unchecked(place, source, destination):
    place.pair(source, destination, machine='pc-q35-7.2',
               destination_machine='pc-i440fx-7.2')
    fails_in_qemu(place, 'Machine type received')


def other_memory(place, source, destination):
    place.pair(source, destination, destination_memory=96)
    fails_in_qemu(place, 'Size mismatch: pc.ram')


def extra_device(place, source, destination):
    place.pair(source, destination, source_more=('-device', 'virtio-rng-pci'))
    fails_in_qemu(place, 'virtio-rng')


# the addresses


def address_in_use(place, source, destination, kind):
    """Known before the migration starts: the guest is not touched."""
    place.pair(source, destination)
    if kind == 'tcp':
        other = place.held(socket.socket())
        other.bind(('127.0.0.1', 0))
        other.listen()
        uri, why = 'tcp:127.0.0.1:%d' % other.getsockname()[1], 'in use'
    else:
        with open(place.path('file'), 'w') as file:
            file.write('mine')
        uri, why = 'unix:' + place.path('file'), 'QEMU would remove it'
    run = place.migrate('--uri', uri).ended(3, 'refused', 'host')
    run.says('error: inspect: ', why)
    if kind == 'unix':
        with open(place.path('file')) as file:
            check(file.read() == 'mine', 'the file is not what it was')
    place.is_as_before()


# the monitor


def monitor_cut(place, source, destination, side, for_good):
    """A lost monitor is not a lost guest."""
    place.pair(source, destination, rate=RATE)
    qemu = getattr(place, side)
    relay = place.held(wire.Relay(place.path('relay'), qemu.qmp))
    run = place.migrate(*NEVER_ENDS, **{side: relay.path}, wait=False)
    place.source.monitor.status('active')
    relay.cut(for_good)
    run.wait()
    run.says(side)
    place.runs_only_on(place.source)
    if side == 'source' and for_good:
        run.ended(7, 'unresolved', ('monitor-lost', 'monitor-unreachable'))
    else:
        run.ended(4, 'failed', 'monitor-lost')
        place.has_settings_back()


def cut_while_held(place, source, destination, side, *words):
    """The same where the guest already stands still.  A relay hides which
    process is behind it, so the user says that 7.2's destination is dead: it
    ends with its migration."""
    place.pair(source, destination, rate=1000000)
    relay = place.held(wire.Relay(place.path('relay'), place.source.qmp,
                                  hold=('migrate-continue',)))
    other = place.held(wire.Relay(place.path('other'), place.destination.qmp))
    where = {'destination': other.path} if side == 'destination' else {}
    run = place.migrate(*words, source=relay.path, **where, wait=False)
    relay.wait_held()
    (relay if side == 'source' else other).cut()
    run.wait()
    relay.release()
    run.ended(4, 'failed', 'monitor-lost')
    run.says(f'error: switchover: {side}: ')
    place.is_as_before()


# paused by a person


def paused_before(place, source, destination):
    place.pair(source, destination, rate=RATE)
    place.source.monitor.execute('stop')
    place.migrate().ended(0, 'migrated')
    check(place.destination.run_state() == 'paused', 'it was resumed')
    check(place.source.run_state() == 'postmigrate', 'the source is not over')
    place.destination.monitor.execute('cont')
    place.runs_only_on(place.destination)


def paused_before_failing(place, source, destination):
    place.pair(source, destination, destination_memory=96)
    place.source.monitor.execute('stop')
    check(place.migrate('--no-preflight').code == 4, 'did not fail')
    check(place.source.run_state() == 'paused', 'it was resumed')


def paused_in_prepare(place, source, destination):
    """After it was asked whether it runs."""
    place.pair(source, destination, rate=RATE)
    relay = place.held(wire.Relay(place.path('relay'), place.destination.qmp,
                                  hold=('migrate-incoming',)))
    run = place.migrate(destination=relay.path, wait=False)
    relay.wait_held()
    place.source.monitor.execute('stop')
    relay.release()
    run.wait().ended(0, 'migrated')
    check(place.destination.run_state() == 'paused', 'it was resumed')


def paused_in_transfer(place, source, destination):
    run = start_endless(place, source, destination)
    place.source.monitor.execute('stop')
    place.source.monitor.execute('migrate-set-parameters',
                                 **{'max-bandwidth': 1 << 30})
    run.wait().ended(0, 'migrated')
    check(place.destination.run_state() == 'paused', 'it was resumed')
    check(place.source.run_state() == 'postmigrate', 'the source is not over')


def all_cases():
    for source, destination in PAIRS:
        for case in (destination_killed_active, destination_killed_held,
                     destination_killed_device, destination_killed_loaded):
            yield (f'{name_of(case)}-{source}-to-{destination}', case, source,
                   destination)
    for version in ('7.2', '10.0'):
        for case in (source_killed_active, source_killed_unseen,
                     source_killed_loaded, wrong_machine,
                     wrong_machine_unchecked, other_memory, extra_device,
                     paused_before, paused_before_failing, paused_in_prepare,
                     paused_in_transfer):
            yield f'{name_of(case)}-{version}', case, version, version
        for kind in ('tcp', 'unix'):
            yield (f'in-use-{kind}-{version}', address_in_use, version, version,
                   kind)
        for side in ('source', 'destination'):
            yield (f'cut-{side}-{version}', monitor_cut, version, version, side,
                   False)
        yield (f'cut-held-source-{version}', cut_while_held, version, version,
               'source')
        yield (f'cut-held-destination-{version}', cut_while_held, version,
               version, 'destination', '--destination-is-dead')
        yield (f'cut-for-good-destination-{version}', monitor_cut, version,
               version, 'destination', True)
    yield ('cut-for-good-source', monitor_cut, '10.0', '10.0', 'source', True)


pair.main(all_cases())
