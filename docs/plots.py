#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The plots of docs/policies.rst: one hard case under every policy, as the model
plays it.  tools/dev plots runs it; it needs gnuplot.

usage: plots.py QMIGRATE FOLDER"""

import json
import os
import subprocess
import sys
import tempfile

# A guest that writes four times what the link carries.
CASE = ('--memory=4GiB', '--dirty-rate=400MB/s', '--working-set=2GiB',
        '--pattern=random', '--bandwidth=100MB/s', '--postcopy',
        '--max-downtime=2s', '--timeout=20min')

PLOT = """
set terminal svg size 900,300 dynamic font 'sans-serif,12' background 'white'
set output '{svg}'
set title "{title}" noenhanced
set xlabel 'time, s'
set ylabel 'MiB'
set logscale y
set yrange [2:8192]
set xrange [0:{end}]
set grid ytics lc rgb '#dddddd'
set key outside right top samplen 2
{labels}
plot '{data}' using 1:2 with lines lw 1.5 lc rgb '#1f4e79' \\
         title 'left to send', \\
     '{data}' using 1:3 with steps lw 1.5 lc rgb '#c0504d' \\
         title 'bandwidth x limit', \\
     '{marks}' using 1:2 with points pt 7 ps 0.9 lc rgb '#000000' \\
         title 'decision'
"""


def simulate(qmigrate):
    words = [qmigrate, 'simulate', '--model', '--policy=all', *CASE, '--json=-']
    return json.loads(subprocess.run(words, check=True, capture_output=True,
                                     text=True).stdout)


def mib(number):
    return max(number / 1048576, 1)


def name_of(decision):
    if decision['parameter'] != 'downtime-limit':
        return decision['parameter'] or decision['action']
    return 'stop' if decision['action'] == 'stop' else \
        f'{decision["value"]} ms'


def labels_of(run):
    """Not so many that they hide each other."""
    decisions, labels, last = run['decisions'], [], -1e9
    for one in decisions:
        at = one['time_us'] / 1e6
        if at - last < run['total_us'] / 1e6 / 14:
            continue
        last = at
        labels.append(f'set label "{name_of(one)}" at {at},'
                      f'{mib(one["inputs"]["remaining_bytes"]) * 1.6} '
                      'center noenhanced font ",10"')
    return '\n'.join(labels)


def thinned(samples):
    """Ends of passes, and so many between that an eye sees no difference."""
    step = max(len(samples) // 500, 1)
    for number, one in enumerate(samples):
        around = samples[max(number - 1, 0):number + 2]
        if number % step == 0 or len({other['pass'] for other in around}) > 1:
            yield one


def plot(run, folder, work):
    data, marks = (os.path.join(work, name) for name in ('data', 'marks'))
    with open(data, 'w', encoding='utf-8') as file:
        for one in thinned(run['samples']):
            limit = one['bandwidth_bytes_per_s'] * one['downtime_limit_us'] / 1e6
            print(one['time_us'] / 1e6, mib(one['remaining_bytes']), mib(limit),
                  file=file)
    with open(marks, 'w', encoding='utf-8') as file:
        for one in run['decisions'] or [{'time_us': -1, 'inputs': {
                'remaining_bytes': 1}}]:
            print(one['time_us'] / 1e6, mib(one['inputs']['remaining_bytes']),
                  file=file)
    seconds = run['total_us'] / 1e6
    downtime = run['downtime_us']
    title = f'{run["policy"]}: {run["outcome"]} after {seconds:.0f} s'
    if downtime is not None:
        title += f', downtime {downtime / 1e3:.0f} ms'
    subprocess.run(['gnuplot'], check=True, text=True, input=PLOT.format(
        svg=os.path.join(folder, f'{run["policy"]}.svg'), title=title,
        end=seconds * 1.06, labels=labels_of(run), data=data, marks=marks))


def main():
    qmigrate, folder = sys.argv[1:]
    os.makedirs(folder, exist_ok=True)
    with tempfile.TemporaryDirectory() as work:
        for run in simulate(qmigrate)['runs']:
            plot(run, folder, work)


main()
