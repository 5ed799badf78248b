# SPDX-License-Identifier: LGPL-2.1-or-later
"""What TLS costs: a migration with it against one without, over one connection
and over four, as fast as it goes, in turns.  What both agree on is the first of
gnutls's NORMAL: TLS 1.3, AES-256-GCM with certificates and CHACHA20-POLY1305 with
a key (tests/qemu/tls.py reads it off the wire)."""

import os
import subprocess
import tempfile

from pair import QMIGRATE, Pair, run
from report import Failed, median, spread

N_PAIRS = 7
FIXED = ('--downtime-limit', '300ms', '--max-bandwidth', '0', '--policy', 'qemu')
CASES = [('tls', (), 'x509'), ('tls-psk', (), 'psk'),
         ('tls-multifd', ('--multifd=4',), 'x509')]


def made(folder, kind):
    words = ['--host', 'localhost'] if kind == 'x509' else ['--psk']
    path = os.path.join(folder, kind)
    done = subprocess.run([QMIGRATE, 'tls', 'make', path, *words, '--force'],
                          capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed(done.stderr.strip())
    return path


def total_ms(options, *words):
    with Pair(options) as pair:
        result, _, _ = run(pair.qmigrate(*FIXED, *words))
    return result['time_us']['total'] / 1e3


def compare(report, options, name, words, folder):
    plain, secure = [], []
    for i in range(options.repeat or N_PAIRS):
        took = {}
        for tls in (False, True) if i % 2 else (True, False):
            took[tls] = total_ms(options, *words,
                                 *([f'--tls={folder}'] if tls else []))
        report.keep(name, took)
        plain.append(took[False])
        secure.append(took[True])
    ratios = [one / other for one, other in zip(secure, plain)]
    middle = f'; the middle half {spread(ratios, 2)}' if len(ratios) > 1 else ''
    report.figure(name, median(ratios), 'times the time without TLS', None, 2,
                  f'medians {median(secure):.0f} and {median(plain):.0f} ms'
                  + middle)


def measure(report, options):
    with tempfile.TemporaryDirectory(prefix='bench-') as folder:
        for name, words, kind in CASES:
            compare(report, options, name, words, made(folder, kind))
