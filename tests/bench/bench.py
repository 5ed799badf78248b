#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Measures qmigrate and prints a line for each figure, with its goal.

    bench.py [--json FILE] [BENCH...]

The benches: migration, postcopy, lab, cost, rate, credentials, tls; all of them
without a name.  QMIGRATE says which program is measured, else it is the one in
build/; QMIGRATE_QEMU_7_2 with which QEMU.  Exit code 1: a goal was missed; 2: something could not be
measured; 77: there is no QEMU."""

import argparse
import json
import os
import shutil
import signal
import sys

import cost
import credentials
import lab
import migration
import postcopy
import rate
import tls
from pair import COST, GUEST, QMIGRATE, RAW
from report import Failed, Report

BENCHES = {'migration': migration, 'postcopy': postcopy, 'lab': lab,
           'cost': cost, 'rate': rate, 'credentials': credentials,
           'tls': tls}
QEMU = os.environ.get('QMIGRATE_QEMU_7_2') or 'qemu-system-x86_64'


def parse():
    parser = argparse.ArgumentParser(description='Measures qmigrate.')
    parser.add_argument('--json', metavar='FILE',
                        help='write all raw numbers to FILE')
    parser.add_argument('--qemu', default=QEMU, metavar='BINARY')
    parser.add_argument('--accel', default='tcg')
    parser.add_argument('--repeat', type=int, metavar='N',
                        help='how often each, instead of what is usual')
    parser.add_argument('bench', nargs='*',
                        help=f'of {", ".join(BENCHES)}; all without one')
    options = parser.parse_args()
    for name in options.bench:
        if name not in BENCHES:
            parser.error(f'there is no bench {name}')
    return options


def main():
    options = parse()
    report = Report()
    if not shutil.which(options.qemu):
        print(f'no QEMU: {options.qemu}')
        return 77
    for path in (QMIGRATE, GUEST, RAW, COST):
        if not os.path.exists(path):
            print(f'error: {path} is not built', file=sys.stderr)
            return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(2))  # ends the QEMUs
    try:
        for name in options.bench or BENCHES:
            BENCHES[name].measure(report, options)
    except Failed as error:
        print(f'error: {error}', file=sys.stderr)
        return 2
    finally:
        if options.json:
            with open(options.json, 'w', encoding='utf-8') as file:
                json.dump({'figures': report.figures, 'raw': report.raw}, file,
                          indent=2)
                file.write('\n')
    return 1 if report.n_missed else 0


if __name__ == '__main__':
    sys.exit(main())
