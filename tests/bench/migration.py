# SPDX-License-Identifier: LGPL-2.1-or-later
"""A migration by qmigrate against one by the shortest script of raw QMP.

Both take turns, first one, then the other, each on a fresh pair with the same
command lines; but the script's destination starts by itself.  The guest is idle
and the limit of the downtime low, so both make the same few passes and nothing
depends on where in a pass the switchover falls.  Both clocks start when migrate
is sent and stop when the source is postmigrate and the destination runs."""

from pair import Pair, run
from report import median, spread

N_PAIRS = 11
MIB = 1 << 20
CASES = [
    # QEMU's own bandwidth limit; then as fast as it goes, where a migration is
    # so short that our own milliseconds weigh most.
    ('migration', 128 * MIB),
    ('migration-unlimited', 0),
]
RATIO_GOAL = 1.03
BLACKOUT_GOAL_MS = 1.0


def by_script(options, bandwidth):
    with Pair(options, starts_by_itself=True) as pair:
        times, wall_us, _ = run(pair.raw(
            f'"downtime-limit":1,"max-bandwidth":{bandwidth}'))
    return {'total_us': times['total'], 'wall_us': wall_us,
            'blackout_us': times['resume'] - times['stop']}


def by_qmigrate(options, bandwidth, *, starts_by_itself=False):
    with Pair(options, starts_by_itself=starts_by_itself) as pair:
        result, wall_us, _ = run(pair.qmigrate(
            '--downtime-limit', '1ms', '--max-bandwidth', str(bandwidth)))
    return {'total_us': result['time_us']['total'], 'wall_us': wall_us,
            'blackout_us': result['downtime_us']['events'],
            'handover_us': result['downtime_us']['handover'],
            'prepare_us': result['time_us']['prepare']}


def take_pairs(options, bandwidth, n_pairs):
    """Yields what the script took and what qmigrate took."""
    by_script(options, bandwidth)  # what is read for the first time is slow
    for i in range(n_pairs):
        if i % 2:
            ours = by_qmigrate(options, bandwidth)
            yield by_script(options, bandwidth), ours
        else:
            script = by_script(options, bandwidth)
            yield script, by_qmigrate(options, bandwidth)


def compare(report, options, name, bandwidth):
    scripts, ours = [], []
    for script, our in take_pairs(options, bandwidth,
                                  options.repeat or N_PAIRS):
        report.keep(name, {'script': script, 'qmigrate': our})
        scripts.append(script)
        ours.append(our)

    def ms(times, member):
        return [one[member] / 1e3 for one in times]

    ratios = [our['total_us'] / script['total_us']
              for our, script in zip(ours, scripts)]
    more = [our - script for our, script in
            zip(ms(ours, 'blackout_us'), ms(scripts, 'blackout_us'))]
    report.figure(name, median(ratios), "times the raw script's time",
                  RATIO_GOAL, 3,
                  f'medians {median(ms(ours, "total_us")):.1f} and '
                  f'{median(ms(scripts, "total_us")):.1f} ms, the middle half '
                  f'of the ratios {spread(ratios, 3)}')
    report.figure(f'{name}-blackout', median(more),
                  'ms more from STOP to RESUME', BLACKOUT_GOAL_MS, 2,
                  f'medians {median(ms(ours, "blackout_us")):.2f} and '
                  f'{median(ms(scripts, "blackout_us")):.2f} ms, of ours '
                  f'handover {median(ms(ours, "handover_us")):.2f} ms; '
                  f'the middle half {spread(more, 2)}')
    setup = [our['wall_us'] / 1e3 - our['total_us'] / 1e3 for our in ours]
    script_setup = [one['wall_us'] / 1e3 - one['total_us'] / 1e3
                    for one in scripts]
    report.figure(f'{name}-around', median(setup),
                  'ms before and after, of which preparing is '
                  f'{median(ms(ours, "prepare_us")):.1f}', None, 1,
                  f'the raw script {median(script_setup):.1f} ms')


def compare_starts(report, options, bandwidth):
    """What it costs that only we let the destination run."""
    more, medians = [], ([], [])
    for i in range(options.repeat or N_PAIRS):
        took = {}
        for alone in (False, True) if i % 2 else (True, False):
            took[alone] = by_qmigrate(options, bandwidth,
                                      starts_by_itself=alone)
        report.keep('migration-cont', took)
        for alone in took:
            medians[alone].append(took[alone]['blackout_us'] / 1e3)
        more.append((took[False]['blackout_us'] - took[True]['blackout_us'])
                    / 1e3)
    report.figure('migration-cont', median(more),
                  'ms more from STOP to RESUME than if the destination starts '
                  'by itself', BLACKOUT_GOAL_MS, 2,
                  f'medians {median(medians[False]):.2f} and '
                  f'{median(medians[True]):.2f} ms; the middle half '
                  f'{spread(more, 2)}')


def measure(report, options):
    for name, bandwidth in CASES:
        compare(report, options, name, bandwidth)
    compare_starts(report, options, 0)
