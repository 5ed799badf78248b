# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is true after a run that somebody disturbed, and whether the run has
reported it: who has the guest, in which run state, and how many run."""

import contextlib
import json
import time

import kinds
import pair
import rules

SETTLED_S = 0.3
LATELY_S = 0.5  # so old may what was asked be at the exit
PAIR = ('source', 'destination')
MOVES = ('migrate', 'run')
DESTROYS = ('kill', 'quit')
IN_PROGRESS = ('setup', 'active', 'device', 'pre-switchover', 'cancelling',
               'wait-unplug', 'failing')
HAS_GUEST = ('running', 'paused', 'io-error', 'suspended', 'shutdown',
             'guest-panicked', 'debug', 'watchdog', 'prelaunch')


def events_of(qemu):
    """All of them, also of a QEMU that is dead by now."""
    monitor = qemu.monitor
    with contextlib.suppress(ConnectionError, OSError, pair.Failed,
                             json.JSONDecodeError):
        if qemu.is_alive():
            monitor.execute('query-status')
        else:
            while True:
                message = monitor.receive()
                if 'event' in message:
                    monitor.events.append(message)
    return [rules.event_of(message) for message in monitor.events]


def states(place):
    return ', '.join(f'{qemu.name} {qemu.run_state()}/'
                     f'{kinds.migration_of(qemu)}' for qemu in place.qemus)


def settle(place):
    """Until nothing changes any more, for a while at most."""
    end = time.monotonic() + 10
    before = None
    while before != (before := states(place)) and time.monotonic() < end:
        time.sleep(SETTLED_S)


def has_guest(qemu):
    """It holds a whole guest, running or not: not one that has not arrived and
    not the rest of one that has left."""
    state = qemu.run_state()
    if state not in HAS_GUEST:
        return False
    return state == 'running' or kinds.migration_of(qemu) not in (
        *rules.POSTCOPY, 'setup')


def problems(started, run, acts):
    """What the run has said and what is not so."""
    place = started.place
    held_at_exit = {side: has_guest(getattr(place, side)) for side in PAIR}
    state_at_exit = place.source.run_state()
    exit_time = time.time()
    settle(place)
    running = place.runs_where()
    accepted = {act.command for act in acts if act.was_accepted}
    # A migration of another takes the guest away at about that time or later.
    # A paused guest gives no STOP, so there nobody can say when it left.
    if accepted.intersection(MOVES) and (state_at_exit == 'finish-migrate' or
                                  started.kind.is_paused and run.code == 3 or
                                  stopped_lately(place.source, exit_time)):
        held_at_exit['source'] = True
    continued = {act.side for act in acts if act.was_accepted
                 and act.command == 'cont'}
    found = []
    if len(running) > 1 and not continued.intersection(PAIR):
        found.append(f'two guests run: {running}')
    if run.code is None or run.code < 0:
        found.append(f'qmigrate died: {run.code}')
    result = run.result or {}
    claimed = result.get('guest')
    by_code = CLAIMS.get(run.code)
    if by_code:
        found += by_code(started, running, accepted)
    if run.code == 1 and not result:
        claimed = 'source'
    if claimed in PAIR and not held_at_exit[claimed] and \
            not accepted.intersection(DESTROYS):
        found.append(f'it says that the guest is on the {claimed}, which is '
                     f'{getattr(place, claimed).run_state()}')
    found += whole(started, running, run)
    return found


def stopped_lately(qemu, exit_time):
    return any(event.name == 'STOP' and event.time > exit_time - LATELY_S
               for event in events_of(qemu))


def whole(started, running, run):
    """The memory of the guest that runs, unless the run could not establish
    what became of a guest in two halves."""
    if len(running) != 1:
        return []
    qemu = next(one for one in started.place.qemus if one.name == running[0])
    if run.code in (7, 8) and (kinds.migration_of(qemu) in rules.POSTCOPY or
                               qemu is started.place.destination):
        return []
    try:
        qemu.beats_on()
        qemu.is_intact()
    except pair.Failed as error:
        return [f'on the {qemu.name}: {error}']
    return []


def migrated(started, running, accepted):
    place = started.place
    if 'destination' in running or not place.destination.is_alive():
        return
    if place.destination.run_state() == 'paused' and \
            (started.kind.is_paused or 'stop' in accepted):
        return
    yield f'exit code 0, and the destination is ' \
        f'{place.destination.run_state()}'


def at_source(started, running, accepted):
    place = started.place
    if not place.source.is_alive():
        if not accepted.intersection(DESTROYS):
            yield 'the source died'
        else:
            yield 'the guest is said to be on the source, which is dead'
        return
    if 'source' in running:
        return
    # Someone else may have moved it, or have stopped it.
    if accepted.intersection({*MOVES, 'stop'}) or \
            started.kind.is_paused:
        return
    yield f'said to run on the source, which is {place.source.run_state()}'


def split(started, *_):
    for qemu in started.qemus():
        if kinds.migration_of(qemu) != 'postcopy-paused':
            yield f'exit code 6, and the {qemu.name} is ' \
                f'{kinds.migration_of(qemu)}'


def lost(started, running, _):
    if running:
        yield f'exit code 8, and {running} runs'


CLAIMS = {0: migrated, 4: at_source, 5: at_source, 6: split, 8: lost}
