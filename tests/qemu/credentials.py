# SPDX-License-Identifier: LGPL-2.1-or-later
"""TLS credentials made by certtool: right ones, and what can be wrong with
them, one function each."""

import contextlib
import os
import shutil
import subprocess

from pair import check

CA = 'cn = "a CA"\nca\ncert_signing_key\ncrl_signing_key\n'
HOST = 'cn = "a.example"\ndns_name = "a.example"\n'
RSA = 'signing_key\nencryption_key\n'
SERVER, CLIENT = 'tls_www_server\n', 'tls_www_client\n'
DAYS = 'expiration_days = 100\n'
PAST = ('activation_date = "2020-01-01 00:00:00"\n'
        'expiration_date = "2021-01-01 00:00:00"\n')
FUTURE = ('activation_date = "2098-01-01 00:00:00"\n'
          'expiration_date = "2099-01-01 00:00:00"\n')


class Folder:
    """Credentials of one's own, made by certtool: RSA, as all QEMUs take it."""

    keys = {}  # made once: they take time

    def __init__(self, place):
        self.path = place.path('creds')
        self.work = place.path('signing')
        os.mkdir(self.path)
        os.mkdir(self.work)
        self.key('ca')
        self.make('ca', CA + DAYS)
        shutil.copy(self.at('ca.pem'), self.file('ca-cert.pem'))
        for role, purpose in (('server', SERVER), ('client', CLIENT)):
            self.host(role, HOST + RSA + purpose + DAYS)

    def at(self, name):
        return os.path.join(self.work, name)

    def file(self, name):
        return os.path.join(self.path, name)

    def run(self, *words):
        ended = subprocess.run(['certtool', *words], capture_output=True,
                               text=True, check=False)
        check(ended.returncode == 0, f'certtool {words}: {ended.stderr}')
        return ended.stdout

    def key(self, name, *kind):
        kind = kind or ('--key-type=rsa', '--bits=2048')
        at = self.at(f'{name}-key.pem')
        if (name, kind) not in self.keys:
            self.run('--generate-privkey', *kind, '--outfile', at)
            with open(at, encoding='ascii') as file:
                self.keys[name, kind] = file.read()
        self.put(at, self.keys[name, kind])

    def put(self, path, text):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        with os.fdopen(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), 'w',
                       encoding='utf-8') as file:
            file.write(text)

    def make(self, name, template, ca=None, *more):
        self.put(self.at('template'), template)
        signer = ('--generate-certificate', '--load-ca-certificate',
                  self.at(f'{ca}.pem'), '--load-ca-privkey',
                  self.at(f'{ca}-key.pem')) if ca else (
                      '--generate-self-signed',)
        self.run(*signer, '--load-privkey', self.at(f'{name}-key.pem'),
                 '--template', self.at('template'), '--outfile',
                 self.at(f'{name}.pem'), *more)

    def host(self, role, template, ca='ca', kind=(), more=()):
        self.key(role, *kind)
        self.make(role, template, ca, *more)
        shutil.copy(self.at(f'{role}.pem'), self.file(f'{role}-cert.pem'))
        shutil.copy(self.at(f'{role}-key.pem'), self.file(f'{role}-key.pem'))

    def crl(self, *revoked, template='', ca='ca'):
        self.put(self.at('template'),
                 template or 'crl_next_update = 100\ncrl_number = 1\n')
        words = ['--generate-crl', '--load-ca-privkey',
                 self.at(f'{ca}-key.pem'), '--load-ca-certificate',
                 self.at(f'{ca}.pem'), '--template', self.at('template'),
                 '--outfile', self.file('ca-crl.pem')]
        for name in revoked:
            words += ['--load-certificate', self.at(f'{name}.pem')]
        self.run(*words)

    def append(self, name, source):
        with open(source, encoding='ascii') as file:
            text = file.read()
        with open(self.file(name), 'a', encoding='ascii') as file:
            file.write(text)


# What is wrong: one function each, named as the case is.


def right(it):
    pass


def right_elliptic(it):
    """As certtool does it, without the enciphering of keys."""
    for role, purpose in (('server', SERVER), ('client', CLIENT)):
        it.host(role, HOST + 'signing_key\n' + purpose + DAYS,
                kind=('--key-type=ecdsa', '--curve=secp256r1'))


def expired(it):
    for role, purpose in (('server', SERVER), ('client', CLIENT)):
        it.host(role, HOST + RSA + purpose + PAST)


def not_yet_valid(it):
    for role, purpose in (('server', SERVER), ('client', CLIENT)):
        it.host(role, HOST + RSA + purpose + FUTURE)


def expires_soon(it):
    for role, purpose in (('server', SERVER), ('client', CLIENT)):
        it.host(role, HOST + RSA + purpose + 'expiration_days = 10\n')


def ca_expired(it):
    it.make('ca', CA + PAST)
    shutil.copy(it.at('ca.pem'), it.file('ca-cert.pem'))


def one_of_two_cas_expired(it):
    it.key('other')
    it.make('other', CA.replace('a CA', 'another CA') + PAST)
    it.append('ca-cert.pem', it.at('other.pem'))


def no_ca(it):
    os.unlink(it.file('ca-cert.pem'))


def no_certificate(it):
    for role in ('server', 'client'):
        os.unlink(it.file(f'{role}-cert.pem'))
        os.unlink(it.file(f'{role}-key.pem'))


def no_key(it):
    for role in ('server', 'client'):
        os.unlink(it.file(f'{role}-key.pem'))


def bad_certificate(it):
    for role in ('server', 'client'):
        it.put(it.file(f'{role}-cert.pem'), 'nothing\n')


def bad_key(it):
    for role in ('server', 'client'):
        it.put(it.file(f'{role}-key.pem'), 'nothing\n')


def bad_ca(it):
    it.put(it.file('ca-cert.pem'), 'nothing\n')


def bad_crl(it):
    it.put(it.file('ca-crl.pem'), 'nothing\n')


def encrypted_key(it):
    for role in ('server', 'client'):
        it.run('--to-p8', '--load-privkey', it.at(f'{role}-key.pem'),
               '--outfile', it.file(f'{role}-key.pem'), '--password', 'secret',
               '--pkcs-cipher', 'aes-256')


def key_of_another(it):
    it.key('other')
    for role in ('server', 'client'):
        shutil.copy(it.at('other-key.pem'), it.file(f'{role}-key.pem'))


def ca_is_none(it):
    it.make('ca', HOST + RSA + DAYS)
    shutil.copy(it.at('ca.pem'), it.file('ca-cert.pem'))
    for role, purpose in (('server', SERVER), ('client', CLIENT)):
        it.host(role, HOST + RSA + purpose + DAYS)


def ca_may_not_sign(it):
    it.make('ca', 'cn = "a CA"\nca\nsigning_key\n' + DAYS)
    shutil.copy(it.at('ca.pem'), it.file('ca-cert.pem'))
    for role, purpose in (('server', SERVER), ('client', CLIENT)):
        it.host(role, HOST + RSA + purpose + DAYS)


def host_is_a_ca(it):
    for role, purpose in (('server', SERVER), ('client', CLIENT)):
        it.host(role, HOST + RSA + purpose + DAYS + 'ca\ncert_signing_key\n')


def may_not_sign(it):
    for role, purpose in (('server', SERVER), ('client', CLIENT)):
        it.host(role, HOST + 'encryption_key\n' + purpose + DAYS)


def other_purpose(it):
    for role, purpose in (('server', CLIENT), ('client', SERVER)):
        it.host(role, HOST + RSA + purpose + DAYS)


def no_purpose(it):
    for role in ('server', 'client'):
        it.host(role, HOST + DAYS)


def other_ca(it):
    it.key('other')
    it.make('other', CA + DAYS)
    for role, purpose in (('server', SERVER), ('client', CLIENT)):
        it.host(role, HOST + RSA + purpose + DAYS, ca='other')


def intermediate(it):
    it.key('other')
    it.make('other', CA.replace('a CA', 'one between') + DAYS, 'ca')
    for role, purpose in (('server', SERVER), ('client', CLIENT)):
        it.host(role, HOST + RSA + purpose + DAYS, ca='other')


def intermediate_beside_the_host(it):
    intermediate(it)
    for role in ('server', 'client'):
        it.append(f'{role}-cert.pem', it.at('other.pem'))


def intermediate_beside_the_ca(it):
    intermediate(it)
    it.append('ca-cert.pem', it.at('other.pem'))


def short_key(it):
    for role, purpose in (('server', SERVER), ('client', CLIENT)):
        it.host(role, HOST + RSA + purpose + DAYS,
                kind=('--key-type=rsa', '--bits=1024'))


def broken_hash(it):
    for role, purpose in (('server', SERVER), ('client', CLIENT)):
        it.host(role, HOST + RSA + purpose + DAYS, more=('--hash=SHA1',))


def revoked(it):
    for role in ('server', 'client'):
        it.append('../signing/both.pem', it.at(f'{role}.pem'))
    it.crl('both')


def old_crl(it):
    it.crl(template='crl_this_update_date = "2020-01-01 00:00:00"\n'
           'crl_next_update_date = "2021-01-01 00:00:00"\ncrl_number = 1\n')


def crl_of_another(it):
    it.key('other')
    it.make('other', CA.replace('a CA', 'another CA') + DAYS)
    it.crl(ca='other')


def crl_of_a_namesake(it):
    """Not signed by the CA, and believed."""
    it.key('other')
    it.make('other', CA + DAYS)
    it.crl('client', ca='other')


def ca_twice(it):
    it.append('ca-cert.pem', it.at('ca.pem'))
