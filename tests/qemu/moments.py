# SPDX-License-Identifier: LGPL-2.1-or-later
"""Migrations that stand still at a given moment, as long as a test wants."""

import os
import signal
import socket

import pair
import wire
from pair import check

SLOWLY = ('--max-bandwidth', '4MiB/s')
NEVER_ENDS = (*SLOWLY, '--policy', 'qemu')  # with the guest's rate below
RATE = 20000000


def start_endless(place, source, destination, **how):
    """A migration that stays active, with the guest on the source."""
    place.pair(source, destination, rate=RATE, **how)
    run = place.migrate(*NEVER_ENDS, wait=False)
    place.source.monitor.status('active')
    return run


def start_loaded(place, source, destination):
    """Both are complete, and only our cont is missing: qmigrate stands still
    meanwhile, and the test lets the source go on."""
    run = start_endless(place, source, destination)
    run.signal(signal.SIGSTOP)
    monitor = place.source.monitor
    monitor.execute('migrate-set-parameters', **{'max-bandwidth': 1 << 30})
    monitor.status('pre-switchover')
    monitor.execute('migrate-continue', state='pre-switchover')
    place.destination.monitor.status('completed')
    pair.until(lambda: place.source.run_state() == 'postmigrate',
               'the source is over')
    check(place.destination.run_state() != 'running', 'it runs without cont')
    return run


def start_held(place, source, destination):
    """A migration in pre-switchover: qmigrate has said migrate-continue, and
    the source has not heard it yet."""
    place.pair(source, destination, rate=1000000)
    relay = place.held(wire.Relay(place.path('relay'), place.source.qmp,
                                  hold=('migrate-continue',)))
    run = place.migrate(source=relay.path, wait=False)
    relay.wait_held()
    check(place.source.migration() == 'pre-switchover', 'not held')
    return run, relay


def full_listener(place, path):
    """Nobody can connect to it, and nobody is refused."""
    listener = place.held(socket.socket(socket.AF_UNIX))
    listener.bind(path)
    listener.listen(0)
    while True:
        filler = place.held(socket.socket(socket.AF_UNIX))
        filler.setblocking(False)
        try:
            filler.connect(path)
        except BlockingIOError:
            return listener


def start_in_setup(place, source, destination):
    place.pair(source, destination)
    stream = place.path('stream')
    relay = place.held(wire.Relay(place.path('relay'), place.source.qmp,
                                  hold=('migrate',)))
    run = place.migrate('--uri', 'unix:' + stream, source=relay.path,
                        wait=False)
    relay.wait_held()
    os.unlink(stream)
    listener = full_listener(place, stream)
    relay.release()
    place.source.monitor.status('setup')
    return run, listener


def name_of(case):
    return case.__name__.replace('_', '-')
