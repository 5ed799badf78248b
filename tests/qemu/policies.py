# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every policy in a real migration: a calm guest is migrated by all of them, and
one that out-writes its link ends as each policy says.

With "slow" as an argument: all policies on a guest that writes 400 MB/s over a
link of 100 MB/s, which takes some of them minutes.  Else the quick ones, on a
tenth of that."""

import json
import sys

import pair
from pair import check

LAB = ('--json', '-', '--accel', 'tcg', '--machine', pair.MACHINE)
NAMES = ('qemu', 'adaptive', 'ovirt-legacy', 'ovirt-minimal-downtime',
         'ovirt-suspend', 'ovirt-postcopy', 'ovirt-very-large', 'kubevirt',
         'kubevirt-stall', 'nova', 'proxmox', 'ganeti')
IS_SLOW = sys.argv[1:2] == ['slow']
OUTRUN = ('--memory', '256MiB', '--working-set', '160MiB', '--dirty-rate',
          '400MB/s', '--max-bandwidth', '100MB/s') if IS_SLOW else (
          '--memory', '64MiB', '--working-set', '40MiB', '--dirty-rate',
          '40MB/s', '--max-bandwidth', '10MB/s')
FILE = """[policy]
start-downtime = 20ms
count = passes
steps = 2: downtime 30ms
last = abort
"""


def lab(place, version, policy, *words):
    run = place.qmigrate('lab', *LAB, '--qemu', pair.QEMUS[version], '--policy',
                         policy, *words)
    result = json.loads(run.out)
    check(result['verify'] and result['verify']['memory'] == 'intact',
          f'{result["verify"]} {run.err}')
    return run, result


def last_of(result):
    decisions = result['decisions']
    for one in decisions:
        check(one['rule'] and any(c.isdigit() for c in one['reason']),
              f'no reason in numbers: {one}')
    return decisions[-1]['action'] if decisions else None


# how it ends: code, error, last action

def migrates(run, result):
    check(run.code == 0, f'exit code {run.code}: {run.err}')
    check(last_of(result) in ('set', None), f'{result["decisions"]}')


def switches(run, result):
    check(run.code == 0, f'exit code {run.code}: {run.err}')
    check(last_of(result) == 'postcopy', f'{result["decisions"]}')
    check(result['bytes']['postcopy'] > 0, f'{result["bytes"]}')


def stops(run, result):
    check(run.code == 0, f'exit code {run.code}: {run.err}')
    check(last_of(result) == 'stop', f'{result["decisions"]}')


def aborts(run, result):
    check(run.code == 4, f'exit code {run.code}: {run.err}')
    check(result['error']['code'] == 'did-not-converge', f'{result["error"]}')
    check(last_of(result) == 'abort', f'{result["decisions"]}')
    check(result['guest'] == 'source', result['guest'])


def runs_out_of_time(run, result):
    check(run.code == 4, f'exit code {run.code}: {run.err}')
    check(result['error']['code'] == 'timeout', f'{result["error"]}')


def migrates_or_aborts(run, result):
    """As far as the guest was slowed down by then."""
    (migrates if run.code == 0 else aborts)(run, result)


POSTCOPY, STOP = ('--postcopy',), ('--on-stall=stop',)
QUICK = (
    ('adaptive', (), aborts),
    ('adaptive', POSTCOPY, switches),
    ('adaptive', STOP, stops),
    ('adaptive', ('--max-downtime', '20s'), migrates),
    ('qemu', ('--timeout', '3s'), runs_out_of_time),
    ('qemu', ('--postcopy', '--postcopy-after=1'), switches),
    ('ganeti', (), switches),
)
SLOW = QUICK + (
    ('ovirt-legacy', (), aborts),
    ('ovirt-minimal-downtime', (), migrates_or_aborts),
    ('ovirt-suspend', (), migrates),
    ('ovirt-postcopy', (), switches),
    ('ovirt-very-large', (), migrates),
    ('kubevirt', (), aborts),
    ('kubevirt', POSTCOPY, switches),
    ('kubevirt', STOP, stops),
    ('kubevirt-stall', (), aborts),
    ('kubevirt-stall', POSTCOPY, switches),
    ('kubevirt-stall', STOP, stops),
    ('nova', (), migrates_or_aborts),
    ('proxmox', (), migrates),
)


def calm(place, version, policy):
    run, result = lab(place, version, policy, '--memory', '64MiB')
    check(run.code == 0, f'exit code {run.code}: {run.err}')
    check(result['policy'] == policy, result['policy'])


def out_writes(place, version, policy, words, ends):
    run, result = lab(place, version, policy, *OUTRUN, *words)
    check(result['policy'] == policy, result['policy'])
    ends(run, result)


def own_file(place, version):
    path = place.path('own.ini')
    with open(path, 'w', encoding='utf-8') as file:
        file.write(FILE)
    run, result = lab(place, version, path, *OUTRUN, '--timeout', '100s')
    aborts(run, result)
    check([one['value'] for one in result['decisions']] == [30, None],
          f'{result["decisions"]}')


def all_cases():
    if not IS_SLOW:
        for number, policy in enumerate(NAMES):
            version = ('10.0', '7.2')[number % 2]
            yield f'calm-{policy}-{version}', calm, version, policy
        yield 'own-file-7.2', own_file, '7.2'
    for policy, words, ends in SLOW if IS_SLOW else QUICK:
        for version in ('10.0',) if IS_SLOW else ('10.0', '7.2'):
            yield (f'{policy}-{"".join(words)}-{version}', out_writes, version,
                   policy, words, ends)


sys.argv[1:2] = [] if IS_SLOW else sys.argv[1:2]
if IS_SLOW:
    pair.FAILSAFE_S = 900  # nova waits long
pair.main(all_cases())
