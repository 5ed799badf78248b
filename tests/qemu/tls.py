# SPDX-License-Identifier: LGPL-2.1-or-later
"""Migrations over TLS: the guest arrives intact, the wire shows nothing of it,
what was set is taken back on both sides, and wrong credentials leave the guest
where it is."""

import json
import os
import shutil
import signal

import credentials
import pair
import stream
from moments import name_of
from pair import check, until

SLOW = ('--max-bandwidth', '4MiB/s')
ON_WIRE = b'above-4g-bytes='  # of the guest's program, which is in its memory
DIES_OF = 'yank_unregister_instance: Assertion'  # 10.0.2
HANDSHAKE = 22
SERVER_HELLO = 2
TLS_1_3 = 0x0304
SAYS_1_3 = b'\x00\x2b\x00\x02\x03\x04'  # its extension "supported_versions"


# What is there afterwards

def left_no_objects(place, *qemus):
    for qemu in qemus or (place.source, place.destination):
        if qemu.is_alive():
            names = [one['name'] for one in qemu.monitor.execute(
                'qom-list', path='/objects')]
            check(not any(name.startswith('qmigrate') for name in names),
                  f'{qemu.name} has {names}')


def took_all_back(place, *qemus):
    """Settings and objects; the destination had the same defaults."""
    for qemu in qemus or (place.source, place.destination):
        if qemu.is_alive():
            parameters = qemu.monitor.execute('query-migrate-parameters')
            check(not any(parameters.get(f'tls-{name}') for name in
                          ('creds', 'hostname', 'authz')),
                  f'{qemu.name}: {parameters}')
    left_no_objects(place, *qemus)


def arrived(place, run):
    run.ended(0, 'migrated')
    wishes = {one['name']: one['worked']
              for one in run.result['features']['wishes']}
    check(wishes['tls'] == 'yes', f'{wishes}')
    place.runs_only_on(place.destination)
    place.destination.is_intact()
    took_all_back(place)


def made(place, kind):
    folder = place.path('made')
    words = ['--host', 'localhost'] if kind == 'x509' else ['--psk']
    run = place.qmigrate('tls', 'make', folder, *words)
    check(run.code == 0, run.err)
    return folder


# It works

def intact(place, source, destination, kind, *words):
    place.pair(source, destination, rate=10000000)
    run = place.migrate('--tls=' + made(place, kind), *words)
    arrived(place, run)
    tls = run.result['requested']['tls']
    check(tls['kind'] == kind and (tls['hostname'] is None) == (kind == 'psk'),
          f'{tls}')
    return run


def over_postcopy(place, source, destination, kind):
    run = intact(place, source, destination, kind, '--preempt',
                 '--postcopy-after=1', '--max-bandwidth', '32MiB/s')
    check(run.result['time_us']['postcopy'] is not None, 'it was no post-copy')


def hello(data):
    """Version and cipher of the destination's first answer."""
    check(data[0] == HANDSHAKE and data[5] == SERVER_HELLO, f'{data[:16]}')
    at = 9 + 2 + 32  # version and random
    at += 1 + data[at]
    cipher = int.from_bytes(data[at:at + 2], 'big')
    record = data[:5 + int.from_bytes(data[3:5], 'big')]
    return TLS_1_3 if SAYS_1_3 in record \
        else int.from_bytes(data[9:11], 'big'), cipher


def on_the_wire(place, version, kind):
    place.pair(version, rate=10000000)
    by_way, monitor = stream.detour(place)
    by_way.keeps = True
    words = ['--tls=' + made(place, kind)] if kind else []
    run = place.migrate(*words, '--uri', 'unix:' + place.path('stream'),
                        source=monitor.path)
    run.ended(0, 'migrated')
    check((ON_WIRE in by_way.forth) == (not kind), 'the guest on the wire')
    if kind:
        protocol, cipher = hello(by_way.back)
        print(f'# {version} {kind}: protocol {protocol:#06x}, cipher '
              f'{cipher:#06x}')
        check(protocol == TLS_1_3, f'protocol {protocol:#06x}')


def recovered(place, source, destination, kind):
    place.pair(source, destination, rate=60000000, memory=96)
    by_way, monitor = stream.detour(place)
    run = place.migrate(
        '--tls=' + made(place, kind), '--postcopy', '--postcopy-after=1',
        '--uri', 'tcp:127.0.0.1:0', '--tls-hostname=localhost',
        '--max-bandwidth', '64MiB/s', '--set',
        f'max-postcopy-bandwidth={64 << 20}', source=monitor.path, wait=False)
    for qemu in (place.source, place.destination):
        qemu.monitor.status('postcopy-active')
    place.destination.monitor.event('RESUME')
    left = max(stream.remaining(place.source) - (8 << 20), 0)
    cut = stream.Break('reset', by_way.n_passed() + 0.3 * left)
    by_way.breaks = [cut]
    run.wait()
    check(cut.done.is_set(), 'it did not break')
    arrived(place, run)


def several_hosts(place, version):
    """The name says whose folder is the destination's."""
    place.pair(version, rate=10000000)
    folder = place.path('hosts')
    run = place.qmigrate('tls', 'make', folder, '--host', 'a.example', '--host',
                         'localhost')
    check(run.code == 0, run.err)
    run = place.migrate('--tls=' + folder,
                        '--tls-source=' + os.path.join(folder, 'a.example'),
                        '--tls-authz=CN=a.*', '--uri', 'tcp:localhost:0')
    arrived(place, run)
    check(run.result['requested']['tls']['destination'].endswith('/localhost'),
          f'{run.result["requested"]["tls"]}')


def ids_are_taken(place, version):
    """An earlier run was killed before it took its objects away."""
    place.pair(version, rate=10000000)
    folder = made(place, 'psk')
    left = {'qom-type': 'tls-creds-psk', 'id': 'qmigrate-creds', 'dir': folder,
            'endpoint': 'client'}
    place.source.monitor.execute('object-add', **left)
    run = place.migrate('--tls=' + folder)
    run.ended(0, 'migrated')
    left_no_objects(place, place.destination)
    place.source.monitor.execute('object-del', id='qmigrate-creds')
    left_no_objects(place)


def in_lab(place, source, destination, kind, *words):
    """It makes its credentials, and nothing of them is left."""
    run = place.qmigrate(
        'lab', '--json', '-', '--accel', 'tcg', '--memory', '64MiB', '--machine',
        pair.MACHINE, '--qemu', pair.QEMUS[source], '--qemu-destination',
        pair.QEMUS[destination], '--tls=' + kind, *words)
    check(run.code == 0, f'exit code {run.code}: {run.err}')
    result = json.loads(run.out)
    check(result['verify']['memory'] == 'intact', f'{result["verify"]}')
    tls = result['requested']['tls']
    check(tls['kind'] == kind, f'{tls}')
    check(not os.path.exists(tls['source']), f'{tls["source"]} is left')
    check(not os.listdir(place.tmp), os.listdir(place.tmp))


def lab_is_kept(place, version):
    """Its keys too, for its user alone; the CA's key is nowhere."""
    path = place.path('kept.json')
    run = place.qmigrate('lab', '--json', path, '--accel', 'tcg', '--memory',
                         '64MiB', '--qemu', pair.QEMUS[version], '--tls', '--keep')
    check(run.code == 0, f'exit code {run.code}: {run.err}')
    ends = next(line for line in run.err.splitlines() if 'to end them' in line)
    for pid in ends.split('kill ')[1].split(';')[0].split():
        os.kill(int(pid), signal.SIGKILL)
    with open(path, encoding='utf-8') as file:
        folder = json.load(file)['requested']['tls']['source']
    check(not os.path.exists(os.path.join(folder, 'ca-key.pem')), 'the CA')
    for name in ('server-key.pem', 'client-key.pem'):
        mode = os.stat(os.path.join(folder, name)).st_mode & 0o777
        check(mode == 0o600, f'{name}: {mode:o}')
    until(lambda: not place.of_qmigrate(), 'both are gone')
    shutil.rmtree(folder)


# It does not come to its end

def cancelled(place, version):
    place.pair(version, rate=10000000)
    run = place.migrate('--tls=' + made(place, 'x509'), *SLOW, wait=False)
    place.source.monitor.status('active')
    run.signal(signal.SIGINT)
    run.wait().ended(5, 'cancelled', 'cancelled')
    place.is_as_before()
    took_all_back(place, place.source)


def checked(place, version):
    """check changes nothing, a dry run says all of it."""
    place.pair(version, rate=10000000)
    words = ('--source', place.source.qmp, '--destination',
             place.destination.qmp, '--tls=' + made(place, 'x509'))
    run = place.qmigrate('check', *words)
    check(run.code == 0, run.out + run.err)
    run = place.qmigrate('run', *words, '--dry-run')
    check(run.code == 0, run.err)
    told = [line for line in run.out.splitlines() if '"execute"' in line]
    adds = [i for i, line in enumerate(told) if '"object-add"' in line]
    sets = [i for i, line in enumerate(told) if 'migrate-set-' in line]
    check(len(adds) == 2 and max(adds) < min(sets), '\n'.join(told))
    check('"object-del"' in told[-1], '\n'.join(told))
    place.is_as_before()
    took_all_back(place)


# Wrong credentials: what both sides get, the finding, and what more is said

def two(place, change_source=None, change_destination=None):
    """A folder for each side, of one CA."""
    it = credentials.Folder(place)
    folders = []
    for side, change in (('source', change_source),
                         ('destination', change_destination)):
        folder = place.path(f'of-{side}')
        if change:
            change(it)
        shutil.copytree(it.path, folder)
        folders.append(folder)
        if change:
            shutil.rmtree(it.path)
            shutil.rmtree(it.work)
            it = credentials.Folder(place)
    return folders


def both_of(change):
    return lambda place: two(place, change, change)


def client_without(it):
    for name in ('client-cert.pem', 'client-key.pem'):
        os.unlink(it.file(name))


def two_keys(place):
    folders = []
    for side in ('source', 'destination'):
        folders.append(place.path(f'of-{side}'))
        run = place.qmigrate('tls', 'make', folders[-1], '--psk')
        check(run.code == 0, run.err)
    return folders


def one_kind_each(place):
    psk = place.path('of-source')
    run = place.qmigrate('tls', 'make', psk, '--psk')
    check(run.code == 0, run.err)
    return [psk, credentials.Folder(place).path]


def same_ca(place):
    path = credentials.Folder(place).path
    return [path, path]


def of_two_cas(place):
    first = place.path('of-source')
    it = credentials.Folder(place)
    shutil.copytree(it.path, first)
    shutil.rmtree(it.path)
    shutil.rmtree(it.work)
    credentials.Folder.keys.clear()
    return [first, credentials.Folder(place).path]


def revoked_client(place):
    it = credentials.Folder(place)
    it.crl('client')
    return [it.path, it.path]


RIGHT_NAME = '--tls-hostname=a.example'
WRONG = {
    'no-certificate': (both_of(credentials.no_certificate), 'missing', ()),
    'expired': (both_of(credentials.expired), 'expired', ()),
    'not-yet-valid': (both_of(credentials.not_yet_valid), 'not-yet-valid', ()),
    'other-ca': (of_two_cas, 'other-ca', ()),
    'wrong-host': (same_ca, 'name', ('--tls-hostname=b.example',)),
    'client-without-certificate': (
        lambda place: two(place, client_without), 'missing', ()),
    'revoked': (revoked_client, 'revoked', ()),
    'key-of-another-run': (two_keys, 'other-key', ()),
    'one-kind-each': (one_kind_each, 'other-kind', ()),
    'not-in-the-list': (same_ca, 'not-authorized', ('--tls-authz=CN=b.*',)),
}

# What the hint says when QEMU was left to find it.
CAUSES = {
    'no-certificate': 'needs it',
    'expired': 'expired',
    'not-yet-valid': 'not valid before',
    'other-ca': 'CA',
    'wrong-host': 'b.example',
    'client-without-certificate': 'client-cert.pem: the source needs it',
    'revoked': 'is listed in ca-crl.pem',
    'key-of-another-run': 'different keys',
    'one-kind-each': 'is for',
    'not-in-the-list': 'not among those allowed',
}


def words_of(name, place):
    make, finding, more = WRONG[name]
    source, destination = make(place)
    if not any('hostname' in word for word in more):
        more = (*more, RIGHT_NAME)
    return finding, ('--tls-source=' + source,
                     '--tls-destination=' + destination, *more)


def found_before(place, name, version):
    place.pair(version, rate=10000000)
    finding, words = words_of(name, place)
    run = place.migrate(*words)
    run.ended(3, 'refused', 'tls')
    check(any(one['code'] == finding and one['severity'] == 'error'
              for one in run.result['findings']), f'{run.result["findings"]}')
    place.is_as_before()
    took_all_back(place)
    check(place.destination.run_state() == 'inmigrate', 'it does not wait')


def found_by_qemu(place, name, version, *more):
    """It connects, or not even that; the guest stays.  With multifd QEMU 10.0 can
    die of it itself, in its clean-up, when we have long been told that it runs."""
    place.pair(version, rate=10000000)
    _, words = words_of(name, place)
    run = place.migrate(*words, *more, '--no-preflight')
    is_gone = more and not place.source.is_alive()
    check(run.code in (3, 4) or is_gone and run.code == 8,
          f'exit code {run.code}: {run.err}')
    run.says_one_error(hint=True)
    hint = run.result['error']['hint']
    check(hint.startswith('the credentials') and CAUSES[name] in hint, hint)
    check(not any('put back' in note for note in run.result['notes']),
          f'{run.result["notes"]}')
    if is_gone:
        check(DIES_OF in place.source.words(), place.source.words())
        return
    until(lambda: place.runs_where() == ['source'], 'the guest is there')
    place.source.beats_on()
    place.has_settings_back()
    # Where the source alone refuses, the destination has begun to read, and may
    # not have given up when it is asked: then nothing is changed there (I5).
    took_all_back(place, place.source)
    if name != 'wrong-host':
        took_all_back(place, place.destination)
    if place.destination.is_alive() and run.code == 4 and name != 'wrong-host':
        check(any('started anew' in note for note in run.result['notes']),
              f'it waits on, and that is not told: {run.result["notes"]}')


def on_one_side(place, version, side):
    """By somebody's own object and parameter."""
    place.pair(version, rate=10000000)
    folder = os.path.join(made(place, 'x509'), 'localhost')
    qemu = getattr(place, side)
    qemu.monitor.execute('object-add', **{
        'qom-type': 'tls-creds-x509', 'id': 'mine', 'dir': folder,
        'endpoint': 'client' if side == 'source' else 'server'})
    qemu.monitor.execute('migrate-set-parameters', **{'tls-creds': 'mine'})
    run = place.migrate()
    check(run.code == 3, f'exit code {run.code}: {run.err}')
    run.says('TLS is on on the')
    run = place.migrate('--no-preflight')
    check(run.code == 4, f'exit code {run.code}: {run.err}')
    run.says_one_error()
    until(lambda: place.runs_where() == ['source'], 'the guest is there')
    place.source.beats_on()


def all_cases():
    versions = ('7.2', '10.0')
    for source in versions:
        for destination in versions:
            pair_name = f'{source}-to-{destination}'
            for kind, uri in (('x509', ()), ('psk', ('--uri',
                                                     'tcp:127.0.0.1:0'))):
                yield (f'{kind}-{pair_name}', intact, source, destination, kind,
                       *uri)
                yield (f'multifd-{kind}-{pair_name}', intact, source,
                       destination, kind, '--multifd=4')
                yield (f'postcopy-{kind}-{pair_name}', over_postcopy, source,
                       destination, kind)
            yield (f'lab-x509-{pair_name}', in_lab, source, destination, 'x509',
                   '--multifd=4')
            yield (f'lab-psk-{pair_name}', in_lab, source, destination, 'psk',
                   '--preempt', '--postcopy-after=1', '--max-bandwidth=32MiB/s')
            yield (f'recovered-{pair_name}', recovered, source, destination,
                   'psk' if source == destination == '7.2' else 'x509')
    for version in versions:
        for kind in ('x509', 'psk'):
            yield f'wire-{kind}-{version}', on_the_wire, version, kind
        yield f'wire-plain-{version}', on_the_wire, version, None
        yield f'lab-is-kept-{version}', lab_is_kept, version
        for case in (several_hosts, ids_are_taken, cancelled, checked):
            yield f'{name_of(case)}-{version}', case, version
        for name in WRONG:
            yield f'{name}-by-qemu-{version}', found_by_qemu, name, version
        yield (f'other-ca-multifd-by-qemu-{version}', found_by_qemu,
               'other-ca', version, '--multifd=4')
        for side in ('source', 'destination'):
            yield f'on-the-{side}-alone-{version}', on_one_side, version, side
    for name in WRONG:
        yield f'{name}-found', found_before, name, '10.0'


if __name__ == '__main__':
    if not shutil.which('certtool'):
        print('certtool is not installed')
        raise SystemExit(77)
    pair.main(all_cases())
