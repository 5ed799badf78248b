# SPDX-License-Identifier: LGPL-2.1-or-later
"""Signals, limits and terminals never end qmigrate in the middle of a migration:
it goes on or cancels, and says where the guest is."""

import contextlib
import os
import resource
import signal
import subprocess
import termios

import pair
import tidy
from moments import NEVER_ENDS
from pair import check

RATE = 20000000


class Started(pair.Run):
    """qmigrate with a terminal, limits or signals of the test's choice."""

    def __init__(self, place, words, before, **files):
        stem = place.path(f'run{len(place.runs)}')
        self.words = words
        self.out_path, self.err_path = stem + '.out', stem + '.err'
        self.json_path = stem + '.json'
        self.code = self.result = None
        self.out = self.err = ''
        with open(self.out_path, 'wb') as out, open(self.err_path, 'wb') as err:
            self.process = subprocess.Popen(
                [pair.QMIGRATE, 'run', '--policy', 'qemu', '--source',
                 place.source.qmp, '--destination', place.destination.qmp,
                 '--json', self.json_path, *words], env=place.env,
                preexec_fn=before,
                **{'stdin': subprocess.DEVNULL, 'stdout': out, 'stderr': err,
                   **files})
        self.pid = self.process.pid
        place.runs.append(self)


def file_size_limit(place, version):
    """The trace outgrows it; the migration does not care."""
    place.pair(version)
    limit = 48 << 10

    def before():
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    run = Started(place, ('--trace', place.path('trace')), before).wait()
    place.runs_only_on(place.destination)
    run.ended(0, 'migrated')
    run.says('warning: the trace ', ' is not complete: File too large')
    check(os.path.getsize(place.path('trace')) <= limit, 'no limit was set')


def full_disk(place, version):
    place.pair(version)
    run = place.migrate('--trace', '/dev/full')
    place.runs_only_on(place.destination)
    run.ended(0, 'migrated')
    run.says('warning: the trace /dev/full is not complete: No space left')


def cancels(place, number):
    place.pair('7.2', rate=RATE)
    run = place.migrate(*NEVER_ENDS, wait=False)
    place.source.monitor.status('active')
    run.signal(number)
    run.wait().ended(5, 'cancelled', 'cancelled')
    place.is_as_before()


def does_nothing(place, number):
    place.pair('7.2')
    run = place.migrate('--max-bandwidth', '20MB/s', wait=False)
    place.source.monitor.status('active')
    run.signal(number)
    run.wait().ended(0, 'migrated')
    place.runs_only_on(place.destination)


def together(place):
    """Two signals that come at once are one request, not one to leave."""
    place.pair('7.2', rate=RATE)
    run = place.migrate(*NEVER_ENDS, wait=False)
    place.source.monitor.status('active')
    run.signal(signal.SIGSTOP)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        run.signal(number)
    run.signal(signal.SIGCONT)
    run.wait().ended(5, 'cancelled', 'cancelled')
    place.is_as_before()


def under_nohup(place):
    place.pair('7.2')
    run = Started(place, ('--max-bandwidth', '20MB/s'),
                  lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    place.source.monitor.status('active')
    run.signal(signal.SIGHUP)
    run.wait().ended(0, 'migrated')
    place.runs_only_on(place.destination)


def in_terminal(place, words):
    """qmigrate alone in a session of its own; returns the other end too."""
    master, slave = os.openpty()

    def before():
        os.setsid()
        os.login_tty(slave)
    run = Started(place, words, before, stdin=None, stdout=None, stderr=None)
    return run, master, slave


def terminal_is_closed(place, version):
    """SIGHUP, and then nothing can be printed any more."""
    place.pair(version, rate=RATE)
    run, master, slave = in_terminal(place, NEVER_ENDS)
    place.source.monitor.status('active')
    os.close(slave)
    os.close(master)
    pair.until(lambda: not run.is_running(), 'qmigrate ends')
    run.wait()
    check(run.code == 5, f'exit code {run.code}')
    check(run.result['outcome'] == 'cancelled', 'another outcome')
    place.is_as_before()


def terminal_is_stopped(place, version):
    """By Ctrl-S, in the middle of it: the guest does not wait for Ctrl-Q."""
    place.pair(version)
    run, master, slave = in_terminal(
        place, ('--progress', 'always', '--max-bandwidth', '20MB/s'))
    place.source.monitor.status('active')
    seen = b''
    while b' left, ' not in seen:
        seen += os.read(master, 4096)
    termios.tcflow(slave, termios.TCOOFF)
    place.runs_only_on(place.destination)
    termios.tcflow(slave, termios.TCOON)
    os.close(slave)
    with contextlib.suppress(OSError):  # all that it still prints, and its end
        while os.read(master, 4096):
            pass
    os.close(master)
    run.wait().ended(0, 'migrated')


def few_descriptors(place):
    """However few: it says why, or it migrates; it never crashes."""
    place.pair('7.2')
    for n in (*range(4, 24), 64, 66, 67):
        run = Started(place, (), lambda n=n: resource.setrlimit(
            resource.RLIMIT_NOFILE, (n, n))).wait()
        check(run.code == (0 if n == 67 else 1),
              f'{n}: exit code {run.code}: {run.err}')
        if run.code:
            run.says_one_error(hint=True)
            check(place.source.run_state() == 'running', 'it does not run')
    place.runs_only_on(place.destination)


def children_get_the_usual(place):
    """What qmigrate does about signals is not passed on to QEMUs."""
    run = tidy.start(place, *tidy.ENDLESS)
    tidy.reach(place, run, 'transfer')
    for pid in tidy.qemus_of(place):
        with open(f'/proc/{pid}/status', encoding='utf-8') as file:
            ignored = next(int(line.split()[1], 16) for line in file
                           if line.startswith('SigIgn'))
        check(not ignored >> signal.SIGXFSZ - 1 & 1, 'SIGXFSZ is ignored')
    run.signal(signal.SIGQUIT)
    run.wait().ended(5, 'cancelled', 'cancelled')


CASES = [
    *((f'{function.__name__}, {version}', function, version)
      for version in pair.QEMUS
      for function in (file_size_limit, terminal_is_closed,
                       terminal_is_stopped)),
    ('full disk', full_disk, '7.2'),
    *((f'cancels: {number.name}', cancels, number)
      for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT,
                     signal.SIGXCPU, signal.SIGALRM)),
    *((f'does nothing: {number.name}', does_nothing, number)
      for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGTTOU,
                     signal.SIGUSR1, signal.SIGUSR2)),
    ('together', together),
    ('under nohup', under_nohup),
    ('few descriptors', few_descriptors),
    ('children get the usual', children_get_the_usual),
]

if __name__ == '__main__':
    pair.main(CASES)
