# SPDX-License-Identifier: LGPL-2.1-or-later
"""A switch to post-copy by qmigrate against one by the shortest script of raw
QMP, and how long a verdict for it takes to be on its way.

Both switch after the first pass, in turns, on fresh pairs with the same command
lines; but the script's destination starts by itself.  The guest dirties enough
that no pass ends it otherwise."""

import json

from pair import Pair, run
from report import Failed, median, spread

N_PAIRS = 21
MIB = 1 << 20
BANDWIDTH = 256 * MIB  # of a guest with half of it
RATE = 40_000_000
BLACKOUT_GOAL_MS = 1.0
VERDICT_GOAL_MS = 5.0


def new_pair(options, **how):
    return Pair(options, memory_mib=128, rate=RATE, **how)


def by_script(options):
    with new_pair(options, starts_by_itself=True) as pair:
        times, _, _ = run(pair.raw(
            f'"downtime-limit":1,"max-bandwidth":{BANDWIDTH}', 'postcopy'))
    return {'blackout_us': times['resume'] - times['stop'],
            'total_us': times['total']}


def by_qmigrate(options):
    with new_pair(options) as pair:
        trace = pair.path('trace')
        result, _, _ = run(pair.qmigrate(
            '--postcopy', '--postcopy-after', '1', '--downtime-limit', '1ms',
            '--max-bandwidth', str(BANDWIDTH), '--trace', trace))
        return {'blackout_us': result['downtime_us']['events'],
                'total_us': result['time_us']['total'],
                **verdict_times(trace)}


def verdict_times(path):
    """From the decision, and from the event that led to it, to the command."""
    passes, decided_us, sent_us = [], None, None
    with open(path, encoding='utf-8') as file:
        for line in map(json.loads, file):
            message = line.get('message', {})
            if message.get('event') == 'MIGRATION_PASS':
                passes.append(line['time_us'])
            elif message.get('execute') == 'migrate-start-postcopy':
                sent_us = line['time_us']
            elif line.get('decision', {}).get('action') == 'postcopy':
                decided_us = line['time_us']
    if None in (decided_us, sent_us) or len(passes) < 2:
        raise Failed('it did not switch to post-copy')
    return {'verdict_us': sent_us - decided_us, 'pass_us': sent_us - passes[1]}


def take_pairs(options, n_pairs):
    """Yields what the script took and what qmigrate took."""
    by_script(options)  # what is read for the first time is slow
    for i in range(n_pairs):
        if i % 2:
            ours = by_qmigrate(options)
            yield by_script(options), ours
        else:
            script = by_script(options)
            yield script, by_qmigrate(options)


def measure(report, options):
    scripts, ours = [], []
    for script, our in take_pairs(options, options.repeat or N_PAIRS):
        report.keep('postcopy', {'script': script, 'qmigrate': our})
        scripts.append(script)
        ours.append(our)

    def ms(times, member):
        return [one[member] / 1e3 for one in times]

    blackouts = ms(ours, 'blackout_us'), ms(scripts, 'blackout_us')
    more = median(blackouts[0]) - median(blackouts[1])
    report.figure('postcopy-blackout', more, 'ms more from STOP to RESUME',
                  BLACKOUT_GOAL_MS, 2,
                  f'medians {median(blackouts[0]):.2f} and '
                  f'{median(blackouts[1]):.2f} ms; the middle halves '
                  f'{spread(blackouts[0], 2)} and {spread(blackouts[1], 2)}')
    report.figure('postcopy-verdict',
                  max(abs(one) for one in ms(ours, 'verdict_us')),
                  'ms at most from the verdict to migrate-start-postcopy',
                  VERDICT_GOAL_MS, 2,
                  f'from the end of the pass, as it was heard: median '
                  f'{median(ms(ours, "pass_us")):.2f} ms')
