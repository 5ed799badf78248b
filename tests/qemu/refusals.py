# SPDX-License-Identifier: LGPL-2.1-or-later
"""Bad input: each has one clear error (what, where, hint) and its exit code,
and leaves the guest running on the source with the settings that it had."""

import os

import pair
import wire
from pair import check

MIB = 1 << 20
BUSY = {'max-bandwidth': 4 * MIB}

# what is typed, and what must stand in the error
USAGE = {
    'no-verb': ([], 'verb'),
    'verb': (['rum'], 'run'),
    'verb-unlike': (['xyzzy'], 'xyzzy'),
    'option': (['run', '--sorce', 'a'], '--source'),
    'option-unlike': (['lab', '--xyzzy'], '--xyzzy'),
    'option-value': (['run', '--source'], '--source'),
    'no-source': (['run', '--destination', 'b'], '--source'),
    'no-destination': (['run', '--source', 'a'], '--destination'),
    'word': (['run', '--source', 'a', '--destination', 'b', 'c'], "'c'"),
    'unit': (['lab', '--timeout', '3parsecs'], '--timeout'),
    'unit-of-another': (['lab', '--timeout', '3MiB'], '--timeout'),
    'rate': (['lab', '--max-bandwidth', '10furlongs'], '--max-bandwidth'),
    'negative': (['lab', '--downtime-limit', '-5ms'], '--downtime-limit'),
    'huge': (['lab', '--memory', '99999999999999999999GiB'], '--memory'),
    'small': (['lab', '--memory', '1MiB'], '32MiB'),
    'empty': (['lab', '--memory', ''], '--memory'),
    'working-set': (['lab', '--memory', '64MiB', '--working-set', '65MiB'],
                    '--working-set'),
    'smp': (['lab', '--smp', '0'], '--smp'),
    'smp-word': (['lab', '--smp', 'two'], 'two'),
    'repeat': (['lab', '--repeat', '0'], '--repeat'),
    'pattern': (['lab', '--pattern', 'zigzag'], 'hot-cold'),
    'content': (['lab', '--content', 'empty'], 'compressible'),
    'accel': (['lab', '--accel', 'warp'], 'tcg'),
    'progress': (['lab', '--progress', 'maybe'], 'always'),
    'set': (['lab', '--set', 'downtime-limit'], 'PARAMETER=VALUE'),
    'set-unit': (['lab', '--set', 'downtime-limit=3GiB'], 'downtime-limit'),
    'uri': (['lab', '--uri', 'carrier-pigeon:1'], 'carrier-pigeon'),
    'uri-port': (['lab', '--uri', 'tcp:127.0.0.1:65536'], '65535'),
    'address': (['run', '--source', 'udp:x:1', '--destination', 'b'],
                'udp:x:1'),
    'address-port': (['run', '--source', 'tcp:x:0', '--destination', 'b'],
                     '65535'),
    'address-long': (['run', '--source', 'x' * 200, '--destination', 'b'],
                     '107'),
}


def usage(place, words, text):
    is_refused(place.qmigrate(*words), 2, text)


def is_refused(run, code, *texts):
    check(run.code == code, f'exit code {run.code}, not {code}: {run.err}')
    check(run.out == '', f'printed {run.out!r}')
    run.says_one_error(hint=True)
    run.says(*texts)


# a monitor that is none


def missing(place, path):
    pass


def plain_file(place, path):
    with open(path, 'w', encoding='utf-8') as file:
        file.write('{"QMP": {}}\n')


def folder(place, path):
    os.mkdir(path)


def refusing(place, path):
    wire.listen_at(path).close()


def fake(*arguments, **words):
    return lambda place, path: place.held(
        wire.FakeMonitor(path, *arguments, **words))


# kind: who is at the address, the error.code, and what must be said
HOSTILE = {
    'missing': (missing, 'monitor-unreachable', 'no such file'),
    'plain-file': (plain_file, 'monitor-unreachable', ''),
    'folder': (folder, 'monitor-unreachable', ''),
    'refuses': (refusing, 'monitor-unreachable', 'refused'),
    'other-protocol': (fake(b'220 mail.example ESMTP\r\n', stays=True),
                       'not-qmp', ''),
    'other-json': (fake(b'{"hello": "world"}\r\n', stays=True), 'not-qmp', ''),
    'bytes': (fake(b'\x00\xff\x80\n' * 100, stays=True), 'not-qmp', ''),
    'endless': (fake(b'{"QMP": "' + b'a' * (11 * MIB), stays=True), 'not-qmp',
                ''),
    'endless-reply': (fake(wire.GREETING, 1, b'{"return": "' + b'a' * 11 * MIB,
                           stays=True), ('not-qmp', 'monitor-lost'), ''),
    'nested': (fake(b'[' * 100000, stays=True), 'not-qmp', ''),
    'nested-greeting': (fake(b'{"QMP": ' + b'[' * 100000 + b'\n', stays=True),
                        'not-qmp', ''),
    'closes': (fake(), 'monitor-lost', ''),
    'closes-in-greeting': (fake(wire.GREETING[:40]), 'monitor-lost', ''),
    'closes-in-reply': (fake(wire.GREETING, 1, b'{"return": {"sta'),
                        'monitor-lost', ''),
    'silent': (fake(stays=True), 'monitor-silent', ''),
    'silent-at-negotiation': (fake(wire.GREETING, stays=True),
                              'monitor-silent', ''),
    'silent-later': (fake(wire.GREETING, 1, stays=True), 'monitor-silent',
                     'within'),
}


def hostile(place, kinds):
    """As the source and as the destination at once, beside QEMUs that must
    not notice."""
    place.pair('7.2')
    for kind in kinds:
        setup, code, text = HOSTILE[kind]
        runs = {}
        for side in ('source', 'destination'):
            path = place.path(f'{kind}.{side}')
            setup(place, path)
            runs[side] = place.migrate(**{side: path}, wait=False)
        for side, run in runs.items():
            try:
                run.wait().ended(1, 'error', code)
                run.says_one_error(hint=True)
                run.says(f'error: inspect: {side}: ', text)
            except pair.Failed as error:
                raise pair.Failed(f'{kind} as the {side}: {error}') from error
        is_untouched(place)


def is_untouched(place):
    place.is_as_before()
    check(place.source.migration() == 'none', 'a migration was begun')
    check(place.destination.run_state() == 'inmigrate', 'destination used')
    check(place.destination.migration() == 'none', 'it listens')


# two QEMUs that are not what they must be


def same_path(place):
    place.pair('7.2')
    run = place.migrate(destination=place.source.qmp)
    run.ended(3, 'refused', 'same-qemu').says_one_error(hint=True)
    is_untouched(place)


def same_path_otherwise_written(place):
    """The same by another name is the same: nothing hangs on a monitor that
    serves one client at a time."""
    place.pair('7.2')
    other = place.path('link')
    os.symlink(place.source.qmp, other)
    run = place.migrate(destination=other)
    run.ended(3, 'refused', 'same-qemu').says_one_error(hint=True)
    is_untouched(place)


def same_process(place):
    second = place.path('second')
    place.pair('7.2', source_more=('-qmp', f'unix:{second},server=on,wait=off'))
    run = place.migrate(destination=second)
    run.ended(3, 'refused', 'same-qemu').says_one_error(hint=True)
    run.says(str(place.source.pid))
    is_untouched(place)


def destination_runs(place):
    """It is a QEMU with a guest of its own."""
    place.pair('7.2')
    third = place.qemu('third', '7.2', '-machine', pair.MACHINE, '-m', '64')
    run = place.migrate(destination=third.qmp)
    run.ended(3, 'refused', 'not-waiting').says_one_error(hint=True)
    run.says('destination', 'running')
    check(third.run_state() == 'running', 'the other guest was touched')
    third.kill()
    is_untouched(place)


def destination_used(place, version):
    """Somebody else's migration may come at any moment."""
    place.pair(version)
    place.destination.monitor.execute(
        'migrate-incoming', uri='unix:' + place.path('stream'))
    run = place.migrate()
    run.ended(3, 'refused', 'not-waiting').says_one_error(hint=True)
    run.says('destination', 'restart it with -S -incoming defer')
    place.is_as_before()


def source_waits(place):
    """Both the wrong way round."""
    place.pair('7.2')
    run = place.migrate(source=place.destination.qmp,
                        destination=place.source.qmp)
    run.ended(3, 'refused', 'source-state').says_one_error(hint=True)
    run.says('swapped')
    is_untouched(place)


def source_migrates(place, version):
    """Another's migration goes on, and is not disturbed."""
    place.pair(version, rate=20000000)
    uri = 'unix:' + place.path('stream')
    third = place.qemu('third', version, '-machine', pair.MACHINE, '-m', '64',
                       '-S', '-incoming', uri)
    monitor = place.source.monitor
    monitor.execute('migrate-set-parameters', **BUSY)
    before = place.source.settings()
    monitor.execute('migrate', uri=uri)
    pair.until(lambda: place.source.migration() == 'active', 'active')
    run = place.migrate()
    run.ended(3, 'refused', 'migrating-already').says_one_error(hint=True)
    run.says('source', 'active')
    check(place.source.migration() == 'active', 'the migration was disturbed')
    check(place.source.settings() == before, 'settings changed')
    place.runs_only_on(place.source)
    third.kill()


def source_is_over(place):
    """Its guest was migrated before."""
    place.pair('7.2')
    place.migrate().ended(0, 'migrated')
    third = place.qemu('third', '7.2', '-machine', pair.MACHINE, '-m', '64',
                       '-S', '-incoming', 'defer')
    run = place.migrate(destination=third.qmp)
    run.ended(3, 'refused', 'source-state').says_one_error(hint=True)
    run.says('postmigrate')
    place.runs_only_on(place.destination)


def monitor_is_held(place):
    """Another client has the monitor: QEMU serves one at a time."""
    place.pair('7.2')
    other = pair.Monitor(place.destination.qmp)
    run = place.migrate().ended(1, 'error', 'monitor-silent')
    run.says_one_error(hint=True)
    run.says('destination', 'another client')
    other.close()
    is_untouched(place)


def blocked(place):
    """A device says no."""
    place.pair('7.2', source_more=('-object', 'memory-backend-ram,size=1M,'
                                   'share=on,id=m', '-device',
                                   'ivshmem-plain,memdev=m,master=off'))
    run = place.migrate().ended(3, 'refused', 'blocked')
    run.says_one_error(hint=True)
    run.says('ivshmem')
    is_untouched(place)


def unknown_settings(place, version):
    place.pair(version)
    for words, text in ((('--enable', 'event'), 'events'),
                        (('--enable', 'teleport'), 'teleport'),
                        (('--set', 'max-bandwith=1'), 'max-bandwidth'),
                        (('--set', 'teleport=1'), 'teleport')):
        run = place.migrate(*words)
        run.ended(3, 'refused', 'unknown-setting').says_one_error(hint=True)
        run.says(text)
        is_untouched(place)


def unwritable_json(place):
    """Known before the migration starts, not after."""
    place.pair('7.2')
    os.mkdir(place.path('folder'))
    for path in (place.path('nowhere/result'), place.path('folder'),
                 '/proc/result', ''):
        run = place.qmigrate('run', '--source', place.source.qmp,
                             '--destination', place.destination.qmp, '--json',
                             path)
        is_refused(run, 1, '--json', path)
        is_untouched(place)


def unwritable_trace(place):
    place.pair('7.2')
    path = place.path('nowhere/trace')
    run = place.migrate('--trace', path).ended(1, 'error', 'environment')
    run.says_one_error()
    run.says('trace', path)
    is_untouched(place)


# no QEMU


def no_qemu(place, words, env):
    run = place.qmigrate('lab', *words, env=env)
    check(run.code == 125, f'exit code {run.code}: {run.err}')
    run.says_one_error(hint=True)
    run.says('--qemu', words[-1] if words else 'qemu-system-x86_64')


def all_cases():
    for name, (words, text) in USAGE.items():
        yield f'usage-{name}', usage, words, text
    slow = [kind for kind in HOSTILE if kind.startswith('silent')]
    yield 'hostile', hostile, [kind for kind in HOSTILE if kind not in slow]
    for kind in slow:
        yield f'hostile-{kind}', hostile, [kind]
    for case in (same_path, same_path_otherwise_written, same_process,
                 destination_runs, source_waits, source_is_over,
                 monitor_is_held, blocked, unwritable_json, unwritable_trace):
        yield case.__name__.replace('_', '-'), case
    for version in ('7.2', '10.0'):
        for case in (destination_used, source_migrates, unknown_settings):
            yield f'{case.__name__.replace("_", "-")}-{version}', case, version
    yield 'no-qemu-in-path', no_qemu, [], {'PATH': ''}
    yield 'no-such-qemu', no_qemu, ['--qemu', 'nonesuch'], {}
    yield 'no-such-path', no_qemu, ['--qemu', '/nowhere/qemu'], {}


pair.main(all_cases())
