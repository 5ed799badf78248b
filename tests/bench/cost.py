# SPDX-License-Identifier: LGPL-2.1-or-later
"""CPU and memory of qmigrate itself in a transfer of more than ten seconds.

Of qmigrate run the whole process counts, with its start and its end.  The lab
also reads a thousand heartbeats a second, so the goal is not for its CPU; its
QEMUs are its children, so it is looked at from outside while it transfers."""

import glob
import json
import subprocess
import time

from pair import COST, QMIGRATE, Pair, run
from report import Failed, median

N_RUNS = 3
BANDWIDTH = '20MiB/s'  # for 256 MiB
CPU_GOAL_PERCENT = 2.0
RSS_GOAL_MIB = 24.0
LAB_FROM_S = 4.0  # it transfers by then, and does so for longer than this:
LAB_FOR_S = 6.0


def of_run(options, report):
    with Pair(options, rate=1_000_000) as pair:
        result, _, said = run([COST, *pair.qmigrate(
            '--max-bandwidth', BANDWIDTH)])
    cost = json.loads(said.splitlines()[-1])
    cost['total'] = result['time_us']['total']
    report.keep('cost', cost)
    return cost


def cpu_s(pid):
    """CPU time of all threads, without the children's."""
    total_ns = 0
    for path in glob.glob(f'/proc/{pid}/task/*/schedstat'):
        with open(path, encoding='ascii') as file:
            total_ns += int(file.read().split()[0])
    return total_ns / 1e9


def peak_kib(pid):
    with open(f'/proc/{pid}/status', encoding='ascii') as file:
        words = dict(line.split(':', 1) for line in file)
    return int(words['VmHWM'].split()[0])


def of_lab(options, report):
    with subprocess.Popen(
            [QMIGRATE, 'lab', '--json', '-', '--qemu', options.qemu, '--accel',
             options.accel, '--max-bandwidth', BANDWIDTH, '--dirty-rate',
             '1MB/s'],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
        try:
            time.sleep(LAB_FROM_S)
            start, before = time.monotonic(), cpu_s(process.pid)
            time.sleep(LAB_FOR_S)
            wall, used = time.monotonic() - start, cpu_s(process.pid) - before
            rss = peak_kib(process.pid)
            total_us = json.load(process.stdout)['time_us']['total']
        except (KeyError, OSError, ValueError) as error:
            raise Failed('the lab did not last') from error
        finally:
            process.terminate()
    if process.returncode or total_us < (LAB_FROM_S + LAB_FOR_S) * 1e6:
        raise Failed(f'a lab with exit code {process.returncode} that '
                     f'transferred for {total_us / 1e6:.1f} s')
    cost = {'cpu_s': used, 'wall_s': wall, 'rss_kib': rss}
    report.keep('cost-lab', cost)
    return cost


def measure(report, options):
    n_runs = options.repeat or N_RUNS
    runs = [of_run(options, report) for _ in range(n_runs)]
    share = median([100 * (one['user'] + one['system']) / one['wall']
                    for one in runs])
    report.figure('cpu', share, '% of a core in a transfer', CPU_GOAL_PERCENT,
                  2, f'{median([one["wall"] for one in runs]) / 1e6:.1f} s long')
    report.figure('memory', max(one['rss'] for one in runs) / 1024,
                  'MiB at most', RSS_GOAL_MIB, 1)
    labs = [of_lab(options, report) for _ in range(n_runs)]
    report.figure('cpu-lab',
                  median([100 * one['cpu_s'] / one['wall_s'] for one in labs]),
                  '% of a core in a transfer', None, 2,
                  'with a thousand heartbeats to read each second')
    report.figure('memory-lab', max(one['rss_kib'] for one in labs) / 1024,
                  'MiB at most', RSS_GOAL_MIB, 1)
