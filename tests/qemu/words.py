# SPDX-License-Identifier: LGPL-2.1-or-later
"""What qmigrate writes: the trace, the result, and what people see."""

import json
import os
import pty
import select
import signal
import subprocess

import pair
from moments import NEVER_ENDS, start_endless
from pair import check

LAB = ('lab', '--accel', 'tcg', '--memory', '64MiB')


def trace_is_json(place, version):
    """Each line is one document, in order, and both sides' words are in it."""
    place.pair(version)
    place.migrate('--trace', place.path('trace')).ended(0, 'migrated')
    with open(place.path('trace'), encoding='utf-8') as file:
        text = file.read()
    check(text.endswith('}\n'), 'the last line is not whole')
    lines = [json.loads(line) for line in text.splitlines()]
    for side in ('source', 'destination'):
        for way in ('sent', 'received'):
            times = [line['time_us'] for line in lines if line['kind'] == 'qmp'
                     and (line['side'], line['direction']) == (side, way)]
            check(times == sorted(times), f'{way}, {side}: not in order')
    said = {(line['side'], line['direction']) for line in lines
            if line['kind'] == 'qmp'}
    check(len(said) == 4, f'only {said}')
    sent = [line['message'].get('execute') for line in lines
            if line['kind'] == 'qmp' and line['direction'] == 'sent']
    for command in ('qmp_capabilities', 'migrate-incoming', 'migrate',
                    'migrate-continue', 'cont'):
        check(command in sent, f'{command} is not in it')
    phases = [line['to'] for line in lines if line['kind'] == 'phase']
    check(phases[-6:] == ['prepare', 'transfer', 'switchover', 'settle',
                          'roll-back', 'done'], f'{phases}')


def trace_of_killed(place):
    """What was written until then is whole lines."""
    place.pair('7.2', rate=20000000)
    run = place.migrate(*NEVER_ENDS, '--trace', place.path('trace'), wait=False)
    place.source.monitor.status('active')
    run.process.kill()
    run.process.wait()
    with open(place.path('trace'), encoding='utf-8') as file:
        for line in file.read().split('\n')[:-1]:
            json.loads(line)
    for name in os.listdir(place.tmp):  # nobody is there to unlink the socket
        check(name.endswith('.stream'), f'left {name}')
        os.unlink(os.path.join(place.tmp, name))


def without_standard_files(place):
    """What would be printed must not reach a monitor that got the number 2."""
    place.pair('7.2')
    words = [pair.QMIGRATE, 'run', '--source', place.source.qmp,
             '--destination', place.destination.qmp, '--enable', 'teleport']
    done = subprocess.run(['sh', '-c', 'exec "$@" <&- >&- 2>&-', 'sh', *words],
                          env=place.env, check=False)
    check(done.returncode == 3, f'exit code {done.returncode}')
    place.is_as_before()


def json_through_a_link(place):
    """The link stays, what it leads to is written."""
    place.pair('7.2')
    os.symlink('real.json', place.path('link.json'))
    with open(place.path('real.json'), 'w', encoding='utf-8') as file:
        file.write('old')
    place.qmigrate('run', '--source', place.source.qmp, '--destination',
                   place.destination.qmp, '--json', place.path('link.json'))
    check(os.path.islink(place.path('link.json')), 'the link is gone')
    with open(place.path('real.json'), encoding='utf-8') as file:
        check(json.load(file)['outcome'] == 'migrated', 'not written')


def json_is_atomic(place):
    """Until the end the file is the old one, then it is the new one."""
    old = '{"old": true}'
    with open(place.path('run0.json'), 'w', encoding='utf-8') as file:
        file.write(old)
    os.link(place.path('run0.json'), place.path('old'))
    run = start_endless(place, '7.2', '7.2')
    with open(run.json_path, encoding='utf-8') as file:
        check(file.read() == old, 'written before the end')
    run.signal(signal.SIGINT)
    run.wait().ended(5, 'cancelled', 'cancelled')
    with open(place.path('old'), encoding='utf-8') as file:
        check(file.read() == old, 'written in place')
    extra = [name for name in os.listdir(place.folder)
             if name.startswith('run0.json') and name != 'run0.json']
    check(not extra, f'left {extra}')


def json_alone(place):
    """--json - has standard output for itself, whatever happens."""
    place.pair('7.2', rate=20000000)
    words = ('run', '--source', place.source.qmp, '--destination',
             place.destination.qmp, '--json', '-')
    for more, code in ((('--enable', 'teleport'), 3),
                       ((*NEVER_ENDS, '--timeout', '200ms'), 4)):
        run = place.qmigrate(*words, *more)
        check(run.code == code, f'exit code {run.code}: {run.err}')
        check(json.loads(run.out)['exit_code'] == code, 'another exit code')
        run.says_one_error()


def json_on_full_disk(place):
    """The guest is where it is, and only the result was not written."""
    place.pair('7.2')
    run = place.qmigrate('run', '--source', place.source.qmp, '--destination',
                         place.destination.qmp, '--json', '/dev/full')
    place.runs_only_on(place.destination)
    check(run.code == 9, f'exit code {run.code}')
    run.says_one_error(hint=True)
    run.says('/dev/full')
    check(run.out.startswith('migrated: '), 'it is not said that it migrated')


def json_of_early_failure(place):
    run = place.qmigrate('run', '--source', 'a', '--destination', 'a', '--json',
                         place.path('run0.json'))
    run.ended(3, 'refused', 'same-qemu')
    check(run.result['schema'] == 'qmigrate.result/1', 'schema')


ONE_FILE = {
    'json-and-trace': ('--json', '{0}', '--trace', '{0}'),
    'json-and-uri': ('--json', '{0}', '--uri', 'file:{0}'),
    'trace-and-uri': ('--trace', '{0}', '--uri', 'file:{0}'),
    'standard-output': ('--json', '-', '--trace', '-'),
}


def one_file(place, words):
    """Each would write over the other, so none of them does."""
    path = place.path('one')
    for verb in (('run', '--source', 'a', '--destination', 'b'),
                 ('check', '--source', 'a', '--destination', 'b'), LAB):
        run = place.qmigrate(*verb, *(word.format(path) for word in words))
        check(run.code == 2, f'exit code {run.code}: {run.err}')
        run.says_one_error(hint=True)
        run.says('both name the same file')
        check(not os.path.exists(path), 'it was made')


def json_of_wrong_words(place):
    """An old result would be taken for the new one."""
    for verb, *words in (('caps', 'word'), ('check', '--source', 'a'),
                         ('run', '--source', 'a'),
                         ('lab', '--timeout', '3parsecs')):
        with open(place.path('result'), 'w', encoding='utf-8') as file:
            file.write('old')
        run = place.qmigrate(verb, '--json', place.path('result'), *words)
        check(run.code == 2, f'exit code {run.code}: {run.err}')
        with open(place.path('result'), encoding='utf-8') as file:
            check(json.load(file)['outcome'] == 'usage', 'another outcome')


def nothing_to_obey(place):
    """A terminal does not obey what stands in a name."""
    red = '\x1b[31mred'
    for words in ((red,), ('caps', red), ('check', red, '--source', 'a',
                                         '--destination', 'b'),
                  (*LAB, '--enable', red)):
        run = place.qmigrate(*words)
        check(run.code in (2, 3), f'exit code {run.code}: {run.err}')
        check('\x1b' not in run.err + run.out, f'said {run.err!r}')
        run.says_one_error(hint=True)
        run.says('\\x1b[31mred')


def output_is_lost(place):
    """Nobody reads it: that is no success."""
    place.pair('7.2')
    words = ('--source', place.source.qmp, '--destination',
             place.destination.qmp)
    for verb in (('check',), ('run', '--dry-run')):
        reader, writer = os.pipe()
        os.close(reader)
        done = subprocess.run([pair.QMIGRATE, *verb, *words], stdout=writer,
                              env=place.env, check=False)
        os.close(writer)
        check(done.returncode == 1, f'{verb}: exit code {done.returncode}')


def check_quietly(place):
    """The errors are left, on standard output as without, and their hints."""
    place.pair('7.2')
    words = ('check', '--quiet', '--source', place.source.qmp)
    run = place.qmigrate(*words, '--destination', place.destination.qmp)
    check((run.code, run.out, run.err) == (0, '', ''), f'said {run.out!r}')
    third = place.qemu('third', '7.2', '-machine', pair.MACHINE, '-m', '64')
    run = place.qmigrate(*words, '--destination', third.qmp)
    check(run.code == 3, f'exit code {run.code}: {run.err}')
    lines = run.out.splitlines()
    check(lines[0].startswith('error: destination: ') and
          lines[0].endswith('[not-waiting]'), f'said {run.out!r}')
    check('-incoming defer' in lines[1], f'said {run.out!r}')
    third.kill()


def dry_run(place):
    """Warnings and refusals are told as a run does, and in the plan."""
    place.pair('7.2')
    run = place.migrate('--dry-run', '--multifd=17')
    check(run.code == 0, f'exit code {run.code}: {run.err}')
    check(run.result['commands'], 'nothing would be sent')
    check(run.err.startswith('warning: '), f'said {run.err!r}')
    run = place.migrate('--dry-run', '--enable', 'teleport')
    check(run.code == 3, f'exit code {run.code}: {run.err}')
    run.says_one_error(hint=True)
    check(run.result['schema'] == 'qmigrate.plan/1', f'{run.result}')
    check(run.result['commands'] == [], f'{run.result["commands"]}')
    check(run.result['findings'][0]['code'] == 'unknown-name',
          f'{run.result["findings"]}')
    place.is_as_before()


def quiet(place):
    run = place.qmigrate(*LAB, '--quiet')
    check(run.code == 0, f'exit code {run.code}')
    check(run.out == '' and run.err == '', f'said {run.out!r}{run.err!r}')


def quiet_failure(place):
    """Errors are said all the same."""
    run = place.qmigrate(*LAB, '--quiet', '--dirty-rate', '50MB/s', *NEVER_ENDS,
                         '--timeout', '200ms')
    check(run.code == 4, f'exit code {run.code}')
    check(run.out == '', f'said {run.out!r}')
    run.says_one_error(hint=True)


def progress_to_file(place):
    """None without a terminal, unless asked for; then plain lines."""
    run = place.qmigrate(*LAB)
    check(run.code == 0 and run.err == '', f'said {run.err!r}')
    run = place.qmigrate(*LAB, '--progress', 'always')
    check(run.code == 0, f'exit code {run.code}')
    check(len(run.err.splitlines()) >= 2, f'said {run.err!r}')
    check('\033' not in run.err and '\r' not in run.err, f'said {run.err!r}')
    check('\033' not in run.out, f'said {run.out!r}')
    run = place.qmigrate(*LAB, '--progress', 'always', '--quiet')
    check(run.err == '', f'said {run.err!r}')


def on_terminal(place, *words):
    """What a lab writes to a terminal on its standard error."""
    terminal, end = pty.openpty()
    run = pair.Run(place, (*LAB, *words), place.env,
                   place.path(f'run{len(place.runs)}'), stderr=end)
    place.runs.append(run)
    os.close(end)
    said = b''
    while select.select([terminal], [], [], pair.FAILSAFE_S)[0]:
        try:
            data = os.read(terminal, 65536)
        except OSError:  # EIO: nobody has the other end any more
            break
        said += data
    os.close(terminal)
    check(run.wait().code == 0, f'exit code {run.code}')
    return said


def progress_on_terminal(place):
    said = on_terminal(place)
    check(b'\r' in said, f'said {said!r}')
    check(said.endswith(b'\r\033[K'), 'the line is left behind')
    check(on_terminal(place, '--progress', 'never') == b'', 'not never')
    check(on_terminal(place, '--quiet') == b'', 'not quiet')


def for_people(place):
    """Standard output carries the result."""
    run = place.qmigrate(*LAB)
    for word in ('migrated: ', 'downtime', 'memory', 'intact', 'heartbeats'):
        check(word in run.out, f'{word} is not in {run.out!r}')
    check(all(len(line) < 400 for line in run.out.splitlines()), 'long lines')


def help_and_version(place):
    for words in (['--help'], ['run', '--help'], ['lab', '--help']):
        run = place.qmigrate(*words)
        check(run.code == 0 and run.err == '', f'{words}: {run.code} {run.err}')
        check('--' in run.out or 'lab' in run.out, f'{words}: {run.out!r}')
    run = place.qmigrate('--version')
    check(run.code == 0 and run.out.startswith('qmigrate '), run.out)


def all_cases():
    for version in ('7.2', '10.0'):
        yield f'trace-is-json-{version}', trace_is_json, version
    for name, words in ONE_FILE.items():
        yield f'one-file-{name}', one_file, words
    for case in (trace_of_killed, without_standard_files, json_through_a_link,
                 json_is_atomic, json_alone, json_on_full_disk,
                 json_of_early_failure, json_of_wrong_words, nothing_to_obey,
                 output_is_lost, check_quietly, dry_run, quiet, quiet_failure, progress_to_file,
                 progress_on_terminal, for_people, help_and_version):
        yield case.__name__.replace('_', '-'), case


pair.main(all_cases())
