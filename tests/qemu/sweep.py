# SPDX-License-Identifier: LGPL-2.1-or-later
"""The long ones.  At each command of a migration in turn, and at many random
moments: a cancel, a cut, a kill.  Whatever it meets, at most one QEMU runs the
guest, and the exit code says which.  Then what only a deadline ends."""

import os
import random
import signal
import time

import pair
import wire
from moments import start_held, start_in_setup
from pair import check

N_MOMENTS = 30
LONGEST_S = 0.5  # about as long as a migration of the test's guest takes


def is_true(place, run, killed=None):
    """What the exit code says is so.  A QEMU that was killed when all was over
    takes the guest along, and it was migrated all the same."""
    running = place.runs_where()
    check(len(running) <= 1, f'runs on both after {run.code}')
    if run.code == 1 and killed == 'source':
        check(run.result['error']['phase'] == 'inspect', 'error, yet begun')
    elif run.code in (-signal.SIGINT, 1, 3, 4, 5):
        check(killed != 'source', f'exit code {run.code} with a dead source')
        place.runs_only_on(place.source)
        if killed is None:
            place.has_settings_back()
    elif run.code == 0:
        if killed != 'destination':
            place.runs_only_on(place.destination)
    elif run.code == 8:
        check(running == [], f'lost, and runs on {running}')
    else:
        check(run.code == 7, f'exit code {run.code}: {run.err}')
    if run.code > 0:
        run.says_one_error()


def act(place, run, side, what, relay):
    """Returns the side that is dead then, and what may be claimed of it."""
    if what == 'cancel':
        run.signal(signal.SIGINT)
    elif what == 'cut':
        relay.cut()
    else:
        getattr(place, side).kill()
        relay.cut(for_good=True)
        return side
    return None


def step(place, number, version, side, what):
    """False: there is no command of this number."""
    place.pair(version, rate=1000000)
    relay = place.held(wire.Relay(
        place.path('relay'), getattr(place, side).qmp, hold_at=number,
        in_order=True))
    words = ['--destination-is-dead'] if side == 'destination' else []
    run = place.migrate(*words, **{side: relay.path}, wait=False)
    pair.until(lambda: relay.held.is_set() or not run.is_running(), 'held')
    if not relay.held.is_set():
        run.wait().ended(0, 'migrated')
        return False
    killed = act(place, run, side, what, relay)
    relay.release()
    run.wait()
    try:
        is_true(place, run, killed)
    except pair.Failed as error:
        raise pair.Failed(f'at {number}, {relay.seen[number - 1]}: '
                          f'{error}') from error
    return True


def steps(place, version, side, what):
    """Until a migration passes untouched.  A source that is killed behind a
    relay cannot be proved dead, which takes the whole deadline: every third
    command is enough."""
    number = 1
    while True:
        with_place = pair.Place()
        try:
            if not step(with_place, number, version, side, what):
                break
            with_place.left_nothing()
        except pair.Failed:
            with_place.tell()
            raise
        finally:
            with_place.close()
        number += 3 if (side, what) == ('source', 'kill') else 1
    check(number > 10, f'only {number} commands')


def moments(place, version, what):
    """At random moments.  The seed is printed, and taken from SEED."""
    seed = int(os.environ.get('SEED', random.randrange(1 << 30)))
    print(f'# SEED={seed}')
    chance = random.Random(seed)
    seen = {}
    for _ in range(N_MOMENTS):
        with_place = pair.Place()
        try:
            code = moment(with_place, version, what,
                          chance.random() * LONGEST_S)
            seen[code] = seen.get(code, 0) + 1
        except pair.Failed:
            with_place.tell()
            raise
        finally:
            with_place.close()
    print(f'# {what}: exit codes {seen}')


def moment(place, version, what, delay_s):
    place.pair(version, rate=1000000)
    run = place.migrate('--max-bandwidth', '256MiB/s', wait=False)
    time.sleep(delay_s)
    killed = None
    if what == 'cancel':
        run.signal(signal.SIGINT)
    elif what == 'kill-qmigrate':
        run.signal(signal.SIGKILL)
        run.process.wait()
        check(len(place.runs_where()) <= 1, 'runs on both')
        check(place.source.is_alive(), 'the source died of it')
        return 'killed'
    else:
        killed = what.split('-')[1]
        getattr(place, killed).kill()
    run.wait()
    is_true(place, run, killed)
    return run.code


def labs_killed(place):
    """At random moments nothing stays."""
    for _ in range(N_MOMENTS):
        run = place.qmigrate('lab', '--accel', 'tcg', '--memory', '64MiB',
                             '--repeat', '3', wait=False)
        time.sleep(random.random() * 2)
        run.signal(signal.SIGKILL)
        run.process.wait()
        pair.until(lambda: not place.of_qmigrate(), 'every process is gone')
        pair.until(lambda: not os.listdir(place.tmp), 'the folder is gone')


def frozen_for_ever(place, version):
    """The destination neither takes the guest nor dies."""
    run, relay = start_held(place, version, version)
    place.destination.signal(signal.SIGSTOP)
    relay.release()
    place.source.monitor.status('device')
    run.wait(3 * pair.FAILSAFE_S)
    check(run.result, f'no result: {run.err}')
    check(run.result['error']['code'] in ('deadline', 'monitor-silent'),
          f'{run.err}')
    run.says_one_error(hint=True)
    place.destination.signal(signal.SIGCONT)
    is_true(place, run)


def setup_for_ever(place, version):
    """A connect that neither succeeds nor fails; 7.2 stays cancelling."""
    run, _ = start_in_setup(place, version, version)
    run.signal(signal.SIGINT)
    run.wait().ended(5, 'cancelled', 'cancelled')
    place.runs_only_on(place.source)


def all_cases():
    for version in ('7.2', '10.0'):
        for what in ('cancel', 'cut', 'kill'):
            for side in ('source', 'destination'):
                yield (f'each-{what}-{side}-{version}', steps, version, side,
                       what)
        for what in ('cancel', 'kill-source', 'kill-destination',
                     'kill-qmigrate'):
            yield f'random-{what}-{version}', moments, version, what
        for case in (frozen_for_ever, setup_for_ever):
            yield f'{case.__name__.replace("_", "-")}-{version}', case, version
    yield 'labs-killed', labs_killed


pair.main(all_cases())
