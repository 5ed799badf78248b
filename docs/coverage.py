# SPDX-License-Identifier: LGPL-2.1-or-later
"""Prints docs/coverage.rst: QEMU's own migration tests, our scenarios for them, and
what became of those on each QEMU.

usage: coverage.py VERSION=TAP ..., each what qmigrate lab --tap told"""

import os
import re
import sys

SCENARIOS = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                         '../tools/scenarios')
HEAD = '''\
========
Coverage
========

QEMU's own migration tests, path by path (tools/scenarios/qemu-tests.txt), and the scenarios that do the same
(``covers`` in tools/scenarios), with what became of them here.
It is made by ``tools/dev catalogue``.
'''


def scenarios():
    """(file, scenario, paths that it covers), in order."""
    for name in sorted(os.listdir(SCENARIOS)):
        if not name.endswith('.ini'):
            continue
        scenario = None
        with open(os.path.join(SCENARIOS, name), encoding='utf-8') as file:
            for line in file:
                if match := re.match(r'\[scenario (.*)\]', line):
                    scenario = match[1]
                elif match := re.match(r'covers = (.*)', line):
                    yield name, scenario, match[1].split(', ')


def paths():
    """(path, mark, reason): mark | does not apply, ! is not done, or neither."""
    with open(os.path.join(SCENARIOS, 'qemu-tests.txt'),
              encoding='utf-8') as file:
        for line in file:
            if line.startswith('/'):
                path, mark, reason = re.match(
                    r'(\S+)(?: ([|!]) (.*))?', line.strip()).groups()
                yield path, mark, reason


def results(path):
    """Of each scenario: its cells' words, from TAP."""
    found = {}
    with open(path, encoding='utf-8') as file:
        for line in file:
            match = re.match(r'(not ok|ok) \d+ - (.*?)(?: \[.*\])?'
                             r'( # SKIP.*)?$', line.rstrip())
            if match:
                word = 'skipped' if match[3] else \
                    'held' if match[1] == 'ok' else 'failed'
                found.setdefault(match[2], []).append(word)
    return found


def word_of(words):
    for word in ('failed', 'held', 'skipped'):
        if words and word in words:
            return word
    return 'not run'


def table(rows):
    widths = [max(map(len, column)) for column in zip(*rows)]
    bar = '  '.join('=' * width for width in widths)

    def line(row):
        return '  '.join(map(str.ljust, row, widths)).rstrip()
    return [bar, line(rows[0]), bar, *map(line, rows[1:]), bar]


def main():
    told = {version: results(path) for version, path in
            (word.split('=', 1) for word in sys.argv[1:])}
    by_path = {}
    for _, scenario, covered in scenarios():
        for path in covered:
            by_path.setdefault(path, []).append(scenario)
    done = [('path', 'scenario', *told)]
    missing = [('path', 'why not yet')]
    idle = [('path', 'why not here')]
    for path, mark, reason in paths():
        if mark == '|':
            idle.append((path, reason))
        elif path in by_path:
            for scenario in by_path.pop(path):
                done.append((path, scenario, *(
                    word_of(found.get(scenario)) for found in told.values())))
        else:
            missing.append((path, reason or 'not known'))
    if by_path:
        sys.exit(f'no path of QEMU is called {" or ".join(by_path)}')
    n_done = len({row[0] for row in done[1:]})
    n_all = n_done + len(missing) - 1
    print(HEAD)
    print(f'Of {n_all} that apply to x86 under TCG {n_done} are covered, '
          f'{100 * n_done / n_all:.0f} %.\n')
    for title, rows in (('Covered', done), ('Not covered', missing),
                        ('Does not apply', idle)):
        print(f'{title}\n{"=" * len(title)}\n')
        print('\n'.join(table(rows)) + '\n')


if __name__ == '__main__':
    main()
