# SPDX-License-Identifier: LGPL-2.1-or-later
"""The stall sweep: at a state change of a run the stream or one of the QEMUs
stands still for 0.1 to 20 s, drawn by the seed.

The guest survives whenever it survives with qmigrate standing still meanwhile:
this is tried if a case fails.  No command of ours breaks a safety rule, above
all I13: no migrate-pause before both sides are postcopy-active.

Cases are called VERSION-KIND-POINT-TARGET; see sweeping.py for the variables.
"""

import math
import os
import signal
import time

import kinds
import lines
import pair
import rules
import sweeping
import truth
from pair import check, until

KINDS = ('precopy', 'postcopy', 'recovery')
TARGETS = ('stream', 'source', 'destination')
SHORTEST_S, LONGEST_S = 0.1, 20
ENDS_S = 200
N_CONTROLS = 2


def delay_of(case):
    """Short ones as often as long ones."""
    return math.exp(sweeping.chance(case).uniform(math.log(SHORTEST_S),
                                                  math.log(LONGEST_S)))


class Stalled(kinds.Started):
    """Its stream passes through a process that can be stopped."""

    def __init__(self, place, version, name):
        super().__init__(place, version, name)
        self.version = version
        if not self.forward:
            self.forward = place.held(kinds.Forwarding(place))

    def pid_of(self, target):
        return self.forward.pid if target == 'stream' \
            else getattr(self.place, target).pid


def stall(started, point, target, delay_s, is_control):
    """The library stops the target, at the very line."""
    pid = started.pid_of(target)
    run = started.begin(point, signal.SIGSTOP, pid=pid)
    until(lambda: kinds.state_of(pid) == 'T' or not run.is_running(),
          'it stalls', 2 * pair.FAILSAFE_S)
    if kinds.state_of(pid) != 'T':
        raise sweeping.Skipped('the run did not come to it')
    if is_control:
        run.signal(signal.SIGSTOP)
    time.sleep(delay_s)
    os.kill(pid, signal.SIGCONT)
    if is_control:
        time.sleep(1)
        run.signal(signal.SIGCONT)
    return run.wait(ENDS_S)


def survived(started, run):
    """Where it can still be brought back by recover it is not lost."""
    if run.code == 6:
        recover = started.verb('recover')
        check(recover.code in (0, 4, 5), f'exit code 6, and recover: '
              f'{recover.code} {recover.err.strip()[:200]}')
    check(run.code in (0, 1, 3, 4, 6), f'exit code {run.code}')
    owner = started.owner()
    owner.beats_on()
    owner.is_intact()
    if run.code != 6 and run.result:
        check(run.result['guest'] == owner.name,
              f'it says that the guest is on the {run.result["guest"]}')


def once(version, name, point, target, delay_s, is_control=False):
    """What went wrong, or None; and which rules were broken."""
    place = pair.Place()
    try:
        started = Stalled(place, version, name)
        run = stall(started, point, target, delay_s, is_control)
        case = rules.Case(
            lines.read(place.path('lines1')),
            {qemu.name: truth.events_of(qemu) for qemu in started.qemus()},
            has_pong=version == '11.1')
        broken = rules.broken(case)
        try:
            survived(started, run)
        except pair.Failed as error:
            return f'{error} ({(run.err or run.out).strip()[:200]!r}; ' \
                f'{truth.states(place)})', broken
        return None, broken
    finally:
        place.close()


def stall_at(version, name, case, point, target):
    delay_s = delay_of(case)
    why, broken = once(version, name, point, target, delay_s)
    check(not broken, f'{delay_s:.2f} s: {"; ".join(broken)}; {why}')
    if why:
        controls = [once(version, name, point, target, delay_s, True)[0]
                    for _ in range(N_CONTROLS)]
        check(None not in controls, f'{delay_s:.2f} s: {why}; with qmigrate '
              f'standing still too it survives')
        raise sweeping.Skipped(f'QEMU does not survive {delay_s:.2f} s by '
                               f'itself either: {why}')


def reference(version, name):
    """The state changes: events but the passes, and what we send for them."""
    place = pair.Place()
    try:
        started = Stalled(place, version, name)
        run = started.begin().wait()
        check(run.code == 0, f'undisturbed: exit code {run.code}: {run.err}')
        found = lines.points(lines.read(started.log))
    finally:
        place.close()
    return [point for point, line in found if point.endswith('-after') and (
        line.acts or line.event and line.event != 'MIGRATION_PASS')]


def sweep_kind(sweep, version, name):
    group = f'{version}-{name}'
    chosen = sweeping.alone(group)
    if not chosen:
        known = reference(version, name)
        chosen = sweeping.part_of([f'{group}-{point}-{target}'
                                   for point in known for target in TARGETS])
        print(f'# {group}: {len(known)} state changes, {len(chosen)} cases '
              'chosen', flush=True)
    for case in chosen:
        key, moment, target = case[len(group) + 1:].split('-', 2)
        sweep.case(case, stall_at, version, name, case, f'{key}-{moment}',
                   target)


if __name__ == '__main__':
    sweeping.main('stalls', KINDS, sweep_kind)
