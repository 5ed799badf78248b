# SPDX-License-Identifier: LGPL-2.1-or-later
"""Wishes that cannot be: each is refused before anything is sent, with what is
wrong and what would be right, and both QEMUs keep the settings they had."""

import os
import shutil

import pair
from pair import check

PAIRS = [('7.2', '7.2'), ('10.0', '10.0'), ('7.2', '10.0'), ('10.0', '7.2')]
TCP = ('--uri', 'tcp:127.0.0.1:0')
UNIX = ('--uri', 'unix:FOLDER/stream')

# What is wrong with the words alone: no QEMU is asked.
USAGE = {
    'channels-none': (['--multifd=0'], '1 to 255'),
    'channels-many': (['--multifd=256'], '1 to 255'),
    'channels-negative': (['--multifd=-1'], '-1'),
    'channels-word': (['--multifd=two'], 'two'),
    'channels-unit': (['--multifd=4MiB'], '4MiB'),
    'channels-two': (['--multifd=2:3'], 'auto|N'),
    'channels-empty': (['--multifd='], 'neither auto nor a number'),
    'channels-set': (['--set', 'multifd-channels=300'], '1 to 255'),
    'link-word': (['--multifd', '--link=fast'], 'Gbit/s'),
    'link-unit': (['--multifd', '--link=10ms'], 'Gbit/s'),
    'compress-nothing': (['--compress'], '--compress'),
    'compress-empty': (['--compress='], 'METHOD[:LEVEL]'),
    'compress-level-only': (['--compress=:3'], 'METHOD[:LEVEL]'),
    'compress-three': (['--compress=zlib:1:2'], 'METHOD[:LEVEL]'),
    'zlib-level': (['--compress=zlib:10'], '0 to 9'),  # 7.2 would take it
    'zstd-level': (['--compress=zstd:21'], '0 to 20'),  # and this
    'throttle-many': (['--auto-converge=30:5:90:1'], 'INITIAL'),
    'throttle-none': (['--auto-converge=0'], '1 %'),
    'throttle-all': (['--set', 'cpu-throttle-initial=100'], '99 %'),
    'throttle-unit': (['--auto-converge=30ms'], '%'),
    'cache-no-power': (['--xbzrle=3MiB'], 'power of two'),
    'cache-small': (['--xbzrle=1KiB'], '4.00 KiB'),
    'cache-large': (['--xbzrle=2TiB'], '1.00 TiB'),
    'dirty-limit-none': (['--dirty-limit=0'], '1'),
    'bandwidth-unit': (['--max-bandwidth=1s'], '/s'),
    'bandwidth-huge': (['--max-bandwidth=18446744073709551616'], '64 bits'),
    'bandwidth-no-limit': (['--max-bandwidth=9'], 'no limit'),
    'switchover-nothing': (['--avail-switchover-bandwidth=999'], 'nothing'),
    'downtime-long': (['--downtime-limit=2001s'], '2000'),
    'downtime-fine': (['--downtime-limit=10us'], '10us'),
    'downtime-unit': (['--set', 'downtime-limit=1MiB'], '1MiB'),
    'announce-many': (['--set', 'announce-rounds=1001'], '1000'),
    'announce-none': (['--set', 'announce-step=0'], '1 ms'),
    'delay-long': (['--set', 'x-checkpoint-delay=4294967296'], '4294967'),
    'period-long': (['--set', 'x-vcpu-dirty-limit-period=1001'], '1000 ms'),
    'trigger': (['--set', 'throttle-trigger-threshold=0'], '1 %'),
    'no-value': (['--set', 'tls-creds'], 'PARAMETER=VALUE'),
    'no-name': (['--set', '=3'], 'PARAMETER=VALUE'),
    'value-of-none': (['--postcopy=yes'], '--postcopy'),
    'contradiction': (['--preempt', '--disable', 'postcopy-ram'],
                      'contradict'),
    'two-values': (['--multifd=2', '--set', 'multifd-channels=3'],
                   'contradict'),
    'option': (['--mulitfd=4'], '--multifd'),
}


def usage(place, words, text):
    run = place.qmigrate('run', '--source', 'a', '--destination', 'b', *words)
    check(run.code == 2, f'exit code {run.code}, not 2: {run.err}')
    run.says_one_error(hint=True)
    run.says(text)


# What the QEMUs would have to be asked for: the words, the findings that are
# errors, in order, by (source, destination) where that matters, and what is
# said.  No findings: nothing is wrong there.
SWITCHOVER_ACK = {('7.2', '7.2'): ['unknown-name'], ('10.0', '10.0'): [],
                  ('7.2', '10.0'): ['one-side'], ('10.0', '7.2'): ['one-side']}
OLD_SOURCE = {'7.2': ['unknown-name'], '10.0': []}
REFUSED = {
    'capability': (['--enable', 'mulitfd'], ['unknown-name'], 'multifd?'),
    'capability-off': (['--disable', 'event'], ['unknown-name'], 'events?'),
    'parameter': (['--set', 'max-bandwith=1'], ['unknown-name'],
                  'max-bandwidth?'),
    'unlike-any': (['--enable', 'teleport'], ['unknown-name'],
                   'qmigrate caps'),
    'kind': (['--set', 'multifd=on'], ['unknown-name'], 'parameter'),
    'channels-unknown': (['--multifd=auto'], ['link'], '--link'),
    'channels-bare': (['--multifd'], ['link'], '--link'),
    'compress-alone': (['--compress=zlib'], ['missing'], '--multifd'),
    'compress-slow-link': (['--multifd', '--link=1Gbit/s', '--compress=zlib'],
                           ['missing'], 'multifd'),
    'compress-unknown': (['--multifd=2', '--compress=lzma'], ['bad-value'],
                         'zlib, zstd'),
    'compress-not-built': (['--multifd=2', '--compress=qpl'], ['bad-value'],
                           'zlib, zstd'),
    'zlib-level': (['--multifd=2', '--compress=zlib:9'],
                   {'7.2': ['bad-value'], '10.0': []}, 'leaves it at 1'),
    'throttle-order': (['--auto-converge=99:1:50'], ['bad-value'],
                       'cpu-throttle-initial'),
    'throttle-max': (['--set', 'max-cpu-throttle=10'], ['bad-value'],
                     'cpu-throttle-initial'),
    'switch': (['--set', 'cpu-throttle-tailslow=maybe'], ['bad-value'],
               'neither on nor off'),
    'json': (['--set', 'block-bitmap-mapping=nonsense'], ['bad-value'],
             'JSON'),
    'json-shape': (['--set', 'block-bitmap-mapping=[1]'], ['bad-value'],
                   'block-bitmap-mapping'),
    'zeros': (['--zero-page-detection=all'],
              {'7.2': ['unknown-name'], '10.0': ['bad-value']},
              'zero-page-detection'),
    'mode': (['--set', 'mode=cpr-transfer'],
             {'7.2': ['unknown-name'], '10.0': ['missing']}, 'mode'),
    'mode-postcopy': (['--set', 'mode=cpr-reboot', '--postcopy'],
                      {'7.2': ['unknown-name'], '10.0': ['conflict']}, 'mode'),
    'snapshot': (['--enable', 'background-snapshot'], ['not-a-migration'],
                 'leaves it where it is'),
    'colo': (['--enable', 'x-colo'], ['not-a-migration'],
             'keeps both QEMUs running'),
    'events': (['--disable', 'events'], ['not-a-migration'], 'watched'),
    'mapped-ram': (['--mapped-ram'], {
        ('7.2', '7.2'): ['unknown-name'], ('10.0', '10.0'): ['missing'],
        ('7.2', '10.0'): ['one-side', 'missing'],
        ('10.0', '7.2'): ['one-side', 'missing']}, 'mapped-ram'),
    'switchover-ack': (['--switchover-ack'],
                       SWITCHOVER_ACK, 'switchover-ack'),
    'switchover-alone': (['--switchover-ack', '--disable', 'return-path'], {
        **SWITCHOVER_ACK, ('10.0', '10.0'): ['missing'],
        ('7.2', '10.0'): ['one-side', 'missing'],
        ('10.0', '7.2'): ['one-side', 'missing']}, 'switchover-ack'),
    'available': (['--avail-switchover-bandwidth=1GB/s'],
                  OLD_SOURCE, 'came with QEMU 8.2'),
    'went': (['--enable', 'compress'], {
        ('7.2', '7.2'): [], ('10.0', '10.0'): ['unknown-name'],
        ('7.2', '10.0'): ['one-side'], ('10.0', '7.2'): ['one-side']},
        'went with QEMU 9.1'),
    'zero-copy-alone': (['--zero-copy', *TCP], ['missing'], 'add --multifd'),
    'zero-copy-unix': (['--zero-copy', '--multifd=2', *UNIX], None,
                       'tcp:HOST:0'),
    'zero-copy-compress': (
        ['--zero-copy', '--multifd=2', '--compress=zlib', *TCP], ['conflict'],
        'multifd-compression=zlib'),
    'postcopy-multifd': (['--postcopy', '--multifd=2'],
                         {('7.2', '7.2'): ['breaks'],
                          ('10.0', '10.0'): ['conflict'],
                          ('7.2', '10.0'): ['breaks', 'conflict'],
                          ('10.0', '7.2'): ['conflict', 'breaks']},
                         '10.1 and newer'),
    'postcopy-shared': (['--postcopy', '--ignore-shared'], None,
                        'x-ignore-shared'),
    'preempt-alone': (['--enable', 'postcopy-preempt'], ['missing'],
                      '--postcopy'),
    'multifd-xbzrle': (['--multifd=2', '--xbzrle'],
                       {'7.2': [], '10.0': ['conflict']}, 'xbzrle'),
    'dirty-limit': (['--dirty-limit', '--auto-converge'],
                    {'7.2': ['unknown-name'],
                     '10.0': ['conflict', 'conflict']}, 'dirty-limit'),
    'direct-io': (['--direct-io'], {
        ('10.0', '10.0'): ['missing', 'missing'],
        ('7.2', '7.2'): ['unknown-name', 'missing', 'missing'],
        ('7.2', '10.0'): ['one-side', 'missing', 'missing'],
        ('10.0', '7.2'): ['one-side', 'missing', 'missing']}, 'direct-io'),
    'all-at-once': (['--enable', 'teleport', '--set', 'warp=9', '--zero-copy',
                     '--compress=lzma', *TCP], None, 'teleport', 'warp',
                    'lzma', 'zero-copy-send needs multifd', '  also: '),
}


def codes_for(codes, source, destination):
    if not isinstance(codes, dict):
        return codes
    return codes.get((source, destination), codes.get(source))


def errors(run):
    return [finding['code'] for finding in run.result['findings']
            if finding['severity'] == 'error']


def is_refused(place, run, *texts):
    """By the preflight, in the words of the first finding."""
    check(run.code == 3, f'exit code {run.code}: {run.err}')
    check(run.result['outcome'] == 'refused', 'another outcome')
    check(run.result['error']['phase'] == 'inspect', f'{run.result["error"]}')
    check(run.result['error']['hint'], 'no hint')
    run.says_one_error(hint=True)
    run.says(*texts)
    count = run.err.count('\n  also: ')
    check(count == len(errors(run)) - 1, f'{count} more are told: {run.err}')
    for before, after in zip(place.both_before, both_settings(place)):
        check(before == after, f'left changed: {pair.pairs(before, after)}')
    check(place.source.migration() == 'none', 'a migration was begun')
    check(place.destination.run_state() == 'inmigrate', 'destination used')


def both_settings(place):
    return place.source.settings() + place.destination.settings()


def refused(place, source, destination):
    """One pair for all: none of them touches it."""
    place.pair(source, destination)
    place.both_before = both_settings(place)
    for name, (words, codes, *texts) in REFUSED.items():
        codes = codes_for(codes, source, destination)
        if codes == []:
            continue
        run = place.migrate(
            *(word.replace('FOLDER', place.folder) for word in words))
        try:
            check(run.code == 3, f'exit code {run.code}: {run.err}')
            check(codes in (None, errors(run)), f'found {errors(run)}')
            is_refused(place, run, *texts)
        except pair.Failed as error:
            raise pair.Failed(f'{name}: {error}') from error
    place.is_as_before()



# what somebody set by hand on one side


def turn(qemu, name, on=True):
    qemu.monitor.execute('migrate-set-capabilities', capabilities=[
        {'capability': name, 'state': on}])


def by_hand(place, source, destination, side, name, words, code, text):
    """A capability, or (parameter, value), that one side alone has."""
    place.pair(source, destination)
    qemu = getattr(place, side)
    if isinstance(name, str):
        turn(qemu, name)
    else:
        qemu.monitor.execute('migrate-set-parameters', **dict([name]))
    place.both_before = both_settings(place)
    run = place.migrate(*words)
    check(errors(run) == [code], f'found {run.result["findings"]}')
    is_refused(place, run, text)
    place.runs_only_on(place.source)


MULTIFD = ['--enable', 'multifd']
BY_HAND = {
    'channels': ('source', ('multifd-channels', 5), MULTIFD, 'differs', '5'),
    'channels-there': ('destination', ('multifd-channels', 5), MULTIFD,
                       'differs', '5'),
    'method': ('source', ('multifd-compression', 'zstd'), MULTIFD, 'differs',
               'zstd'),
    'multifd': ('source', 'multifd', [], 'differs', 'multifd is on'),
    'multifd-there': ('destination', 'multifd', [], 'differs',
                      'multifd is on'),
    'postcopy': ('source', 'postcopy-ram', [], 'differs',
                 'postcopy-ram is on'),
    'colo': ('source', 'x-colo', [], 'not-a-migration', '--disable x-colo'),
}


def snapshot_by_hand(place, version):
    """With it on, QEMU would save the guest and keep it."""
    by_hand(place, version, version, 'source', 'background-snapshot', [],
            'not-a-migration', '--disable background-snapshot')
    place.migrate('--disable', 'background-snapshot').ended(0, 'migrated')
    place.runs_only_on(place.destination)


def one_number_for_both(place, source, destination):
    """--multifd=N sets both sides, whatever they had."""
    place.pair(source, destination)
    place.destination.monitor.execute('migrate-set-parameters',
                                      **{'multifd-channels': 5})
    run = place.migrate('--multifd=3').ended(0, 'migrated')
    for side in ('source', 'destination'):
        now = run.result['effective'][side]['parameters']['multifd-channels']
        check(now == 3, f'{now} channels on the {side}')
    place.runs_only_on(place.destination)


# what is worth a warning


def warned(place, version, words, code, text):
    place.pair(version)
    run = place.migrate(*words).ended(0, 'migrated')
    found = [finding['code'] for finding in run.result['findings']
             if finding['severity'] == 'warning']
    check(found == [code], f'found {run.result["findings"]}')
    run.says('warning: ', text, f'[{code}]')
    place.runs_only_on(place.destination)


WARNED = {
    'one-channel': (['--multifd=1'], 'no-effect', '2 or more'),
    'many-channels': (['--multifd=17'], 'no-effect', 'at most 16'),
    'no-effect': (['--set', 'multifd-channels=3'], 'no-effect', 'multifd'),
    'stays': (['--set', 'block-bitmap-mapping=[]', '--enable',
               'dirty-bitmaps'], 'stays', 'block-bitmap-mapping'),
}


DEPRECATED = (['--enable', 'compress'], 'deprecated', 'multifd')


# what the host does not allow


def poor(place, version):
    """A QEMU of this version that may lock next to nothing."""
    path = place.path('poor')
    rights = 'setpriv --bounding-set -ipc_lock' if os.geteuid() == 0 else ''
    with open(path, 'w', encoding='utf-8') as file:
        file.write('#!/bin/sh\nexec prlimit --memlock=65536:65536 '
                   f'{rights} {pair.QEMUS[version]} "$@"\n')
    os.chmod(path, 0o755)
    pair.QEMUS['poor'] = path
    place.pair('poor', version)


def nothing_to_lock(place, version):
    """QEMU finds out in the middle."""
    poor(place, version)
    place.both_before = both_settings(place)
    run = place.migrate('--zero-copy', '--multifd=2', *TCP)
    check(errors(run) == ['locked-memory'], f'found {run.result["findings"]}')
    is_refused(place, run, 'prlimit')
    place.runs_only_on(place.source)


def all_cases():
    for name, (words, text) in USAGE.items():
        yield f'usage-{name}', usage, words, text
    for source, destination in PAIRS:
        where = f'{source}-to-{destination}'
        yield f'refused-{where}', refused, source, destination
        yield (f'one-number-for-both-{where}', one_number_for_both, source,
               destination)
        for name, how in BY_HAND.items():
            yield (f'by-hand-{name}-{where}', by_hand, source, destination,
                   *how)
    yield ('by-hand-block-7.2-to-10.0', by_hand, '7.2', '10.0', 'source',
           'block', [], 'differs', 'block is on')
    yield 'warned-deprecated', warned, '7.2', *DEPRECATED
    for version in ('7.2', '10.0'):
        yield f'snapshot-by-hand-{version}', snapshot_by_hand, version
        for name, how in WARNED.items():
            yield f'warned-{name}-{version}', warned, version, *how
        if all(map(shutil.which, ('prlimit', 'setpriv'))):
            yield f'nothing-to-lock-{version}', nothing_to_lock, version


pair.main(all_cases())
