# SPDX-License-Identifier: LGPL-2.1-or-later
"""Two QEMUs as qmigrate lab starts them, with nobody to look after them."""

import json
import os
import shutil
import subprocess
import tempfile
import time

from report import Failed

PATIENCE_S = 60
TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..')
QMIGRATE = os.environ.get('QMIGRATE') or \
    os.path.join(TOP, 'build', 'tools', 'qmigrate')
BUILD = os.path.dirname(os.path.dirname(QMIGRATE))
GUEST = os.path.join(BUILD, 'tools', 'guest', 'guest')
RAW = os.path.join(BUILD, 'tests', 'bench', 'raw')
COST = os.path.join(BUILD, 'tests', 'bench', 'cost')


class Pair:
    """The guest works on the source when __enter__() returns."""

    def __init__(self, options, *, starts_by_itself=False, memory_mib=256,
                 rate=0, beat_us=10000):
        self.folder = tempfile.mkdtemp(prefix='bench-')
        self.options = options
        self.memory_mib = memory_mib
        self.append = f'rate={rate} beat-us={beat_us}'
        self.uri = f'unix:{self.folder}/stream'
        self.starts_by_itself = starts_by_itself
        self.processes = []
        self.boot_us = None

    def path(self, name):
        return os.path.join(self.folder, name)

    def start(self, name, *more):
        return subprocess.Popen(
            [self.options.qemu, '-nodefaults', '-no-user-config',
             '-display', 'none', '-accel', self.options.accel,
             '-machine', 'q35', '-m', str(self.memory_mib), '-smp', '1',
             '-qmp', f'unix:{self.path(name)},server=on,wait=off',
             '-serial', f'file:{self.path(name)}.serial',
             '-kernel', GUEST, '-append', self.append, *more],
            stdin=subprocess.DEVNULL)

    def is_ready(self):
        try:
            with open(self.path('source.serial'), 'rb') as file:
                return b'\nready' in file.read() and \
                    os.path.exists(self.path('destination'))
        except FileNotFoundError:
            return False

    def __enter__(self):
        start = time.monotonic()
        waits = [] if self.starts_by_itself else ['-S']
        self.processes = [
            self.start('source'),
            self.start('destination', '-incoming', 'defer', *waits)]
        while not self.is_ready():
            if time.monotonic() - start > PATIENCE_S or \
                    any(one.poll() is not None for one in self.processes):
                self.__exit__()
                raise Failed('the guest did not start')
            time.sleep(0.002)
        self.boot_us = (time.monotonic() - start) * 1e6
        return self

    def __exit__(self, *_):
        for process in self.processes:
            process.kill()
            process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def qmigrate(self, *words):
        """qmigrate run's command line on this pair."""
        return [QMIGRATE, 'run', '--source', self.path('source'),
                '--destination', self.path('destination'), '--uri', self.uri,
                '--json', '-', *words]

    def raw(self, parameters, *more):
        return [RAW, self.path('source'),
                self.path('destination'), self.uri, parameters, *more]


def run(words):
    """What the command wrote to its standard output, as JSON; and the
    microseconds that it took in all, as the caller sees it."""
    start = time.monotonic()
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, check=False)
    wall_us = (time.monotonic() - start) * 1e6
    try:
        result = json.loads(done.stdout)
    except ValueError:
        result = None
    if done.returncode or result is None:
        raise Failed(f'{" ".join(words)}: exit code {done.returncode}: '
                     f'{done.stderr.strip()}')
    return result, wall_us, done.stderr
