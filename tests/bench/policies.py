#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Whether policies stand in a real migration as they do in a simulated one.

    policies.py [--repeat N] [--cell NAME]... [--policy NAME]... [--json FILE]
                [--qemu BINARY]

Six cells of the grid, small enough for a lab, under every policy in turns, and
the same cells by qmigrate simulate.  For each cell it prints both orders: those
that migrated by their total time, then the others by how they ended.  Two
policies tie if their times are no farther apart than the repeats of one of
them, or than two of the windows of 100 ms in which QEMU sends.  The model knows
nothing of xbzrle, so it is off.  A pair of policies that stands the other way
round, without a tie, is wrong, and so is a policy that ends otherwise.
QMIGRATE says which program is meant, else it is the one in build/.  Exit code
1: an order is wrong."""

import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile

from pair import QMIGRATE
from report import Failed, median

N_REPEATS = 5
MIB = 1 << 20
WINDOWS_S = 0.2
MEMORY_MIB = 192
LINK_MIB_PER_S = 64
FIXED = ('--memory', f'{MEMORY_MIB}MiB', '--max-bandwidth',
         f'{LINK_MIB_PER_S}MiB/s')
# Of the link when the guest stands still, two QEMUs of one host.
LOCAL_LINK = '1GiB/s'

# Dirty rate to bandwidth, working set to memory, pattern, the downtime allowed,
# whether post-copy is, and the timeout: where none of those that come to an end
# is near it, since what ends just before and just after it stands far apart.
CELLS = {
    'calm': (0.4, 0.25, 'sequential', '300ms', False, '16s'),
    'busy': (0.8, 0.6, 'random', '300ms', False, '16s'),
    'small-set': (1.1, 0.25, 'random', '1s', False, '24s'),
    'hot-cold': (0.95, 0.95, 'hot-cold', '1s', False, '16s'),
    'hopeless': (1.5, 0.6, 'random', '300ms', False, '16s'),
    'post-copy': (1.5, 0.6, 'random', '300ms', True, '16s'),
}

# How a migration ends, the best first; each as simulate names it.
ENDS = ('migrated', 'stopped and copied', 'aborted', 'timed out')


class Cell:
    def __init__(self, name):
        rate, working_set, pattern, downtime, postcopy, timeout = CELLS[name]
        self.name = name
        self.rate = rate * LINK_MIB_PER_S * MIB
        self.words = [
            *FIXED, '--timeout', timeout,
            '--dirty-rate', f'{rate * LINK_MIB_PER_S:.0f}MiB/s',
            '--working-set', f'{working_set * MEMORY_MIB:.0f}MiB',
            '--pattern', pattern, '--max-downtime', downtime,
            *(['--postcopy'] if postcopy else [])]

    def text(self):
        rate, working_set, pattern, downtime, postcopy, _ = CELLS[self.name]
        return (f'{rate:g} of the bandwidth, {100 * working_set:.0f} % of the '
                f'memory, {pattern}, {downtime}'
                f'{", post-copy" if postcopy else ""}')


def output_of(words):
    """What qmigrate wrote by --json, and its exit code."""
    with tempfile.NamedTemporaryFile() as file:
        done = subprocess.run([QMIGRATE, *words, '--json', file.name],
                              stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, check=False)
        try:
            with open(file.name, encoding='utf-8') as written:
                return json.load(written), done.returncode
        except ValueError as error:
            raise Failed(f'{" ".join(words)}: exit code {done.returncode}: '
                         f'{done.stderr.strip()}') from error


def greatest_rate(options):
    """What the lab's guest can write here, in bytes a second: one that needs not
    all of its time for its rate does not mind the first steps of a throttle."""
    result, _ = output_of(['lab', '--policy', 'qemu', '--qemu', options.qemu,
                           '--accel', 'tcg', '--quiet', *FIXED,
                           '--dirty-rate', '8GiB/s', '--timeout', '1s'])
    return result['verify']['rate_before_bytes_per_s']


def simulate(cell, greatest):
    """Of each policy: how it ends, and when."""
    busy = min(100, 100 * cell.rate / greatest)
    written, _ = output_of(['simulate', '--model', '--policy', 'all',
                            '--bandwidth', LOCAL_LINK, '--busy',
                            f'{busy:.0f}%', *cell.words])
    return {run['policy']: (end_of(run['outcome']), run['total_us'] / 1e6)
            for run in written['runs']}


def end_of(words):
    """Post-copy is a way, not an end."""
    return 'migrated' if words.startswith('migrated') else words


def migrate(options, cell, policy):
    result, code = output_of(['lab', '--policy', policy, '--qemu', options.qemu,
                              '--accel', 'tcg', '--quiet', '--disable',
                              'xbzrle', *cell.words])
    actions = [one['action'] for one in result['decisions']]
    total_s = (result['time_us']['total'] or 0) / 1e6
    if code == 0:
        return 'stopped and copied' if 'stop' in actions else 'migrated', total_s
    if code != 4:
        raise Failed(f'{cell.name}, {policy}: exit code {code}: '
                     f'{result["error"]}')
    return 'timed out' if result['error']['code'] == 'timeout' else 'aborted', \
        total_s


class Standing:
    """One policy in one cell; the end is that of most repeats."""

    def __init__(self, ends_and_times):
        ends = [end for end, _ in ends_and_times]
        self.end = max(ENDS, key=ends.count)
        self.times = [time for end, time in ends_and_times if end == self.end]
        self.time = median(self.times)
        self.spread = max(self.times) - min(self.times)
        self.n_other = len(ends) - len(self.times)

    def key(self):
        """How long one that gives up takes to do so is no merit."""
        return ENDS.index(self.end), self.time if self.is_over() else 0

    def is_over(self):
        return self.end in ('migrated', 'stopped and copied')

    def text(self):
        words = '' if self.end == 'migrated' else self.end + ' '
        other = f' ({self.n_other} otherwise)' if self.n_other else ''
        spread = f' +-{self.spread / 2:.2f}' if self.spread else ''
        return f'{words}{self.time:.2f}{spread} s{other}'


def is_tie(one, other, margin):
    return one.key()[0] == other.key()[0] and \
        abs(one.key()[1] - other.key()[1]) <= margin


def wrong_pairs(real, simulated):
    """Of policies that stand the other way round, or end otherwise."""
    wrong = [f'{name} is {real[name].end}, not {simulated[name].end}'
             for name in real if real[name].end != simulated[name].end]
    for one, other in itertools.combinations(real, 2):
        margin = max(real[one].spread, real[other].spread, WINDOWS_S)
        if is_tie(real[one], real[other], margin) or \
                is_tie(simulated[one], simulated[other], margin):
            continue
        if (real[one].key() < real[other].key()) != \
                (simulated[one].key() < simulated[other].key()):
            wrong.append(f'{one} and {other}')
    return wrong


def ranks(standings):
    """Those that are alike share theirs."""
    keys = sorted(one.key() for one in standings.values())
    return {name: (keys.index(one.key()) + len(keys) - 1
                   - keys[::-1].index(one.key())) / 2
            for name, one in standings.items()}


def correlation(real, simulated):
    """Of ranks: 1 is the same order, -1 the opposite; None if all are alike."""
    x, y = ranks(real), ranks(simulated)
    mean = (len(x) - 1) / 2
    xx = sum((rank - mean) ** 2 for rank in x.values())
    yy = sum((rank - mean) ** 2 for rank in y.values())
    xy = sum((x[name] - mean) * (y[name] - mean) for name in x)
    return xy / (xx * yy) ** 0.5 if xx and yy else None


def order(standings):
    return sorted(standings, key=lambda name: standings[name].key())


def show(cell, real, simulated):
    """True if the order is the one simulated."""
    print(f'\n{cell.name}: {cell.text()}')
    print(f'  {"REAL":<24}{"":<26}{"SIMULATED":<24}')
    for name, other in zip(order(real), order(simulated)):
        print(f'  {name:<24}{real[name].text():<26}{other:<24}'
              f'{simulated[other].text()}')
    wrong = wrong_pairs(real, simulated)
    value = correlation(real, simulated)
    told = 'all alike' if value is None else f'rank correlation {value:.2f}'
    print(f'  {told}; ' + (f'the order is wrong: {"; ".join(wrong)}' if wrong
                           else 'the order is the one simulated'), flush=True)
    return not wrong


def run_all(options, cells):
    """Every policy once, then again: what changes slowly meets all alike."""
    greatest = greatest_rate(options)
    print(f'the guest writes at most {greatest / 1e6:.0f} MB/s')
    expected = {cell: simulate(cell, greatest) for cell in cells}
    policies = options.policy or list(expected[cells[0]])
    found = {(cell, policy): [] for cell in cells for policy in policies}
    for i in range(options.repeat):
        for cell, policy in found:
            found[cell, policy].append(migrate(options, cell, policy))
            if sys.stderr.isatty():
                print(f'\r{i + 1} of {options.repeat}: {cell.name} {policy}'
                      '\033[K', end='\r', file=sys.stderr)
    for cell in cells:
        yield (cell,
               {policy: Standing(found[cell, policy]) for policy in policies},
               {policy: Standing([expected[cell][policy]])
                for policy in policies})


def parse():
    parser = argparse.ArgumentParser(description='Real policies against '
                                     'simulated ones.')
    parser.add_argument('--repeat', type=int, default=N_REPEATS, metavar='N')
    parser.add_argument('--cell', action='append', choices=CELLS)
    parser.add_argument('--policy', action='append', metavar='NAME')
    parser.add_argument('--json', metavar='FILE',
                        help='write all numbers to FILE')
    parser.add_argument('--qemu', metavar='BINARY', default=os.environ.get(
        'QMIGRATE_QEMU_10_0') or 'qemu-system-x86_64')
    return parser.parse_args()


def main():
    options = parse()
    cells = [Cell(name) for name in options.cell or CELLS]
    told, n_right = {}, 0
    try:
        for cell, real, simulated in run_all(options, cells):
            n_right += show(cell, real, simulated)
            told[cell.name] = {
                name: {'real': [real[name].end, real[name].times],
                       'simulated': [simulated[name].end, simulated[name].time]}
                for name in real}
    except Failed as error:
        print(f'error: {error}', file=sys.stderr)
        return 2
    if options.json:
        with open(options.json, 'w', encoding='utf-8') as file:
            json.dump(told, file, indent=2)
            file.write('\n')
    print(f'\n{n_right} of {len(cells)} cells in the order simulated')
    return 0 if n_right == len(cells) else 1


if __name__ == '__main__':
    sys.exit(main())
