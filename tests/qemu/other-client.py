# SPDX-License-Identifier: LGPL-2.1-or-later
"""Another client of the same two QEMUs acts during a run: it pauses the guest,
or migrates it first.  Nothing of that is undone, no second guest is started,
and the result says what is true."""

import pair
from moments import name_of
from pair import check, until
from postcopy import SLOW, start_slow, switch

VERSIONS = ('7.2', '10.0', '11.1')
POSTCOPY = (*SLOW, '--set', 'max-postcopy-bandwidth=20MiB/s')  # for 3 s


def paused_in_postcopy(place, version):
    """The guest runs on the destination when a client pauses it: it stays
    paused, and the run does not wait for it."""
    run = start_slow(place, version, version, how=POSTCOPY)
    switch(place)
    until(lambda: place.destination.run_state() == 'running', 'it runs there')
    place.destination.monitor.execute('stop')
    run.wait(failsafe_s=25).ended(0, 'migrated')
    check(place.destination.run_state() == 'paused', 'it was continued')
    check(any('paused the guest' in note for note in run.result['notes']),
          f'not noted: {run.result["notes"]}')


def all_cases():
    for version in VERSIONS:
        for case in (paused_in_postcopy,):
            yield f'{name_of(case)}-{version}', case, version


if __name__ == '__main__':
    pair.main(all_cases())
