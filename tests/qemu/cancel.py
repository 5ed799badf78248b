# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who is told to stop stops, in every status, and says truly where the guest
is: by signal, by a second signal, by somebody else, by --timeout."""

import os
import signal
import socket
import time

import pair
import stream
import wire
from moments import (NEVER_ENDS, RATE, SLOWLY, name_of, start_endless,
                     start_held, start_in_setup, start_loaded)
from pair import check


def is_cancelled(place, run):
    run.wait().ended(5, 'cancelled', 'cancelled')
    check(run.result['guest'] == 'source', f'guest {run.result["guest"]}')
    place.is_as_before()


def in_prepare(place, source, destination):
    """Nothing was sent that moves the guest, and a setting was made."""
    place.pair(source, destination)
    cancel_in_prepare(place)


def cancel_in_prepare(place):
    relay = place.held(wire.Relay(
        place.path('relay'), place.destination.qmp, hold=('migrate-incoming',),
        in_order=True))
    run = place.migrate(destination=relay.path, wait=False)
    relay.wait_held()
    check(place.source.settings() != place.before, 'no setting was made')
    run.signal(signal.SIGINT)
    relay.release()
    is_cancelled(place, run)
    check('migrate' not in relay.seen, 'migrate was sent')


def in_prepare_as_it_was(place, source, destination):
    """Nothing is to be undone on the destination: the run waits all the same
    until it has made its socket, and removes that."""
    place.pair(source, destination)
    place.destination.monitor.execute('migrate-set-capabilities', capabilities=[
        {'capability': 'events', 'state': True}])
    cancel_in_prepare(place)


def in_setup(place, source, destination):
    """QEMU 7.2 stays cancelling until its connect has come to an end."""
    run, listener = start_in_setup(place, source, destination)
    run.signal(signal.SIGINT)
    place.source.monitor.event('MIGRATION')
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    is_cancelled(place, run)


def in_active(place, source, destination, number=signal.SIGINT):
    run = start_endless(place, source, destination)
    run.signal(number)
    is_cancelled(place, run)


def in_pre_switchover(place, source, destination):
    run, relay = start_held(place, source, destination)
    run.signal(signal.SIGINT)
    run.wait()
    relay.release()
    is_cancelled(place, run)


def in_device(place, source, destination):
    """The guest's state is on its way: both outcomes are right, if true."""
    run, relay = start_held(place, source, destination)
    place.destination.signal(signal.SIGSTOP)
    relay.release()
    place.source.monitor.status('device')
    run.signal(signal.SIGINT)
    place.destination.signal(signal.SIGCONT)
    run.wait()
    if run.code == 0:
        run.ended(0, 'migrated')
        place.runs_only_on(place.destination)
    else:
        is_cancelled(place, run)


def in_settle(place, source, destination):
    """Too late: the source has given the guest away."""
    run = start_loaded(place, source, destination)
    run.signal(signal.SIGINT)
    run.signal(signal.SIGCONT)
    run.wait().ended(0, 'migrated')
    place.runs_only_on(place.destination)


def twice(place, source, destination):
    """The second signal does not wait for the first to have its effect."""
    place.pair(source, destination, rate=RATE)
    relay = place.held(wire.Relay(place.path('relay'), place.source.qmp,
                                  hold=('migrate_cancel',)))
    run = place.migrate(*NEVER_ENDS, source=relay.path, wait=False)
    place.source.monitor.status('active')
    run.signal(signal.SIGINT)
    relay.wait_held()
    run.signal(signal.SIGINT)
    run.wait().ended(7, 'unresolved', 'detached')
    for words in ('the source is there: run state running, migration active',
                  'the destination is there: run state inmigrate'):
        check(words in run.out, f'{words!r} is not said: {run.out!r}')
    place.runs_only_on(place.source)


def by_somebody_active(place, source, destination):
    run = start_endless(place, source, destination)
    place.source.monitor.execute('migrate_cancel')
    place.was_cancelled_elsewhere(run.wait())
    place.is_as_before()


def is_over(qemu):
    try:
        return not qemu.is_alive() or qemu.migration() == 'failed'
    except OSError:
        return True  # it ends in this moment


def by_somebody_unseen(place, source, destination):
    """7.2's destination ends of it, which is not the cause."""
    run = start_endless(place, source, destination)
    run.signal(signal.SIGSTOP)
    place.source.monitor.execute('migrate_cancel')
    # or failed, if the source sees its channel break first
    pair.until(lambda: place.source.migration() in ('cancelled', 'failed'),
               'cancelled')
    pair.until(lambda: is_over(place.destination), 'over')
    run.signal(signal.SIGCONT)
    run.wait()
    place.was_cancelled_elsewhere(run)
    place.is_as_before()


def by_somebody_held(place, source, destination):
    run, relay = start_held(place, source, destination)
    place.source.monitor.execute('migrate_cancel')
    run.wait()
    relay.release()
    place.was_cancelled_elsewhere(run)
    place.is_as_before()


def paused_in_transfer(place, source, destination):
    """What a person paused stays paused, also when it is cancelled."""
    run = start_endless(place, source, destination)
    place.source.monitor.execute('stop')
    run.signal(signal.SIGINT)
    run.wait().ended(5, 'cancelled', 'cancelled')
    check(place.source.run_state() == 'paused', 'it was resumed')
    place.has_settings_back()


def by_timeout(place, source, destination):
    place.pair(source, destination, rate=RATE)
    run = place.migrate(*NEVER_ENDS, '--timeout', '300ms')
    run.ended(4, 'failed', 'timeout')
    run.says('0.3 s', '--timeout')
    place.is_as_before()


def by_policy(place, source, destination):
    """Before the time is over, and with what would do."""
    place.pair(source, destination, rate=RATE)
    run = place.migrate('--policy', 'adaptive', *SLOWLY, '--timeout', '2s')
    run.ended(4, 'failed', 'did-not-converge')
    run.says('it needs', 'MiB/s', 'timeout of')
    check(run.result['time_us']['total'] < 1500000, 'it was not early')
    place.is_as_before()


def start_silent(place, version, *words):
    """Its multifd channels go silent: migrate_cancel alone ends nothing."""
    place.pair(version, rate=RATE)
    by_way, monitor = stream.detour(place)
    by_way.breaks = [stream.Break('stall', 1 << 21)]
    silent = by_way.breaks[0]
    run = place.migrate(*NEVER_ENDS, '--multifd=4', *words,
                        source=monitor.path, wait=False)
    check(silent.done.wait(pair.FAILSAFE_S), 'it did not go silent')
    pair.until(lambda: stands_still(place), 'the channels are full')
    return run


def stands_still(place):
    before = n_sent(place)
    time.sleep(0.5)
    return n_sent(place) == before


def n_sent(place):
    return place.source.monitor.execute('query-migrate')['ram']['transferred']


def silent_channels(place, version, *words):
    """yank frees the source, and all settings are put back."""
    run = start_silent(place, version, *words)
    run.signal(signal.SIGINT)
    run.wait()
    # The run is over and needs no answer of it, but this test asks each QEMU
    # whether it runs the guest, and 7.2 does not answer while it reads from a
    # silent channel.
    place.destination.kill()
    is_cancelled(place, run)
    check(any('yank' in note for note in run.result['notes']), 'not noted')


def silent_for_a_verb(place, version):
    run = start_silent(place, version)
    run.signal(signal.SIGKILL)
    run.wait()
    place.destination.kill()  # it may answer nothing while a channel is silent
    cancel = place.qmigrate('cancel', '--source', place.source.qmp)
    check(cancel.code == 5, f'exit code {cancel.code}: {cancel.err}')
    check(place.source.migration() == 'cancelled', 'it is not cancelled')
    place.runs_only_on(place.source)
    for name in os.listdir(place.tmp):  # of the run that was killed
        os.unlink(os.path.join(place.tmp, name))


def all_cases():
    for version in ('7.2', '10.0', '11.1'):
        yield f'silent-channels-{version}', silent_channels, version
        yield f'silent-for-a-verb-{version}', silent_for_a_verb, version
    yield ('silent-channels-zstd-10.0', silent_channels, '10.0',
           '--set', 'multifd-compression=zstd')
    for version in ('7.2', '10.0'):
        for case in (in_prepare, in_prepare_as_it_was, in_setup, in_active, in_pre_switchover,
                     in_device, in_settle, twice, by_somebody_active,
                     by_somebody_unseen, by_somebody_held, paused_in_transfer,
                     by_timeout, by_policy):
            yield f'{name_of(case)}-{version}', case, version, version
    for number in (signal.SIGTERM, signal.SIGHUP):
        yield f'in-active-{number.name}', in_active, '7.2', '7.2', number
    yield 'in-pre-switchover-mixed', in_pre_switchover, '7.2', '10.0'
    yield 'in-device-mixed', in_device, '10.0', '7.2'


pair.main(all_cases())
