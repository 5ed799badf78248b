# SPDX-License-Identifier: LGPL-2.1-or-later
"""The guest's dirty rate against what was asked, by the guest's own counters
before the migration; and the heartbeat's jitter before it, beside the stall in
it.  The working set is small and the bandwidth not limited, so every rate
converges."""

from pair import QMIGRATE, run
from report import median

N_RUNS = 3
RATES_MB = (10, 50, 100, 400)
GOAL_PERCENT = 2.0


def one_lab(options, rate_mb, n_cpus):
    result, _, _ = run(
        [QMIGRATE, 'lab', '--json', '-', '--accel', options.accel,
         '--qemu', options.qemu, '--smp', str(n_cpus), '--warm-up', '3s',
         '--dirty-rate', f'{rate_mb}MB/s', '--working-set', '32MiB',
         '--max-bandwidth', '0'])
    verify = result['verify']
    return {'rate_mb': rate_mb, 'n_cpus': n_cpus,
            'before': verify['rate_before_bytes_per_s'],
            'after': verify['rate_after_bytes_per_s'],
            'jitter_us': verify['jitter_us'],
            'stall_us': verify['longest_stall_us'],
            'guest_downtime_us': result['downtime_us']['guest']}


def measure(report, options):
    for n_cpus in (1, 2):
        for rate_mb in RATES_MB:
            runs = [one_lab(options, rate_mb, n_cpus)
                    for _ in range(options.repeat or N_RUNS)]
            for one in runs:
                report.keep('rate', one)
            off = [100 * (one['before'] / (rate_mb * 1e6) - 1) for one in runs]
            worst = max(off, key=abs)
            report.figure(
                f'rate-{rate_mb}MB/s-{n_cpus}cpu', abs(worst), '% off',
                GOAL_PERCENT, 2,
                f'{" ".join(f"{one:+.2f}" for one in off)}; heartbeat: jitter '
                f'{median([one["jitter_us"] for one in runs]) / 1e3:.1f} ms, '
                f'stall {median([one["stall_us"] for one in runs]) / 1e3:.1f} '
                'ms')
