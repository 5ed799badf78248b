# SPDX-License-Identifier: LGPL-2.1-or-later
"""What stands between qmigrate and a monitor, or in its place: a relay that
holds commands back or cuts, and a monitor that misbehaves."""

import contextlib
import json
import select
import socket
import threading

import pair


def listen_at(path):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    return listener


class Peer:
    """Accepts at a path, one thread for each client; closes with all."""

    def __init__(self, path):
        self.path = path
        self.listener = listen_at(path)
        self.ends = []
        self.is_open = True
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while self.is_open:
            with contextlib.suppress(OSError):
                client, _ = self.listener.accept()
                self.ends.append(client)
                self.welcome(client)
                threading.Thread(target=self.serve_quietly, args=(client,),
                                 daemon=True).start()

    def welcome(self, client):
        """What must be done in the order in which they come."""

    def serve_quietly(self, client):
        with contextlib.suppress(OSError, ValueError):
            self.serve(client)
        hang_up(client)

    def serve(self, client):
        raise NotImplementedError

    def close(self):
        self.is_open = False
        hang_up(self.listener)
        for end in self.ends:
            hang_up(end)


def hang_up(end):
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()


class Relay(Peer):
    """Between qmigrate and a QEMU's monitor.  The first of the commands named
    in @hold, or the one of number @hold_at, is kept back, with .held set,
    until .release(); what comes after it passes, or with @in_order waits."""

    def __init__(self, path, target, hold=(), hold_at=0, in_order=False):
        self.target = target
        self.hold = hold
        self.hold_at = hold_at
        self.in_order = in_order
        self.held = threading.Event()
        self.released = threading.Event()
        self.seen = []  # the commands that passed or were held
        self.is_cut = False
        super().__init__(path)

    def serve(self, client):
        if self.is_cut:
            return
        server = socket.socket(socket.AF_UNIX)
        self.ends.append(server)
        server.connect(self.target)
        threading.Thread(target=self.bring_back, args=(server, client),
                         daemon=True).start()
        with contextlib.suppress(OSError), client.makefile('rb') as lines:
            for line in lines:
                self.pass_on(line, server)
        hang_up(server)

    def pass_on(self, line, server):
        message = json.loads(line)
        command = message.get('execute') or message.get('exec-oob')
        self.seen.append(command)
        is_it = command in self.hold or len(self.seen) == self.hold_at
        if is_it and not self.held.is_set():
            self.held.set()
            later = threading.Thread(target=self.send_later,
                                     args=(line, server), daemon=True)
            later.start()
            if self.in_order:
                later.join()
        else:
            server.sendall(line)

    def send_later(self, line, server):
        self.released.wait()
        with contextlib.suppress(OSError):
            server.sendall(line)

    def bring_back(self, server, client):
        with contextlib.suppress(OSError, ValueError):
            while data := server.recv(65536):
                client.sendall(data)
        hang_up(client)

    def wait_held(self):
        pair.check(self.held.wait(pair.FAILSAFE_S),
                   f'{self.hold} was never sent: {self.seen}')

    def release(self):
        self.released.set()

    def cut(self, for_good=False):
        """Every connection breaks; QEMU itself goes on."""
        self.is_cut = for_good
        ends, self.ends = self.ends, []
        for end in ends:
            hang_up(end)

    def close(self):
        self.release()
        super().close()


GREETING = (b'{"QMP": {"version": {"qemu": {"micro": 22, "minor": 2, "major": '
            b'7}, "package": ""}, "capabilities": ["oob"]}}\r\n')


class FakeMonitor(Peer):
    """Says @words, then answers as many commands with {} as told, sends
    @farewell in place of the next answer, and hangs up or is silent."""

    def __init__(self, path, words=b'', answers=0, farewell=b'', stays=False):
        self.words = words
        self.answers = answers
        self.farewell = farewell
        self.stays = stays
        super().__init__(path)

    def serve(self, client):
        client.sendall(self.words)
        with client.makefile('rb') as lines:
            for _ in range(self.answers):
                command = json.loads(lines.readline())
                answer = {'return': {}, 'id': command['id']}
                client.sendall(json.dumps(answer).encode() + b'\r\n')
            if self.farewell:
                lines.readline()
                client.sendall(self.farewell)
            if self.stays:
                wait_for_end(client)


def wait_for_end(client):
    while select.select([client], [], [], pair.FAILSAFE_S)[0]:
        if not client.recv(65536):
            return
