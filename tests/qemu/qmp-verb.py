# SPDX-License-Identifier: LGPL-2.1-or-later
"""qmigrate qmp against real QEMUs: one command, a script, the events, and the
shell on a terminal of its own."""

import contextlib
import json
import os
import pty
import re
import select
import signal
import socket
import subprocess
import termios
import threading
import time

import pair
from pair import Failed, check

TIMEOUT = '--timeout=10s'


def start(place, version):
    return place.qemu('source', version, '-machine', 'none', '-S')


def ask(place, qemu, *words, code=0):
    run = place.qmigrate('qmp', TIMEOUT, qemu.qmp, *words)
    check(run.code == code, f'{words}: exit code {run.code}, not {code}: '
          f'{run.err.strip()}')
    if code:
        check(not run.out, f'{words}: on stdout: {run.out!r}')
        run.says_one_error()
    return run


# one command


def prints_the_reply(place, version):
    qemu = start(place, version)
    status = json.loads(ask(place, qemu, 'query-status').out)
    check(status['status'] == 'prelaunch', f'{status}')
    check(ask(place, qemu, 'query-name').out == '{}\n', 'not {} alone')
    ask(place, qemu, 'cont')
    status = json.loads(ask(place, qemu, '{"execute": "query-status"}').out)
    check(status['running'], f'{status}')
    for name in json.loads(ask(place, qemu, 'query-commands').out):
        if name['name'] == 'query-qmp-schema':
            return
    raise Failed('query-commands is not whole')


def keeps_large_numbers(place, version):
    qemu = start(place, version)
    size = '18446744073709551615'
    ask(place, qemu, 'migrate-set-parameters', f'max-bandwidth={size}')
    out = ask(place, qemu, 'query-migrate-parameters').out
    check(f'"max-bandwidth": {size}' in out, f'not exact: {out}')
    found = qemu.monitor.execute('query-migrate-parameters')
    check(str(found['max-bandwidth']) == size, f'{found["max-bandwidth"]}')


def types_arguments(place, version):
    qemu = start(place, version)
    ask(place, qemu, 'migrate-set-capabilities',
        'capabilities=[{"capability": "events", "state": true}]')
    ask(place, qemu, 'object-add', 'qom-type=memory-backend-ram', 'id=m0',
        'size=1048576', 'share=true')
    out = ask(place, qemu, 'qom-get', 'path=/objects/m0', 'property=share').out
    check(out == 'true\n', f'{out!r}')
    ask(place, qemu, 'blockdev-add', 'driver=raw', 'node-name=n0',
        'file.driver=null-co', 'file.read-zeroes=true')
    ask(place, qemu, 'human-monitor-command', 'command-line=info name')


def passes_a_refusal_on(place, version):
    qemu = start(place, version)
    run = ask(place, qemu, 'object-del', 'id=m0', code=1)
    run.says("error: object-del: object 'm0' not found")
    check(run.err.count('\n') == 1, f'more than that: {run.err!r}')


def finds_mistakes(place, version):
    qemu = start(place, version)
    for words, said in (
            (('query-statu',), 'did you mean query-status?'),
            (('migrate-set-parameters', 'max-bandwith=1'),
             'did you mean max-bandwidth?'),
            (('balloon', 'value=x'), 'not a whole number'),
            (('query-status', 'x'), 'not NAME=VALUE'),
            (('--oob', 'yank'), 'options stand before QMP'),
            (('{"execute": 1}',), 'one name')):
        ask(place, qemu, *words, code=2).says(said, '  hint: ')
    place.qmigrate('qmp', '--oob', qemu.qmp, 'query-status').says(
        'out of band')


def speaks_out_of_band(place, version):
    """QEMU answers it, which it does to no command that it refuses OOB."""
    qemu = start(place, version)
    for words in (('--oob', qemu.qmp, 'migrate-pause'),
                  (qemu.qmp, '{"exec-oob": "migrate-pause"}')):
        run = place.qmigrate('qmp', *words)
        check(run.code == 1, f'exit code {run.code}')
        run.says('error: migrate-pause: ', 'postcopy')
    run = place.qmigrate('qmp', '--oob', qemu.qmp, 'yank', 'instances=[]')
    check((run.code, run.out) == (0, '{}\n'), f'{run.code} {run.err}')


def ends_qemu(place, version):
    qemu = start(place, version)
    check(ask(place, qemu, 'quit').out == '{}\n', 'no reply')
    pair.until(lambda: not qemu.is_alive(), 'QEMU ends')


def no_monitor_there(place):
    plain = place.path('plain')
    with open(plain, 'w', encoding='utf-8'):
        pass
    silent = place.held(socket.socket(socket.AF_UNIX))
    silent.bind(place.path('silent'))
    silent.listen()
    for address, said in (
            (place.path('nowhere'), 'no such file'),
            (plain, 'plain file'),
            (place.path('silent'), 'no QMP greeting'),
            ('exec:echo hello', 'QMP'),
            ('exec:false', 'QMP')):
        for words in (('query-status',), ()):
            run = place.qmigrate('qmp', '--timeout=300ms', address, *words)
            check(run.code == 1, f'{address}: exit code {run.code}')
            run.says_one_error(hint=True)
            run.says(said)
    for words in ((), ('--timeout=3apples', plain), ('tcp:nowhere',),
                  ('--oob', plain), ('--events=x', plain)):
        run = place.qmigrate('qmp', *words)
        check(run.code == 2, f'{words}: exit code {run.code}')
        run.says_one_error(hint=True)


def silent_command(place, version):
    """Nobody answers, and that is said, and not waited for."""
    qemu = start(place, version)
    qemu.signal(signal.SIGSTOP)
    try:
        run = place.qmigrate('qmp', '--timeout=300ms', qemu.qmp, 'query-status')
    finally:
        qemu.signal(signal.SIGCONT)
    check(run.code == 1, f'exit code {run.code}')
    run.says_one_error(hint=True)


# a script, and the events


def script(qemu, text, *options):
    return subprocess.run(
        [pair.QMIGRATE, 'qmp', *options, qemu.qmp], input=text,
        capture_output=True, text=True, check=False, timeout=pair.FAILSAFE_S)


def values(text):
    """The JSON values one behind the other."""
    decoder, found = json.JSONDecoder(), []
    while text := text.lstrip():
        value, end = decoder.raw_decode(text)
        found.append(value)
        text = text[end:]
    return found


def runs_a_script(place, version):
    qemu = start(place, version)
    done = script(qemu, '# on\ncont\n\nquery-status  # running\nstop\n'
                  '{"execute": "query-status"}')
    check(done.returncode == 0, f'exit code {done.returncode}: {done.stderr}')
    check([value.get('running') for value in values(done.stdout)]
          == [None, True, None, False], f'{done.stdout}')
    check(not done.stderr, f'{done.stderr!r}')
    check(script(qemu, '').returncode == 0, 'nothing is no failure')


def goes_on_after_a_failure(place, version):
    qemu = start(place, version)
    done = script(qemu, 'cont\nobject-del id=m0\nquery-nothing\nstop\nquit\nx')
    check(done.returncode == 1, f'exit code {done.returncode}')
    check(values(done.stdout) == [{}, {}], f'{done.stdout}')
    check('error: line 2: object-del: ' in done.stderr and
          'error: line 3: ' in done.stderr and 'line 6' not in done.stderr,
          f'{done.stderr}')
    check(script(qemu, 'query-nothing\nobject-del id=m0').returncode == 2,
          'not of the first failure')


def script_loses_qemu(place, version):
    qemu = start(place, version)
    check(script(qemu, '{"execute": "quit"}\n').returncode == 0, 'as told')
    other = place.qemu('other', version, '-machine', 'none', '-S')
    timer = threading.Timer(0.2, other.kill)
    with subprocess.Popen([pair.QMIGRATE, 'qmp', other.qmp],
                          stdin=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True) as process:
        timer.start()
        said = process.stderr.read()
        process.wait(pair.FAILSAFE_S)
    timer.join()
    check(process.returncode == 1, f'exit code {process.returncode}')
    check('error: ' in said and 'hint: ' in said, f'{said!r}')


def shows_events(place, version):
    qemu = start(place, version)
    run = place.qmigrate('qmp', '--events=2', qemu.qmp, 'query-name',
                         wait=False)
    pair.until(lambda: os.path.getsize(run.out_path), 'the reply')
    qemu.monitor.execute('cont')
    qemu.monitor.execute('stop')
    run.wait()
    lines = [json.loads(line) for line in run.out.splitlines()]
    check(run.code == 0, f'exit code {run.code}')
    check(lines[0] == {} and [line['event'] for line in lines[1:]]
          == ['RESUME', 'STOP'], f'{lines}')
    check(lines[1]['timestamp']['seconds'] > 0, 'no time')


def events_until_interrupted(place, version):
    qemu = start(place, version)
    run = place.qmigrate('qmp', '--events', qemu.qmp, 'cont', wait=False)
    pair.until(lambda: os.path.getsize(run.out_path), 'the event')
    run.signal(signal.SIGINT)
    run.wait()
    check(run.code == 0, f'exit code {run.code}')
    check('"event": "RESUME"' in run.out, f'{run.out!r}')
    check(ask(place, qemu, 'query-name').out == '{}\n', 'QEMU lives')


# the shell


class Terminal:
    """A shell on a terminal; text that came and was not looked for stays."""

    def __init__(self, place, qemu, env=None):
        self.master, slave = pty.openpty()
        termios.tcsetwinsize(self.master, (40, 100))
        self.text = ''
        self.process = subprocess.Popen(
            [pair.QMIGRATE, 'qmp', TIMEOUT, qemu.qmp], stdin=slave,
            stdout=slave, stderr=slave, start_new_session=True,
            preexec_fn=lambda: os.login_tty(slave),
            env={**place.env, 'TERM': 'xterm', 'INPUTRC': '/dev/null',
                 'XDG_STATE_HOME': place.path('state'), **(env or {})})
        os.close(slave)
        self.see(r'QEMU \d+\.\d+\.\d+\.')
        self.see('qemu> ')

    def read(self):
        end = time.monotonic() + pair.FAILSAFE_S
        ready, _, _ = select.select([self.master], [], [],
                                    end - time.monotonic())
        check(ready, f'nothing comes after {self.text!r}')
        try:
            data = os.read(self.master, 65536)
        except OSError:  # the other side is closed
            data = b''
        check(data, f'it ended after {self.text!r}')
        self.text += re.sub('\x1b\\[[0-9;?]*[a-zA-Z]', '',
                            data.decode(errors='replace'))

    def see(self, pattern):
        """Waits for this text; what was before it is dropped."""
        while not (found := re.search(pattern, self.text)):
            self.read()
        self.text = self.text[found.end():]
        return found.group()

    def type(self, text):
        os.write(self.master, text.encode())

    def ends(self, code):
        with contextlib.suppress(Failed):
            while True:
                self.read()
        found = self.process.wait(pair.FAILSAFE_S)
        check(found == code, f'exit code {found}, not {code}: {self.text!r}')
        return self

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.master)


def open_shell(place, qemu):
    return place.held(Terminal(place, qemu))


def answers_and_leaves(place, version):
    qemu = start(place, version)
    shell = open_shell(place, qemu)
    shell.type('query-status\r')
    shell.see('"prelaunch"')
    shell.type('query-statu\r')
    shell.see('did you mean query-status')
    shell.type('object-del id=m0\r')
    shell.see("error: object-del: object 'm0' not found")
    shell.type('help set_link\r')
    shell.see('name  string')
    shell.type('help\r')
    shell.see('query-status')
    shell.type('quit\r')
    shell.ends(0)
    check(ask(place, qemu, 'query-name').out == '{}\n', 'QEMU lives')
    shell = open_shell(place, qemu)
    shell.type('\x04')
    shell.ends(0)


def completes(place, version):
    shell = open_shell(place, start(place, version))
    shell.type('query-migrate-par\t')
    shell.see('query-migrate-parameters ')
    shell.type('\r')
    shell.see('"max-bandwidth"')
    shell.type('set_l\t')
    shell.see('set_link ')
    shell.type('na\t')
    shell.see('name=')
    shell.type('none u\t')
    shell.see('up=')
    shell.type('f\t')
    shell.see('up=false|alse')
    shell.type('\r')
    shell.see("error: set_link: Device 'none' not found")
    shell.type('quit\r')
    shell.ends(0)


def events_spare_the_line(place, version):
    qemu = start(place, version)
    shell = open_shell(place, qemu)
    shell.type('query-sta')
    shell.see('query-sta')
    qemu.monitor.execute('cont')
    shell.see(r'\d\d:\d\d:\d\d\.\d\d\d RESUME')
    shell.see('qemu> query-sta')
    qemu.monitor.execute('stop')
    shell.see(r'\d STOP')
    shell.see('qemu> query-sta')
    shell.type('tus\r')
    shell.see('"running": false')
    shell.type('half a line')
    shell.see('half a line')
    shell.type('\x03')
    shell.see(r'\^C')
    shell.see('qemu> ')
    shell.type('query-name\r')
    shell.see(r'\{\}')
    shell.type('quit\r')
    shell.ends(0)


def remembers(place, version):
    qemu = start(place, version)
    for first, then in (('query-name', 'query-uuid'), ('', '')):
        shell = open_shell(place, qemu)
        for line in (first, then, f' {first}'):
            if line.strip():
                shell.type(f'{line}\r')
                shell.see(r'\}')
        shell.type('\x1b[A\x1b[A')  # up, up
        shell.see('name')  # only what differs is drawn
        shell.type('\x03')
        shell.see(r'\^C')
        shell.type('\x04')
        shell.ends(0)
    path = place.path('state/qmigrate/qmp_history')
    with open(path, encoding='utf-8') as file:
        check(file.read() == 'query-name\nquery-uuid\n', 'another history')
    check(os.stat(path).st_mode & 0o077 == 0, 'others may read it')


def says_that_qemu_left(place, version):
    qemu = start(place, version)
    shell = open_shell(place, qemu)
    qemu.kill()
    shell.see('error: .*closed')
    shell.see('hint: ')
    shell.ends(1)
    qemu = place.qemu('other', version, '-machine', 'none', '-S')
    shell = open_shell(place, qemu)
    shell.type('{"execute": "quit"}\r')
    shell.ends(0)


def gives_the_terminal_back(place, version):
    qemu = start(place, version)
    shell = open_shell(place, qemu)
    shell.process.send_signal(signal.SIGSTOP)
    before = termios.tcgetattr(shell.master)
    cooked = list(before)
    cooked[3] |= termios.ICANON | termios.ECHO
    termios.tcsetattr(shell.master, termios.TCSANOW, cooked)  # as sh does
    shell.process.send_signal(signal.SIGCONT)
    pair.until(lambda: not termios.tcgetattr(shell.master)[3] & termios.ICANON,
               'readline has the terminal again')
    shell.process.send_signal(signal.SIGTERM)
    shell.ends(0)
    check(termios.tcgetattr(shell.master)[3] & termios.ICANON,
          'left as readline needs it')


def all_cases():
    yield 'no-monitor-there', no_monitor_there
    for version in ('7.2', '10.0'):
        for case in (prints_the_reply, keeps_large_numbers, types_arguments,
                     passes_a_refusal_on, finds_mistakes, speaks_out_of_band,
                     ends_qemu, silent_command, runs_a_script,
                     goes_on_after_a_failure, script_loses_qemu, shows_events,
                     events_until_interrupted, answers_and_leaves, completes,
                     events_spare_the_line, remembers, says_that_qemu_left,
                     gives_the_terminal_back):
            name = case.__name__.replace('_', '-')
            yield f'{name}-{version}', case, version


pair.main(all_cases())
