# SPDX-License-Identifier: LGPL-2.1-or-later
"""QEMUs that do not see the same files, run as other users, or in other
networks: an address is chosen that works, or check says that none does."""

import os
import shutil
import subprocess
import sys

import pair
from pair import check

USER = ('setpriv', '--reuid', '1000', '--regid', '1000', '--clear-groups')


def private(*folders):
    """A mount namespace in which these folders are empty ones of its own."""
    mounts = ' && '.join(f'mount -t tmpfs t {folder}' for folder in folders)
    return ('unshare', '-m', '--propagation', 'private', 'sh', '-c',
            f'{mounts} && exec "$@"', 'sh')


def open_folders(place):
    for folder in (place.folder, place.tmp):
        os.chmod(folder, 0o777)


def start(place, version, source, destination):
    open_folders(place)
    words = {'tmp': private(place.tmp),
             'all': private(place.tmp, '/var/tmp', '/dev/shm'),
             'user': USER, 'network': ('unshare', '-n'),
             'user-network': ('unshare', '-n', *USER), '': ()}
    place.prefix = {'source': words[source],
                    'destination': words[destination]}
    place.pair(version)


def chooses(place, version, source, destination, option, beginning):
    """check and run choose the same, and it works."""
    start(place, version, source, destination)
    options = option.split()
    dry = place.qmigrate('run', '--source', place.source.qmp, '--destination',
                         place.destination.qmp, '--dry-run', *options)
    check(dry.code == 0, f'the dry run ended with {dry.code}: {dry.err}')
    run = place.migrate(*options).ended(0, 'migrated')
    uri = run.result['requested']['uri']
    uri = uri.replace(place.tmp, 'TMPDIR')
    check(uri.startswith(beginning), f'chose {uri}')
    is_usual = beginning.startswith('unix:TMPDIR')
    reason = run.result['requested']['uri_reason']
    check((reason is None) == is_usual, f'the reason is {reason}')
    check(is_usual or reason in run.out, f'said {run.out}')
    place.runs_only_on(place.destination)
    place.destination.is_intact()


def refused(place, version, source, destination, *options):
    start(place, version, source, destination)
    words = [word.replace('TMPDIR', place.tmp) for word in options]
    run = place.migrate(*words).ended(3, 'refused', 'host')
    run.says_one_error(hint=True)
    check(place.destination.run_state() == 'inmigrate', 'it was used')
    check(place.destination.migration() == 'none', 'it was used')
    place.is_as_before()


def odd_tmpdir(place, version, tmpdir):
    """Another folder is used, and a note says why."""
    place.pair(version)
    long = '/' + 'x' * 120
    os.makedirs(place.path('tmp' + long))
    words = {'long': place.path('tmp' + long), 'relative': 'tmp',
             'absent': place.path('nowhere')}
    json = place.path('result.json')
    run = place.qmigrate('run', '--source', place.source.qmp, '--destination',
                         place.destination.qmp, '--json', json,
                         env={'TMPDIR': words[tmpdir]})
    check(run.code == 0, f'exit code {run.code}: {run.err}')
    check('TMPDIR' in run.out, f'said {run.out}')
    os.removedirs(place.path('tmp' + long))
    os.makedirs(place.tmp, exist_ok=True)


def cases():
    for version in ('7.2', '10.0', '11.1'):
        for source, destination, option, beginning in (
                ('', 'tmp', '', 'unix:/tmp/'),
                ('tmp', 'tmp', '--multifd=2', 'unix:/tmp/'),
                ('', 'network', '', 'unix:TMPDIR'),
                ('', 'user', '', 'unix:TMPDIR'),
                ('user', '', '', 'fd:pair'),
                ('user', '', '--multifd=2', 'tcp:127.0.0.1:0'),
                ('user', '', '--postcopy --policy adaptive '
                 '--postcopy-after=1', 'tcp:127.0.0.1:0'),
                ('user-network', '', '', 'fd:pair')):
            name = '-'.join(filter(None, (source, 'to', destination,
                                          option.split('=')[0].strip('-'))))
            yield (f'{name}-{version}', chooses, version, source, destination,
                   option, beginning)
        yield (f'refused-multifd-{version}', refused, version, 'user-network',
               '', '--multifd=2')
        yield (f'refused-given-{version}', refused, version, '', 'tmp',
               '--uri', 'unix:TMPDIR/s')
        yield (f'refused-user-{version}', refused, version, 'user', '',
               '--uri', 'unix:TMPDIR/s')
    for tmpdir in ('long', 'relative', 'absent'):
        yield f'tmpdir-{tmpdir}', odd_tmpdir, '10.0', tmpdir


def can_be_apart():
    if os.geteuid() != 0 or not all(map(shutil.which, ('setpriv', 'unshare'))):
        return False
    return subprocess.run(['unshare', '-m', '-n', 'true'], check=False,
                          capture_output=True).returncode == 0


if __name__ == '__main__':
    if not can_be_apart():
        print('not root, or no namespaces: nothing was tried')
        sys.exit(77)
    pair.main(cases())
