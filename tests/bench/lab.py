# SPDX-License-Identifier: LGPL-2.1-or-later
"""What qmigrate lab takes of its own, from start to exit.

Of the whole process's time all is taken off that is the guest's: its boot, as
long as it takes without a lab (so what the lab adds to it counts as the lab's);
the warm-up that was asked for; the migration; and the check of its memory."""

from pair import QMIGRATE, Pair, run
from report import median

N_RUNS = 7
WARM_UP_MS = 250
GOAL_S = 0.5


def bare_boot_us(options):
    # As fast a heartbeat as the lab's.
    with Pair(options, rate=10_000_000, beat_us=1000) as pair:
        return pair.boot_us


def own_us(options, report):
    boot_us = bare_boot_us(options)
    result, wall_us, _ = run(
        [QMIGRATE, 'lab', '--json', '-', '--accel', options.accel,
         '--qemu', options.qemu, '--warm-up', f'{WARM_UP_MS}ms'])
    time, verify = result['time_us'], result['verify']
    own = wall_us - boot_us - WARM_UP_MS * 1000 - time['total'] - \
        verify['check_us']
    one = {'own_us': own, 'wall_us': wall_us, 'bare_boot_us': boot_us,
           'boot_us': verify['boot_us'], 'warm_up_us': verify['warm_up_us'],
           'prepare_us': time['prepare'], 'total_us': time['total'],
           'check_us': verify['check_us']}
    report.keep('lab', one)
    return one


def measure(report, options):
    bare_boot_us(options)
    runs = [own_us(options, report) for _ in range(options.repeat or N_RUNS)]

    def ms(member):
        return median([one[member] for one in runs]) / 1e3

    report.figure('lab', ms('own_us') / 1e3, 's of its own', GOAL_S, 3,
                  f'of {ms("wall_us"):.0f} ms in all: boot '
                  f'{ms("boot_us"):.0f} (bare {ms("bare_boot_us"):.0f}), '
                  f'warm-up {ms("warm_up_us"):.0f}, preparing '
                  f'{ms("prepare_us"):.0f}, migration {ms("total_us"):.0f}, '
                  f'check {ms("check_us"):.0f}')
