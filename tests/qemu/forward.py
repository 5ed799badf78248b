# SPDX-License-Identifier: LGPL-2.1-or-later
"""Forwards the migration stream: forward.py LISTEN TARGET, both unix sockets.

A process of its own, so that SIGSTOP stalls the stream without losing a byte.
SIGUSR1 resets all connections; the next connection is forwarded again."""

import contextlib
import signal
import socket
import sys
import threading

CHUNK = 16384


class Forwarder:
    def __init__(self, listen, target):
        self.target = target
        self.ends = []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(listen)
        self.listener.listen()

    def accept(self):
        while True:
            here, _ = self.listener.accept()
            there = socket.socket(socket.AF_UNIX)
            try:
                there.connect(self.target)
            except OSError:
                here.close()
                continue
            self.ends += [here, there]
            for pair in ((here, there), (there, here)):
                threading.Thread(target=self.forward, args=pair,
                                 daemon=True).start()

    def forward(self, here, there):
        with contextlib.suppress(OSError):
            while data := here.recv(CHUNK):
                there.sendall(data)
        with contextlib.suppress(OSError):
            there.shutdown(socket.SHUT_WR)

    def reset(self, *_):
        ends, self.ends = self.ends, []
        for end in ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


def main():
    forwarder = Forwarder(*sys.argv[1:])
    signal.signal(signal.SIGUSR1, forwarder.reset)
    threading.Thread(target=forwarder.accept, daemon=True).start()
    while True:
        signal.pause()


main()
