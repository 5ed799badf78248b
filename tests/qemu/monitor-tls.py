# SPDX-License-Identifier: LGPL-2.1-or-later
"""Monitors behind TLS: with certificates of certtool and with a key, one
command and whole migrations, and what each side does not accept."""

import os
import re
import shutil
import subprocess
import sys

import pair
from pair import check

AUTHORITY = 'cn = authority\nca\ncert_signing_key\nexpiration_days = 2\n'
# 10.0.2 wants encryption_key of an RSA key, and loads no other certificate.
SERVER = ('cn = server\ntls_www_server\nsigning_key\nencryption_key\n'
          'expiration_days = 2\n')
CLIENT = ('cn = client\ntls_www_client\nsigning_key\nencryption_key\n'
          'expiration_days = 2\n')
HERE = 'dns_name = localhost\nip_address = 127.0.0.1\n'


def certtool(*words):
    done = subprocess.run(['certtool', *words], capture_output=True, text=True,
                          check=False)
    check(done.returncode == 0, f'certtool {words}: {done.stderr}')


class Authority:
    """Gives out certificates, each with its files in a folder."""

    def __init__(self, place, name):
        self.stem = place.path(name)
        self.key(f'{self.stem}-key.pem')
        certtool('--generate-self-signed', '--load-privkey',
                 f'{self.stem}-key.pem', '--template',
                 self.template(AUTHORITY), '--outfile', f'{self.stem}.pem')

    @staticmethod
    def key(path):
        certtool('--generate-privkey', '--key-type', 'rsa', '--bits', '2048',
                 '--outfile', path)

    def template(self, text):
        path = f'{self.stem}.template'
        with open(path, 'w', encoding='utf-8') as file:
            file.write(text)
        return path

    def put(self, folder):
        os.makedirs(folder, exist_ok=True)
        shutil.copy(f'{self.stem}.pem', f'{folder}/ca-cert.pem')

    def issue(self, folder, stem, text):
        self.put(folder)
        self.key(f'{folder}/{stem}-key.pem')
        certtool('--generate-certificate', '--load-privkey',
                 f'{folder}/{stem}-key.pem', '--load-ca-privkey',
                 f'{self.stem}-key.pem', '--load-ca-certificate',
                 f'{self.stem}.pem', '--template', self.template(text),
                 '--outfile', f'{folder}/{stem}-cert.pem')


def certificates(place, names=HERE):
    """A folder that serves both ends, and the authority of it."""
    authority = Authority(place, 'authority')
    folder = place.path('tls')
    authority.issue(folder, 'server', SERVER + names)
    authority.issue(folder, 'client', CLIENT)
    return folder, authority


def key(place, name='tls', text='qemu:' + 16 * '0f'):
    folder = place.path(name)
    os.mkdir(folder)
    with open(f'{folder}/keys.psk', 'w', encoding='utf-8') as file:
        file.write(text + '\n')
    return folder


def words(folder):
    """Of a QEMU with a TLS monitor on a port that the kernel chooses."""
    kind = 'psk' if os.path.exists(f'{folder}/keys.psk') \
        else 'x509,verify-peer=on'
    return ('-object',
            f'tls-creds-{kind},id=tls0,dir={folder},endpoint=server',
            '-chardev', 'socket,id=secure,host=127.0.0.1,port=0,server=on,'
            'wait=off,tls-creds=tls0', '-mon', 'chardev=secure,mode=control')


def port(qemu):
    for chardev in qemu.monitor.execute('query-chardev'):
        if chardev['label'] == 'secure':
            return re.search(r':(\d+)[,\s]|:(\d+)$',
                             chardev['filename']).group(1)
    raise pair.Failed('no port of the TLS monitor')


def address(qemu, host='localhost'):
    return f'tls:{host}:{port(qemu)}'


def start(place, version, folder):
    return place.qemu('source', version, '-machine', 'none', '-S',
                      *words(folder))


def ask(place, folder, where, *command):
    return place.qmigrate('qmp', f'--monitor-tls={folder}', where, *command)


def check_asks(place, qemu, folder):
    for host in ('localhost', '127.0.0.1'):
        for _ in range(2):  # the monitor takes one client after the other
            run = ask(place, folder, address(qemu, host), 'query-status')
            check(run.code == 0, f'{host}: {run.err}')
            check('"status": "prelaunch"' in run.out, run.out)
    run = ask(place, folder, address(qemu), 'query-qmp-schema')
    check(run.code == 0 and len(run.out) > 200000, 'the schema is not whole')


def check_refused(place, qemu, folder, *why):
    run = ask(place, folder, address(qemu), 'query-status')
    check(run.code == 1, f'exit code {run.code}')
    run.says_one_error(hint=True)
    run.says(f'error: {address(qemu)}: ', *why)


def asks_with_certificates(place, version):
    folder, _ = certificates(place)
    check_asks(place, start(place, version, folder), folder)


def asks_with_a_key(place, version):
    folder = key(place)
    check_asks(place, start(place, version, folder), folder)


def refuses_another_host(place, version):
    folder, _ = certificates(place, 'dns_name = other.example\n'
                             'ip_address = 192.0.2.1\n')
    qemu = start(place, version, folder)
    check_refused(place, qemu, folder,
                  'its certificate is for other.example, 192.0.2.1, not for '
                  'localhost')


def refuses_another_authority(place, version):
    folder, _ = certificates(place)
    other = place.path('other')
    Authority(place, 'another').put(other)
    check_refused(place, start(place, version, folder), other,
                  f'not signed by the CA of {other}/ca-cert.pem')


def is_refused_without_certificate(place, version):
    folder, authority = certificates(place)
    other = place.path('other')
    authority.put(other)
    check_refused(place, start(place, version, folder), other,
                  'wants a client certificate, and there is no '
                  'client-cert.pem')


def is_refused_with_that_of_another(place, version):
    folder, authority = certificates(place)
    other = place.path('other')
    Authority(place, 'another').issue(other, 'client', CLIENT)
    authority.put(other)
    check_refused(place, start(place, version, folder), other,
                  'it may not accept our client certificate')


def refuses_another_key(place, version):
    qemu = start(place, version, key(place))
    for name, text in (('key', 'qemu:' + 16 * 'f0'),
                       ('name', 'other:' + 16 * '0f')):
        check_refused(place, qemu, key(place, name, text),
                      'it may have another key')


def needs_the_folder(place, version):
    qemu = start(place, version, key(place))
    run = place.qmigrate('qmp', address(qemu), 'query-status')
    check(run.code == 2, f'exit code {run.code}')
    run.says_one_error(hint=True)
    run.says('needs --monitor-tls')
    for verb in (('status', '--source', qemu.qmp),
                 ('caps', '--source', qemu.qmp)):
        run = place.qmigrate(*verb, f'--monitor-tls={place.path("tls")}')
        check(run.code == 2, f'{verb}: exit code {run.code}')
        run.says('--monitor-tls is for tls:HOST:PORT')


def one_after_another(place, version):
    folder = key(place)
    qemu = start(place, version, folder)
    script = place.path('script')
    with open(script, 'w', encoding='utf-8') as file:
        file.write('query-name\n' * 50)
    with open(script, encoding='utf-8') as lines:
        done = subprocess.run(
            [pair.QMIGRATE, 'qmp', f'--monitor-tls={folder}', address(qemu)],
            stdin=lines, capture_output=True, text=True, env=place.env,
            check=False, timeout=pair.FAILSAFE_S)
    check(done.returncode == 0 and done.stdout == '{}\n' * 50,
          f'{done.returncode}: {done.stderr}')


def migrates(place, source, destination, kind):
    folder = key(place) if kind == 'key' else certificates(place)[0]
    place.pair(source, destination, rate=2000000, more=words(folder))
    where = {'source': address(place.source),
             'destination': address(place.destination)}
    secure = f'--monitor-tls={folder}'
    run = place.qmigrate('check', '--source', where['source'], '--destination',
                         where['destination'], secure)
    check(run.code == 0, f'check: {run.out}{run.err}')
    run = place.qmigrate('caps', '--source', where['source'], '--destination',
                         where['destination'], secure)
    check(run.code == 0, f'caps: {run.err}')
    run = place.migrate(secure, **where).ended(0, 'migrated')
    place.runs_only_on(place.destination)
    check(place.destination.is_intact() is None, 'the memory')
    check(run.result['requested']['uri'] == 'tcp:localhost:0',
          f'{run.result["requested"]}')
    run = place.qmigrate('status', '--source', where['source'], '--destination',
                         where['destination'], secure)
    check(run.code == 0 and 'completed' in run.out, f'{run.out}{run.err}')


def loses_the_destination(place, version):
    """Which process it is is not known, so the source is what counts."""
    folder = key(place)
    place.pair(version, rate=200000000, more=words(folder))
    run = place.migrate(f'--monitor-tls={folder}', '--max-bandwidth=10MiB/s',
                        source=address(place.source),
                        destination=address(place.destination), wait=False)
    pair.until(lambda: place.source.migration() == 'active', 'it goes on')
    place.destination.kill()
    run.wait().ended(4, 'failed', ('monitor-lost', 'migration-failed'))
    place.is_as_before()


def all_cases():
    cases = (asks_with_certificates, asks_with_a_key, refuses_another_host,
             refuses_another_authority, is_refused_without_certificate,
             is_refused_with_that_of_another, refuses_another_key,
             needs_the_folder, one_after_another, loses_the_destination)
    for version in ('7.2', '10.0'):
        for case in cases:
            yield f'{case.__name__.replace("_", "-")}-{version}', case, version
    for source, destination in (('7.2', '7.2'), ('10.0', '10.0'),
                                ('7.2', '10.0'), ('10.0', '7.2')):
        for kind in ('certificates', 'key'):
            yield (f'migrates-{source}-{destination}-{kind}', migrates, source,
                   destination, kind)


if not shutil.which('certtool'):
    print('no certtool')
    sys.exit(77)
pair.main(all_cases())
