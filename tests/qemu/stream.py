# SPDX-License-Identifier: LGPL-2.1-or-later
"""A migration stream that breaks where a test wants it to: a proxy between
the two QEMUs, and the relay that sends the source there.

qmigrate knows of neither: it names the destination's address to both sides,
and the relay before the source's monitor writes the proxy's in its place."""

import contextlib
import json
import select
import socket
import struct
import threading

import wire

WAYS = ('close', 'reset', 'stall')
CHUNK = 16384  # little enough that a moment is a moment
RECEIVE = 1 << 18  # a kernel may hold 32 MiB that a source takes for sent


def connect_to(uri):
    kind, _, where = uri.partition(':')
    if kind == 'unix':
        end = socket.socket(socket.AF_UNIX)
        end.connect(where)
        return end
    host, port = where.rsplit(':', 1)
    return socket.create_connection((host, int(port)))


class Break:
    """Of all connections, when @after_bytes have gone to the destination."""

    def __init__(self, way, after_bytes):
        self.way = way
        self.after_bytes = after_bytes
        self.done = threading.Event()


class Attempt:
    """What one migrate of the source opens; with preempt two connections.  They
    break together."""

    def __init__(self, target):
        self.target = target
        self.ends = []
        self.n_bytes = 0
        self.is_broken = False


class Stream:
    """Passes on what goes between the QEMUs, and breaks as .breaks say: the
    first of them breaks the first attempt, the second the next, and then no
    more.  .go_to() begins an attempt."""

    def __init__(self, path):
        self.path = path
        self.forth, self.back = bytearray(), bytearray()  # all that passed
        self.keeps = False  # ... or nothing, as it is much
        self.listeners = {}
        self.breaks = []
        self.attempt = None
        self.lock = threading.Lock()

    def go_to(self, uri):
        """The address at which the source finds @uri by way of us."""
        with self.lock:
            self.attempt = Attempt(uri)
        kind = uri.partition(':')[0]
        if kind not in self.listeners:
            self.listeners[kind] = self.listen(kind)
        where = self.listeners[kind].getsockname()
        return f'unix:{where}' if kind == 'unix' \
            else f'tcp:{where[0]}:{where[1]}'

    def listen(self, kind):
        if kind == 'unix':
            listener = wire.listen_at(self.path)
        else:
            listener = socket.create_server(('127.0.0.1', 0))
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE)
        threading.Thread(target=self.accept, args=(listener,),
                         daemon=True).start()
        return listener

    def accept(self, listener):
        with contextlib.suppress(OSError):
            while True:
                source, _ = listener.accept()
                self.join(source, self.attempt)

    def join(self, source, attempt):
        try:
            destination = connect_to(attempt.target)
        except OSError:
            source.close()
            return
        attempt.ends += [source, destination]
        for words in ((source, destination, True), (destination, source, False)):
            threading.Thread(target=self.pass_on, args=(attempt, *words),
                             daemon=True).start()

    def pass_on(self, attempt, here, there, is_forth):
        with contextlib.suppress(OSError, ValueError):
            while data := here.recv(CHUNK):
                if self.is_cut(attempt, len(data) if is_forth else 0):
                    return  # and what was read is lost
                if self.keeps:
                    (self.forth if is_forth else self.back).extend(data)
                there.sendall(data)
            if not attempt.is_broken:
                there.shutdown(socket.SHUT_WR)

    def is_cut(self, attempt, n_bytes):
        with self.lock:
            attempt.n_bytes += n_bytes
            if attempt.is_broken:
                return True
            if attempt is not self.attempt or not self.breaks or \
                    attempt.n_bytes < self.breaks[0].after_bytes:
                return False
            broken = self.breaks.pop(0)
            attempt.is_broken = True
        if broken.way != 'stall':
            break_ends(attempt.ends, broken.way)
        broken.done.set()
        return True

    def n_passed(self):
        """Bytes of this attempt, to the destination."""
        with self.lock:
            return self.attempt.n_bytes

    def close(self):
        for listener in self.listeners.values():
            wire.hang_up(listener)
        if self.attempt:
            break_ends(self.attempt.ends, 'close')


def break_ends(ends, way):
    for end in ends:
        if way == 'reset':
            reset(end)
            end.close()
        else:
            wire.hang_up(end)


def reset(end):
    """A unix socket is reset when it is closed before all was read, a TCP one
    when it does not linger.  Whoever waits for it must let go of it first."""
    with contextlib.suppress(OSError, ValueError):
        if end.family == socket.AF_UNIX:
            select.select([end], [], [], 0.01)
        else:
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                           struct.pack('ii', 1, 0))
        end.shutdown(socket.SHUT_RD)


class Detour(wire.Relay):
    """Before the source's monitor: every migrate goes by way of a stream."""

    def __init__(self, path, target, stream):
        self.stream = stream
        self.uris = []  # that the source was told, each with whether it resumes
        super().__init__(path, target)

    def pass_on(self, line, server):
        message = json.loads(line)
        if message.get('execute') == 'migrate':
            arguments = message['arguments']
            self.uris.append((arguments['uri'], arguments.get('resume', False)))
            arguments['uri'] = self.stream.go_to(arguments['uri'])
            line = json.dumps(message).encode() + b'\n'
        super().pass_on(line, server)


def detour(place):
    """A stream, and the monitor that qmigrate is to take for the source's."""
    stream = place.held(Stream(place.path('by-way')))
    return stream, place.held(Detour(place.path('detour'), place.source.qmp,
                                     stream))


def remaining(qemu):
    return qemu.monitor.execute('query-migrate')['ram']['remaining']
