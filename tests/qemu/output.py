# SPDX-License-Identifier: LGPL-2.1-or-later
"""What cannot be written is reported, turns exit code 0 into another, and never
hides where the guest is; and what comes from a file is escaped."""

import json
import os
import subprocess

import pair
from pair import check

LAB = ('lab', '--accel', 'tcg', '--memory', '64MiB')
NO_SPACE = 'error: cannot write to standard output: No space left on device'


def write_to(place, path, *words, stderr=subprocess.PIPE):
    """Any verb with its standard output to @path: its exit code and errors."""
    with open(path, 'wb') as file:
        done = subprocess.run([pair.QMIGRATE, *words], env=place.env, text=True,
                              stdin=subprocess.DEVNULL, stdout=file,
                              stderr=stderr, check=False)
    return done.returncode, done.stderr


def addresses(place):
    return ('--source', place.source.qmp, '--destination',
            place.destination.qmp)


def is_reported(place, code, *words, meaning=None):
    found, err = write_to(place, '/dev/full', *words)
    check(found == code, f'{words[0]}: exit code {found}, not {code}: {err}')
    check(err.count('error: ') == 1 and NO_SPACE in err,
          f'{words[0]}: not reported once: {err!r}')
    check(not meaning or meaning in err, f'{words[0]}: no {meaning!r}: {err!r}')
    # the same verb, to a file, has nothing to report
    found, err = write_to(place, place.path('out'), *words)
    check(found == 0, f'{words[0]}: exit code {found} without cause: {err}')


def without_a_qemu(place):
    for words in (('--help',), ('--version',), ('run', '--help'), ('caps',),
                  ('simulate', '--policy', 'qemu', '--model'),
                  ('tls', 'make', '--psk', place.path('key'), '--force'),
                  ('tls', 'check', place.path('key'))):
        is_reported(place, 1, *words)


def of_one_qemu(place, version):
    place.pair(version)
    both, source = addresses(place), ('--source', place.source.qmp)
    for words in (('check', *both), ('caps', *source), ('status', *both),
                  ('status', *source), ('run', '--dry-run', *both),
                  ('predict', *source),
                  ('qmp', place.source.qmp, 'query-version'),
                  ('qmp', place.source.qmp, 'query-status')):
        is_reported(place, 1, *words)


def after_a_migration(place, version):
    """Exit code 1 would say that the guest is on the source."""
    place.pair(version)
    code, err = write_to(place, '/dev/full', 'run', *addresses(place))
    place.runs_only_on(place.destination)
    check(code == 9, f'exit code {code}: {err}')
    check(NO_SPACE in err and 'the guest runs on the destination' in err,
          f'not said: {err!r}')


def closed(place, code, *words):
    done = subprocess.run(['sh', '-c', 'exec "$@" >&-', 'sh', pair.QMIGRATE,
                           *words], env=place.env, text=True, check=False,
                          stderr=subprocess.PIPE)
    check(done.returncode == code, f'{words[0]}: exit code {done.returncode}')
    check(done.stderr.count('error: cannot write ') == 1, f'{done.stderr!r}')


def to_a_closed_output(place, version):
    """As to a full disk."""
    place.pair(version)
    closed(place, 1, '--version')
    closed(place, 1, 'check', *addresses(place))
    closed(place, 9, 'run', *addresses(place), '--json', '-')
    place.runs_only_on(place.destination)


def without_standard_error(place, version):
    """Where nothing at all can be said, the exit code is left."""
    place.pair(version)
    with open('/dev/full', 'wb') as full:
        code, _ = write_to(place, '/dev/full', 'run', *addresses(place),
                           stderr=full)
    place.runs_only_on(place.destination)
    check(code == 9, f'exit code {code}')


def of_a_lab(place, version):
    lab = (*LAB, '--qemu', pair.QEMUS[version])
    code, err = write_to(place, '/dev/full', *lab)
    check(code == 9, f'exit code {code}: {err}')
    check(NO_SPACE in err and 'the guest runs on the destination' in err,
          f'not said: {err!r}')
    code, err = write_to(place, '/dev/full', *lab, '--quiet')
    check(code == 0, f'nothing to write, exit code {code}: {err}')


def to_a_reader_that_stops(place):
    """As head does.  That is no error to be told, but 0 it is not."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, 'wb') as pipe:
        done = subprocess.run([pair.QMIGRATE, 'caps'], env=place.env, text=True,
                              stdin=subprocess.DEVNULL, stdout=pipe,
                              stderr=subprocess.PIPE, check=False)
    check(done.returncode == 1, f'exit code {done.returncode}')
    check(done.stderr == '', f'it says {done.stderr!r}')


HOSTILE = '\x1b[31m\x9b31m\x07'


def has_no_controls(text, where):
    found = [c for c in text if c != '\n' and (ord(c) < 0x20 or
                                               0x7f <= ord(c) < 0xa0)]
    check(not found, f'{where}: {found} of {text!r}')


def of_a_scenario(place):
    """Names, values and keys, in the list, in errors, in a run, as TAP."""
    files = {
        'name': f'[a {HOSTILE}]\nmemory = 64MiB\n',
        'value': f'[a]\nmemory = {HOSTILE}\n',
        'key': f'[a]\n{HOSTILE} = 1\n',
        'line': f'[a]\n{HOSTILE}\n',
        'qemu': f'[a {HOSTILE}]\nqemu = /nowhere/{HOSTILE}\n',
        'choice': f'[a]\npattern = {HOSTILE}, x{HOSTILE}\n',
    }
    for name, text in files.items():
        path = place.path(f'{name}.ini')
        with open(path, 'w', encoding='utf-8') as file:
            file.write(text)
        for more in (('--list',), (), ('--tap',)):
            if name == 'name' and not more:
                continue  # it would migrate
            run = place.qmigrate('lab', '--scenario', path, '--qemu',
                                 '/nowhere', '--failed', place.path('failed'),
                                 *more)
            has_no_controls(run.out + run.err, f'{name} {more}')
            check(run.out or run.err, f'{name} {more}: nothing is said')


def of_names(place):
    """Of files, of the environment, of a verb, of an option."""
    for words in ((HOSTILE,), ('lab', f'--{HOSTILE}'), ('lab', HOSTILE),
                  ('run', '--source', HOSTILE, '--destination', 'b'),
                  ('lab', '--json', f'/nowhere/{HOSTILE}'),
                  ('lab', '--trace', f'/nowhere/{HOSTILE}'),
                  ('lab', '--scenario', f'/nowhere/{HOSTILE}'),
                  ('lab', '--qemu', f'/nowhere/{HOSTILE}'),
                  ('simulate', f'/nowhere/{HOSTILE}'),
                  ('qmp', f'/nowhere/{HOSTILE}', 'x'),
                  ('tls', 'check', f'/nowhere/{HOSTILE}'),
                  ('tls', 'make', f'/dev/null/{HOSTILE}')):
        run = place.qmigrate(*words)
        check(run.code != 0, f'{words}: exit code 0')
        has_no_controls(run.out + run.err, words)
    for folder in (f'/nowhere/{HOSTILE}', 'relative', '/' + 'x' * 100):
        run = place.qmigrate('lab', '--qemu', '/bin/true',
                             env={'TMPDIR': folder})
        check(run.code == 1, f'TMPDIR {folder}: exit code {run.code}')
        check('set TMPDIR to a short absolute path' in run.out + run.err,
              f'TMPDIR {folder}: said {run.out}{run.err}')
        has_no_controls(run.out + run.err, 'TMPDIR')


def in_json(place):
    """A terminal may show JSON too."""
    run = place.qmigrate('run', '--source', f'/nowhere/{HOSTILE}',
                         '--destination', 'b', '--json', '-')
    has_no_controls(run.out, 'json')
    check(HOSTILE in json.loads(run.out)['error']['message'], 'another text')


CASES = [
    ('of verbs that ask nobody', without_a_qemu),
    ('to a reader that stops', to_a_reader_that_stops),
    ('of a scenario', of_a_scenario),
    ('of names', of_names),
    ('in json', in_json),
    *((f'{function.__name__}, {version}', function, version)
      for version in pair.QEMUS
      for function in (of_one_qemu, after_a_migration, of_a_lab)),
    ('to a closed output', to_a_closed_output, '10.0'),
    ('without standard error', without_standard_error, '7.2'),
]

if __name__ == '__main__':
    pair.main(CASES)
