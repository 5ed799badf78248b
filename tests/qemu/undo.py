# SPDX-License-Identifier: LGPL-2.1-or-later
"""Whatever the wishes, and whatever was set before: when a run ends before the
guest has moved, both QEMUs have the settings that they had, and when it has
moved, the QEMU that has it.  Random wishes on real QEMUs; the seed is printed,
and taken from SEED."""

import os
import random
import signal
import time

import pair
import values
import wire
from pair import check

PAIRS = [('7.2', '7.2'), ('10.0', '10.0'), ('7.2', '10.0'), ('10.0', '7.2')]
ROUNDS_S = 8  # of one pair
NOWHERE = 'tcp:192.0.2.1:0'  # an address for documentation: nobody has it
N_COMMANDS = 60  # about as many as a run sends until it listens
FEATURES = (
    '--multifd=2', '--multifd=3', '--compress=zlib', '--compress=zstd',
    '--compress=zlib:3', '--zero-copy', '--postcopy', '--preempt',
    '--auto-converge', '--auto-converge=30:7:80', '--xbzrle', '--xbzrle=1MiB',
    '--switchover-ack', '--avail-switchover-bandwidth=1Gbit/s',
    '--zero-page-detection=none', '--zero-page-detection=legacy',
    '--ignore-shared', '--validate-uuid')
# Of the source alone.  With a limit of 1 ms a migration may never end: a guest
# that writes little leaves little bandwidth to measure, in which not one page
# fits.
FITS = {'max-bandwidth': 0, 'downtime-limit': 310}
GUEST = ('-machine', pair.MACHINE, '-m', '64', '-kernel', pair.GUEST,
         '-append', 'rate=0 content=random beat-us=10000')
SIDES = ('source', 'destination')
LEFT_OUT = {
    'background-snapshot': 'it is no migration',
    'x-colo': 'it is no migration',
    'mapped-ram': '10.0 then takes a compression, and no value instead of it',
}


class Dice:
    """Valid settings of two QEMUs, by chance: all that one has, and of what
    both have those that it does not throw away."""

    def __init__(self, place, seed, version):
        self.chance = random.Random(seed)
        self.place = place
        self.defaults = {side: getattr(place, side).settings()
                         for side in SIDES}
        capabilities = [{row['capability'] for row in rows} - {*LEFT_OUT}
                        for rows, _ in self.defaults.values()]
        parameters = [{*values.PARAMETERS} & {*now}
                      for _, now in self.defaults.values()]
        self.capabilities = sorted(set.union(*capabilities))
        self.parameters = sorted(set.union(*parameters))
        self.of_both = sorted(set.intersection(*capabilities))
        self.to_set = sorted(name for name in set.intersection(*parameters)
                             if values.is_heeded(name, version))

    def some(self, several, most):
        return self.chance.sample(several, self.chance.randint(0, most))

    def value(self, name):
        return self.chance.choice(values.PARAMETERS[name])

    def set_before(self, is_alike):
        """On each QEMU, one after another: what it refuses is not so."""
        names = self.some(self.capabilities, 6)
        for side in SIDES:
            qemu = getattr(self.place, side)
            rows, parameters = self.defaults[side]
            check(told(qemu, 'migrate-set-capabilities', capabilities=rows) and
                  told(qemu, 'migrate-set-parameters', **parameters),
                  f'the {side} cannot be put back')
            for name in names if is_alike else self.some(self.capabilities, 6):
                told(qemu, 'migrate-set-capabilities', capabilities=[
                    {'capability': name, 'state': True}])
            for name in self.some(self.parameters, 8):
                told(qemu, 'migrate-set-parameters', **{name: self.value(name)})

    def wishes(self):
        words = self.some(FEATURES, 2)
        for name in self.some(self.of_both, 4):
            words += [self.chance.choice(('--enable', '--disable')), name]
        for name in self.some(self.to_set, 5):
            words += ['--set', f'{name}={values.word(self.value(name))}']
        return words


def told(qemu, command, **arguments):
    """Whether QEMU took it."""
    try:
        qemu.monitor.execute(command, **arguments)
        return True
    except pair.Failed:
        return False


def renew_destination(place, version):
    """10.0 says that it is being set up, when it could not listen."""
    if place.destination.migration() != 'none':
        place.destination.kill()
        place.destination = place.qemu(
            f'destination{len(place.qemus)}', version, *GUEST, '-S',
            '-incoming', 'defer')


def both_settings(place):
    return place.source.settings() + place.destination.settings()


def refused(place, dice, words):
    """It cannot work, or QEMU cannot listen there and says so at the end."""
    return place.migrate('--no-preflight', '--uri', NOWHERE, *words)


def checked(place, dice, words):
    """Nothing stands in the way, but when QEMU comes to listen there is no
    folder any more."""
    folder = place.path(f'folder{len(place.runs)}')
    os.mkdir(folder)
    relay = place.held(wire.Relay(folder + '.relay', place.destination.qmp,
                                  hold=('migrate-incoming',)))
    run = place.migrate('--uri', f'unix:{folder}/stream', *words,
                        destination=relay.path, wait=False)
    pair.until(lambda: relay.held.is_set() or not run.is_running(), 'prepared')
    os.rmdir(folder)
    relay.release()
    run.wait()
    relay.close()
    return run


def cancelled(place, dice, words):
    """By Ctrl-C, when this or that command is on its way."""
    side = dice.chance.choice(('source', 'destination'))
    path = place.path(f'relay{len(place.runs)}')
    relay = place.held(wire.Relay(path, getattr(place, side).qmp,
                                  hold_at=dice.chance.randint(1, N_COMMANDS),
                                  in_order=True))
    run = place.migrate('--no-preflight', '--uri', NOWHERE, *words,
                        wait=False, **{side: path})
    pair.until(lambda: relay.held.is_set() or not run.is_running(), 'held')
    run.signal(signal.SIGINT)
    relay.release()
    run.wait()
    relay.close()
    return run


def is_undone(place, before, words, run):
    """And the run says that it did not come to a migration; 2: two wishes of
    one thing."""
    after = both_settings(place)
    left = [pair.pairs(*both) for both in zip(before, after)]
    check(before == after, f'left changed: {left} by {words}: {run.err}')
    check(run.code in (1, 2, 3, 5), f'exit code {run.code}: {run.err}')
    check(place.source.migration() == 'none', 'a migration was begun')
    check(place.destination.run_state() == 'inmigrate', 'destination used')


def has_set(run):
    return run.code != 2 and run.result['error']['phase'] != 'inspect'


def rounds(place, source, destination, seed):
    """As many as there is time for."""
    place.pair(source, destination)
    dice = Dice(place, seed, source)
    ways = (refused, checked, cancelled)
    n_sent, end, turn = 0, time.monotonic() + ROUNDS_S, 0
    while time.monotonic() < end:
        way = ways[turn % len(ways)]
        renew_destination(place, destination)
        dice.set_before(is_alike=way == checked)
        before, words = both_settings(place), dice.wishes()
        run = way(place, dice, words)
        is_undone(place, before, words, run)
        n_sent += has_set(run)
        turn += 1
    place.runs_only_on(place.source)
    print(f'# {turn} rounds, in {n_sent} of them something was set')
    check(n_sent > turn / 4, 'too few')


def moved(place, source, destination, seed):
    """Wishes that can be, until the guest has moved."""
    place.pair(source, destination)
    dice = Dice(place, seed, source)
    dice.to_set = [name for name in dice.to_set if name not in FITS]
    ends = [f'--set={name}={value}' for name, value in FITS.items()]
    while True:
        renew_destination(place, destination)
        dice.set_before(is_alike=True)
        before, words = both_settings(place), dice.wishes()
        run = place.migrate(*ends, *words)
        if run.code == 0:
            break
        is_undone(place, before, words, run)
    left = [pair.pairs(*both) for both in
            zip(before[2:], place.destination.settings())]
    check(not any(left), f'left changed: {left} by {words}')
    place.runs_only_on(place.destination)


def all_cases():
    seed = int(os.environ.get('SEED', random.randrange(1 << 30)))
    print(f'# SEED={seed}')
    for source, destination in PAIRS:
        where = f'{source}-to-{destination}'
        yield f'rounds-{where}', rounds, source, destination, seed
        for number in range(2):
            yield (f'moved-{number}-{where}', moved, source, destination,
                   seed + number)


pair.main(all_cases())
