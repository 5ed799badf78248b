# SPDX-License-Identifier: LGPL-2.1-or-later
"""Another client of the same two QEMUs acts during a run: it pauses the guest,
migrates it first, or kills a side.  Nothing of that is undone, no second guest
is started, and the result says what is true."""

import signal

import pair
import wire
from moments import name_of
from pair import check, until
from postcopy import SLOW, start_slow, switch

VERSIONS = ('7.2', '10.0', '11.1')
POSTCOPY = (*SLOW, '--set', 'max-postcopy-bandwidth=20MiB/s')  # for 3 s


def paused_in_postcopy(place, version):
    """The guest runs on the destination when a client pauses it: it stays
    paused, and the run does not wait for it."""
    run = start_slow(place, version, version, how=POSTCOPY)
    switch(place)
    until(lambda: place.destination.run_state() == 'running', 'it runs there')
    place.destination.monitor.execute('stop')
    run.wait(failsafe_s=25).ended(0, 'migrated')
    check(place.destination.run_state() == 'paused', 'it was continued')
    check(any('paused the guest' in note for note in run.result['notes']),
          f'not noted: {run.result["notes"]}')


def start_overtaken(place, version, *words, rate=0):
    """A run whose migrate is on its way while another client migrates the
    guest to a QEMU of its own."""
    place.pair(version, rate=rate)
    other = place.qemu('other', version, '-machine', pair.MACHINE, '-m', '64',
                       '-kernel', pair.GUEST, '-append', 'rate=0', '-S',
                       '-incoming', 'defer')
    relay = place.held(wire.Relay(place.path('relay'), place.source.qmp,
                                  hold=('migrate',)))
    run = place.migrate(*words, source=relay.path, wait=False)
    relay.wait_held()
    uri = 'unix:' + place.path('elsewhere')
    other.monitor.execute('migrate-incoming', uri=uri)
    place.source.monitor.execute('migrate', uri=uri)
    if '--uri' not in words:  # as the run has set it
        place.source.monitor.status('pre-switchover')
        place.source.monitor.execute('migrate-continue',
                                     state='pre-switchover')
    until(lambda: place.source.run_state() == 'postmigrate', 'it is elsewhere')
    until(lambda: other.migration() == 'completed', 'all of it')
    return run, relay, other


def is_taken(run):
    run.wait().ended(7, 'unresolved', (
        'migrate-refused', 'migrating-already', 'destination-lost',
        'monitor-lost'))
    check('never cont the source' in run.result['error']['hint'],
          f'hint: {run.result["error"]["hint"]}')


def overtaken(place, version):
    """I14: migrate is refused, and the guest runs elsewhere."""
    run, relay, other = start_overtaken(place, version)
    other.monitor.execute('cont')
    relay.release()
    is_taken(run)
    place.runs_only_on(other)
    check(place.source.migration() == 'completed', 'something was sent')


def overtaken_and_gone(place, version):
    """The same, and no QEMU is left that says where it went."""
    run, relay, other = start_overtaken(place, version)
    other.monitor.execute('cont')
    other.kill()
    place.destination.kill()
    relay.release()
    is_taken(run)
    check(place.runs_where() == [], 'a second guest was started')


def overtaken_to_a_file(place, version):
    """The run has stopped the guest to save it: it says so."""
    run, relay, other = start_overtaken(
        place, version, '--uri', 'file:' + place.path('guest'))
    relay.release()
    run.wait().ended(7, 'unresolved', ('migrate-refused', 'migrating-already'))
    check('stopped the guest' in run.result['error']['hint'],
          f'hint: {run.result["error"]["hint"]}')
    check(place.runs_where() == [], 'it was continued on the source')
    other.monitor.execute('cont')
    place.runs_only_on(other)


def source_killed(place, version):
    """The destination goes on with what it has: that is not lost so far."""
    run = start_slow(place, version, version, how=POSTCOPY)
    switch(place)
    place.source.kill()
    # 11.1, started through a loader, may not be known as a process.
    run.wait().ended(7, 'unresolved', ('source-lost', 'monitor-lost'))
    check(run.result['error']['code'] == 'monitor-lost'
          or f'kill process {place.destination.pid} '
          in run.result['error']['hint'],
          f'hint: {run.result["error"]["hint"]}')
    place.destination.kill()


def source_reset(place, version):
    """Someone resets the source when the guest has just left it."""
    place.pair(version, rate=0)
    run = place.migrate(wait=False)
    place.source.monitor.status('completed')
    place.source.monitor.execute('system_reset')
    run.wait().ended(0, 'migrated')
    place.runs_only_on(place.destination)


def source_reset_when_saved(place, version):
    """The same before the destination has read the file."""
    place.pair(version, rate=0)
    relay = place.held(wire.Relay(place.path('relay'), place.destination.qmp,
                                  hold=('migrate-incoming',)))
    run = place.migrate('--uri', 'file:' + place.path('guest'), '--live',
                        destination=relay.path, wait=False)
    relay.wait_held()
    place.source.monitor.execute('system_reset')
    until(lambda: place.source.run_state() == 'prelaunch', 'it is reset')
    relay.release()
    run.wait().ended(0, 'migrated')
    place.runs_only_on(place.destination)
    check(any('never cont the source' in note for note in run.result['notes']),
          f'not noted: {run.result["notes"]}')


def begin_slow(place, version):
    """A run that has set max-bandwidth and downtime-limit, which another client
    sets once more."""
    place.pair(version, rate=20000000, memory=96)
    run = place.migrate('--max-bandwidth', '24MiB/s', '--downtime-limit',
                        '10ms', wait=False)
    until(lambda: place.source.migration() == 'active', 'it is active')
    place.source.monitor.execute('migrate-set-parameters',
                                 **{'max-bandwidth': 33554432})
    return run


def keeps_what_was_set(place, run):
    """What we set is restored, what the other client set is left and named."""
    before, after = place.before, place.source.settings()
    left = [*pair.pairs(before[0], after[0]), *pair.pairs(before[1], after[1])]
    check(left == [('max-bandwidth=134217728', 33554432)],
          f'settings now: {left}')
    check(any('max-bandwidth=33554432 (before: 134217728)' in note
              for note in run.result['notes']),
          f'not noted: {run.result["notes"]}')
    check(not place.journals(), 'a journal is left')


def set_during_a_run(place, version):
    run = begin_slow(place, version)
    run.signal(signal.SIGINT)
    run.wait().ended(5, 'cancelled', 'cancelled')
    keeps_what_was_set(place, run)


def set_before_recover(place, version):
    run = begin_slow(place, version)
    run.process.kill()
    run.process.wait()
    keeps_what_was_set(place, place.recover().ended(5, 'cancelled',
                                                    'interrupted'))


def all_cases():
    for version in VERSIONS:
        if version != '7.2':  # has no file:
            for case in (overtaken_to_a_file, source_reset_when_saved):
                yield f'{name_of(case)}-{version}', case, version
        for case in (paused_in_postcopy, overtaken, overtaken_and_gone,
                     source_killed, source_reset, set_during_a_run,
                     set_before_recover):
            yield f'{name_of(case)}-{version}', case, version


if __name__ == '__main__':
    pair.main(all_cases())
