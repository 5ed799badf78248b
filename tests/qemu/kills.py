# SPDX-License-Identifier: LGPL-2.1-or-later
"""The kill sweep: qmigrate is killed with -9 at every QMP line of a run, and
`qmigrate recover` brings the guest back.

Each line that is sent counts twice, before and after, each that is read once.
Afterwards exactly one QEMU runs the guest (or has it paused, if it was paused
before), its memory is intact, its settings are as before, and nothing is left.
A second recover changes nothing.

Cases are called VERSION-KIND-POINT; see sweeping.py for the variables."""

import signal
import time

import kinds
import lines
import pair
import sweeping
from pair import check

DELAYS_S = (0, 0, 0.2, 1.5)  # between the kill and recover
N_TRIES = 3


class Pairs:
    """A pair that a case has left untouched serves the next."""

    def __init__(self, version, name):
        self.version, self.name = version, name
        self.started = None

    def take(self):
        if not self.started:
            place = pair.Place()
            try:
                self.started = kinds.Started(place, self.version, self.name)
            except BaseException:
                place.close()
                raise
        return self.started

    def give_back(self, is_good):
        if self.started and not (is_good and self.started.is_untouched()):
            self.close()

    def close(self):
        if self.started:
            self.started.place.close()
            self.started = None


def reference(pairs):
    """The points of a run that nobody disturbs."""
    started = pairs.take()
    run = started.begin().wait()
    check(run.code == 0, f'undisturbed: exit code {run.code}: {run.err}')
    check(started.is_whole() is started.place.destination, 'not there')
    check(not started.journals(), f'left {started.journals()}')
    found = lines.points(lines.read(started.log))
    pairs.give_back(False)
    return found


def killed(pairs, point):
    """A pair whose run is dead.  The order of events differs now and then, so
    not every run comes to the point."""
    for _ in range(N_TRIES):
        started = pairs.take()
        run = started.begin(point, signal.SIGKILL).wait(2 * pair.FAILSAFE_S)
        if run.code == -signal.SIGKILL:
            return started
        pairs.close()
    raise sweeping.Skipped(f'{N_TRIES} runs did not come to it')


def states(started):
    return ', '.join(f'{qemu.name} {qemu.run_state()}/{kinds.migration_of(qemu)}'
                     for qemu in started.qemus())


def recovered(started, before):
    """What recover says is true, and what it leaves is whole."""
    was_right = started.is_at_source()
    recover = started.verb('recover')
    what = f'{before}; recover: exit code {recover.code}, ' \
        f'{(recover.err or recover.out).strip()[:300]!r}'
    try:
        check(recover.code in (0, 4, 5) or recover.code in (1, 3) and was_right,
              'not recovered')
        owner = started.is_whole()
        told = recover.result and recover.result.get('guest')
        check(told in (None, owner.name), f'it says that {told} has the guest')
        started.place.left_nothing()
        check(not started.journals(), f'left {started.journals()}')
        again = started.verb('recover')
        sent = [line.text() for line in lines.read(started.log) if line.acts]
        check(not sent, f'a second recover sends {sent}')
        # Without a record nobody knows that a paused guest shall stay so.
        check(again.code != 7 or started.kind.is_paused, f'a second recover: {again.err.strip()[:200]}')
        check(started.owner() is owner, 'a second recover moves the guest')
    except pair.Failed as error:
        raise pair.Failed(f'{error} ({what})') from error


def kill_at(pairs, name, point):
    is_good = False
    try:
        started = killed(pairs, point)
        delay_s = sweeping.chance(name).choice(DELAYS_S)
        time.sleep(delay_s)
        before = f'killed, {delay_s} s later {states(started)}'
        recovered(started, before)
        is_good = True
    finally:
        pairs.give_back(is_good)


def sweep_kind(sweep, version, name):
    group = f'{version}-{name}'
    pairs = Pairs(version, name)
    chosen = sweeping.alone(group)
    known = {}
    try:
        if not chosen:
            known = dict(reference(pairs))
            early = next(number for number, line in
                         enumerate(known.values()) if line.acts)
            chosen = sweeping.part_of([f'{group}-{point}' for point in known],
                                      early)
            print(f'# {group}: {len(known)} points, {len(chosen)} chosen')
        for case in chosen:
            point = case[len(group) + 1:]
            if not sweep.case(case, kill_at, pairs, case, point) and \
                    case in sweep.failed and point in known:
                print(f'#   at {point}: {known[point].text()}', flush=True)
    finally:
        pairs.close()


if __name__ == '__main__':
    sweeping.main('kills', kinds.KINDS, sweep_kind)
