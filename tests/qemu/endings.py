# SPDX-License-Identifier: LGPL-2.1-or-later
"""How a run ends on which QEMU breaks: each waits for the run's end, and asks both
QEMUs who runs the guest."""

import contextlib
import signal

import pair
from pair import check

FAILED = ('migration-failed', 'destination-failed', 'destination-lost')
REFUSED = ('migrate-refused', 'incoming-refused')


def stays(place):
    """The guest runs on the source and nowhere else.  The destination may have
    stopped to answer: it is asked first, and not for long."""
    destination = place.destination
    destination.monitor.socket.settimeout(1)
    with contextlib.suppress(TimeoutError):
        check(destination.run_state() != 'running', 'it runs on both')
    destination.kill()
    place.runs_only_on(place.source)


def unless_lucky(ending):
    """Where QEMU loses a race: seldom, on a busy machine, it wins it.  Then the
    guest was migrated, and that it was said must be true; what QEMU does a
    moment after is its own affair."""
    def ends(place, run):
        if run.wait().code != 0:
            ending(place, run)
            return
        run.ended(0, 'migrated')
        check('source' not in place.runs_where(), 'it runs on the source')
    return ends


def fails(place, run):
    run.wait().ended(4, 'failed', FAILED)
    stays(place)


def is_refused_later(place, run):
    """By the source it is too late to call it that."""
    run.wait()
    early = run.code == 1
    run.ended(1 if early else 4, 'error' if early else 'failed', REFUSED)
    stays(place)


def hangs(place, run):
    run.wait().ended(4, 'failed', 'timeout')
    stays(place)


def hangs_for_good(place, run):
    """Not even a cancel helps, before the destination is gone."""
    place.source.monitor.status('cancelling')
    place.destination.kill()
    hangs(place, run)


def hangs_or_fails(place, run):
    """As the connections happen to come in."""
    pair.until(lambda: not run.is_running() or
               place.source.migration() == 'cancelling', 'it ends or hangs')
    place.destination.kill()
    run.wait().ended(4, 'failed', (*FAILED, 'timeout'))
    stays(place)


def fails_at_handshake(place, run):
    """The destination says so, and then waits for another."""
    pair.until(lambda: 'TLS handshake failed' in place.destination.words(),
               'the handshake fails')
    place.destination.kill()
    run.wait().ended(4, 'failed', 'destination-lost')
    stays(place)


@unless_lucky
def aborts(place, run):
    run.ended(8, 'lost', 'destination-lost')
    check(place.destination.process.wait() == -signal.SIGABRT, 'no abort')
    check(place.runs_where() == [], 'it runs somewhere')


def is_lost(place, run):
    run.wait().ended(8, 'lost', ('destination-failed', 'destination-lost'))
    check(place.runs_where() == [], 'it runs somewhere')


def is_split(place, run):
    """The first page that the destination asks for never comes, and is not to be
    had in the ways to mend it; or a side does not get over it."""
    if run.wait().code == 8:
        run.ended(8, 'lost', ('destination-failed', 'destination-lost',
                              'source-lost'))
        check(place.runs_where() == [], 'it runs somewhere')
        return
    run.ended(6, 'postcopy-paused', 'postcopy-broken')
    check(place.destination.run_state() == 'running', 'it does not wait there')


def is_stuck(place, run):
    """And what is broken, to mend it, gets stuck in the same way."""
    place.source.monitor.status('postcopy-active')
    code = run.wait().code
    run.ended(code, {6: 'postcopy-paused', 7: 'unresolved'}[code],
              'postcopy-broken')
    check(place.runs_where() == [], 'it runs all the same')


def started(ending):
    """Post-copy, into a destination that runs as soon as it can."""
    def ends(place, run):
        place.source.monitor.status('active')
        place.source.monitor.execute('migrate-start-postcopy')
        ending(place, run)
    ends.is_started = True
    return ends
