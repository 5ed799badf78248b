# SPDX-License-Identifier: LGPL-2.1-or-later
"""Monitors over TLS: a command, events, a whole migration; and a QEMU, or a
client, that cannot prove what it is."""

import json
import os
import shutil
import socket

import credentials
import pair
from pair import check, until


def monitor(place, kind, folder, port, more=''):
    """The words of a QEMU with a second monitor, over TLS."""
    return ('-object', f'tls-creds-{kind},id=mon,dir={folder},endpoint=server'
            f'{more}', '-chardev', f'socket,id=over,host=localhost,port={port},'
            'server=on,wait=off,nodelay=on,tls-creds=mon', '-mon',
            'chardev=over,mode=control')


def free_port():
    with socket.socket() as one:
        one.bind(('127.0.0.1', 0))
        return one.getsockname()[1]


def start(place, version, kind, folder, more=''):
    """The address of the monitor of a QEMU without a guest."""
    port = free_port()
    place.qemu('it', version, '-S', *monitor(place, kind, folder, port, more))
    return f'tls:localhost:{port}'


def made(place, name, *words):
    folder = place.path(name)
    run = place.qmigrate('tls', 'make', folder, *words)
    check(run.code == 0, run.err)
    host = [word for word in words if not word.startswith('--')]
    return os.path.join(folder, host[0]) if host else folder


def asked(place, folder, address, *words):
    return place.qmigrate('qmp', '--monitor-tls', folder, address, *words)


def answers(place, version, kind):
    words = ('--host', 'localhost') if kind == 'x509' else ('--psk',)
    folder = made(place, 'creds', *words)
    address = start(place, version, kind, folder)
    run = asked(place, folder, address, 'query-status')
    check(run.code == 0, run.err)
    check(json.loads(run.out)['status'] == 'prelaunch', run.out)
    # of several records
    run = asked(place, folder, address, 'query-qmp-schema')
    check(run.code == 0 and len(json.loads(run.out)) > 100, run.err)
    # and back
    run = asked(place, folder, address, 'human-monitor-command',
                'command-line=info status' + ' ' * 100000)
    check(run.code == 0 and 'paused' in run.out, run.err)


def by_address(place, version):
    """A name is not needed where the certificate has the address."""
    folder = made(place, 'creds', '--host', 'localhost')
    address = start(place, version, 'x509', folder)
    run = asked(place, folder, address.replace('localhost', '127.0.0.1'),
                'query-status')
    check(run.code == 0, run.err)


def refused(place, folder, address, *said):
    run = asked(place, folder, address, 'query-status')
    check(run.code == 1 and not run.out, f'exit code {run.code}: {run.out}')
    run.says_one_error(hint=True)
    run.says(*said)


def is_not_who_it_should_be(place, version):
    folder = made(place, 'creds', '--host', 'elsewhere.example')
    address = start(place, version, 'x509', folder)
    refused(place, folder, address, 'not for localhost, but for elsewhere.exa')
    other = made(place, 'other', '--host', 'localhost')
    refused(place, other, address, 'not signed by our CA')


def says_not_who_we_are(place, version):
    folder = made(place, 'creds', '--host', 'localhost')
    address = start(place, version, 'x509', folder, ',verify-peer=on')
    alone = place.path('alone')
    os.mkdir(alone)
    shutil.copy(os.path.join(folder, 'ca-cert.pem'), alone)
    refused(place, alone, address, 'it does not take our certificate')
    run = asked(place, folder, address, 'query-status')
    check(run.code == 0, run.err)


def has_another_key(place, version):
    address = start(place, version, 'psk', made(place, 'creds', '--psk'))
    refused(place, made(place, 'other', '--psk'), address, 'it has another key')


def is_revoked(place, version):
    it = credentials.Folder(place)
    it.host('server', 'cn = "localhost"\ndns_name = "localhost"\n'
            + credentials.RSA + credentials.SERVER + credentials.DAYS)
    address = start(place, version, 'x509', it.path)
    run = asked(place, it.path, address, 'query-status')
    check(run.code == 0, run.err)
    ours = place.path('ours')
    shutil.copytree(it.path, ours)
    it.crl('server')
    shutil.copy(it.file('ca-crl.pem'), ours)
    refused(place, ours, address, 'was revoked')


def does_not_speak_tls(place, version):
    folder = made(place, 'creds', '--host', 'localhost')
    port = free_port()
    place.qemu('it', version, '-S', '-qmp',
               f'tcp:localhost:{port},server=on,wait=off')
    refused(place, folder, f'tls:localhost:{port}', 'does not speak TLS')


def migrates(place, source, destination):
    folder = made(place, 'creds', '--host', 'localhost')
    ports = [free_port(), free_port()]
    place.pair(source, destination, rate=10000000,
               source_more=monitor(place, 'x509', folder, ports[0]),
               destination_more=monitor(place, 'x509', folder, ports[1]))
    run = place.migrate('--monitor-tls', folder,
                        source=f'tls:localhost:{ports[0]}',
                        destination=f'tls:localhost:{ports[1]}')
    run.ended(0, 'migrated')
    check(run.result['requested']['uri'].startswith('tcp:localhost:'),
          run.result['requested']['uri'])
    place.runs_only_on(place.destination)
    place.destination.is_intact()
    run = place.qmigrate('status', '--monitor-tls', folder, '--source',
                         f'tls:localhost:{ports[1]}')
    check(run.code == 0, run.err)


def is_lost(place, version):
    """The destination's QEMU dies: its monitor says so, nothing proves it."""
    folder = made(place, 'creds', '--host', 'localhost')
    ports = [free_port(), free_port()]
    place.pair(version, rate=10000000,
               source_more=monitor(place, 'x509', folder, ports[0]),
               destination_more=monitor(place, 'x509', folder, ports[1]))
    run = place.migrate('--monitor-tls', folder, '--max-bandwidth', '4MiB/s',
                        source=f'tls:localhost:{ports[0]}',
                        destination=f'tls:localhost:{ports[1]}', wait=False)
    place.source.monitor.status('active')
    place.destination.kill()
    run.wait().ended(4, 'failed', ('monitor-lost', 'monitor-unreachable',
                                   'migration-failed', 'destination-lost'))
    until(lambda: place.runs_where() == ['source'], 'the guest is there')
    place.has_settings_back()


def wrong_words(place):
    folder = made(place, 'creds', '--psk')
    empty = place.path('empty')
    os.mkdir(empty)
    for words, said in (
            (('tls:localhost:1',), 'needs --monitor-tls=DIR'),
            (('--monitor-tls', folder, 'tcp:localhost:1'), 'there is none'),
            (('--monitor-tls', folder, 'tls:localhost'), 'host and port')):
        run = place.qmigrate('qmp', *words, 'query-status')
        check(run.code == 2, f'exit code {run.code}: {run.err}')
        run.says(said)
    port = free_port()
    place.qemu('it', '7.2', '-S',
               *monitor(place, 'psk', folder, port))
    for folder, said in ((empty, 'neither ca-cert.pem nor keys.psk'),
                         (place.path('nowhere'), 'is no folder')):
        run = asked(place, folder, f'tls:localhost:{port}', 'query-status')
        check(run.code, 'it is taken')
        run.says_one_error()
        run.says(said)


def all_cases():
    for version in ('7.2', '10.0'):
        for kind in ('x509', 'psk'):
            yield f'answers-{kind}-{version}', answers, version, kind
        for case in (by_address, is_not_who_it_should_be, says_not_who_we_are,
                     has_another_key, is_revoked, does_not_speak_tls,
                     is_lost):
            yield (f'{case.__name__.replace("_", "-")}-{version}', case,
                   version)
    for source in ('7.2', '10.0'):
        for destination in ('7.2', '10.0'):
            yield (f'migrates-{source}-to-{destination}', migrates, source,
                   destination)
    yield 'wrong-words', wrong_words


if __name__ == '__main__':
    if not shutil.which('certtool'):
        print('certtool is not installed')
        raise SystemExit(77)
    pair.main(all_cases())
