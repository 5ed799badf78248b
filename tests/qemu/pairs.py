# SPDX-License-Identifier: LGPL-2.1-or-later
"""Which capabilities QEMU takes together, and whether we say the same.

Asked of the source and of the destination: every element alone, every pair with
both values of each, and one turned off where two were on; every three; and
walks that turn on one after the other whatever goes with those before.

QMIGRATE_JUDGE is a program that reads a state in each line and answers in the
same order whether we take it:

    {"version": "10.0.2", "role": "source", "transport": "socket",
     "dirty-ring": false, "capabilities": ["multifd"],
     "parameters": {"tls-creds": "x"}}
    {"accepted": false, "words": ["why not"], "breaks": true, "never": true}

We may refuse what QEMU takes only where it "breaks" on it; "never" marks that
we refuse it for a reason of our own.  In the folder QMIGRATE_RECORDS, if set,
is written what QEMU said, also on a destination that listens already."""

import concurrent.futures
import itertools
import json
import os
import random
import subprocess
import sys

import pair
from asked import VALUES, Asked, Try, is_possible, is_value, word
from pair import check

JUDGE = os.environ.get('QMIGRATE_JUDGE')
RECORDS = os.environ.get('QMIGRATE_RECORDS')
N_WALKS = 30
N_SHOWN = 30


def in_both_orders(on, off=()):
    """The order counts only where both commands have something to say."""
    yield Try((), on, off)
    if len({is_value(one) for one in (*on, *off)}) == 2:
        yield Try((), on, off, 'parameters')


def tries(elements):
    """Everything that does not depend on an answer."""
    yield Try((), ())
    for one in elements:
        yield Try((), (one,))
        yield Try((), (), (one,))
    for two in filter(is_possible, itertools.combinations(elements, 2)):
        for states in itertools.product((True, False), repeat=2):
            on = tuple(itertools.compress(two, states))
            yield from in_both_orders(on, tuple(set(two) - set(on)))
        for one in two:
            yield Try(two, (), (one,))
    for three in filter(is_possible, itertools.combinations(elements, 3)):
        yield Try((), three)


def walk(asked, numbers):
    """Turns on one after the other, leaving out what is refused."""
    on = ()
    for one in numbers.sample(asked.elements, len(asked.elements)):
        if is_possible((*on, one)):
            record = asked.ask(Try(on, (one,)))
            yield record
            on = (*on, one) if record['accepted'] else on


def ask(asked):
    records = [asked.ask(one) for one in tries(asked.elements)]
    numbers = random.Random(asked.version)
    for _ in range(N_WALKS):
        records += walk(asked, numbers)
    # what could not be turned on cannot be turned off
    return [record for record in records if record['was_before']]


def question(record, elements):
    """One state as the judge reads it."""
    values = {word(one): one for one in VALUES}
    has_file = 'mapped-ram' in elements
    return json.dumps({
        'version': record['version'], 'role': record['role'],
        'transport': 'file' if has_file else 'socket', 'dirty-ring': False,
        'capabilities': [one for one in elements if one not in values],
        'parameters': dict(values[one] for one in elements if one in values)})


def judge(questions):
    """What the judge says of each."""
    questions = list(dict.fromkeys(questions))
    run = subprocess.run([JUDGE], input='\n'.join(questions) + '\n', text=True,
                         stdout=subprocess.PIPE, check=False,
                         timeout=pair.FAILSAFE_S)
    check(run.returncode == 0, f'{JUDGE}: exit code {run.returncode}')
    answers = [json.loads(line) for line in run.stdout.splitlines()]
    check(len(answers) == len(questions),
          f'{JUDGE}: {len(answers)} answers to {len(questions)} states')
    return dict(zip(questions, answers))


def compare(record, before, after):
    """In a word, who takes what QEMU and the judge were asked."""
    if not before['accepted']:
        return 'elsewhere'  # we are never where this begins
    takes = record['accepted'] and record['is_so']
    if takes == after['accepted']:
        return 'both take' if takes else 'both refuse'
    if not takes:
        return 'only we take'
    for reason in ('never', 'breaks'):
        if after.get(reason):
            return reason
    return 'only QEMU takes'


def compare_all(records):
    """Counts of the words; tells where the two disagree."""
    asked = [[question(record, record[when]) for when in ('before', 'state')]
             for record in records]
    answers = judge(itertools.chain(*asked))
    counts = dict.fromkeys(('both take', 'both refuse', 'breaks', 'never',
                            'elsewhere', 'only we take', 'only QEMU takes'), 0)
    for record, (before, after) in zip(records, asked):
        # a walk may begin where QEMU breaks: what is on stays on
        start = answers[before] if record['off'] else {'accepted': True}
        found = compare(record, start, answers[after])
        counts[found] += 1
        if found.startswith('only') and counts[found] <= N_SHOWN:
            print(f'# {found}: {record["role"]}: {describe(record)}; QEMU: '
                  f'{record["text"]}; we: {answers[after].get("words")}')
    return counts


def describe(record):
    return ', '.join(f'{name} {" + ".join(record[name])}'
                     for name in ('before', 'on', 'off') if record[name])


def write(version, records):
    path = os.path.join(RECORDS, f'pairs-{version}.json')
    with open(path, 'w', encoding='utf-8') as file:
        file.write('[\n' + ',\n'.join(map(json.dumps, records)) + '\n]\n')


def pairs(place, version):
    """Disagreements: none."""
    roles = ['source', 'destination'] + ['listening'] * bool(RECORDS)
    asked = [Asked(place, version, role) for role in roles]
    with concurrent.futures.ThreadPoolExecutor() as pool:
        records = list(itertools.chain(*pool.map(ask, asked)))
    if RECORDS:
        write(version, records)
        records = [one for one in records if one['role'] != 'listening']
    n_pairs = sum(map(is_possible,
                      itertools.combinations(asked[0].elements, 2)))
    what = f'{version}: {len(records)} states of {n_pairs} pairs, source and ' \
        'destination'
    if not JUDGE:
        print(f'{what}: not judged')
        return
    counts = compare_all(records)
    n_only = counts['only we take'] + counts['only QEMU takes']
    print(f'{what}: {n_only} disagreements ({counts["breaks"]} that QEMU takes '
          f'and breaks on, {counts["never"]} that we never set)')
    print('# ' + ', '.join(f'{n} {name}' for name, n in counts.items()))
    check(n_only == 0, f'{n_only} disagreements')


if not JUDGE and not RECORDS:
    print('QMIGRATE_JUDGE is not set')
    sys.exit(77)
pair.main((f'pairs-{version}', pairs, version) for version in ('7.2', '10.0'))
