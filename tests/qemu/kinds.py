# SPDX-License-Identifier: LGPL-2.1-or-later
"""The kinds of migration that the sweeps run, each on a pair of its own: by
pre-copy, post-copy, post-copy with a recovery, TLS, through a file, and of a
guest that a person has paused."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from typing import NamedTuple

import lines
import pair
from pair import check, until

FORWARD = os.path.join(os.path.dirname(__file__), 'forward.py')
FAST = ('--max-bandwidth', '96MiB/s')
POSTCOPY = ('--postcopy', '--postcopy-after=1', '--max-bandwidth', '64MiB/s',
            '--set', f'max-postcopy-bandwidth={64 << 20}')


class Kind(NamedTuple):
    """A rate below the bandwidth ends by itself."""
    words: tuple
    rate: int = 10000000
    memory: int = 48
    versions: tuple = ('7.2', '10.0', '11.1')
    is_paused: bool = False
    is_forwarded: bool = False  # the stream passes through forward.py
    breaks: bool = False  # ... which is reset once, in post-copy
    has_tls: bool = False


KINDS = {
    'precopy': Kind(FAST),
    'postcopy': Kind(POSTCOPY, 60000000),
    'recovery': Kind(POSTCOPY, 60000000, is_forwarded=True, breaks=True),
    'tls': Kind(FAST, has_tls=True),
    'file': Kind((*FAST, '--uri', 'file:FOLDER/saved'),
                 versions=('10.0', '11.1')),  # 7.2 has no file:
    'paused': Kind(FAST, is_paused=True),
}


class Forwarding:
    """forward.py, running."""

    def __init__(self, place):
        self.listen, self.target = place.path('source.stream'), \
            place.path('destination.stream')
        self.process = subprocess.Popen(
            [sys.executable, '-B', FORWARD, self.listen, self.target])
        self.pid = self.process.pid
        until(lambda: os.path.exists(self.listen), 'the stream is forwarded')

    def words(self):
        return ('--uri', 'unix:' + self.target, '--source-uri',
                'unix:' + self.listen)

    def reset(self):
        self.process.send_signal(signal.SIGUSR1)

    def close(self):
        self.process.kill()
        self.process.wait()


class Started:
    """A pair with a run of this kind.  It can be run again while nothing was
    changed on either QEMU."""

    def __init__(self, place, version, name, more=lambda _: ()):
        """@more: words of the QEMU of this name."""
        kind = KINDS[name]
        self.place, self.kind = place, kind
        self.forward = None
        self.n_logs = 0
        self.run = self.log = None
        self.made = place.path('tls')
        place.env['XDG_STATE_HOME'] = place.path('state')
        place.pair(version, rate=kind.rate, memory=kind.memory,
                   source_more=more('source'),
                   destination_more=more('destination'))
        if kind.has_tls:
            made = place.qmigrate('tls', 'make', self.made, '--psk')
            check(made.code == 0, made.err)
        if kind.is_paused:
            place.source.monitor.execute('stop')
            place.source.monitor.event('STOP')
        if kind.is_forwarded:
            self.forward = place.held(Forwarding(place))
        self.settings = [qemu.settings() for qemu in self.qemus()]
        self.objects = [objects_of(qemu) for qemu in self.qemus()]

    def qemus(self):
        return self.place.source, self.place.destination

    def hooked(self, *words, point='', number=0, pid=None, wait=True):
        """A qmigrate whose lines are recorded into self.log."""
        self.n_logs += 1
        self.log = self.place.path(f'lines{self.n_logs}')
        return self.place.qmigrate(
            *words, wait=wait, env=lines.environment(
                self.place, self.log, point, number, pid))

    def verb(self, verb, *words, **how):
        """One that names both QEMUs and writes a result."""
        place = self.place
        return self.hooked(
            verb, '--source', place.source.qmp, '--destination',
            place.destination.qmp, '--json',
            place.path(f'run{len(place.runs)}.json'), *words, **how)

    def begin(self, point='', number=0, pid=None):
        """The run itself; signal @number for it or @pid at the point."""
        words = [word.replace('FOLDER', self.place.folder)
                 for word in self.kind.words]
        if self.kind.has_tls:
            words.append('--tls=' + self.made)
        if self.forward:
            words += self.forward.words()
        self.run = self.verb('run', *words, point=point, number=number,
                             pid=pid, wait=False)
        if self.kind.breaks:
            threading.Thread(target=self.break_in_postcopy, daemon=True,
                             args=(self.run,)).start()
        return self.run

    def break_in_postcopy(self, run):
        """Once the guest runs on the destination: its serial line says so, as
        the monitor is the other thread's."""
        destination = self.place.destination
        with contextlib.suppress(OSError):
            while run.is_running():
                if destination.n_beats():
                    self.forward.reset()
                    return
                time.sleep(0.002)

    def journals(self):
        """What qmigrate keeps of runs that are not over."""
        return [os.path.join(folder, name) for folder, _, names in
                os.walk(self.place.env['XDG_STATE_HOME']) for name in names]

    def is_moving(self):
        """Neither ended nor stopped at its point."""
        return self.run.is_running() and state_of(self.run.pid) != 'T'

    def is_untouched(self):
        """As before the run: it can be used for another case."""
        destination = self.place.destination
        return self.is_at_source() and \
            migration_of(destination) == 'none' and \
            destination.run_state() == 'inmigrate' and \
            destination.settings() == self.settings[1]

    def is_at_source(self):
        """The guest never left, and nothing is set that was not set before."""
        source = self.place.source
        usual = 'paused' if self.kind.is_paused else 'running'
        return source.is_alive() and source.migration() == 'none' and \
            source.run_state() == usual and \
            source.settings() == self.settings[0]

    def owner(self):
        """The QEMU that has the guest and is in the run state in which the
        guest was before: exactly one."""
        states = {qemu: qemu.run_state() for qemu in self.qemus()}
        said = ', '.join(f'{qemu.name} {state}/{migration_of(qemu)}'
                         for qemu, state in states.items())
        if self.kind.is_paused:
            check('running' not in states.values(),
                  f'the guest was paused, and runs: {said}')
            destination = self.place.destination
            source = self.place.source
            found = [source] if states[source] == 'paused' else []
            if states[destination] == 'paused' and \
                    migration_of(destination) == 'completed':
                found = [destination]
        else:
            found = [qemu for qemu, state in states.items()
                     if state == 'running']
        check(len(found) == 1, f'{len(found)} QEMUs have the guest: {said}')
        return found[0]

    def is_whole(self):
        """One QEMU has the guest, with its memory and its settings.  Returns
        that QEMU."""
        owner = self.owner()
        if self.kind.is_paused:
            owner.monitor.execute('cont')
            until(lambda: owner.run_state() == 'running', 'the guest runs')
        owner.beats_on()
        owner.is_intact()
        if self.kind.is_paused:
            owner.monitor.execute('stop')
        number = self.qemus().index(owner)
        for before, after in zip(self.settings[number], owner.settings()):
            check(before == after, f'left changed on the {owner.name}: '
                  f'{pair.pairs(before, after)}')
        for qemu, objects in zip(self.qemus(), self.objects):
            left = objects_of(qemu)
            check(left in (objects, None),
                  f'objects left on the {qemu.name}: {left}')
        return owner


def migration_of(qemu):
    """7.2's destination ends with a migration that is cancelled, which can be
    while it is asked."""
    try:
        return qemu.migration() if qemu.is_alive() else 'dead'
    except ConnectionError:
        return 'dead'


def objects_of(qemu):
    """Or None, if it is dead."""
    try:
        return sorted(one['name'] for one in qemu.monitor.execute(
            'qom-list', path='/objects'))
    except ConnectionError:
        return None


def state_of(pid):
    """A letter, as in /proc/PID/stat."""
    try:
        with open(f'/proc/{pid}/stat', encoding='utf-8') as file:
            return file.read().rsplit(')', 1)[1].split()[0]
    except FileNotFoundError:
        return 'X'
