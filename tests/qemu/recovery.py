# SPDX-License-Identifier: LGPL-2.1-or-later
"""Post-copy survives its stream: it is closed, reset or stands still at a
random moment of post-copy, now and then a second time while it is mended, and
the guest arrives intact.

CUTS says how often, SEED with which luck (it is printed); CUT does one of them
alone."""

import os
import random

import pair
import stream
from pair import check

N_CUTS = int(os.environ.get('CUTS', '6'))
MEMORY_MIB = 96
RATE = 60000000  # nearly all of it is dirty again after the first pass
BANDWIDTH = '64MiB/s'
# When the source has sent all and waits for the destination to say so, QEMU
# cannot recover: 10.0 fails and runs the guest again, 7.2 waits for ever.  What
# lies in the sockets then is what a source that is stalled has still sent.
TAIL = {'unix': 1 << 20, 'tcp': 8 << 20}
HANDSHAKE = 400  # bytes from the source, until post-copy goes on
PAIRS = [('7.2', '7.2'), ('10.0', '10.0'), ('7.2', '10.0'), ('10.0', '7.2')]


class Cut:
    """What luck decides of one; nothing but the seed and the number does."""

    def __init__(self, seed, number):
        chance = random.Random(f'{seed} {number}')
        self.number = number
        self.source, self.destination = \
            PAIRS[(number + number // 10) % len(PAIRS)]
        self.kind = chance.choice(('unix', 'tcp'))
        self.preempt = chance.random() < 0.3
        self.way = chance.choice(stream.WAYS)
        self.at = chance.random()  # of what is left to send
        self.is_twice = number % 10 == 1
        self.second_way = chance.choice(stream.WAYS)
        self.second_at = chance.random()
        # 7.2 does not survive a break of the handshake: the destination dies
        # of SIGSEGV, the source never leaves postcopy-recover.
        self.in_handshake = chance.random() < 0.7 and \
            (self.source, self.destination) == ('10.0', '10.0')

    def words(self):
        """For people."""
        second = ''
        if self.is_twice:
            where = 'in the handshake' if self.in_handshake else 'of the rest'
            second = f', {self.second_way} at {self.second_at:.3f} {where}'
        return (f'{self.source} to {self.destination} by {self.kind}'
                f'{", preempt" if self.preempt else ""}: {self.way} at '
                f'{self.at:.3f}{second}')

    def breaks(self, n_passed, n_left):
        """@n_passed bytes have gone, @n_left are what the source has yet."""
        left = max(n_left - TAIL[self.kind], 0)
        first = stream.Break(self.way, n_passed + self.at * left)
        if not self.is_twice:
            return [first]
        after = HANDSHAKE if self.in_handshake else (1 - self.at) * left
        return [first, stream.Break(self.second_way, self.second_at * after)]


def start(place, cut):
    """In post-copy on both sides, by way of a stream.  The guest runs: while the
    state of its devices is on its way there is nothing that could be mended."""
    place.pair(cut.source, cut.destination, rate=RATE, memory=MEMORY_MIB)
    by_way, monitor = stream.detour(place)
    uri = 'unix:' + place.path('stream') if cut.kind == 'unix' \
        else 'tcp:127.0.0.1:0'
    run = place.migrate(
        '--postcopy', '--postcopy-after', '1', '--uri', uri,
        '--max-bandwidth', BANDWIDTH, '--postcopy-stall', '3s',
        '--set', f'max-postcopy-bandwidth={64 << 20}',
        *(['--preempt'] if cut.preempt else []),
        source=monitor.path, wait=False)
    for qemu in (place.source, place.destination):
        qemu.monitor.status('postcopy-active')
    place.destination.monitor.event('RESUME')
    return run, by_way


def is_mended(place, cut):
    run, by_way = start(place, cut)
    # In this order, as it goes on meanwhile: too early is random enough.
    breaks = cut.breaks(by_way.n_passed(), stream.remaining(place.source))
    by_way.breaks = list(breaks)
    run.wait(3 * pair.FAILSAFE_S).ended(0, 'migrated')
    check(all(one.done.is_set() for one in breaks), 'it did not break')
    place.runs_only_on(place.destination)
    check(place.source.run_state() == 'postmigrate', 'the source is not over')
    place.destination.is_intact()


def is_mended_told(place, cut, *_):
    try:
        is_mended(place, cut)
    except pair.Failed as error:
        raise pair.Failed(f'{cut.words()}: {error}') from error


def all_cases():
    seed = int(os.environ.get('SEED', random.randrange(1 << 30)))
    print(f'# SEED={seed}')
    only = os.environ.get('CUT')
    for number in [int(only)] if only else range(N_CUTS):
        cut = Cut(seed, number)
        print(f'# cut {number}: {cut.words()}', flush=True)
        yield (f'cut-{number}', is_mended_told, cut, cut.source,
               cut.destination)


pair.main(all_cases())
