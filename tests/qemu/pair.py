# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests with real QEMUs share: two QEMUs with a guest, a monitor of
the test's own on each, qmigrate and its result, and a table of cases.

Nothing here waits for a time: it waits for a fact, and FAILSAFE_S only ends a
test whose fact never comes."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import versions

FAILSAFE_S = 60
QMIGRATE = os.environ.get('QMIGRATE', '')
GUEST = os.path.join(os.path.dirname(QMIGRATE), 'guest', 'guest')
MACHINE = 'pc-q35-7.2'  # both QEMUs have it
SETTINGS = ('query-migrate-capabilities', 'query-migrate-parameters')


class Failed(Exception):
    """The case found something wrong."""


def check(right, why):
    if not right:
        raise Failed(why)


def until(fact, what, failsafe_s=None):
    """What fact() returns as soon as it is true."""
    end = time.monotonic() + (failsafe_s or FAILSAFE_S)
    while not (value := fact()):
        if time.monotonic() > end:
            raise Failed(f'never came true: {what}')
        time.sleep(0.01)
    return value


QEMUS = versions.find_qemus()


class Monitor:
    """A QMP session of the test's own; events are kept in order."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(FAILSAFE_S)
        self.socket.connect(path)
        self.bytes = b''
        self.events = []
        # An event of the moment of connecting can come before the greeting.
        while 'QMP' not in self.receive():
            pass
        self.execute('qmp_capabilities')

    def receive(self):
        while b'\n' not in self.bytes:
            data = self.socket.recv(65536)
            if not data:
                raise ConnectionError('the monitor was closed')
            self.bytes += data
        line, self.bytes = self.bytes.split(b'\n', 1)
        return json.loads(line)

    def execute(self, command, **arguments):
        words = {'execute': command}
        if arguments:
            words['arguments'] = arguments
        self.socket.sendall(json.dumps(words).encode() + b'\n')
        while True:
            message = self.receive()
            if 'event' in message:
                self.events.append(message)
            elif 'error' in message:
                raise Failed(f'{command}: {message["error"]["desc"]}')
            else:
                return message['return']

    def event(self, name):
        """Waits for the next event of this name; drops those before."""
        while True:
            message = self.events.pop(0) if self.events else self.receive()
            if message.get('event') == name:
                return message.get('data', {})

    def status(self, *wanted):
        """Waits until the migration has one of these statuses."""
        while (status := self.event('MIGRATION')['status']) not in wanted:
            check(status not in ('completed', 'failed', 'cancelled'),
                  f'{status} instead of {"/".join(wanted)}')
        return status

    def close(self):
        self.socket.close()


class Qemu:
    """One QEMU: self.qmp is for qmigrate, self.monitor for the test."""

    def __init__(self, folder, name, version, words, prefix=()):
        self.name = name
        self.stem = os.path.join(folder, name)
        self.qmp = self.stem + '.qmp'
        # The guest's line.  Not a socket, on which QEMU can come to a halt in
        # the moment in which somebody connects.
        self.serial = self.stem + '.line.out'  # all that it says
        os.mkfifo(self.stem + '.line.in')
        with open(self.serial, 'xb'):
            pass
        for end in ('.in', '.out'):  # it may run as another user
            os.chmod(self.stem + '.line' + end, 0o666)
        self.log = open(self.stem + '.stderr', 'w+', encoding='utf-8')
        self.process = subprocess.Popen(
            [*prefix, QEMUS[version], '-nodefaults', '-no-user-config',
             '-display', 'none', '-accel', 'tcg',
             '-qmp', f'unix:{self.qmp},server=on,wait=off',
             '-qmp', f'unix:{self.stem}.own,server=on,wait=off',
             '-chardev', f'pipe,id=line,path={self.stem}.line',
             '-serial', 'chardev:line', *words],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        self.pid = self.process.pid
        self.monitor = until(self.connect, f'the monitor of {name}')

    def connect(self):
        check(self.is_alive(), f'{self.name} did not start: {self.words()}')
        try:
            return Monitor(self.stem + '.own')
        except (FileNotFoundError, ConnectionRefusedError):
            return None

    def is_alive(self):
        return self.process.poll() is None

    def words(self):
        """What it wrote to its standard error."""
        with open(self.log.name, encoding='utf-8') as file:
            return file.read().strip()

    def signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def run_state(self):
        """Asked of QEMU itself; 'dead' if there is nobody to ask."""
        if self.is_alive():
            with contextlib.suppress(ConnectionError):
                return self.monitor.execute('query-status')['status']
            self.process.wait(FAILSAFE_S)
        return 'dead'

    def migration(self):
        return self.monitor.execute('query-migrate').get('status', 'none')

    def settings(self):
        return [self.monitor.execute(name) for name in SETTINGS]

    def n_beats(self):
        return self.n_said('b')

    def is_ready(self):
        with open(self.serial, 'rb') as file:
            text = file.read()
        check(b'panic' not in text, f'the guest gave up: {text[-200:]!r}')
        return b'\nready' in text

    def beats_on(self):
        """The guest does not only count as running, it works."""
        before = self.n_beats()
        until(lambda: self.n_beats() > before, f'a heartbeat from {self.name}')

    def said(self, word):
        """The members of the guest's last line with this word, or None."""
        with open(self.serial, 'rb') as file:
            lines = file.read().decode(errors='replace').split('\n')
        for line in reversed(lines[:-1]):  # the last is not whole
            if line.startswith(word + ' '):
                return dict(member.split('=') for member in line.split()[1:])
        return None

    def said_anew(self, word, n_before):
        return self.n_said(word) > n_before and self.said(word)

    def n_said(self, word):
        """So many whole lines of the guest begin with this word."""
        with open(self.serial, 'rb') as file:
            text = file.read()
        return text[:text.rfind(b'\n') + 1].count(f'\n{word} '.encode())

    def is_intact(self):
        """The guest looks at all its memory and finds what it wrote."""
        n_before = self.n_said('verify')
        # Not blocking: a QEMU that is gone is an error here.
        line = os.open(self.stem + '.line.in', os.O_WRONLY | os.O_NONBLOCK)
        try:
            os.write(line, b'v')
        finally:
            os.close(line)
        found = until(lambda: self.said_anew('verify', n_before),
                      'the guest verifies')
        check(int(found['pages']) > 0 and found['bad'] == '0'
              and found['lost-writes'] == '0', f'the memory is torn: {found}')

    def close(self):
        if self.is_alive():
            self.kill()
        self.monitor.close()
        self.log.close()


class Run:
    """qmigrate, running or ended; self.result is what --json told."""

    def __init__(self, place, words, env, stem, stderr=None):
        self.words = words
        self.out_path, self.err_path = stem + '.out', stem + '.err'
        self.json_path = stem + '.json'
        self.code = self.result = None
        self.out = self.err = ''
        with open(self.out_path, 'wb') as out, open(self.err_path, 'wb') as err:
            self.process = subprocess.Popen(
                [QMIGRATE, *words], stdin=subprocess.DEVNULL, stdout=out,
                stderr=stderr or err, env=env)
        self.pid = self.process.pid

    def signal(self, number):
        self.process.send_signal(number)

    def is_running(self):
        return self.process.poll() is None

    def wait(self, failsafe_s=None):
        self.code = self.process.wait(failsafe_s or FAILSAFE_S)
        with open(self.out_path, encoding='utf-8') as file:
            self.out = file.read()
        with open(self.err_path, encoding='utf-8') as file:
            self.err = file.read()
        if os.path.exists(self.json_path):
            with open(self.json_path, encoding='utf-8') as file:
                self.result = json.load(file)
        return self

    def ended(self, code, outcome, error=None):
        """Exit code and result say the same, and what they shall."""
        result = self.result
        check(self.code == code, f'exit code {self.code}, not {code}: '
              f'{self.err.strip() or self.out.strip()}')
        check(result, 'no result was written')
        check(result['exit_code'] == code, 'another code in the result')
        check(result['outcome'] == outcome, f'outcome {result["outcome"]}')
        found = result['error'] and result['error']['code']
        check(found == error if isinstance(error, (str, type(None)))
              else found in error, f'error.code {found}, not {error}: '
              f'{self.err.strip()}')
        if found:
            self.says_one_error()
        return self

    def says_one_error(self, hint=False):
        """On stderr: what and where, and nothing of our own libraries."""
        lines = self.err.splitlines()
        count = sum(line.startswith('error: ') for line in lines)
        check(count == 1, f'{count} errors on stderr: {self.err!r}')
        check(not hint or any(line.startswith('  hint: ') for line in lines),
              f'no hint: {self.err!r}')
        for word in ('CRITICAL', 'WARNING **', 'GLib', 'Assertion'):
            check(word not in self.err, f'{word} on stderr: {self.err!r}')

    def says(self, *words):
        for word in words:
            check(word in self.err, f'{word!r} is not said: {self.err!r}')


class Place:
    """What one case starts; all of it ends with it, by its own pid."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix='qm-')
        self.tmp = os.path.join(self.folder, 'tmp')
        os.mkdir(self.tmp)
        self.env = {**os.environ, 'TMPDIR': self.tmp,
                    'XDG_STATE_HOME': self.path('state')}
        self.runs, self.qemus, self.others = [], [], []
        self.source = self.destination = None
        self.prefix = {}  # by name: what a QEMU is started by

    def path(self, name):
        return os.path.join(self.folder, name)

    def qemu(self, name, version, *words):
        self.qemus.append(Qemu(self.folder, name, version, words,
                               self.prefix.get(name, ())))
        return self.qemus[-1]

    def pair(self, source='7.2', destination=None, *, rate=0, memory=64,
             machine=MACHINE, destination_machine=None, destination_memory=None,
             more=(), source_more=(), destination_more=(), content='random'):
        """Two QEMUs; returns when the guest works on the source."""
        guest = guest_words(rate, content)
        self.source = self.qemu(
            'source', source, '-machine', machine, '-m', str(memory), *guest,
            *more, *source_more)
        self.destination = self.qemu(
            'destination', destination or source, '-machine',
            destination_machine or machine, '-m',
            str(destination_memory or memory), *guest, '-S', '-incoming',
            'defer', *more, *destination_more)
        until(self.source.is_ready, 'the guest works')
        self.before = self.source.settings()
        return self

    def start_third(self, version, memory):
        """One more that waits for the guest of pair()."""
        return self.qemu('third', version, '-machine', MACHINE, '-m',
                         str(memory), *guest_words(), '-S', '-incoming',
                         'defer')

    def qmigrate(self, *words, env=None, wait=True):
        """Any verb; without --json, unless it is among the words."""
        run = Run(self, words, {**self.env, **(env or {})},
                  self.path(f'run{len(self.runs)}'))
        self.runs.append(run)
        return run.wait() if wait else run

    def migrate(self, *words, source=None, destination=None, wait=True):
        """qmigrate run on the pair; hands off, if nothing is said: most cases
        are about QEMU's own ways."""
        json_path = self.path(f'run{len(self.runs)}.json')
        if '--policy' not in words:
            words = ('--policy', 'qemu', *words)
        return self.qmigrate(
            'run', '--source', source or self.source.qmp, '--destination',
            destination or self.destination.qmp, '--json', json_path, *words,
            wait=wait)

    def recover(self, *words, source=None, destination=None, wait=True):
        """qmigrate recover on the pair."""
        json_path = self.path(f'run{len(self.runs)}.json')
        return self.qmigrate(
            'recover', '--source', source or self.source.qmp, '--destination',
            destination or self.destination.qmp, '--json', json_path, *words,
            wait=wait)

    def held(self, thing):
        """To be closed with the place."""
        self.others.append(thing)
        return thing

    # what is true afterwards

    def runs_where(self):
        states = {qemu.name: qemu.run_state() for qemu in self.qemus}
        return [name for name, state in states.items() if state == 'running']

    def runs_only_on(self, qemu):
        until(lambda: self.runs_where() == [qemu.name],
              f'the guest runs on the {qemu.name} alone')
        qemu.beats_on()

    def is_as_before(self):
        """The guest works on the source, which has its settings back."""
        self.runs_only_on(self.source)
        self.has_settings_back()

    def was_cancelled_elsewhere(self, run):
        """QEMU breaks the channel before it is cancelling; who sees that first
        makes it failed for good, and then nobody can tell more."""
        if self.source.migration() == 'failed':
            # 7.2's destination ends of it, which may be heard first
            run.ended(4, 'failed', ('migration-failed', 'destination-lost'))
        else:
            run.ended(5, 'cancelled', 'cancelled-elsewhere')

    def has_settings_back(self):
        for before, after in zip(self.before, self.source.settings()):
            check(before == after,
                  f'left changed: {[(a, b) for a, b in pairs(before, after)]}')

    def left_nothing(self):
        """No file of qmigrate's and no process."""
        left = os.listdir(self.tmp)
        check(not left, f'left behind: {left}')
        check(not self.of_qmigrate(), 'a process was left behind')

    def journals(self):
        """The records of migrations that are not over."""
        folder = self.path('state/qmigrate')
        return os.listdir(folder) if os.path.isdir(folder) else []

    def of_qmigrate(self):
        """The pids of everything that qmigrate started, found by TMPDIR."""
        mark = f'TMPDIR={self.tmp}'.encode()
        own = [run.pid for run in self.runs]
        found = []
        for pid in filter(str.isdigit, os.listdir('/proc')):
            try:
                with open(f'/proc/{pid}/environ', 'rb') as file:
                    is_ours = any(word == mark or word.startswith(mark + b'/')
                                  for word in file.read().split(b'\0'))
                with open(f'/proc/{pid}/stat', encoding='utf-8') as file:
                    is_gone = file.read().rsplit(')', 1)[1].split()[0] in 'ZX'
            except OSError:
                continue
            if is_ours and not is_gone and int(pid) not in own:
                found.append(int(pid))
        return found

    def close(self):
        for run in self.runs:
            if run.is_running():
                run.process.kill()
                run.process.wait()
        for thing in self.others:
            thing.close()
        for qemu in self.qemus:
            qemu.close()
        for pid in self.of_qmigrate():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        until(lambda: not self.of_qmigrate(), 'everything is gone')
        shutil.rmtree(self.folder, ignore_errors=True)

    def tell(self):
        """After a failure: what was run and what was said."""
        for run in self.runs:
            print('# qmigrate', *run.words)
            with open(run.err_path, encoding='utf-8') as file:
                print(''.join(f'#   {line}' for line in file.readlines()[-20:]),
                      end='')
        for qemu in self.qemus:
            print(f'# {qemu.name}: {qemu.words()}')


def guest_words(rate=0, content='random'):
    return ('-kernel', GUEST, '-append',
            f'rate={rate} content={content} beat-us=10000')


def pairs(before, after):
    """What differs, of two lists of capabilities or two sets of parameters."""
    if isinstance(before, list):
        before, after = ({one['capability']: one['state'] for one in side}
                         for side in (before, after))
    return [(f'{name}={before.get(name)}', after.get(name))
            for name in {**before, **after}
            if before.get(name) != after.get(name)]


def run_case(name, function, words):
    place = Place()
    try:
        function(place, *words)
        place.left_nothing()
        print(f'ok {name}', flush=True)
        return True
    except Exception as error:  # whatever it is, the next case has a right
        what = error if isinstance(error, Failed) \
            else f'{type(error).__name__}: {error}'
        print(f'not ok {name}: {what}', flush=True)
        place.tell()
        return False
    finally:
        place.close()


def main(cases):
    """Runs (name, function, words...); with arguments, those named so."""
    if not QMIGRATE or not QEMUS:
        print('QMIGRATE is not set' if QEMUS else 'no QEMU to test with')
        sys.exit(77)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    n_run = 0
    failed = []
    for name, function, *words in cases:
        if sys.argv[1:] and not any(word in name for word in sys.argv[1:]):
            continue
        missing = versions.named_in(words) - set(QEMUS)
        if missing:
            print(f'skipped {name}: no QEMU {" and ".join(missing)}')
            continue
        n_run += 1
        start = time.monotonic()
        if not run_case(name, function, words):
            failed.append(name)
        if 'TIMES' in os.environ:
            print(f'#   {time.monotonic() - start:.1f} s', flush=True)
    print(f'{n_run} cases, {len(failed)} failures', *failed)
    sys.exit(1 if failed else 0 if n_run else 77)
