# SPDX-License-Identifier: LGPL-2.1-or-later
"""What QEMU takes and then breaks on, each shown for every pair of versions that
it is true of: preflight refuses it and touches nothing, and where that is left
out QEMU hangs, crashes, fails or loses, and qmigrate ends honestly.  And what
looks like it, but QEMU gets over: that is not refused.

Settings are written as in caps/rules.h: NAME for a capability that is on,
NAME=VALUE for a parameter.  They are made by hand: not by qmigrate, but by a
monitor of the test's own."""

import collections
import concurrent.futures
import socket

import pair
import wire
from endings import (aborts, fails, fails_at_handshake, hangs, hangs_for_good,
                     hangs_or_fails, is_lost, is_refused_later, is_split,
                     is_stuck, started, unless_lucky)
from moments import RATE
from pair import check

OLD, NEW = ('7.2', '7.2'), ('10.0', '10.0')
UP, DOWN = ('7.2', '10.0'), ('10.0', '7.2')
ALL = (OLD, NEW, UP, DOWN)

TCP = ('--uri', 'tcp:127.0.0.1:0')
FILE = ('--uri', 'file:FOLDER/guest')
UNIX = ('--uri', 'unix:FOLDER/stream')
POSTCOPY = 'postcopy-ram'
PREEMPT = 'postcopy-ram postcopy-preempt'
ACK = 'return-path switchover-ack'
MAPPED = 'mapped-ram multifd'
ZLIB = 'multifd-compression=zlib'
ZSTD = 'multifd-compression=zstd'
TLS = 'tls-creds=tls0'
FOUR = 'multifd multifd-channels=4'


# what the QEMUs are started with


def with_tls(place):
    with open(place.path('keys.psk'), 'w', encoding='utf-8') as file:
        file.write('qemu:' + '5a' * 32 + '\n')
    words = f'tls-creds-psk,id=tls0,dir={place.folder},endpoint='
    return {'source_more': ('-object', words + 'client,username=qemu'),
            'destination_more': ('-object', words + 'server')}


def with_uuids(_):
    return {f'{side}_more': ('-uuid', f'{digit * 8}-0000-0000-0000-{digit * 12}')
            for side, digit in (('source', '1'), ('destination', '2'))}


def with_plain_file(place):
    """The destination's memory is a file on a disk."""
    path = place.path('ram')
    return {'machine': pair.MACHINE + ',memory-backend=ram',
            'source_more': ('-object', 'memory-backend-ram,id=ram,size=64M'),
            'destination_more': (
                '-object', 'memory-backend-file,id=ram,size=64M,mem-path='
                + path)}


# What is set on the source and on the destination, what that is found to be,
# how it ends, and the pairs of versions.
Case = collections.namedtuple('Case', 'source destination found ends pairs '
                              'words how', defaults=((), None))

BREAKS = {
    # on one side alone
    'multifd-source': Case('multifd', '', 'differs', fails, ALL),
    'multifd-destination': Case('', 'multifd', 'differs', hangs, ALL),
    'compress-source': Case('compress', '', 'differs', fails, (OLD, UP)),
    'ignore-shared-source': Case('x-ignore-shared', '', 'differs', fails, ALL),
    'ignore-shared-destination': Case('', 'x-ignore-shared', 'differs', fails,
                                      ALL),
    'postcopy-source': Case(POSTCOPY, '', 'differs', fails, ALL),
    'postcopy-destination': Case('dirty-bitmaps', POSTCOPY, 'differs', fails,
                                 ALL),
    'preempt-source': Case(PREEMPT, POSTCOPY, 'differs',
                           started(unless_lucky(is_split)),
                           ALL),
    # 10.0 hangs only in post-copy, see below
    'preempt-destination': Case(POSTCOPY, PREEMPT, 'differs', hangs,
                                (OLD, DOWN)),
    'ack-source': Case(ACK, '', 'differs', hangs, (NEW, DOWN)),
    # a source that does not know it
    'ack-destination': Case('', ACK, 'differs', fails, (UP,)),
    'tls-source': Case(TLS, '', 'differs', fails, ALL, TCP, with_tls),
    'tls-destination': Case('', TLS, 'differs', fails, ALL, TCP, with_tls),

    # on both, but not the same
    'channels-more': Case(FOUR, 'multifd', 'differs', hangs_or_fails, ALL),
    'channels-more-tcp': Case(FOUR, 'multifd', 'differs', hangs_or_fails, ALL,
                              TCP),
    'channels-fewer': Case('multifd', FOUR, 'differs', hangs_for_good, ALL),
    'channels-fewer-tcp': Case('multifd', FOUR, 'differs', hangs_for_good, ALL,
                               TCP),
    'compression-none': Case('multifd', f'multifd {ZLIB}', 'differs', fails,
                             ALL),
    'compression-zlib': Case(f'multifd {ZLIB}', 'multifd', 'differs', fails,
                             ALL),
    'compression-zstd': Case(f'multifd {ZSTD}', f'multifd {ZLIB}', 'differs',
                             fails, ALL),
    'uuid': Case('multifd', 'multifd', 'uuid', fails, ALL, (), with_uuids),

    # what does not go together
    'multifd-postcopy': Case(f'multifd {POSTCOPY}', f'multifd {POSTCOPY}',
                             'breaks', started(aborts), (OLD,)),
    'zero-copy-unix': Case('multifd zero-copy-send', 'multifd', 'missing',
                           fails, ALL, UNIX),
    'mapped-ram-socket': Case('mapped-ram', 'mapped-ram', 'missing',
                              is_refused_later, (NEW,)),
    'mapped-ram-socket-source': Case('mapped-ram', '', 'missing',
                                     is_refused_later, (NEW, DOWN)),
    'mode-postcopy': Case(f'mode=cpr-reboot {POSTCOPY}', POSTCOPY, 'conflict',
                          is_refused_later, (NEW, DOWN)),
    'mode-bitmaps': Case('mode=cpr-reboot dirty-bitmaps', '', 'conflict',
                         is_refused_later, (NEW, DOWN)),
    'mode-transfer': Case('', '', 'missing', is_refused_later, (NEW, DOWN),
                          ('--set', 'mode=cpr-transfer')),
    'mode-transfer-destination': Case('', 'mode=cpr-transfer', 'missing', fails,
                                      (NEW, UP)),

    # through a file
    'file-return-path': Case('', '', 'breaks', fails, (NEW,),
                             (*FILE, '--enable', 'return-path')),
    'file-postcopy': Case('', '', 'breaks', fails, (NEW,),
                          (*FILE, '--postcopy')),
    'file-preempt': Case('', '', 'conflict', is_refused_later, (NEW,),
                         (*FILE, '--preempt')),
    'file-ack': Case('', '', 'breaks', fails, (NEW,),
                     (*FILE, '--enable', 'return-path', '--switchover-ack')),
    'file-multifd': Case('multifd', '', 'missing', is_refused_later, (NEW,),
                         FILE),
    'file-multifd-destination': Case('', 'multifd', 'missing',
                                     is_refused_later, (NEW,), FILE),
    'file-mapped-ram': Case('mapped-ram', '', 'differs', fails, (NEW,), FILE),
    'file-mapped-ram-destination': Case('', 'mapped-ram', 'differs', fails,
                                        (NEW,), FILE),
    'file-compression': Case(f'{MAPPED} {ZLIB}', MAPPED, 'conflict',
                             is_refused_later, (NEW,), FILE),
    'file-compression-destination': Case(MAPPED, f'{MAPPED} {ZLIB}', 'conflict',
                                         fails, (NEW,), FILE),
    'file-tls': Case(TLS, '', 'breaks', fails, (NEW,), FILE, with_tls),
    'file-tls-destination': Case('', TLS, 'breaks', fails_at_handshake, (NEW,),
                                 FILE, with_tls),
    'file-tls-mapped-ram': Case(f'mapped-ram {TLS}', 'mapped-ram', 'breaks',
                                is_refused_later, (NEW,), FILE, with_tls),
}

# The same where qmigrate waits in vain, and ends by its own deadlines.
SLOW = {
    'channels-fewer': Case('multifd', FOUR, 'differs', hangs, (NEW,)),
    'multifd-preempt': Case(f'multifd {PREEMPT}', f'multifd {PREEMPT}',
                            'breaks', unless_lucky(hangs), (OLD,)),
    'preempt-destination': Case(POSTCOPY, PREEMPT, 'differs',
                                started(is_stuck), (NEW, UP)),
}

# What QEMU gets over: source, destination, pairs, words.
COPES = {
    'compress-destination': ('', 'compress', (OLD, DOWN)),
    'postcopy-destination': ('', POSTCOPY, ALL),
    'ack-destination': ('', ACK, (NEW,)),
    'rdma-source': ('rdma-pin-all', '', (OLD, NEW)),
    'rdma-destination': ('', 'rdma-pin-all', (OLD, NEW)),
    'bitmaps-source': ('dirty-bitmaps', '', ALL),
    'bitmaps-destination': ('', 'dirty-bitmaps', ALL),
    'colo-destination': ('', 'x-colo', (OLD, NEW)),
    'zero-copy-unix-destination': ('multifd', 'multifd zero-copy-send', ALL),
    'xbzrle-caches': ('xbzrle xbzrle-cache-size=4096', '', ALL),
    'xbzrle-multifd': ('xbzrle multifd', 'multifd', (OLD, UP)),
    'file-return-path-destination': ('', 'return-path', (NEW,), *FILE),
    'file-postcopy-destination': ('', POSTCOPY, (NEW,), *FILE),
    'file-multifd-source': (MAPPED, 'mapped-ram', (NEW,), *FILE),
    'file-multifd-destination': ('mapped-ram', MAPPED, (NEW,), *FILE),
    'file-channels': (f'mapped-ram {FOUR}', MAPPED, (NEW,), *FILE),
}


def set_by_hand(qemu, settings):
    words = [word.split('=') for word in settings.split()]
    values = {name: int(value[0]) if value[0].isdigit() else value[0]
              for name, *value in words if value}
    rows = [{'capability': name, 'state': True}
            for name, *value in words if not value]
    if values:
        qemu.monitor.execute('migrate-set-parameters', **values)
    if rows:
        qemu.monitor.execute('migrate-set-capabilities', capabilities=rows)


def set_both_by_hand(place, source, destination):
    set_by_hand(place.source, source)
    set_by_hand(place.destination, destination)
    place.before = place.source.settings()


def in_place(place, words):
    return [word.replace('FOLDER', place.folder) for word in words]


def found(run, severity):
    return [one['code'] for one in run.result['findings']
            if one['severity'] == severity]


def is_refused(place, words, code):
    """And nobody was touched."""
    before = place.destination.settings()
    run = place.migrate(*words).ended(3, 'refused', 'incompatible')
    run.says_one_error(hint=True)
    errors = found(run, 'error')
    check(code in errors, f'{code} is not in {errors}')
    place.is_as_before()
    check(place.source.migration() == 'none', 'a migration was begun')
    check(place.destination.run_state() == 'inmigrate', 'destination used')
    check(place.destination.migration() == 'none', 'it listens')
    check(place.destination.settings() == before, 'the destination was set')


def breaks(place, source, destination, case):
    is_started = getattr(case.ends, 'is_started', False)
    how = case.how(place) if case.how else {}
    place.pair(source, destination, rate=RATE if is_started else 0, **how)
    set_both_by_hand(place, case.source, case.destination)
    words = in_place(place, case.words)
    is_refused(place, words, case.found)
    if is_started:
        words += ['--max-bandwidth', '4MiB/s', '--recover-timeout', '5s']
        place.destination.monitor.execute('cont')
    else:
        words += ['--timeout', '1500ms']
    case.ends(place, place.migrate(*words, '--policy', 'qemu',
                                   '--no-preflight', wait=False))


def breaks_slowly(place):
    """All at once."""
    def breaks_elsewhere(name, case, pair_of):
        other = place.held(pair.Place())
        try:
            breaks(other, *pair_of, case)
            other.left_nothing()
        except pair.Failed as error:
            other.tell()
            raise pair.Failed(f'{name}: {error}') from error

    with concurrent.futures.ThreadPoolExecutor() as pool:
        for one in [pool.submit(breaks_elsewhere, name, case, pair_of)
                    for name, case in SLOW.items() for pair_of in case.pairs]:
            one.result()


def copes(place, source, destination, on_source, on_destination, words):
    place.pair(source, destination)
    set_both_by_hand(place, on_source, on_destination)
    run = place.migrate(*in_place(place, words)).ended(0, 'migrated')
    check(not found(run, 'error'), f'found {found(run, "error")}')
    place.runs_only_on(place.destination)


def colo(place, version, on_destination):
    """Nothing lets it through: QEMU would run the guest on both."""
    place.pair(version)
    set_both_by_hand(place, 'x-colo', on_destination)
    is_refused(place, (), 'not-a-migration')
    is_refused(place, ('--no-preflight',), 'not-a-migration')
    set_by_hand(place.source, 'return-path')
    uri = 'unix:' + place.path('stream')
    place.destination.monitor.execute('migrate-incoming', uri=uri)
    place.source.monitor.execute('migrate', uri=uri)
    pair.until(lambda: len(place.runs_where()) == 2, 'both run the guest')


def plain_file(place, source, destination):
    """10.0 refuses it itself, 7.2 loses the guest."""
    place.pair(source, destination, rate=RATE, **with_plain_file(place))
    is_refused(place, ('--postcopy',), 'memory-backends')
    run = place.migrate('--postcopy', '--no-preflight', '--max-bandwidth',
                        '4MiB/s', wait=False)
    if destination == '7.2':
        started(is_lost)(place, run)
    else:
        run.wait().ended(3, 'refused', 'setting-refused')
        place.is_as_before()


class Memory:
    """The guest's memory, by QEMU's protocol for its own tests."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(pair.FAILSAFE_S)
        self.socket.connect(path)
        self.lines = self.socket.makefile('r')

    def ask(self, words):
        self.socket.sendall(words.encode() + b'\n')
        answer = self.lines.readline().split()
        check(answer[:1] == ['OK'], f'{words}: {answer}')
        return answer[1:]

    def word_at(self, address):
        return int(self.ask(f'readq {address}')[0], 16)

    def close(self):
        self.lines.close()
        self.socket.close()


def start_with_memory(place, source, destination):
    """Two QEMUs and the memory of each."""
    paths = {side: place.path(f'{side}.memory')
             for side in ('source', 'destination')}
    place.pair(source, destination, **{
        f'{side}_more': ('-qtest', f'unix:{path},server=on,wait=off',
                         '-qtest-log', 'none') for side, path in paths.items()})
    return [place.held(Memory(path)) for path in paths.values()]


def zeros(place, source, destination, by_hand, arrive, *words):
    """A page turns to zeros after it was sent."""
    here, there = start_with_memory(place, source, destination)
    set_both_by_hand(place, by_hand, '')
    page = 48 << 20
    relay = place.held(wire.Relay(place.path('relay'), place.source.qmp,
                                  hold=('migrate-continue',)))
    run = place.migrate('--multifd=2', '--downtime-limit=10ms', *words,
                        source=relay.path, wait=False)
    relay.wait_held()
    before = here.word_at(page)
    check(before != 0 and there.word_at(page) == before, 'it was never sent')
    here.ask(f'memset {page} 4096 0')
    relay.release()
    run.wait().ended(0, 'migrated')
    after = there.word_at(page)
    check(after == (0 if arrive else before), f'from {before:x} to {after:x}')


def zeros_refused(place):
    place.pair('10.0', '7.2')
    is_refused(place, ('--multifd=2', '--zero-page-detection=multifd'),
               'one-side')


def zeros_cases():
    """7.2 does not see the zeros of a newer multifd, and nobody notices."""
    multifd = 'zero-page-detection=multifd'
    yield 'zeros-refused', zeros_refused
    yield ('zeros-lost', zeros, *DOWN, '', False, f'--{multifd}',
           '--no-preflight')
    yield 'zeros-legacy', zeros, *DOWN, '', True, '--zero-page-detection=legacy'
    # made to match, as nobody wished for it
    yield 'zeros-by-hand', zeros, *DOWN, multifd, True
    yield 'zeros-multifd', zeros, *NEW, '', True, f'--{multifd}'


def all_cases():
    for name, case in BREAKS.items():
        for source, destination in case.pairs:
            yield (f'{name}-{source}-to-{destination}', breaks, source,
                   destination, case)
    for name, (on_source, on_destination, pairs, *words) in COPES.items():
        for source, destination in pairs:
            yield (f'copes-{name}-{source}-to-{destination}', copes, source,
                   destination, on_source, on_destination, words)
    for version in ('7.2', '10.0'):
        yield f'colo-{version}', colo, version, 'x-colo'
    yield 'colo-source-7.2', colo, '7.2', ''
    for source, destination in ALL:
        yield (f'plain-file-{source}-to-{destination}', plain_file, source,
               destination)
    yield from zeros_cases()
    yield 'slow', breaks_slowly


pair.main(all_cases())
