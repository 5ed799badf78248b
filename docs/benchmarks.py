# SPDX-License-Identifier: LGPL-2.1-or-later
"""Prints docs/benchmarks.rst from what tools/scenarios/bench/published.ini measured.

usage: benchmarks.py CSV, of qmigrate lab --csv"""

import csv
import re
import statistics
import sys

LOADS = ('50-on-128', '100-on-512', '400-on-512')
MODES = ('generic', 'multifd', 'preempt')
# Of a guest of 300 GB: dirty rate and bandwidth in MB/s, and what one pass takes.
THEIRS = {'50-on-128': (500, 1280), '100-on-512': (1000, 5120),
          '400-on-512': (4000, 5120)}
TOTAL_S = {'generic': (294, 153, None), 'multifd': (284, 61, 84),
           'preempt': (278, 160, 341)}
DOWNTIME_MS = {'generic': (384, 631, None), 'multifd': (334, 470, 517),
               'preempt': (306, 268, 266)}
THEIR_BYTES, OUR_BYTES = 300e9, 2 << 30
HEAD = '''\
==========
Benchmarks
==========

A published comparison of three ways to migrate, at a scale that two cores can do: ``tools/scenarios/bench/published.ini``.
Theirs is a guest of 300 GB, ours one of 2 GiB with a tenth of their bandwidths and dirty rates.
So totals are compared as multiples of one pass over all memory at the bandwidth given: 1.00 is nothing sent twice.
"Generic" is pre-copy, "multifd" has 5 connections (in all loads here; theirs in the second and third),
"preempt" is post-copy with preempt, after one pass.

'''
TAIL = '''\
What does not compare: TCG's vCPU shares the two cores with both QEMUs, and a guest of 2 GiB has no tail of huge pages.
With ``multifd`` and with ``preempt`` more is sent than ``max-bandwidth`` says, 150 and 163 MiB/s where 122 are given:
QEMU does not hold the channels to it as strictly as the stream, and in post-copy ``max-postcopy-bandwidth`` counts, which is not set.

Again::

    tools/dev build
    build/tools/qmigrate lab --scenario tools/scenarios/bench/published.ini \\
        --qemu build/qemu-10.0/qemu-system-x86_64 --csv published.csv
    python3 -B docs/benchmarks.py published.csv >docs/benchmarks.rst

QEMU 10.0.2 under TCG, 2 cores (AMD EPYC, virtual), five rounds; the median, and in brackets the least and the most.
'''


def read(path):
    found = {}
    with open(path, encoding='utf-8', newline='') as file:
        for row in csv.DictReader(file):
            match = re.search(r'load=(\S+) mode=(\S+)\]', row['cell'])
            samples = found.setdefault((row['fact'], *match.groups()), [])
            if row['sample']:
                samples.append(float(row['sample']))
    return found


def spread(samples, divisor, form):
    if not samples:
        return 'not migrated'
    middle = form % (statistics.median(samples) / divisor)
    return f'{middle} ({form % (min(samples) / divisor)} to ' \
           f'{form % (max(samples) / divisor)})'


def table(head, rows):
    rows = [head, *rows]
    widths = [max(map(len, column)) for column in zip(*rows)]
    bar = '  '.join('=' * width for width in widths)
    lines = ['  '.join(map(str.ljust, row, widths)).rstrip() for row in rows]
    return '\n'.join([bar, lines[0], bar, *lines[1:], bar]) + '\n'


def published(number, form='%d'):
    return 'not run' if number is None else form % number


def main():
    found = read(sys.argv[1])
    print(HEAD, end='')
    print('Total\n=====\n')
    rows = []
    for i, load in enumerate(LOADS):
        pass_s = THEIR_BYTES / (THEIRS[load][1] * 1e6)
        ours_s = OUR_BYTES / (int(load.split('-')[2]) * 1e6)
        for mode in MODES:
            number = TOTAL_S[mode][i]
            rows.append((
                load, mode, published(number),
                'not run' if number is None else f'{number / pass_s:.2f}',
                spread(found[('total', load, mode)], 1e6, '%.1f'),
                spread(found[('total', load, mode)], 1e6 * ours_s, '%.2f')))
    print(table(('load', 'mode', 'published, s', 'passes', 'here, s', 'passes'),
                rows))
    print('Downtime\n========\n')
    rows = []
    for i, load in enumerate(LOADS):
        for mode in MODES:
            rows.append((
                load, mode, published(DOWNTIME_MS[mode][i]),
                spread(found[('downtime.events', load, mode)], 1e3, '%.0f'),
                spread(found[('downtime.guest', load, mode)], 1e3, '%.0f')))
    print(table(('load', 'mode', 'published, ms', 'here by events, ms',
                 'the guest saw, ms'), rows))
    print(TAIL, end='')


if __name__ == '__main__':
    main()
