# SPDX-License-Identifier: LGPL-2.1-or-later
"""A lab leaves nothing behind, however it ends: no process, no socket, no
file.  All of it has the lab's TMPDIR in its environment, by which it is found;
--keep leaves both QEMUs, and says where they are."""

import json
import os
import re
import signal

import pair
from pair import check

ENDLESS = ('--dirty-rate', '50MB/s', '--max-bandwidth', '4MiB/s', '--policy',
           'qemu')


def start(place, *words, version='7.2'):
    """A lab whose trace tells how far it is."""
    return place.qmigrate(
        'lab', '--accel', 'tcg', '--memory', '64MiB', '--qemu',
        pair.QEMUS[version], '--json', place.path('run0.json'), '--trace',
        place.path('trace'), *words, wait=False)


def trace(place):
    """Its whole lines so far."""
    try:
        with open(place.path('trace'), encoding='utf-8') as file:
            text = file.read()
    except FileNotFoundError:
        return []
    return [json.loads(line) for line in text.split('\n')[:-1]]


def n_phases(place, name):
    return sum(line.get('to') == name for line in trace(place))


def reach(place, run, phase, times=1):
    pair.until(lambda: n_phases(place, phase) >= times or not run.is_running(),
               f'{phase} is reached')
    if not run.is_running():
        raise pair.Failed(f'over before {phase}: {run.wait().err}')


def qemus_of(place):
    """The pids of the lab's QEMUs."""
    found = []
    for pid in place.of_qmigrate():
        try:
            with open(f'/proc/{pid}/cmdline', 'rb') as file:
                words = file.read().split(b'\0')
        except OSError:
            continue
        if b'-nodefaults' in words:
            found.append((b'-incoming' in words, pid))
    return [pid for _, pid in sorted(found)]


def boot(place, run):
    pair.until(lambda: len(qemus_of(place)) == 2, 'both QEMUs are there')


def transfer(place, run):
    reach(place, run, 'transfer')
    check(len(qemus_of(place)) == 2, 'not two QEMUs')


def is_gone(place):
    pair.until(lambda: not place.of_qmigrate(), 'every process is gone')
    pair.until(lambda: not os.listdir(place.tmp), 'the folder is gone')


def succeeds(place, version):
    run = start(place, version=version).wait().ended(0, 'migrated')
    check(run.err == '', f'said {run.err}')
    is_gone(place)


def fails(place, version):
    run = start(place, *ENDLESS, '--timeout', '200ms', version=version).wait()
    run.ended(4, 'failed', 'timeout')
    check(run.result['verify']['memory'] == 'intact', 'not proved intact')
    is_gone(place)


def does_not_start(place):
    run = start(place, '--', '-device', 'no-such-device').wait()
    run.ended(1, 'error', 'guest-not-ready')
    run.says('no-such-device')
    is_gone(place)


def signalled(place, stage, number):
    run = start(place, *ENDLESS)
    stage(place, run)
    run.signal(number)
    run.wait().ended(5, 'cancelled', 'cancelled')
    is_gone(place)


def killed(place, stage, version):
    run = start(place, *ENDLESS, version=version)
    stage(place, run)
    run.signal(signal.SIGKILL)
    run.process.wait()
    is_gone(place)


def killed_in_repeat(place):
    run = start(place, '--repeat', '1000', '--qemu-destination',
                pair.QEMUS.get('10.0', pair.QEMUS['7.2']))
    reach(place, run, 'done', times=2)
    run.signal(signal.SIGKILL)
    run.process.wait()
    is_gone(place)


def signalled_in_repeat(place):
    run = start(place, '--repeat', '1000')
    reach(place, run, 'done', times=2)
    run.signal(signal.SIGINT)
    run.wait()
    check(run.result['schema'] == 'qmigrate.results/1', 'schema')
    first, *_, last = run.result['runs']
    check(first['outcome'] == 'migrated', f'{first["outcome"]}')
    # It came while the guest checked its memory, or when it was on its way.
    expected = {9: ('verdict', 'destination'), 5: ('cancelled', 'source')}
    check(run.code in expected, f'exit code {run.code}: {run.err}')
    check((last['outcome'], last['guest']) == expected[run.code],
          f'{run.code}: {last["outcome"]}, {last["guest"]}')
    check(last['error']['code'] == 'cancelled', f'{last["error"]}')
    is_gone(place)


def destination_killed(place, version):
    run = start(place, *ENDLESS, version=version)
    transfer(place, run)
    os.kill(qemus_of(place)[1], signal.SIGKILL)
    run.wait().ended(4, 'failed', 'destination-lost')
    check(run.result['verify']['memory'] == 'intact', 'not proved intact')
    is_gone(place)


def source_killed(place, version):
    run = start(place, *ENDLESS, version=version)
    transfer(place, run)
    os.kill(qemus_of(place)[0], signal.SIGKILL)
    run.wait()
    check(run.code == 8, f'exit code {run.code}: {run.err}')
    is_gone(place)


def kept(place, version, words, code):
    """7.2's destination ends with a migration that fails."""
    run = start(place, '--keep', *words, version=version).wait()
    check(run.code == code, f'exit code {run.code}: {run.err}')
    named = re.findall(r'^  (\w+) +process (\d+), monitor unix:([^,\s]+)',
                       run.err, re.MULTILINE)
    check(len(named) == (1 if version == '7.2' and code else 2),
          f'not all are named: {run.err!r}')
    check(sorted(qemus_of(place)) == sorted(int(pid) for _, pid, _ in named),
          'other processes are named')
    states = {}
    for side, _, path in named:
        monitor = place.held(pair.Monitor(path))
        states[side] = monitor.execute('query-status')['status']
    moved = code == 0 and '--dry-run' not in words
    runs = 'destination' if moved else 'source'
    check(states[runs] == 'running' and
          list(states.values()).count('running') == 1, f'{states}')
    check(re.search(rf'^  {runs} .*, has the guest$', run.err, re.MULTILINE),
          f'it is not said who has the guest: {run.err!r}')
    for _, pid, _ in named:
        os.kill(int(pid), signal.SIGKILL)
    pair.until(lambda: not place.of_qmigrate(), 'no other process was kept')
    for name in os.listdir(place.tmp):  # what was kept is the user's
        folder = os.path.join(place.tmp, name)
        for file in os.listdir(folder):
            os.unlink(os.path.join(folder, file))
        os.rmdir(folder)


def all_cases():
    for version in ('7.2', '10.0'):
        for case in (succeeds, fails, destination_killed, source_killed):
            yield f'{case.__name__.replace("_", "-")}-{version}', case, version
        for stage in (boot, transfer):
            yield (f'killed-in-{stage.__name__}-{version}', killed, stage,
                   version)
        yield f'kept-{version}', kept, version, (), 0
        yield (f'kept-failed-{version}', kept, version,
               (*ENDLESS, '--timeout', '200ms'), 4)
    yield 'kept-dry-run', kept, '10.0', ('--dry-run',), 0
    yield 'kept-repeat', kept, '7.2', ('--repeat', '2'), 0
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        for stage in (boot, transfer):
            yield (f'{number.name}-in-{stage.__name__}', signalled, stage,
                   number)
    for case in (does_not_start, killed_in_repeat, signalled_in_repeat):
        yield case.__name__.replace('_', '-'), case


if __name__ == '__main__':
    pair.main(all_cases())
