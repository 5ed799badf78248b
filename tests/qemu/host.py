# SPDX-License-Identifier: LGPL-2.1-or-later
"""What we read of a process is what its QEMU meets: may it use userfaultfd, and
how much must it be allowed to lock for zero-copy.  QEMUs without rights, with
some, with a device of their own; in a network and with mounts of the test's
own, so only root can do this, and nothing of the host is changed."""

import json
import os
import shutil
import subprocess
import sys

import pair
from pair import Failed, check, until

FACTS = os.environ.get('QMIGRATE_FACTS')
N_CHANNELS = 2
SEND_BUFFER_BYTES = 1 << 20
NOBODY = '65534'
OTHERS = '65532'
IDS = f'setpriv --reuid {NOBODY} --regid {NOBODY} --clear-groups '
NONE = '--inh-caps -all --bounding-set -all '
WITH = '--inh-caps +{0} --ambient-caps +{0} '


def device(mode, owner='0:0'):
    """Shell for a /dev/userfaultfd like this, in mounts of its own."""
    return ('mount -t tmpfs none FOLDER && cp -a /dev/userfaultfd FOLDER/it && '
            f'chown {owner} FOLDER/it && chmod {mode} FOLDER/it && '
            'mount --bind FOLDER/it /dev/userfaultfd || exit\n')


# Who runs QEMU, and what we read of it.
USERS = {
    'root': ('', '', 'capability'),
    'root-without-ptrace':
        (device('600'), 'setpriv --bounding-set -sys_ptrace ', 'device'),
    'nobody': (device('600'), IDS + NONE, 'no'),
    'nobody-with-ptrace':
        ('', IDS + WITH.format('sys_ptrace'), 'capability'),
    'nobody-reads': (device('444'), IDS + NONE, 'no'),
    'nobody-writes': (device('222'), IDS + NONE, 'no'),
    'everybody-may': (device('666'), IDS + NONE, 'device'),
    'owner-may': (device('600', NOBODY), IDS + NONE, 'device'),
    'owner-may-not': (device('066', NOBODY), IDS + NONE, 'no'),
    'group-may': (device('660', f'0:{NOBODY}'), IDS + NONE, 'device'),
    'other-group-may': (device('660', f'0:{OTHERS}'), IDS + NONE, 'no'),
    'nobody-overrides':
        (device('600'), IDS + WITH.format('dac_override'), 'device'),
    'root-of-a-namespace': (device('600'), IDS + 'unshare -Ur ', 'no'),
    'root-of-a-namespace-may': (device('666'), IDS + 'unshare -Ur ', 'device'),
}


def qemu_as(place, name, version, before, how, *words):
    """QEMU after this shell and behind this command."""
    path, folder = place.path(name), place.path(name + '.dev')
    apart = '-S unshare -m --propagation private sh' if before else 'sh'
    os.chmod(place.folder, 0o777)
    os.mkdir(folder)
    with open(path, 'w', encoding='utf-8') as file:
        file.write(f'#!/usr/bin/env {apart}\n'
                   + before.replace('FOLDER', folder)
                   + f'exec {how} {pair.QEMUS[version]} "$@"\n')
    os.chmod(path, 0o755)
    pair.QEMUS[name] = path
    return place.qemu(name, name, '-machine', pair.MACHINE, *words)


def facts(qemu):
    said = subprocess.run([FACTS, str(qemu.pid), str(N_CHANNELS)],
                          capture_output=True, text=True, check=True).stdout
    return json.loads(said)


def turn_on(qemu, *names):
    qemu.monitor.execute('migrate-set-capabilities', capabilities=[
        {'capability': name, 'state': True} for name in names])


def takes(qemu, name):
    try:
        turn_on(qemu, name)
        return True
    except Failed:
        return False


def sysctl_way():
    """What is open to everybody on this host."""
    path = '/proc/sys/vm/unprivileged_userfaultfd'
    with open(path, encoding='ascii') as file:
        return 'sysctl' if file.read().strip() == '1' else None


def userfaultfd(place, version, user, *_):
    before, how, expected = USERS[user]
    qemu = qemu_as(place, 'it', version, before, how, '-m', '32', '-S',
                   '-incoming', 'defer')
    way, taken = facts(qemu)['userfaultfd'], takes(qemu, 'postcopy-ram')
    check(way in (expected, sysctl_way()), f'{way}, not {expected}')
    right = {'no': (False,), 'capability': (True,), 'sysctl': (True,),
             'device': (version != '7.2',), 'unknown': (True, False)}[way]
    check(taken in right, f'{way}, but QEMU says {taken}')


def filtered(place, version, *_):
    qemu = qemu_as(place, 'it', version, '', '', '-m', '32', '-sandbox', 'on')
    check(facts(qemu)['userfaultfd'] == 'unknown', 'a filter is not seen')


def send(place, version, limit_bytes, how=IDS + NONE):
    """Zero-copy with this limit: the source, and how its migration ended."""
    image = place.path('guest')
    shutil.copy(pair.GUEST, image)
    os.chmod(image, 0o644)
    words = ('-m', '64', '-kernel', image, '-append',
             'rate=0 content=random beat-us=10000')
    source = qemu_as(place, 'source', version, '',
                     f'prlimit --memlock={limit_bytes}:{limit_bytes} ' + how,
                     *words)
    destination = place.qemu('destination', version, '-machine', pair.MACHINE,
                             *words, '-S', '-incoming', 'defer')
    until(source.is_ready, 'the guest works')
    for qemu in (source, destination):
        turn_on(qemu, 'events', 'return-path', 'multifd')
        qemu.monitor.execute('migrate-set-parameters', **{
            'multifd-channels': N_CHANNELS, 'max-bandwidth': 0})
    turn_on(source, 'zero-copy-send')
    destination.monitor.execute('migrate-incoming', uri='tcp:127.0.0.1:0')
    where = destination.monitor.execute('query-migrate')['socket-address'][0]
    source.monitor.execute('migrate', uri=f'tcp:127.0.0.1:{where["port"]}')
    until(lambda: source.migration() in ('completed', 'failed'), 'it ends')
    return source, source.migration()


def enough(place, version):
    needs = needed()
    source, status = send(place, version, needs)
    said = facts(source)
    check(said['locked_limit_bytes'] == needs, f'{said} of {needs}')
    check(said['may_lock_all'] == 'no', said)
    check(status == 'completed', source.monitor.execute('query-migrate'))


def too_little(place, version):
    source, status = send(place, version, 1 << 16)
    check(status == 'failed', status)
    check(source.run_state() == 'running', 'the guest does not run any more')


def unlimited(place, version):
    how = IDS + WITH.format('ipc_lock')
    source, status = send(place, version, 0, how)
    check(facts(source)['may_lock_all'] == 'yes', facts(source))
    check(status == 'completed', source.monitor.execute('query-migrate'))


def namespace_does_not_count(place, version):
    source, status = send(place, version, 1 << 16, IDS + 'unshare -Ur ')
    check(facts(source)['may_lock_all'] == 'no', facts(source))
    check(status == 'failed', status)


def needed():
    said = subprocess.run([FACTS, str(os.getpid()), str(N_CHANNELS)],
                          capture_output=True, text=True, check=True).stdout
    return json.loads(said)['needs_bytes']


def cases():
    for version in ('7.2', '10.0'):
        for user, (before, _, _) in USERS.items():
            if before and not os.path.exists('/dev/userfaultfd'):
                continue
            yield f'userfaultfd-{user}-{version}', userfaultfd, version, user
        yield f'userfaultfd-filtered-{version}', filtered, version
        for function in (enough, too_little, unlimited,
                         namespace_does_not_count):
            name = function.__name__.replace('_', '-')
            yield f'zero-copy-{name}-{version}', function, version


def is_apart():
    """In a network of our own, whose buffers are ours to set?"""
    if 'QMIGRATE_APART' in os.environ:
        return True
    if not FACTS or os.geteuid() != 0 or not all(
            map(shutil.which, ('ip', 'prlimit', 'setpriv', 'unshare'))):
        return False
    is_possible = subprocess.run(
        ['unshare', '-n', 'true'], capture_output=True, check=False)
    if is_possible.returncode == 0:
        os.environ['QMIGRATE_APART'] = 'yes'
        os.execvp('unshare', ['unshare', '-n', sys.executable, '-B', *sys.argv])
    return False


if __name__ == '__main__':
    if not is_apart():
        print('not root, or no namespaces: nothing was tried')
        sys.exit(77)
    subprocess.run(['ip', 'link', 'set', 'lo', 'up'], check=True)
    with open('/proc/sys/net/ipv4/tcp_wmem', 'w', encoding='ascii') as sizes:
        sizes.write(f'4096 16384 {SEND_BUFFER_BYTES}')
    pair.main(cases())
