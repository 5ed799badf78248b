# SPDX-License-Identifier: LGPL-2.1-or-later
"""What qmigrate lab takes of its own, from start to exit.

Of the whole process's time all is taken off that is the guest's: its boot, as
long as it takes without a lab, should that be shorter (so what the lab adds to
it counts as the lab's); the warm-up that was asked for; the migration; and the
check of its memory."""

from pair import QMIGRATE, Pair, run
from report import median

N_RUNS = 7
WARM_UP_MS = 250
GOAL_S = 0.5


def bare_boot_us(options):
    # As fast a heartbeat as the lab's.
    with Pair(options, rate=10_000_000, beat_us=1000) as pair:
        return pair.boot_us


def one_lab(options):
    result, wall_us, _ = run(
        [QMIGRATE, 'lab', '--json', '-', '--accel', options.accel, '--qemu',
         options.qemu, '--warm-up', f'{WARM_UP_MS}ms'])
    verify, time = result['verify'], result['time_us']
    return {'wall_us': wall_us, 'boot_us': verify['boot_us'],
            'warm_up_us': verify['warm_up_us'], 'prepare_us': time['prepare'],
            'total_us': time['total'], 'check_us': verify['check_us']}


def measure(report, options):
    bare_boot_us(options)
    runs = []
    for _ in range(options.repeat or N_RUNS):
        bare_us = bare_boot_us(options)
        runs.append({'bare_boot_us': bare_us, **one_lab(options)})
        report.keep('lab', runs[-1])

    def ms(member):
        return median([one[member] for one in runs]) / 1e3

    boot_ms = min(ms('boot_us'), ms('bare_boot_us'))
    own_ms = median([one['wall_us'] - one['total_us'] - one['check_us']
                     for one in runs]) / 1e3 - boot_ms - WARM_UP_MS
    report.figure('lab', own_ms / 1e3, 's of its own', GOAL_S, 3,
                  f'of {ms("wall_us"):.0f} ms in all: boot '
                  f'{ms("boot_us"):.0f} (bare {ms("bare_boot_us"):.0f}), '
                  f'warm-up {ms("warm_up_us"):.0f}, preparing '
                  f'{ms("prepare_us"):.0f}, migration {ms("total_us"):.0f}, '
                  f'check {ms("check_us"):.0f}')
