# SPDX-License-Identifier: LGPL-2.1-or-later
"""What real QEMUs let be measured of their guests, both ways, and what a
prediction says where it cannot be."""

import json
import signal
import sys
import time

import pair
from pair import check, until

MIB = 1 << 20
RATE = 20_000_000  # bytes per second, round and round through all memory
# A monitor whose process is not known, as of another host.
RELAY = ('import os, select, socket, sys\n'
         's = socket.socket(socket.AF_UNIX)\n'
         's.connect(sys.argv[1])\n'
         'while True:\n'
         '    for one in select.select([0, s], [], [])[0]:\n'
         '        data = os.read(0, 65536) if one == 0 else s.recv(65536)\n'
         '        if not data:\n'
         '            sys.exit()\n'
         '        s.sendall(data) if one == 0 else os.write(1, data)\n')


def far(place):
    """The source's monitor, through somebody else."""
    path = place.path('relay.py')
    with open(path, 'w', encoding='utf-8') as file:
        file.write(RELAY)
    return f'exec:exec {sys.executable} {path} {place.source.qmp}'


def predict(place, source, *words):
    path = place.path('prediction.json')
    run = place.qmigrate('predict', '--source', source, '--json', path, *words)
    check(run.code == 0, f'exit code {run.code}: {run.err}')
    with open(path, encoding='utf-8') as file:
        return json.load(file), run


def check_rate(points):
    """Round and round: as many bytes as it writes, at any time."""
    last = points[-1]
    rate = last['bytes'] * 1e6 / last['time_us']
    check(0.7 * RATE < rate < 1.3 * RATE, f'{rate / 1e6:.1f} MB/s')


def by_memory(place, version):
    """QEMU is on this host, and ours: its memory is read."""
    place.pair(version, rate=RATE)
    said, run = predict(place, place.source.qmp, '--measure', '2s',
                        '--policy', 'qemu')
    check(said['inputs']['method'] == 'memory', said['inputs']['method'])
    check(said['inputs']['memory_bytes'] == 64 * MIB, 'not all memory')
    check(said['inputs']['nonzero_bytes'] > 56 * MIB, 'zero pages')
    check_rate(said['inputs']['dirtied'])
    check(said['before']['converges'], 'it does not converge')
    check(run.out.startswith('prediction: converges'), run.out)
    place.is_as_before()


def zero_pages(place, version):
    place.pair(version, rate=0, content='zero')
    said, _ = predict(place, place.source.qmp, '--measure', '200ms')
    check(said['inputs']['nonzero_bytes'] < 4 * MIB, 'zero pages count')
    check(said['before']['total_us'] < 400000, 'zero pages are sent')


def by_qemu(place, version):
    """From anywhere else QEMU is asked."""
    place.pair(version, rate=RATE, memory=160)
    said, _ = predict(place, far(place), '--measure', '3s')
    check(said['inputs']['method'] == 'calc-dirty-rate',
          said['inputs']['method'])
    check(said['inputs']['nonzero_bytes'] is None, 'zero pages are told')
    check(len(said['inputs']['dirtied']) == (2 if version == '7.2' else 5),
          'not as many lengths')
    check_rate(said['inputs']['dirtied'])
    place.is_as_before()


def too_small(place, version):
    place.pair(version)
    run = place.qmigrate('predict', '--source', far(place))
    check(run.code == 1, f'exit code {run.code}')
    run.says('less than 128 MiB', 'hint: ')


def others_first(place, version):
    """Somebody measures already: it is waited for, and then ours counts."""
    place.pair(version, rate=RATE, memory=160)
    place.source.monitor.execute('calc-dirty-rate', **{'calc-time': 1})
    said, _ = predict(place, far(place), '--measure', '1s')
    check_rate(said['inputs']['dirtied'])


def others_too_long(place, version):
    place.pair(version, memory=160)
    place.source.monitor.execute('calc-dirty-rate', **{'calc-time': 60})
    until(lambda: place.source.monitor.execute('query-dirty-rate')['status'] ==
          'measuring', 'it measures')
    run = place.qmigrate('predict', '--source', far(place))
    check(run.code == 1, f'exit code {run.code}')
    run.says('somebody else measures')


def less_than_a_second(place):
    place.pair('7.2', memory=160)
    run = place.qmigrate('predict', '--source', far(place), '--measure=500ms')
    check(run.code == 1, f'exit code {run.code}')
    run.says('whole seconds')


def paused(place, version):
    place.pair(version, rate=RATE)
    place.source.monitor.execute('stop')
    said, run = predict(place, place.source.qmp)
    check(said['inputs']['method'] == 'paused', said['inputs']['method'])
    check(said['inputs']['nonzero_bytes'] > 56 * MIB, 'memory is not looked at')
    check(said['before']['converges'], 'it does not converge')
    check('the guest is paused' in run.out, run.out)


def no_guest(place, version):
    place.pair(version)
    run = place.qmigrate('predict', '--source', place.destination.qmp)
    check(run.code == 3, f'exit code {run.code}')
    run.says('no guest')


def no_memory(place, version):
    qemu = place.qemu('it', version, '-machine', 'none', '-S')
    run = place.qmigrate('predict', '--source', qemu.qmp)
    check(run.code == 3, f'exit code {run.code}')
    run.says('no memory')


def no_end(place, version):
    """Each need stands in words and in numbers, and would do."""
    place.pair(version, rate=200_000_000)
    words = ('--policy', 'qemu', '--link', '1GiB/s', '--downtime-limit',
             '100ms', '--measure', '1s')
    said, run = predict(place, place.source.qmp, *words, '--max-bandwidth',
                        '32MiB/s')
    before = said['before']
    check(not before['converges'] and before['downtime_us'] is None,
          'it converges')
    check(before['needs']['text'] in run.out, run.out)
    enough = before['needs']['bandwidth_bytes_per_s'] * 1.3
    said, _ = predict(place, place.source.qmp, *words, '--max-bandwidth',
                      str(round(enough)))
    check(said['before']['converges'], 'more bandwidth does not do')


def no_bandwidth(place, version):
    place.pair(version)
    said, run = predict(place, place.source.qmp, '--max-bandwidth=0',
                        '--measure=200ms')
    check(said['before'] is None, 'it is predicted')
    check('without a bandwidth' in run.out, run.out)


def with_run(place, version):
    """Beside the result, and what became of it."""
    place.pair(version, rate=RATE)
    run = place.migrate('--predict', '--measure=1s', '--max-bandwidth=48MiB/s')
    run.ended(0, 'migrated')
    prediction = run.result['prediction']
    check(prediction['before']['converges'], 'it was said not to converge')
    check(prediction['actual']['converged'], 'it did not converge')
    check(prediction['actual']['total_us'] ==
          run.result['time_us']['total'], 'two total times')
    check(abs(prediction['error_percent']['before']) < 50,
          f'{prediction["error_percent"]["before"]} % off')
    check('predicted  of ' in run.out, run.out)
    run.says('prediction: converges')


def run_without(place, version):
    """What cannot be measured stops nothing."""
    place.pair(version)
    run = place.migrate('--predict', '--uri', f'unix:{place.path("stream")}',
                        source=far(place))
    run.ended(0, 'migrated')
    check(run.result['prediction'] is None, 'it was predicted')
    run.says('warning: no prediction')


def interrupted(place, version):
    place.pair(version, rate=RATE, memory=160)
    begin = time.monotonic()
    run = place.qmigrate('predict', '--source', far(place), '--measure=60s',
                         wait=False)
    until(lambda: place.source.monitor.execute('query-dirty-rate')['status'] ==
          'measuring', 'it measures')
    run.signal(signal.SIGINT)
    run.wait()
    check(run.code == 5, f'exit code {run.code}')
    check(time.monotonic() - begin < 30, 'it waited')
    place.is_as_before()


BAD = {
    'no source': ((), '--source is missing'),
    'too short': (('--measure=1ms',), 'not from 200ms'),
    'too long': (('--measure=2min',), 'not from 200ms'),
    'no time': (('--measure=soon',), '--measure'),
    'no policy': (('--policy=eager',), 'no policy'),
    'max under start': (('--downtime-limit=2s', '--max-downtime=1s'),
                        '--max-downtime'),
    'a word': (('now',), 'one word too many'),
}


def bad_words(place, name):
    words, said = BAD[name]
    source = () if name == 'no source' else ('--source', 'x.qmp')
    run = place.qmigrate('predict', *source, *words)
    check(run.code == 2, f'exit code {run.code}: {run.err}')
    run.says(said, 'hint: ')


BOTH = (by_memory, zero_pages, by_qemu, too_small, others_first, paused,
        no_guest, no_memory, no_end, no_bandwidth, with_run, run_without,
        interrupted)
CASES = [(f'{case.__name__}/{version}', case, version)
         for case in BOTH for version in ('7.2', '10.0')]
CASES += [('others_too_long', others_too_long, '10.0'),
          ('less_than_a_second', less_than_a_second)]
CASES += [(f'bad/{name}', bad_words, name) for name in BAD]

if __name__ == '__main__':
    pair.main(CASES)
