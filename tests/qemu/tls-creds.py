# SPDX-License-Identifier: LGPL-2.1-or-later
"""QEMU's own loader of TLS credentials and what qmigrate tls check finds: for
what qmigrate tls make wrote, and for a table of wrong ones, made by certtool."""

import json
import os
import shutil
import stat
import subprocess
import sys

import credentials
import pair
from pair import Failed, check

VERSIONS = ('7.2', '10.0')
# Each with what we find for the destination and for the source, and who of
# QEMU refuses the folder: nobody, the destination, or both; or 10.0 alone.
NOBODY, DESTINATION, BOTH, NEW = range(4)
FOUND = {
    credentials.right: ('', '', NOBODY),
    credentials.ca_twice: ('', '', NOBODY),
    credentials.right_elliptic: ('usage?', 'usage?', NEW),
    credentials.expired: ('expired', 'expired', BOTH),
    credentials.not_yet_valid: ('not-yet-valid', 'not-yet-valid', BOTH),
    credentials.expires_soon: ('expires-soon?', 'expires-soon?', NOBODY),
    credentials.ca_expired: ('expired', 'expired', BOTH),
    credentials.one_of_two_cas_expired: ('expired', 'expired', BOTH),
    credentials.no_ca: ('missing', 'missing', BOTH),
    credentials.no_certificate: ('missing', 'missing', DESTINATION),
    credentials.no_key: ('missing', 'missing', DESTINATION),
    credentials.bad_certificate: ('unparsable', 'unparsable', BOTH),
    credentials.bad_key: ('unparsable', 'unparsable', BOTH),
    credentials.bad_ca: ('unparsable', 'unparsable', BOTH),
    credentials.bad_crl: ('unparsable', 'unparsable?', DESTINATION),
    credentials.encrypted_key: ('encrypted', 'encrypted', BOTH),
    credentials.key_of_another: ('key-mismatch', 'key-mismatch', BOTH),
    credentials.ca_is_none: ('not-a-ca', 'not-a-ca', BOTH),
    credentials.ca_may_not_sign: ('usage', 'usage', BOTH),
    credentials.host_is_a_ca: ('is-a-ca', 'is-a-ca usage?', BOTH),
    credentials.may_not_sign: ('usage', 'usage', BOTH),
    credentials.other_purpose: ('purpose?', 'purpose?', NOBODY),
    credentials.no_purpose: ('', '', NOBODY),
    credentials.other_ca: ('untrusted', 'untrusted', BOTH),
    credentials.intermediate: ('untrusted', 'untrusted', BOTH),
    credentials.intermediate_beside_the_host: ('untrusted', 'untrusted', BOTH),
    credentials.intermediate_beside_the_ca: ('', '', NOBODY),
    credentials.short_key: ('weak-key?', 'weak-key?', NOBODY),
    credentials.broken_hash: ('weak-signature', 'weak-signature', BOTH),
    credentials.revoked: ('revoked', 'revoked', NOBODY),
    credentials.old_crl: ('crl-expired?', 'crl-expired?', NOBODY),
    credentials.crl_of_a_namesake: ('crl-issuer?', 'crl-issuer? revoked', NOBODY),
    credentials.crl_of_another: ('crl-issuer?', 'crl-issuer?', NOBODY),
}


def refuses(whom, version, role):
    return {NOBODY: False, DESTINATION: role == 'server', BOTH: True,
            NEW: version == '10.0'}[whom]


def load(qemu, role, **more):
    """What QEMU says of credentials: None is yes."""
    words = {'qom-type': 'tls-creds-x509', 'id': 'it', 'endpoint': role, **more}
    try:
        qemu.monitor.execute('object-add', **words)
    except Failed as failure:
        return str(failure)
    qemu.monitor.execute('object-del', id='it')
    return None


def look(place, *words):
    """The words of what is found; with a question mark: a warning."""
    run = place.qmigrate('tls', 'check', *words, '--json', '-')
    check(run.code in (0, 3), f'exit code {run.code}: {run.err}')
    told = json.loads(run.out)
    check(told['ok'] == (run.code == 0), f'{run.code}, but {told}')
    found = {one['code'] + ('' if one['severity'] == 'error' else '?')
             for one in told['findings']}
    return ' '.join(sorted(found))


def start(place, version):
    return place.qemu('it', version, '-machine', 'none', '-S')


def agrees(place, version, function):
    it = credentials.Folder(place)
    function(it)
    qemu = start(place, version)
    of_server, of_client, whom = FOUND[function]
    for role, option, expected in (('server', '--destination', of_server),
                                   ('client', '--source', of_client)):
        found = look(place, it.path, option)
        check(found == expected, f'{role}: {found!r}, not {expected!r}')
        said = load(qemu, role, dir=it.path)
        check(bool(said) == refuses(whom, version, role), f'{role}: {said}')


# Keys: what is in the file, what we find, and whether the source's QEMU takes
# it.  The destination's looks into the file only when a source comes.
KEY = '00112233445566778899aabbccddeeff'
KEYS = {
    'right': (f'qemu:{KEY}\n', '', True),
    'in-capitals': (f'qemu:{KEY.upper()}\n', '', True),
    'without-line-feed': (f'qemu:{KEY}', '', True),
    'carriage-return': (f'qemu:{KEY}\r\n', 'unparsable', False),
    'no-hexadecimal': ('qemu:secret\n', 'unparsable', False),
    'odd': (f'qemu:{KEY}0\n', 'unparsable', False),
    'blank': (f'qemu: {KEY}\n', 'unparsable', False),
    'empty-key': ('qemu:\n', 'unparsable', False),
    'empty': ('', 'unparsable', False),
    'hexadecimal-name': (f'#71656d75:{KEY}\n', 'unparsable', False),
    'other': (f'a:{KEY}\n', 'identity', False),
    'behind-another': (f'a:{KEY}\nqemu:{KEY}\n', '', True),
    'behind-nothing': (f'x\nqemu:{KEY}\n', 'unparsable?', True),
    'short': ('qemu:00112233\n', 'weak-key?', True),
    'too-short': ('qemu:001122\n', 'weak-key', False),
}


def key_agrees(place, version, name):
    text, expected, is_right = KEYS[name]
    path = place.path('keys.psk')
    with open(path, 'w', encoding='ascii', newline='') as file:
        file.write(text)
    os.chmod(path, 0o600)
    qemu = start(place, version)
    found = look(place, place.folder, '--identity', 'qemu')
    check(found == expected, f'{found!r}, not {expected!r}')
    of_psk = {'dir': place.folder, 'qom-type': 'tls-creds-psk'}
    said = load(qemu, 'client', **of_psk)
    check((said is None) == is_right, f'client: {said}')
    check(load(qemu, 'server', **of_psk) is None, 'server')


# At the connection


def connects(place, qemu, folder):
    """Does QEMU keep a client that has these credentials?"""
    qemu.monitor.execute('object-add', **{
        'qom-type': 'tls-creds-x509', 'id': 'it', 'endpoint': 'server',
        'dir': folder})
    address = {'type': 'inet', 'data': {'host': '127.0.0.1', 'port': '0'}}
    added = qemu.monitor.execute('chardev-add', id='way', backend={
        'type': 'socket', 'data': {'addr': address, 'server': True,
                                   'wait': False, 'tls-creds': 'it'}})
    check(added == {}, f'{added}')

    def name():
        return next(one['filename'] for one in
                    qemu.monitor.execute('query-chardev')
                    if one['label'] == 'way')
    port = name().split(',')[0].rsplit(':', 1)[1]
    client = subprocess.Popen(
        ['gnutls-cli', '--no-ca-verification', '--x509certfile',
         os.path.join(folder, 'client-cert.pem'), '--x509keyfile',
         os.path.join(folder, 'client-key.pem'), '--port', port, '127.0.0.1'],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL)
    try:
        pair.until(lambda: client.poll() is not None
                   or not name().startswith('disconnected'),
                   'the client is taken or not')
        return client.poll() is None
    finally:
        client.kill()
        client.wait()
        client.stdin.close()


def is_taken(place, version, function, expected):
    it = credentials.Folder(place)
    function(it)
    taken = connects(place, start(place, version), it.path)
    check(taken == expected, f'taken: {taken}')


# What we make


def made(place, *words, code=0):
    run = place.qmigrate('tls', 'make', *words)
    check(run.code == code, f'{words}: exit code {run.code}: {run.err}')
    if code:
        run.says_one_error(hint=True)
    return run


def ours_is_taken(place, version):
    folder = place.path('tls')
    made(place, folder, '--host', 'a.example,10.0.0.1', '--host', 'localhost')
    check(look(place, folder) == '', 'something is found')
    qemu = start(place, version)
    for host in ('a.example', 'localhost'):
        for role in ('server', 'client'):
            said = load(qemu, role, dir=os.path.join(folder, host))
            check(said is None, said)
    check(connects(place, qemu, os.path.join(folder, 'localhost')),
          'its own client is not taken')


def our_key_is_taken(place, version):
    folder = place.path('tls')
    made(place, folder, '--psk', '--identity', 'me')
    check(look(place, folder, '--identity', 'me') == '', 'something is found')
    qemu = start(place, version)
    for role in ('server', 'client'):
        more = {'username': 'me'} if role == 'client' else {}
        said = load(qemu, role, dir=folder, **{'qom-type': 'tls-creds-psk'},
                    **more)
        check(said is None, said)
    check(look(place, folder, '--identity', 'you') == 'identity', 'not said')
    check(load(qemu, 'client', dir=folder, username='you',
               **{'qom-type': 'tls-creds-psk'}), 'QEMU takes any identity')


def certtool_reads_ours(place):
    folder = place.path('tls')
    made(place, folder, '--host', 'a.example,10.0.0.1')
    host = os.path.join(folder, 'a.example')
    for role, purpose in (('server', 'Server'), ('client', 'Client')):
        said = subprocess.run(
            ['certtool', '--certificate-info', '--infile',
             os.path.join(host, f'{role}-cert.pem')], capture_output=True,
            text=True, check=True).stdout
        for word in ('Subject: CN=a.example', 'DNSname: a.example',
                     'IPAddress: 10.0.0.1', f'TLS WWW {purpose}.',
                     'Certificate Authority (CA): FALSE',
                     'Key Usage (not critical)', 'ECDSA-SHA256'):
            check(word in said, f'{word!r} is not in {said}')
        said = subprocess.run(
            ['certtool', '--verify', '--load-ca-certificate',
             os.path.join(host, 'ca-cert.pem'), '--infile',
             os.path.join(host, f'{role}-cert.pem')], capture_output=True,
            text=True, check=True).stdout
        check('Verified' in said, said)
    subprocess.run(['certtool', '--key-info', '--infile',
                    os.path.join(host, 'server-key.pem')], check=True,
                   capture_output=True)


def modes(folder):
    for top, folders, files in os.walk(folder):
        for name in folders + files:
            mode = stat.S_IMODE(os.lstat(os.path.join(top, name)).st_mode)
            yield mode, name in files


def is_for_the_owner_alone(place):
    folder = place.path('tls')
    made(place, folder, '--host', 'a', '--host', 'b')
    for mode, is_file in modes(folder):
        check(mode == (0o600 if is_file else 0o700), f'{mode:o}')
    os.chmod(os.path.join(folder, 'a', 'server-key.pem'), 0o644)
    check(look(place, os.path.join(folder, 'a')) == 'key-readable?',
          'a key for all is not told')


def overwrites_only_by_force(place):
    folder = place.path('tls')
    made(place, folder, '--host', 'a')

    def text(name):
        with open(os.path.join(folder, name), encoding='ascii') as file:
            return file.read()
    ca, key = text('ca/ca-key.pem'), text('a/server-key.pem')
    run = made(place, folder, '--host', 'b', '--host', 'a', code=1)
    run.says('/a is there already', '--force')
    check(sorted(os.listdir(folder)) == ['a', 'ca'], os.listdir(folder))
    check(text('a/server-key.pem') == key, 'it was overwritten')
    made(place, folder, '--host', 'b', '--host', 'a', '--force')
    check(text('a/server-key.pem') != key, 'it was not replaced')
    check(text('ca/ca-key.pem') == ca, 'the CA is another')
    check(look(place, os.path.join(folder, 'a'), os.path.join(folder, 'b'),
               '--host', 'b') == '', 'they do not fit')
    made(place, folder, '--psk')
    made(place, folder, '--psk', code=1).says('--force')
    made(place, folder, '--psk', '--force')


def two_folders_are_compared(place):
    a, b, keys = (place.path(name) for name in ('a', 'b', 'keys'))
    made(place, a, '--host', 'x')
    made(place, b, '--host', 'x')
    made(place, keys, '--psk')
    check(look(place, a, b, '--host', 'x') == 'other-ca', 'two CAs')
    check(look(place, a, a, '--host', 'x') == '', 'one CA')
    check(look(place, a, a, '--host', 'y') == 'name', 'another name')
    check(look(place, a, a) == 'no-name', 'no name')
    check(look(place, a, keys) == 'other-kind', 'two kinds')
    check(look(place, place.path('none')) == 'missing', 'no folder')


BAD_WORDS = [
    (), ('mend',), ('make',), ('make', 'd'), ('make', 'd', 'e', '--host', 'a'),
    ('make', 'd', '--host', ''), ('make', 'd', '--host', 'a b'),
    ('make', 'd', '--host', '../a'), ('make', 'd', '--host', 'ca'),
    ('make', 'd', '--host', 'a', '--host', 'a,b'),
    ('make', 'd', '--host', 'a', '--psk'), ('make', 'd', '--psk', '--ca', 'x'),
    ('make', 'd', '--psk', '--identity', 'a:b'),
    ('make', 'd', '--host', 'a', '--identity', 'b'),
    ('make', 'd', '--host', 'a', '--days', '0'),
    ('make', 'd', '--host', 'a', '--days', 'x'),
    ('make', 'd', '--host', 'a', '--json', '-'), ('check',),
    ('check', 'd', 'e', 'f'), ('check', 'd', '--force'), ('check', 'd', '--psk'),
    ('check', 'd', '--host', 'a', '--host', 'b'),
    ('check', 'd', 'e', '--source'), ('check', 'd', '--hots', 'a'),
]


def bad_words(place):
    os.chdir(place.folder)
    for words in BAD_WORDS:
        run = place.qmigrate('tls', *words)
        check(run.code == 2, f'{words}: exit code {run.code}')
        run.says_one_error(hint=True)
    check(not os.path.exists('d'), 'something was made')


def a_folder_that_cannot_be_made(place):
    made(place, place.path('no/such'), '--host', 'a', code=1).says('no/such')
    made(place, '/dev/null', '--psk', code=1).says('/dev/null')
    with open(place.path('ca'), 'w', encoding='ascii'):
        pass
    made(place, place.path('tls'), '--host', 'a', '--ca', place.path('ca'),
         code=1).says('ca')
    check(not os.path.exists(place.path('tls')), 'half of it is there')


# Whom the destination lets in: each with its own certificate.
TAKEN = ((credentials.right, True), (credentials.revoked, False),
         (credentials.old_crl, True), (credentials.crl_of_a_namesake, False),
         (credentials.crl_of_another, True), (credentials.other_purpose, True),
         (credentials.short_key, True))


def cases():
    for version in VERSIONS:
        for function in FOUND:
            yield (f'{function.__name__}-{version}'.replace('_', '-'), agrees,
                   version, function)
        for name in KEYS:
            yield f'key-{name}-{version}', key_agrees, version, name
        for function, expected in TAKEN:
            name = function.__name__.replace('_', '-')
            yield (f'taken-{name}-{version}', is_taken, version, function,
                   expected)
        yield f'ours-{version}', ours_is_taken, version
        yield f'our-key-{version}', our_key_is_taken, version
    for function in (certtool_reads_ours, is_for_the_owner_alone,
                     overwrites_only_by_force, two_folders_are_compared,
                     bad_words, a_folder_that_cannot_be_made):
        yield function.__name__.replace('_', '-'), function


if __name__ == '__main__':
    if not all(map(shutil.which, ('certtool', 'gnutls-cli'))):
        print('gnutls-bin is not installed')
        sys.exit(77)
    pair.main(cases())
