# SPDX-License-Identifier: LGPL-2.1-or-later
"""However a server fills the 10 MiB that one message may have: qmigrate needs at
most 100 MB to read it or to refuse it."""

import json
import os
import resource
import socket
import subprocess
import sys
import tempfile
import threading

LIMIT_KB = 100000
MESSAGE_BYTES = 10 * 1024 * 1024 - 100
GREETING = (b'{"QMP": {"version": {"qemu": {"micro": 0, "minor": 0, "major": '
            b'10}, "package": ""}, "capabilities": ["oob"]}}\r\n')


def filled(piece, head='[', tail=']', join=',', size=MESSAGE_BYTES):
    """As many pieces as fit."""
    n = (size - 2) // (len(piece) + len(join))
    return head + join.join([piece] * n) + tail


def members():
    names = (f'"{i:x}":1' for i in range(MESSAGE_BYTES // 9))
    return ('{' + ','.join(names))[:MESSAGE_BYTES].rsplit(',', 1)[0] + '}'


def schema():
    """As large as those of QEMU, ten times over."""
    row = {'name': '123', 'members': [{'name': f'member-{i}', 'type': '45',
                                       'default': None} for i in range(10)],
           'meta-type': 'object'}
    return json.dumps([row] * 2500)


# what is sent, and whether it must be read
CASES = {
    'numbers': (filled('1'), False),
    'empty strings': (filled('""'), False),
    'empty arrays': (filled('[]'), False),
    'empty objects': (filled('{}'), False),
    'nested arrays': (filled('[[[[1]]]]'), False),
    'small objects': (filled('{"a":1}'), False),
    'constants': (filled('null'), False),
    'broken numbers': (filled('1.5'), False),
    'members': (members(), False),
    'one string': ('"' + 'x' * (MESSAGE_BYTES - 2) + '"', True),
    'escapes': ('"' + '\\n' * (MESSAGE_BYTES // 2 - 2) + '"', True),
    'long strings': (filled('"' + 'x' * 1000 + '"'), True),
    'a large schema': (schema(), True),
    # about as many as are read, which is the worst case
    'enough numbers': (filled('1', size=1_200_000), True),
    'enough small objects': (filled('{"a":1}', size=720_000), True),
    'enough strings': (filled('"123456789"', size=3_500_000), True),
    'enough strings, long': (filled('"' + '1' * 100 + '"', size=8_500_000), True),
}


def serve(listener, value):
    """One client: every command gets the value; in the greeting's place too."""
    end, _ = listener.accept()
    with end:
        end.sendall(GREETING)
        for line in end.makefile('rb'):
            command = json.loads(line)
            reply = value if command['execute'] == 'query-status' else '{}'
            end.sendall(f'{{"return": {reply}, "id": {command["id"]}}}\r\n'
                        .encode())


# A process begins with the peak of the one that it was forked from.
MEASURE = """
import os, sys
pid = os.fork()
if pid == 0:
    os.dup2(os.open(os.devnull, os.O_RDWR), 1)
    os.execv(sys.argv[1], sys.argv[1:])
_, status, usage = os.wait4(pid, 0)
print(usage.ru_maxrss, os.waitstatus_to_exitcode(status))
"""


def peak_kb(path):
    done = subprocess.run([sys.executable, '-c', MEASURE,
                           os.environ['QMIGRATE'], 'qmp', path, 'query-status'],
                          stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, check=True)
    kb, code = map(int, done.stdout.split())
    return kb, code, done.stderr


def run(folder, name, value, is_read):
    path = os.path.join(folder, 'qmp')
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        thread = threading.Thread(target=serve, args=(listener, value),
                                  daemon=True)
        thread.start()
        kb, code, err = peak_kb(path)
    os.unlink(path)
    wrong = kb > LIMIT_KB or code != (0 if is_read else 1)
    print(f'{"not ok" if wrong else "ok"} {name}: {kb} kB, exit code {code} '
          f'{err.strip()[:200]}', flush=True)
    return not wrong


def main():
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with tempfile.TemporaryDirectory() as folder:
        results = [run(folder, name, *case) for name, case in CASES.items()]
    print(f'{len(results)} cases, {results.count(False)} failures')
    sys.exit(0 if all(results) else 1)


if __name__ == '__main__':
    main()
