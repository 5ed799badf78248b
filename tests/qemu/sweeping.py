# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the sweeps share: which cases are chosen, what is counted, resuming.

SEED     what is drawn at random; printed by every sweep
SHARD    K/N: only the K-th of N parts, for several machines or processes
RESUME   a file: each finished case is noted there, and those that passed
         are not run again
PART     a number: so many cases of each group alone, chosen by the seed

Arguments name cases, or the beginning of their names.  A failure prints a
command that repeats the case."""

import os
import random
import signal
import sys
import time
import zlib

import kinds
import pair

SEED = int(os.environ.get('SEED') or random.randrange(1 << 30))
SHARD = os.environ.get('SHARD', '1/1')
RESUME = os.environ.get('RESUME')
PART = int(os.environ.get('PART') or '0')


class Skipped(Exception):
    """The case could not be run, which is counted."""


def chance(name):
    """Random numbers of this seed and this case alone."""
    return random.Random(f'{SEED} {name}')


def is_named(name):
    """Chosen by the arguments, as is a group with a chosen case in it."""
    wanted = sys.argv[1:]
    return not wanted or any(name.startswith(word) or word.startswith(name)
                             for word in wanted)


def alone(group):
    """The cases of this group that the arguments name in full."""
    return [word for word in sys.argv[1:] if word.startswith(group + '-')
            and ('-before' in word or '-after' in word)]


def is_in_shard(name):
    number, of_all = map(int, SHARD.split('/'))
    return zlib.crc32(name.encode()) % of_all == number - 1


def part_of(names, n_early=0):
    """All of a group, or PART of it.  Of the first @n_early, which come before
    anything was changed, only a quarter of the part is drawn."""
    early = [name for name in names[:n_early] if is_in_shard(name)]
    names = [name for name in names[n_early:] if is_in_shard(name)]
    if not PART:
        return early + names
    n = min(PART // 4, len(early))
    return drawn(early, n) + drawn(names, min(PART - n, len(names)))


def drawn(names, n):
    numbers = chance(' '.join(names[:1])).sample(range(len(names)), n)
    return [names[number] for number in sorted(numbers)]


class Sweep:
    """Runs cases and counts."""

    def __init__(self, habit):
        if not pair.QMIGRATE or not pair.QEMUS:
            print('QMIGRATE is not set, or no QEMU to test with')
            sys.exit(77)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
        self.habit = habit
        self.n_run = self.n_before = 0
        self.failed, self.skipped = [], []
        self.passed_before = set()
        if RESUME and os.path.exists(RESUME):
            with open(RESUME, encoding='utf-8') as file:
                self.passed_before = {line[3:].strip() for line in file
                                      if line.startswith('ok ')}
        print(f'# SEED={SEED}', flush=True)

    def note(self, words):
        print(words, flush=True)
        if RESUME:
            with open(RESUME, 'a', encoding='utf-8') as file:
                file.write(words + '\n')

    def case(self, name, function, *words):
        """True if it passed, now or before."""
        if name in self.passed_before:
            self.n_before += 1
            return True
        self.n_run += 1
        start = time.monotonic()
        try:
            function(*words)
        except Skipped as why:
            self.skipped.append(name)
            self.note(f'skipped {name}: {why}')
            return False
        except Exception as error:  # the other cases are run all the same
            what = error if isinstance(error, pair.Failed) \
                else f'{type(error).__name__}: {error}'
            self.failed.append(name)
            self.note(f'not ok {name}: {what}')
            print(f'#   again: SEED={SEED} tools/dev {self.habit} {name}',
                  flush=True)
            return False
        took = f'  # {time.monotonic() - start:.1f} s' \
            if 'TIMES' in os.environ else ''
        self.note(f'ok {name}{took}')
        return True

    def end(self):
        print(f'{self.n_run} cases, {self.n_before} passed before, '
              f'{len(self.skipped)} skipped, {len(self.failed)} failures')
        print(f'# SEED={SEED}')
        sys.exit(1 if self.failed else 0 if self.n_run + self.n_before else 77)


def main(habit, names, sweep_kind):
    """@sweep_kind for each of these kinds of migration and each QEMU."""
    sweep = Sweep(habit)
    for name in names:
        for version in kinds.KINDS[name].versions:
            group = f'{version}-{name}'
            if not is_named(group):
                continue
            if version not in pair.QEMUS:
                print(f'skipped {group}: no QEMU {version}')
                continue
            try:
                sweep_kind(sweep, version, name)
            except pair.Failed as error:
                sweep.failed.append(group)
                print(f'not ok {group}: {error}', flush=True)
    sweep.end()
