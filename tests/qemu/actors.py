# SPDX-License-Identifier: LGPL-2.1-or-later
"""The second actor sweep: at a QMP line of a run another client does something.

qmigrate is stopped at the line, the other client acts, and qmigrate goes on.
A case fails if a command of ours breaks a safety rule (rules.py), if the
outcome is not what is true (truth.py), or if two guests run although the other
client did not start one.  What the other client destroys is reported.

Cases are called VERSION-KIND-POINT-ACTION; see sweeping.py for the variables.
Without PART there are very many, so PART=20 is usual."""

import signal
import time

import kinds
import lines
import pair
import rules
import sweeping
import truth
from pair import check, until

KINDS = ('precopy', 'postcopy', 'recovery', 'file', 'paused')
DELAYS_S = (0, 0.01, 0.1, 1)  # for the act to take effect before we go on
LONGEST_S = 200
N_EARLY = 3  # points before anything was changed


class Actor:
    """The other client; .acts says what QEMU accepted of it."""

    def __init__(self, started):
        self.started = started
        self.place = started.place
        self.acts = []
        self.run = None  # a qmigrate of its own
        self.log = None

    def send(self, side, command, **arguments):
        monitor = getattr(self.place, side).monitor
        at = time.time()
        try:
            monitor.execute(command, **arguments)
            was_accepted = True
        except (pair.Failed, OSError):
            was_accepted = False
        self.acts.append(rules.Act(at, side, command, was_accepted))

    def elsewhere(self, uri):
        self.send('source', 'migrate', uri=uri)

    def to_file(self):
        path = self.place.path('elsewhere')
        is_old = self.started.version == '7.2'
        self.elsewhere(f'exec:cat >{path}' if is_old else f'file:{path}')

    def to_third(self):
        third = self.started.third
        path = self.place.path('third.stream')
        third.monitor.execute('migrate-incoming', uri='unix:' + path)
        self.elsewhere('unix:' + path)

    def moved_to_third(self):
        """The whole way: the guest runs there, unless the source refused."""
        self.to_third()
        if self.acts[-1].was_accepted:
            until(self.has_ended, 'the migration to the third ends')
            if self.place.source.migration() == 'completed':
                until(lambda: self.started.third.migration() == 'completed',
                      'the third has the guest')
                self.send('third', 'cont')

    def has_ended(self):
        status = self.place.source.migration()
        if status == 'pre-switchover':  # if our run had set that up
            self.send('source', 'migrate-continue', state=status)
        return status in rules.ENDED

    def kill(self, side):
        at = time.time()
        getattr(self.place, side).kill()
        self.acts.append(rules.Act(at, side, 'kill', True))

    def capability(self, side):
        self.send(side, 'migrate-set-capabilities', capabilities=[
            {'capability': 'validate-uuid', 'state': True}])

    def verb(self, verb, *words):
        """It may wait for the stopped one, so it is not waited for."""
        self.log = self.place.path('lines-other')
        self.run = self.place.qmigrate(
            verb, '--source', self.second('source'), *words, wait=False,
            env=lines.environment(self.place, self.log, name='second'))
        self.acts.append(rules.Act(time.time(), 'source', verb, True))

    def second(self, side):
        """A monitor that the first run does not use."""
        return getattr(self.place, side).stem + '.second'

    def run_elsewhere(self):
        self.verb('run', '--destination', self.started.third.qmp)

    def to_same(self, verb):
        self.verb(verb, '--destination', self.second('destination'))


ACTIONS = {
    'stop-source': lambda actor: actor.send('source', 'stop'),
    'stop-destination': lambda actor: actor.send('destination', 'stop'),
    'cont-source': lambda actor: actor.send('source', 'cont'),
    'cont-destination': lambda actor: actor.send('destination', 'cont'),
    'cancel': lambda actor: actor.send('source', 'migrate_cancel'),
    'to-file': Actor.to_file,
    'to-third': Actor.to_third,
    'moved-to-third': Actor.moved_to_third,
    'parameters': lambda actor: actor.send(
        'source', 'migrate-set-parameters', **{'max-bandwidth': 8 << 20}),
    'reset-source': lambda actor: actor.send('source', 'system_reset'),
    'capabilities-source': lambda actor: actor.capability('source'),
    'capabilities-destination': lambda actor: actor.capability('destination'),
    'start-postcopy': lambda actor: actor.send(
        'source', 'migrate-start-postcopy'),
    'quit-source': lambda actor: actor.send('source', 'quit'),
    'quit-destination': lambda actor: actor.send('destination', 'quit'),
    'kill-source': lambda actor: actor.kill('source'),
    'kill-destination': lambda actor: actor.kill('destination'),
    'second-run': Actor.run_elsewhere,
    'same-run': lambda actor: actor.to_same('run'),
    'second-recover': lambda actor: actor.to_same('recover'),
    'second-cancel': lambda actor: actor.verb('cancel'),
    'second-postcopy': lambda actor: actor.verb('postcopy'),
}
WITH_THIRD = ('to-third', 'moved-to-third', 'second-run')


class Watched(kinds.Started):
    """A pair that may get a third QEMU, and monitors for a second qmigrate."""

    def __init__(self, place, version, name, with_third):
        self.version = version
        super().__init__(place, version, name, more=lambda side: (
            '-qmp', f'unix:{place.path(side)}.second,server=on,wait=off'))
        if with_third:
            self.third = place.third = place.start_third(version,
                                                         self.kind.memory)


def act_at(started, point, action, delay_s):
    """Returns the run, ended, and the actor."""
    run = started.begin(point, signal.SIGSTOP)
    until(lambda: not started.is_moving(), 'it stops at the point',
          2 * pair.FAILSAFE_S)
    if not run.is_running():
        raise sweeping.Skipped('the run did not come to it')
    actor = Actor(started)
    ACTIONS[action](actor)
    time.sleep(delay_s)
    run.signal(signal.SIGCONT)
    for one in (run, actor.run):
        if one:
            one.wait(LONGEST_S)
    return run, actor


def judge(started, run, actor, log):
    events = {qemu.name: truth.events_of(qemu) for qemu in started.place.qemus}
    case = rules.Case(lines.read(log), events, tuple(actor.acts),
                      started.version == '11.1',
                      started.kind.words[-1].startswith('file:'))
    problems = rules.broken(case)
    # What a run of its own does is ours as well.
    if actor.run and actor.run.words[0] == 'run':
        other = case._replace(lines=lines.read(actor.log), acts=())
        problems += [f'second run: {why}' for why in rules.broken(other)]
    problems += truth.problems(started, run, actor.acts)
    said = f'exit code {run.code}, {(run.err or run.out).strip()[:200]!r}'
    if actor.run:
        said += f'; the other: exit code {actor.run.code}, ' \
            f'{(actor.run.err or actor.run.out).strip()[:120]!r}'
    check(not problems, '; '.join(problems) + f' ({said}; '
          f'{truth.states(started.place)})')


def actor_at(version, name, case, point, action):
    place = pair.Place()
    try:
        started = Watched(place, version, name,
                          action in WITH_THIRD)
        delay_s = sweeping.chance(case).choice(DELAYS_S)
        run, actor = act_at(started, point, action, delay_s)
        judge(started, run, actor, place.path('lines1'))
    finally:
        place.close()


def reference(version, name):
    """The points from the first command that changes something; of those
    before, when nothing was touched yet, a few."""
    place = pair.Place()
    try:
        started = Watched(place, version, name, False)
        run = started.begin().wait()
        check(run.code == 0, f'undisturbed: exit code {run.code}: {run.err}')
        found = lines.points(lines.read(started.log))
    finally:
        place.close()
    first = next(number for number, (_, line) in enumerate(found) if line.acts)
    chosen = found[:first:-(-first // N_EARLY)] + found[first:]
    return {point: line for point, line in chosen if point.endswith('-after')}


def sweep_kind(sweep, version, name):
    group = f'{version}-{name}'
    chosen = sweeping.alone(group)
    if not chosen:
        known = reference(version, name)
        chosen = sweeping.part_of([f'{group}-{point}-{action}'
                                   for point in known for action in ACTIONS],
                                  N_EARLY * len(ACTIONS))
        print(f'# {group}: {len(known)} points, {len(ACTIONS)} actions, '
              f'{len(chosen)} cases chosen', flush=True)
    for case in chosen:
        key, moment, action = case[len(group) + 1:].split('-', 2)
        sweep.case(case, actor_at, version, name, case, f'{key}-{moment}',
                   action)


if __name__ == '__main__':
    sweeping.main('actors', KINDS, sweep_kind)
