# SPDX-License-Identifier: LGPL-2.1-or-later
"""Prints docs/coverage.rst: QEMU's own migration tests, our scenarios for them, and
what became of those on each QEMU.

usage: coverage.py VERSION=TAP ... [A->B=TAP ...], each what qmigrate lab --tap told;
of an arrow, of pairs.ini alone"""

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
    """(file, scenario, paths that it covers), in order; without paths first."""
    for name in sorted(os.listdir(SCENARIOS)):
        if not name.endswith('.ini'):
            continue
        scenario = None
        with open(os.path.join(SCENARIOS, name), encoding='utf-8') as file:
            for line in file:
                if match := re.match(r'\[scenario (.*)\]', line):
                    scenario = match[1]
                    yield name, scenario, []
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


def faults():
    """(number, what it is, the test that is no scenario or None)."""
    with open(os.path.join(SCENARIOS, 'faults.txt'), encoding='utf-8') as file:
        for line in file:
            if line.startswith('F'):
                yield re.match(r'(F\d+) (.*?)(?: \| (.*))?$',
                               line.strip()).groups()


def fault_rows(by_name, told):
    """What each is, the scenarios for it and what became of them, or a test."""
    yield ('fault', 'what', 'scenario', *told)
    for number, what, test in faults():
        names = by_name.pop(number, [])
        if not names and not test:
            sys.exit(f'{number} has neither a scenario nor a test')
        for name in names:
            yield (number, what, name, *(word_of(found.get(name))
                                         for found in told.values()))
        if test:
            yield (number, what, test, *('' for _ in told))


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


def pair_rows(across):
    yield ('scenario', *across)
    for name, scenario, covered in scenarios():
        if name == 'pairs.ini' and not covered:
            yield (scenario, *(word_of(found.get(scenario))
                               for found in across.values()))


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
    given = {version: results(path) for version, path in
             (word.split('=', 1) for word in sys.argv[1:])}
    told = {name: found for name, found in given.items() if '->' not in name}
    across = {name.replace('->', ' to '): found
              for name, found in given.items() if '->' in name}
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
    broken = list(fault_rows(by_path, told))
    if by_path:
        sys.exit(f'no path of QEMU is called {" or ".join(by_path)}')
    n_done = len({row[0] for row in done[1:]})
    n_all = n_done + len(missing) - 1
    print(HEAD)
    print(f'Of {n_all} that apply to x86 under TCG {n_done} are covered, '
          f'{100 * n_done / n_all:.0f} %.\n')
    for title, rows in (('Covered', done), ('Not covered', missing),
                        ('Does not apply', idle),
                        ('What breaks a migration', broken),
                        ('From one version to another',
                         list(pair_rows(across)))):
        print(f'{title}\n{"=" * len(title)}\n')
        print('\n'.join(table(rows)) + '\n')


if __name__ == '__main__':
    main()
