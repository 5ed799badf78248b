#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""How near predictions come: labs of random rate, working set, pattern,
bandwidth and downtime limit, each predicted before it migrates.

    predictions.py [--runs N] [--seed N] [--json FILE] [--qemu BINARY]...

Prints a line for each, then the median error of the total time, and the share
that is bad: off by 25 %, or with a wrong verdict on whether it converges; once
for what is said before and once for what is said after two passes.  A migration
that does not converge is ended by --timeout, and counts as right if that was
said.  QMIGRATE says which program is measured, else it is the one in build/.
Exit code 1: a goal was missed."""

import argparse
import json
import os
import random
import subprocess
import sys

from pair import QMIGRATE
from report import Failed, Report, median

GOAL_MEDIAN_PERCENT = 7
GOAL_BAD_PERCENT = 3
BAD_PERCENT = 25
MIB = 1 << 20
MEMORY_MIB = 256
TIMEOUT_S = 20

# Times as much as the bandwidth; the share of memory that is written.
RATES = (0.1, 0.2, 0.4, 0.6, 0.8, 0.95, 1.1, 1.5, 2)
WORKING_SETS = (0.05, 0.1, 0.25, 0.6, 0.95)
PATTERNS = ('sequential', 'random', 'hot-cold')
BANDWIDTHS_MIB = (32, 48, 64, 96)
LIMITS_MS = (100, 300, 500, 1000)


def draw(chance):
    bandwidth = chance.choice(BANDWIDTHS_MIB)
    return {
        'bandwidth_mib_s': bandwidth,
        'rate_mib_s': round(chance.choice(RATES) * bandwidth),
        'working_set_mib': round(chance.choice(WORKING_SETS) * MEMORY_MIB),
        'pattern': chance.choice(PATTERNS),
        'limit_ms': chance.choice(LIMITS_MS),
    }


def one_lab(qemu, case, extra):
    words = [QMIGRATE, 'lab', '--predict', '--json', '-', '--accel', 'tcg',
             '--qemu', qemu, '--memory', f'{MEMORY_MIB}MiB',
             '--dirty-rate', f'{case["rate_mib_s"]}MiB/s',
             '--working-set', f'{case["working_set_mib"]}MiB',
             '--pattern', case['pattern'], '--policy', 'qemu',
             '--max-bandwidth', f'{case["bandwidth_mib_s"]}MiB/s',
             '--downtime-limit', f'{case["limit_ms"]}ms',
             '--timeout', f'{TIMEOUT_S}s', *extra]
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, check=False)
    try:
        result = json.loads(done.stdout)
        code = (result['error'] or {}).get('code')
        # 7.2 may lose a write under TCG, which is not what is measured here
        if code not in (None, 'timeout', 'memory-not-intact') or \
                result['prediction'] is None:
            raise ValueError
    except ValueError:
        raise Failed(f'{" ".join(words)}: exit code {done.returncode}: '
                     f'{done.stderr.strip()}') from None
    return result


def judge(said, actual):
    """The error in percent, None where none converged; and is it bad?"""
    if said['converges'] != actual['converged']:
        return None, True
    if not actual['converged']:
        return None, False
    error = 100 * (said['total_us'] / actual['total_us'] - 1)
    return error, abs(error) >= BAD_PERCENT


def show(qemu, case, result, before, after):
    prediction = result['prediction']
    actual, said = prediction['actual'], prediction['before']

    def seconds(one, converged):
        return f'{one["total_us"] / 1e6:5.2f} s' if converged else 'no end '

    print(f'{result["versions"]["source"]:7} '
          f'{case["rate_mib_s"]:3} of {case["bandwidth_mib_s"]:2} MiB/s in '
          f'{case["working_set_mib"]:3} MiB {case["pattern"]:10} '
          f'{case["limit_ms"]:4} ms: '
          f'{seconds(actual, actual["converged"])}, said '
          f'{seconds(said, said["converges"])}'
          + ''.join(f' {f"{error:+5.1f} %" if error is not None else "":8}'
                    f'{"BAD" if bad else "":3}' for error, bad in
                    (before, after)), flush=True)


def figures(report, name, judged):
    errors = [abs(error) for error, _ in judged if error is not None]
    bad = 100 * sum(is_bad for _, is_bad in judged) / len(judged)
    if errors:
        report.figure(f'prediction-{name}', median(errors), '% off',
                      GOAL_MEDIAN_PERCENT, 1,
                      f'the median of {len(errors)} that converged')
    report.figure(f'prediction-{name}-bad', bad, '%', GOAL_BAD_PERCENT, 1,
                  f'of {len(judged)}')


def parse():
    parser = argparse.ArgumentParser(description='How near predictions come.')
    parser.add_argument('--runs', type=int, default=64)
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--json', metavar='FILE')
    parser.add_argument('--qemu', action='append', metavar='BINARY',
                        help='may be given several times, to take turns')
    parser.add_argument('extra', nargs='*', help="further options of the lab's")
    return parser.parse_args()


def main():
    options = parse()
    known = [os.environ.get('QMIGRATE_QEMU_10_0'),
             os.environ.get('QMIGRATE_QEMU_7_2') or 'qemu-system-x86_64']
    qemus = options.qemu or [one for one in known if one]
    chance = random.Random(options.seed)
    report = Report()
    before, after = [], []
    for i in range(options.runs):
        case = draw(chance)
        qemu = qemus[i % len(qemus)]
        try:
            result = one_lab(qemu, case, options.extra)
        except Failed as error:
            print(f'error: {error}', file=sys.stderr)
            return 2
        prediction = result['prediction']
        report.keep('predictions', {**case, **prediction,
                                    'passes': result['passes']})
        before.append(judge(prediction['before'], prediction['actual']))
        after.append(judge(prediction['corrected'] or prediction['before'],
                           prediction['actual']))
        show(qemu, case, result, before[-1], after[-1])
    figures(report, 'before', before)
    figures(report, 'corrected', after)
    if options.json:
        with open(options.json, 'w', encoding='utf-8') as file:
            json.dump({'figures': report.figures, 'raw': report.raw}, file,
                      indent=2)
    return 1 if report.n_missed else 0


if __name__ == '__main__':
    sys.exit(main())
