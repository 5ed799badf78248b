# SPDX-License-Identifier: LGPL-2.1-or-later
"""What TLS credentials take: making those of two hosts, and looking at both as a
preflight does, each with the program's own start."""

import os
import subprocess
import tempfile
import time

from pair import QMIGRATE
from report import Failed, median, spread

N_RUNS = 21
MAKE_GOAL_MS = 1000
CHECK_GOAL_MS = 20


def took_ms(*words):
    start = time.monotonic()
    done = subprocess.run([QMIGRATE, 'tls', *words], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, check=False)
    wall_ms = (time.monotonic() - start) * 1e3
    if done.returncode:
        raise Failed(f'{" ".join(words)}: {done.stdout}{done.stderr}')
    return wall_ms


def measure(report, options):
    runs = []
    with tempfile.TemporaryDirectory() as place:
        for i in range(options.repeat or N_RUNS):
            folder = os.path.join(place, str(i))
            make_ms = took_ms('make', folder, '--host', 'a', '--host', 'b')
            check_ms = took_ms('check', f'{folder}/a', f'{folder}/b', '--host',
                               'b')
            runs.append({'make_ms': make_ms, 'check_ms': check_ms})
            report.keep('credentials', runs[-1])
    for name, goal in (('make', MAKE_GOAL_MS), ('check', CHECK_GOAL_MS)):
        all_ms = [one[f'{name}_ms'] for one in runs]
        report.figure(f'credentials-{name}', median(all_ms), 'ms', goal, 1,
                      f'middle half {spread(all_ms)}' if len(all_ms) > 1
                      else '')
