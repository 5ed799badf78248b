# SPDX-License-Identifier: LGPL-2.1-or-later
"""By descriptors, by commands, by another address: it works by the scenarios of
tools/scenarios; here is how each ends where it does not."""

import os
import re
import signal
import stat

import pair
import stream
from moments import NEVER_ENDS, RATE, name_of
from pair import check

VERSION = '7.2'
NEW = '10.0'


def descriptors(qemu):
    """Of QEMU's, by name: a pair's end and a file's."""
    folder = f'/proc/{qemu.process.pid}/fd'
    return sorted(os.readlink(os.path.join(folder, name))
                  for name in os.listdir(folder))


def pair_refused(place):
    """What was passed for nothing is closed again, on both sides."""
    place.pair(VERSION)
    before = [len(descriptors(qemu)) for qemu in place.qemus]
    place.source.monitor.execute('object-add', **{
        'qom-type': 'secret', 'id': 'x', 'data': 'x'})
    run = place.migrate('--uri', 'fd:pair', '--no-preflight', '--set',
                        'tls-creds=x')
    check(run.code == 4, f'exit code {run.code}: {run.err}')
    place.is_as_before()
    after = [len(descriptors(qemu)) for qemu in place.qemus]
    check(after == before, f'{after} descriptors, not {before}')


def destination_killed(place):
    """Our end of the pair is closed, so that the source sees it."""
    place.pair(VERSION, rate=RATE)
    run = place.migrate('--uri', 'fd:pair', *NEVER_ENDS, wait=False)
    place.source.monitor.status('active')
    place.destination.kill()
    run.wait().ended(4, 'failed', 'destination-lost')
    place.is_as_before()


def cancelled(place):
    place.pair(VERSION, rate=RATE)
    run = place.migrate('--uri', 'fd:pair', *NEVER_ENDS, wait=False)
    place.source.monitor.status('active')
    run.signal(signal.SIGINT)
    run.wait().ended(5, 'cancelled', 'cancelled')
    place.is_as_before()


def file_is_mine(place, uri):
    """Nobody writes over it, and it is not removed."""
    place.pair(VERSION)
    path = place.path('mine')
    with open(path, 'w', encoding='utf-8') as file:
        file.write('mine')
    run = place.migrate('--uri', uri.format(path))
    check(run.code in (2, 3), f'exit code {run.code}: {run.err}')
    run.says_one_error(hint=True)
    with open(path, encoding='utf-8') as file:
        check(file.read() == 'mine', 'it is another')
    place.is_as_before()


def file_is_ours(place):
    """Closed to others, and gone when nothing came of it."""
    place.pair(VERSION, rate=RATE)
    path = place.path('file')
    run = place.migrate('--uri', 'fd:' + path, '--live', *NEVER_ENDS,
                        wait=False)
    place.source.monitor.status('active')
    check(stat.S_IMODE(os.stat(path).st_mode) == 0o600, 'others may read it')
    run.signal(signal.SIGINT)
    run.wait().ended(5, 'cancelled', 'cancelled')
    check(not os.path.exists(path), 'it is left')
    place.is_as_before()
    check(place.destination.run_state() == 'inmigrate', 'it was used')


def part_stays(place):
    """Where there is an offset the file is somebody's, whatever happens."""
    place.pair(NEW, rate=RATE)
    path = place.path('image')
    with open(path, 'wb') as file:
        file.write(b'h' * 4096)
    run = place.migrate('--uri', f'fdset:{path},offset=4096', '--live',
                        *NEVER_ENDS, wait=False)
    place.source.monitor.status('active')
    run.signal(signal.SIGINT)
    run.wait().ended(5, 'cancelled', 'cancelled')
    with open(path, 'rb') as file:
        check(file.read(4096) == b'h' * 4096, 'the header is another')
    place.is_as_before()


def no_unix_socket(place):
    """A descriptor does not go through TCP."""
    place.pair(VERSION, source_more=(
        '-qmp', 'tcp:127.0.0.1:0,server=on,wait=off'))
    names = [one['filename'] for one in
             place.source.monitor.execute('query-chardev')]
    port = next(re.search(r'tcp:127.0.0.1:(\d+)', name)[1] for name in names
                if 'tcp:' in name)
    run = place.migrate('--uri', 'fd:pair', source=f'tcp:127.0.0.1:{port}')
    run.ended(3, 'refused', 'host').says('cannot be passed over')
    place.is_as_before()


def command_fails(place):
    """The source's command ends at once: the guest stays."""
    place.pair(VERSION)
    run = place.migrate('--uri', 'exec:cat', '--source-uri', 'exec:false')
    run.ended(4, 'failed', 'migration-failed')
    place.is_as_before()


def through_a_tunnel(place):
    """The source knows the destination by another address."""
    place.pair(VERSION)
    tunnel = place.held(stream.Stream(place.path('tunnel')))
    place.migrate('--uri', 'unix:' + place.path('stream'), '--source-uri',
                  tunnel.go_to('unix:' + place.path('stream'))
                  ).ended(0, 'migrated')
    check(tunnel.n_passed() > 1 << 16, 'it went another way')
    place.runs_only_on(place.destination)


def channels_too_old(place):
    place.pair(VERSION)
    run = place.migrate('--channels')
    check(run.code == 3, f'exit code {run.code}: {run.err}')
    run.says('does not know channels')
    place.is_as_before()


def wrong_words(place):
    """One error each, and nothing is started."""
    cases = {
        'exec:cat': 'give the source',
        'fd:3': 'no absolute path',
        'file:/x,offset=4k': 'no offset in bytes',
    }
    for uri, why in cases.items():
        run = place.qmigrate('lab', '--uri', uri)
        check(run.code == 2, f'{uri}: exit code {run.code}: {run.err}')
        run.says(why)
    for words in (('--live',), ('--uri', 'fd:pair', '--live'),
                  ('--uri', 'fd:pair', '--source-uri', 'unix:/x'),
                  ('--source-uri', 'file:/x'),
                  ('--uri', 'unix:/x', '--source-uri', 'exec:cat')):
        run = place.qmigrate('lab', *words)
        check(run.code == 2, f'{words}: exit code {run.code}: {run.err}')
        run.says_one_error(hint=True)


def said_in_the_result(place):
    place.pair(VERSION)
    run = place.migrate('--uri', 'fd:' + place.path('file'), '--live')
    requested = run.ended(0, 'migrated').result['requested']
    check((requested['source_uri'], requested['channels'],
           requested['live']) == (None, False, True), f'{requested}')


CASES = (pair_refused, destination_killed, cancelled, file_is_ours, part_stays,
         no_unix_socket, command_fails, through_a_tunnel, channels_too_old, wrong_words,
         said_in_the_result)


def all_cases():
    for case in CASES:
        yield name_of(case), case
    yield 'file-is-mine-fd', file_is_mine, 'fd:{}'
    yield 'file-is-mine-fdset', file_is_mine, 'fdset:{}'


pair.main(all_cases())
