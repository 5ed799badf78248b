# SPDX-License-Identifier: LGPL-2.1-or-later
"""Each feature in a real migration, between all versions that have it: memory
is proved, and what the result says of "did it work" is what has to be so."""

import collections
import json
import os

import pair
from pair import check

PAIRS = [('7.2', '7.2'), ('10.0', '10.0'), ('7.2', '10.0'), ('10.0', '7.2')]
LAB = ('--json', '-', '--policy', 'qemu', '--accel', 'tcg', '--machine', pair.MACHINE, '--memory',
       '64MiB')
TCP = ('--uri', 'tcp:127.0.0.1:0')
CROWDED = ('--working-set', '20MiB', '--content', 'constant', '--dirty-rate',
           '40MB/s', '--max-bandwidth', '60MiB/s', '--downtime-limit', '20ms')
# Faster than the link for ever, unless it is held back; and soon small enough.
OUTRUN = ('--memory', '32MiB', '--working-set', '16MiB', '--dirty-rate',
          '100MB/s', '--max-bandwidth', '20MiB/s', '--downtime-limit', '50ms')

# options: of the feature, with those of the lab; worked: wish -> verdict, each
# may be by the source's version; number: what a number of the result must be;
# new_on: who has to be newer than 7.2.
Feature = collections.namedtuple(
    'Feature', 'options worked number new_on', defaults=({}, ()))

BOTH = ('source', 'destination')
COMPRESSES = {'7.2': 'unknown', '10.0': 'yes'}  # 7.2 counts what it was before
RATIO = {'compression_ratio': {'7.2': None, '10.0': lambda ratio: ratio > 1.5}}

FEATURES = {
    'multifd': Feature(
        ('--multifd=4',), {'multifd': 'yes'},
        {'multifd_channels': {'7.2': None, '10.0': 4}}),
    'zlib': Feature(
        ('--multifd=2', '--compress=zlib', '--content', 'compressible'),
        {'multifd': 'yes', 'multifd-compression': COMPRESSES}, RATIO),
    'zstd': Feature(
        # 7.2 was seen to tear its stream under a guest that writes, once
        ('--multifd=2', '--compress=zstd', '--content', 'compressible',
         '--dirty-rate', '0'),
        {'multifd': 'yes', 'multifd-compression': COMPRESSES}, RATIO),
    'postcopy': Feature(('--postcopy',), {'postcopy-ram': 'idle'}),
    'preempt': Feature(
        ('--preempt',), {'postcopy-ram': 'idle', 'postcopy-preempt': 'idle'}),
    'auto-converge': Feature(
        ('--auto-converge=99:1:99', *OUTRUN),
        {'auto-converge': 'yes', 'max-bandwidth': 'set',
         'downtime-limit': 'yes'},
        {'throttle_percent': 99}),
    'auto-converge-idle': Feature(
        ('--auto-converge',), {'auto-converge': 'idle'},
        {'throttle_percent': None}),
    'zero-copy': Feature(  # the kernel never does it on loopback
        ('--zero-copy', '--multifd=2', *TCP),
        {'zero-copy-send': 'no', 'multifd': 'yes'},
        {'zero_copy_fallbacks': lambda count: count > 0}),
    'xbzrle': Feature(
        ('--xbzrle', *CROWDED),
        {'xbzrle': 'yes', 'max-bandwidth': 'set', 'downtime-limit': 'yes'},
        {'xbzrle_pages': lambda count: count > 0,
         'xbzrle_bytes': lambda count: count > 0}),
    'xbzrle-cache': Feature(
        ('--xbzrle=32MiB', *CROWDED),
        {'xbzrle': 'yes', 'max-bandwidth': 'set', 'downtime-limit': 'yes'},
        {'xbzrle_pages': lambda count: count > 0}),
    'switchover-ack': Feature(
        ('--switchover-ack',), {'switchover-ack': 'set'}, new_on=BOTH),
    'avail-switchover-bandwidth': Feature(
        ('--avail-switchover-bandwidth=1Gbit/s',),
        {'avail-switchover-bandwidth': 'set'}, new_on=('source',)),
    'zero-page-detection-none': Feature(
        ('--zero-page-detection=none', '--multifd=2'),
        {'zero-page-detection': 'set', 'multifd': 'yes'}, new_on=('source',)),
    'zero-page-detection-legacy': Feature(
        ('--zero-page-detection=legacy', '--multifd=2'),
        {'zero-page-detection': 'set', 'multifd': 'yes'}, new_on=('source',)),
    'validate-uuid': Feature(('--validate-uuid',), {'validate-uuid': 'set'}),
    'no-return-path': Feature(
        ('--disable', 'return-path'), {'return-path': 'set'}),
}


def by_version(what, version):
    return what[version] if isinstance(what, dict) else what


def start_lab(place, source, destination, *words):
    run = place.qmigrate(
        'lab', *LAB, '--qemu', pair.QEMUS[source], '--qemu-destination',
        pair.QEMUS[destination], *words)
    return run, json.loads(run.out)


def lab(place, source, destination, *words):
    """The result of a migration that went well, and memory with it."""
    run, result = start_lab(place, source, destination, *words)
    is_whole(run, result)
    return result


def is_whole(run, result):
    check(run.code == 0, f'exit code {run.code}: {run.err}')
    check(result['verify']['memory'] == 'intact', f'{result["verify"]}')
    check(result['verify']['heartbeats_lost'] == 0, 'heartbeats lost')


def verdicts(result):
    for wish in result['features']['wishes']:
        check(wish['text'], f'nothing is said of {wish["name"]}')
    return {wish['name']: wish['worked']
            for wish in result['features']['wishes']}


def has_worked(result, source, worked, number):
    found = verdicts(result)
    wanted = {name: by_version(verdict, source)
              for name, verdict in worked.items()}
    if 'downtime-limit' in wanted and found.get('downtime-limit') == 'no':
        wanted['downtime-limit'] = 'no'  # a busy machine: QEMU did exceed it
    check(found == wanted, f'worked {result["features"]["wishes"]}, not '
          f'{wanted}')
    for name, what in number.items():
        value, wish = result['features'][name], by_version(what, source)
        check(wish(value) if callable(wish) else value == wish,
              f'{name} is {value}')


def is_refused(place, source, destination, words, codes):
    """By these findings, as errors; the guest did not notice."""
    run, result = start_lab(place, source, destination, *words)
    check(run.code == 3, f'exit code {run.code}: {run.err}')
    found = [finding['code'] for finding in result['findings']
             if finding['severity'] == 'error']
    check(found == codes, f'found {result["findings"]}, not {codes}')
    check(result['verify']['memory'] == 'intact', f'{result["verify"]}')
    run.says_one_error(hint=True)


def feature(place, source, destination, name):
    """It works where everybody has it, and elsewhere it is said why not."""
    one = FEATURES[name]
    old = [side for side, version in (('source', source),
                                      ('destination', destination))
           if side in one.new_on and version == '7.2']
    if old:
        codes = ['one-side' if len(old) < len(one.new_on) else 'unknown-name']
        is_refused(place, source, destination, one.options, codes)
        return
    result = lab(place, source, destination, *one.options)
    has_worked(result, source, one.worked, one.number)


def multifd_auto(place, source, destination):
    """By the narrowest of link, vCPUs and processors."""
    n = min(2, len(os.sched_getaffinity(0)))
    result = lab(place, source, destination, '--multifd=auto',
                 '--link=100Gbit/s', '--smp', '2')
    channels = result['effective']['source']['parameters']['multifd-channels']
    has_worked(result, source, {'multifd': 'yes'} if n > 1 else {}, {})
    check(channels == 2, f'{channels} channels')
    check([finding['code'] for finding in result['findings']] == ['chosen'],
          f'{result["findings"]}')


def narrow_link(place, version):
    """There multifd gains nothing, and it is left out."""
    result = lab(place, version, version, '--multifd', '--link=10Gbit/s')
    check(verdicts(result) == {}, f'{result["features"]["wishes"]}')
    on = result['effective']['source']['capabilities']['multifd']
    check(not on, 'multifd is on')


def noise(place, source, destination, method):
    """Random bytes do not shrink, and that is said."""
    result = lab(place, source, destination, '--multifd=2', '--content',
                 'random', '--memory', '32MiB', f'--compress={method}')
    has_worked(result, source,
               {'multifd': 'yes', 'multifd-compression': 'no'},
               {'compression_ratio': lambda ratio: 0.9 < ratio < 1.05})


def level(place, source, destination, method):
    """A higher level is told to QEMU; 7.2 would take it and leave it at 1."""
    words = ('--multifd=2', '--content', 'compressible',
             f'--compress={method}:3')
    if source == '7.2':
        is_refused(place, source, destination, words, ['bad-value'])
        return
    result = lab(place, source, destination, *words)
    has_worked(result, source,
               {'multifd': 'yes', 'multifd-compression': 'yes',
                f'multifd-{method}-level': 'set'}, RATIO)
    parameters = result['effective']['source']['parameters']
    check(parameters[f'multifd-{method}-level'] == 3, f'{parameters}')


def zeros_by_multifd(place, source, destination):
    """Where the destination is older it cannot read them."""
    words = ('--zero-page-detection=multifd', '--multifd=2')
    if source == '7.2' or destination == '7.2':
        codes = ['unknown-name' if source == '7.2' else 'one-side']
        is_refused(place, source, destination, words, codes)
        return
    has_worked(lab(place, source, destination, *words), source,
               {'zero-page-detection': 'set', 'multifd': 'yes'}, {})


def shared_memory(place, source, destination):
    """It stays where it is, for both QEMUs see it."""
    path = place.path('memory')
    result = lab(place, source, destination, '--ignore-shared', '--',
                 '-object', 'memory-backend-file,id=mem,size=64M,share=on,'
                 f'mem-path={path}', '-machine', 'memory-backend=mem')
    has_worked(result, source, {'x-ignore-shared': 'yes'}, {})
    text = result['features']['wishes'][0]['text']
    check('63.5 MiB' in text, f'said {text!r}')  # but for the firmware
    check(result['bytes']['ram_total'] < 32 << 20, 'it was sent')


def no_shared_memory(place, source, destination):
    result = lab(place, source, destination, '--ignore-shared')
    has_worked(result, source, {'x-ignore-shared': 'no'}, {})


def dirty_limit(place, source, destination):
    """It counts by KVM's dirty ring."""
    is_refused(place, source, destination, ('--dirty-limit',),
               ['unknown-name' if source == '7.2' else 'conflict'])


def all_cases():
    for source, destination in PAIRS:
        where = f'{source}-to-{destination}'
        for name in FEATURES:
            yield f'{name}-{where}', feature, source, destination, name
        for case in (multifd_auto, zeros_by_multifd, shared_memory,
                     no_shared_memory, dirty_limit):
            yield (f'{case.__name__.replace("_", "-")}-{where}', case, source,
                   destination)
        for method in ('zlib', 'zstd'):
            yield f'{method}-level-{where}', level, source, destination, method
    yield 'narrow-link', narrow_link, '10.0'
    yield 'noise-zlib', noise, '10.0', '7.2', 'zlib'
    yield 'noise-zstd', noise, '10.0', '10.0', 'zstd'


pair.main(all_cases())
