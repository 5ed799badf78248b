# SPDX-License-Identifier: LGPL-2.1-or-later
"""Post-copy: switched to by us or by somebody else, cancelled too late, broken
and mended, and what is said when a side is gone."""

import os
import select
import signal
import socket
import threading

import pair
import wire
from moments import name_of
from pair import check

PAIRS = [('7.2', '7.2'), ('10.0', '10.0'), ('7.2', '10.0'), ('10.0', '7.2')]
RATE = 100000000
SLOW = ('--postcopy', '--max-bandwidth', '20MiB/s')  # the guest outruns it
SLOWER = (*SLOW, '--set', 'max-postcopy-bandwidth=8MiB/s')  # for some seconds


class Stream(wire.Peer):
    """Between the source and the destination that listens at @path: its socket
    is moved away.  What the destination binds there later is its own again."""

    def __init__(self, path):
        self.target = path + '.real'
        os.rename(path, self.target)
        self.moves = threading.Event()
        self.moves.set()
        self.arrives = self.answers = True
        self.closed = threading.Event()
        self.server_of = {}
        super().__init__(path)

    def welcome(self, client):
        """QEMU 7.2 takes the first connection for the stream and the second for
        what is asked for in post-copy."""
        server = socket.socket(socket.AF_UNIX)
        self.ends.append(server)
        try:
            server.connect(self.target)
        except OSError:
            wire.hang_up(client)
            raise
        self.server_of[client] = server

    def serve(self, client):
        try:
            self.pass_on(client)
        finally:
            if not self.answers:
                self.closed.wait()  # nobody hears of its end either

    def pass_on(self, client):
        server = self.server_of[client]
        other = {client: server, server: client}
        while True:
            for end in select.select(list(other), [], [])[0]:
                self.moves.wait()
                data = end.recv(65536)
                if not data:
                    wire.hang_up(server)
                    return
                if self.arrives if end is client else self.answers:
                    other[end].sendall(data)

    def stall(self):
        self.moves.clear()

    def close(self):
        self.moves.set()
        self.closed.set()
        super().close()

    def cut(self):
        self.is_open = False
        self.closed.set()
        for end in [self.listener, *self.ends]:
            wire.hang_up(end)


def start_slow(place, source, destination, *words, how=SLOW, **more):
    """A pre-copy with post-copy armed that never ends by itself."""
    place.pair(source, destination, rate=RATE, **more)
    run = place.migrate(*how, *words, wait=False)
    place.source.monitor.status('active')
    return run


def start_relayed(place, source, destination, *words):
    """The same, through a relay in the stream."""
    place.pair(source, destination, rate=RATE)
    os.mkdir(place.path('net'))
    path = place.path('net/stream')
    relay = place.held(wire.Relay(place.path('relay'), place.source.qmp,
                                  hold=('migrate',)))
    run = place.migrate('--uri', 'unix:' + path, *SLOWER, *words,
                        source=relay.path, wait=False)
    relay.wait_held()
    stream = place.held(Stream(path))
    relay.release()
    place.source.monitor.status('active')
    return run, stream


def switch(place):
    """By a client of the test's own; both are in post-copy then."""
    place.source.monitor.execute('migrate-start-postcopy')
    place.source.monitor.status('postcopy-active')
    place.destination.monitor.event('RESUME')


def is_there(place, run):
    run.wait().ended(0, 'migrated')
    place.runs_only_on(place.destination)
    check(place.source.run_state() == 'postmigrate', 'the source is not done')
    time_us = run.result['time_us']
    # recover has seen no part of it from its begin
    check(time_us['postcopy' if time_us['precopy'] else 'total'] > 0,
          f'no time in post-copy: {time_us}')
    return run


def by_somebody(place, source, destination):
    """Another client switches; only our cont lets the guest run."""
    run = start_slow(place, source, destination)
    switch(place)
    is_there(place, run)


def cancelled_too_late(place, source, destination):
    run = start_slow(place, source, destination, how=SLOWER)
    switch(place)
    run.signal(signal.SIGINT)
    is_there(place, run)
    check(any('too late' in note for note in run.result['notes']), 'not noted')


def destination_killed(place, source, destination):
    run = start_slow(place, source, destination, how=SLOWER)
    switch(place)
    place.destination.kill()
    run.wait().ended(8, 'lost', 'destination-lost')
    check(place.runs_where() == [], 'it runs somewhere')


def source_killed(place, source, destination):
    run = start_slow(place, source, destination, how=SLOWER)
    switch(place)
    place.source.kill()
    run.wait().ended(7, 'unresolved', 'source-lost')
    check('kill process' in run.result['error']['hint'], 'how is not said')


def cut_once(place, source, destination, *words):
    run, stream = start_relayed(place, source, destination, *words)
    switch(place)
    stream.cut()
    is_there(place, run)
    check(any('mended' in note for note in run.result['notes']), 'not noted')


def yanked_over_tcp(place, source, destination):
    """The destination listens again at the port that it had chosen."""
    run = start_slow(place, source, destination, '--uri', 'tcp:127.0.0.1:0',
                     how=SLOWER)
    switch(place)
    place.source.monitor.execute('yank', instances=[{'type': 'migration'}])
    is_there(place, run)
    check(run.result['postcopy']['mended'] == 1, f'{run.result["postcopy"]}')


def cancelled_before(place, source, destination):
    """Told to switch, it is still in pre-copy: I10 allows no migrate_cancel,
    and the guest stays here, or is there and nothing was lost."""
    run = start_slow(place, source, destination, '--postcopy-after', '1')
    run.signal(signal.SIGINT)
    run.wait()
    if run.code == 0:
        place.runs_only_on(place.destination)
    else:
        run.ended(5, 'cancelled', 'cancelled')
        place.is_as_before()


def paused_by_a_person(place, source, destination):
    """I7: it stays so, also there."""
    run = start_slow(place, source, destination)
    place.source.monitor.execute('stop')
    place.source.monitor.event('STOP')
    place.source.monitor.execute('migrate-start-postcopy')
    run.wait().ended(0, 'migrated')
    check(place.destination.run_state() == 'paused', 'it was resumed')


def after_a_pass(place, source, destination):
    """A policy switches; its verdict and what comes of it are told."""
    place.pair(source, destination, rate=RATE)
    run = place.migrate(*SLOW, '--postcopy-after', '1')
    is_there(place, run)
    actions = [one['action'] for one in run.result['decisions']]
    check('postcopy' in actions, f'decisions {actions}')
    check(run.result['postcopy']['block_us'] is not None, 'no block time')


def stalled_once(place, source, destination):
    """Nobody notices by himself."""
    run, stream = start_relayed(place, source, destination,
                                '--postcopy-stall', '2s')
    switch(place)
    stream.stall()
    is_there(place, run)
    check(any('no byte moved' in note for note in run.result['notes']),
          'not noted')


def has_sent_all(place):
    ram = place.source.monitor.execute('query-migrate').get('ram', {})
    return ram.get('remaining') == 0


def lost_on_the_way(place, source, destination):
    """What the source has sent it never sends again: nothing can be mended, and
    a source of 10.0 runs its old guest unless it is stopped."""
    run, stream = start_relayed(place, source, destination,
                                '--recover-timeout', '3s')
    switch(place)
    stream.arrives = False
    place.source.monitor.execute('migrate-set-parameters',
                                 **{'max-postcopy-bandwidth': 0})
    pair.until(lambda: has_sent_all(place), 'all is sent')
    stream.cut()
    run.wait().ended(7, 'unresolved', ('postcopy-broken', 'migration-failed'))
    run.says('never cont')
    check(place.source.run_state() in ('paused', 'finish-migrate'),
          f'the source is {place.source.run_state()}')


def no_network(place):
    """Neither here nor there: nobody can listen where he did."""
    for name in os.listdir(place.path('net')):
        os.unlink(place.path('net/' + name))
    os.rmdir(place.path('net'))


def recover(place, *words, wait=True):
    json_path = place.path(f'run{len(place.runs)}.json')
    return place.qmigrate(
        'recover', '--source', place.source.qmp, '--destination',
        place.destination.qmp, '--json', json_path, *words, wait=wait)


def start_broken(place, source, destination):
    """Given up: qmigrate is gone, and the guest in two halves."""
    run, stream = start_relayed(place, source, destination,
                                '--recover-attempts', '2')
    switch(place)
    no_network(place)
    stream.cut()
    run.wait().ended(6, 'postcopy-paused', 'postcopy-broken')
    check(run.result['guest'] == 'split', f'guest {run.result["guest"]}')
    run.says('by 2 attempts', 'qmigrate recover')
    check(place.source.migration() == 'postcopy-paused', 'the source')
    check(place.destination.migration() == 'postcopy-paused', 'destination')


def cut_for_good(place, source, destination):
    start_broken(place, source, destination)
    run = recover(place)
    is_there(place, run)


def recovered_twice(place, source, destination):
    """At the same time: one may lose, the guest may not.  It gets exit code 7 if
    the first has the source's only monitor, so that it cannot ask the source who
    runs the guest, and 3 if it hears that the first one is at work."""
    start_broken(place, source, destination)
    runs = [recover(place, wait=False) for _ in range(2)]
    codes = sorted(run.wait().code for run in runs)
    check(codes[0] == 0 and codes[1] in (0, 3, 7), f'exit codes {codes}')
    place.runs_only_on(place.destination)


def by_second_address(place, source, destination):
    run, stream = start_relayed(
        place, source, destination, '--recover-uri',
        'unix:' + place.path('second'))
    switch(place)
    no_network(place)
    stream.cut()
    is_there(place, run)


def told_to_stop(place, source, destination):
    """It stops mending, and neither side is touched."""
    run, stream = start_relayed(place, source, destination)
    switch(place)
    no_network(place)
    stream.cut()
    place.source.monitor.status('postcopy-paused')
    run.signal(signal.SIGINT)
    run.wait().ended(6, 'postcopy-paused', 'postcopy-broken')
    is_there(place, recover(place))


def wrong_pair(place, source, destination):
    """The other half is asked for, not another guest's."""
    start_broken(place, source, destination)
    other = place.qemu('other', destination, '-machine', pair.MACHINE, '-m',
                       '64', '-S', '-incoming', 'defer')
    run = place.qmigrate(
        'recover', '--source', place.source.qmp, '--destination', other.qmp,
        '--json', place.path(f'run{len(place.runs)}.json'))
    run.ended(3, 'refused', 'not-a-pair')
    run = recover(place)
    is_there(place, run)


def not_paused(place, source, destination):
    run = start_slow(place, source, destination, how=SLOWER)
    switch(place)
    is_there(place, run)
    recover(place).ended(0, 'migrated')  # it reports what is so


def all_cases():
    for source, destination in PAIRS:
        for case in (by_somebody, cancelled_too_late, destination_killed,
                     source_killed, cut_once):
            yield (f'{name_of(case)}-{source}-{destination}', case, source,
                   destination)
    for version in ('7.2', '10.0'):
        yield f'preempt-cut-{version}', cut_once, version, version, '--preempt'
        for case in (after_a_pass, cancelled_before, paused_by_a_person,
                     yanked_over_tcp, stalled_once, lost_on_the_way, cut_for_good, recovered_twice,
                     by_second_address, told_to_stop, wrong_pair, not_paused):
            yield f'{name_of(case)}-{version}', case, version, version


if __name__ == '__main__':
    pair.main(all_cases())
