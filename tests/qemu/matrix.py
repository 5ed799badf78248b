# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every pair of QEMU versions, over every transport, by lab and by run; and
what a lab's guest can do: patterns, contents, vCPUs, memory above 4 GiB."""

import json

import pair
import versions
from pair import check

PAIRS = [('7.2', '7.2'), ('10.0', '10.0'), ('7.2', '10.0'), ('10.0', '7.2')]
# Of 11.1 a few, which stand for the rest: each direction and itself.
PAIRS_11_1 = [('11.1', '11.1'), ('10.0', '11.1'), ('11.1', '10.0')]
URIS = [('unix', None), ('tcp', 'tcp:127.0.0.1:0'), ('tcp6', 'tcp:[::1]:0')]


def lab(place, source, destination, *words):
    run = place.qmigrate(
        'lab', '--json', '-', '--accel', 'tcg', '--machine', pair.MACHINE,
        '--qemu', pair.QEMUS[source], '--qemu-destination',
        pair.QEMUS[destination], *words)
    check(run.code == 0, f'exit code {run.code}: {run.err}')
    check(run.err == '', f'said on stderr: {run.err}')
    return json.loads(run.out)  # the document is alone there


def is_intact(result, source, destination):
    check(result['schema'] == 'qmigrate.result/1', 'schema')
    check(result['outcome'] == 'migrated' and result['guest'] == 'destination',
          f'outcome {result["outcome"]}')
    check(result['error'] is None, f'error {result["error"]}')
    check(result['verify']['memory'] == 'intact', f'{result["verify"]}')
    check(result['verify']['heartbeats_lost'] == 0, 'heartbeats lost')
    for clock in ('qemu', 'events', 'guest'):
        check(isinstance(result['downtime_us'][clock], int),
              f'no downtime from {clock}: {result["downtime_us"]}')
    for side, version in (('source', source), ('destination', destination)):
        check(versions.is_version(f'version {result["versions"][side]}', version),
              f'{side} is {result["versions"][side]}')


def by_lab(place, source, destination, *words):
    result = lab(place, source, destination, '--memory', '64MiB', *words)
    is_intact(result, source, destination)
    uri = words[words.index('--uri') + 1] if '--uri' in words else 'unix:'
    check(result['requested']['uri'].startswith(uri), 'another transport')


def by_run(place, source, destination, uri):
    place.pair(source, destination, rate=2000000)
    words = ['--policy', 'adaptive', *(['--uri', uri] if uri else [])]
    run = place.migrate(*words).ended(0, 'migrated')
    place.runs_only_on(place.destination)
    check(place.source.run_state() == 'postmigrate', 'the source is not over')
    check(place.source.migration() == 'completed' and
          place.destination.migration() == 'completed', 'not both completed')
    check(run.out.startswith('migrated: '), f'said {run.out!r}')
    check(run.result['downtime_us']['events'] is not None, 'no downtime')


def with_guest(place, source, destination, *words):
    is_intact(lab(place, source, destination, *words), source, destination)


def ping_pong(place, source, destination, *words):
    document = lab(place, source, destination, '--memory', '64MiB',
                   '--repeat', '4', *words)
    check(document['schema'] == 'qmigrate.results/1', 'schema')
    check(len(document['runs']) == 4, f'{len(document["runs"])} runs')
    for number, result in enumerate(document['runs']):
        ways = (source, destination) if number % 2 == 0 \
            else (destination, source)
        is_intact(result, *ways)


def bare(place):
    """Everything has a default, KVM or not."""
    run = place.qmigrate('lab', '--json', '-')
    check(run.code == 0, f'exit code {run.code}: {run.err}')
    result = json.loads(run.out)
    check(result['verify']['memory'] == 'intact', f'{result["verify"]}')
    check(result['downtime_us']['guest'] is not None, 'no downtime')


def all_cases():
    for source, destination in PAIRS:
        name = f'{source}-to-{destination}'
        for kind, uri in URIS:
            words = ('--uri', uri) if uri else ()
            yield f'lab-{kind}-{name}', by_lab, source, destination, *words
            yield f'run-{kind}-{name}', by_run, source, destination, uri
    for source, destination in PAIRS_11_1:
        name = f'{source}-to-{destination}'
        yield f'lab-unix-{name}', by_lab, source, destination
        yield f'run-unix-{name}', by_run, source, destination, None
    small = ('--memory', '64MiB')
    for pattern in ('sequential', 'random', 'hot-cold'):
        for content in ('zero', 'constant', 'compressible', 'random'):
            yield (f'guest-{pattern}-{content}', with_guest, '7.2', '7.2',
                   '--pattern', pattern, '--content', content, *small)
    for source, destination in PAIRS:
        yield (f'smp-2-{source}-to-{destination}', with_guest, source,
               destination, '--smp', '2', *small)
    yield 'smp-4', with_guest, '7.2', '7.2', '--smp', '4', *small
    yield ('working-set', with_guest, '7.2', '7.2', '--working-set', '1MiB',
           '--dirty-rate', '50MB/s', *small)
    yield 'still', with_guest, '7.2', '7.2', '--dirty-rate', '0', *small
    yield ('above-4-gib', with_guest, '7.2', '7.2', '--memory', '5GiB',
           '--content', 'zero', '--set', 'max-bandwidth=0')
    yield 'ping-pong-7.2', ping_pong, '7.2', '7.2'
    yield ('ping-pong-unix', lambda place: ping_pong(
        place, '7.2', '7.2', '--uri', 'unix:' + place.path('stream')))
    yield 'ping-pong-mixed', ping_pong, '7.2', '10.0'
    yield 'bare', bare


pair.main(all_cases())
