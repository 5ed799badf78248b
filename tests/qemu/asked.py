# SPDX-License-Identifier: LGPL-2.1-or-later
"""A QEMU that is asked again and again whether it takes this or that together.

An element is a capability, or a (parameter, value) that counts in a conflict.
What is asked lasts for one answer: then everything is as QEMU started."""

import collections
import json

import pair

# A QEMU that has not got one of them is not asked about it.
VALUES = (('multifd-compression', 'zlib'), ('multifd-compression', 'zstd'),
          ('tls-creds', 'x'), ('direct-io', True),
          ('zero-page-detection', 'none'), ('zero-page-detection', 'multifd'),
          ('mode', 'cpr-reboot'), ('mode', 'cpr-transfer'))

# Elements that are on before, and that are then turned on and off: with one
# command each for capabilities and parameters, @first of them first.
Try = collections.namedtuple('Try', 'before on off first',
                             defaults=((), 'capabilities'))


def is_value(element):
    return isinstance(element, tuple)


def is_possible(elements):
    """A parameter has one value at a time."""
    names = [one[0] for one in elements if is_value(one)]
    return len(names) == len(set(names))


def word(element):
    return '='.join(map(str, element)) if is_value(element) else element


class Asked:
    """One QEMU in one role: 'source', 'destination', or 'listening' for a
    destination that waits for the stream already."""

    def __init__(self, place, version, role):
        self.place, self.version, self.role = place, version, role
        self.n_starts = 0
        self.start()
        rows, values = map(self.qemu.monitor.execute, pair.SETTINGS)
        self.defaults = values
        self.elements = [row['capability'] for row in rows]
        self.elements += [one for one in VALUES if self.has(one)]
        number = self.qemu.monitor.execute('query-version')['qemu']
        self.number = '{major}.{minor}.{micro}'.format(**number)

    def start(self):
        self.n_starts += 1
        name = f'{self.role}{self.n_starts}'
        words = ['-machine', pair.MACHINE, '-m', '64', '-S']
        if self.role != 'source':
            words += ['-incoming', 'defer']
        self.qemu = self.place.qemu(name, self.version, *words)
        if self.role == 'listening':
            self.qemu.monitor.execute('migrate-incoming',
                                      uri=f'unix:{self.place.path(name)}.stream')

    def has(self, value):
        """Whether this QEMU knows the value, and it is not how it starts."""
        name, wanted = value
        if self.defaults.get(name, wanted) == wanted:
            return False
        _, error = self.execute_all(self.commands([value], []))[0]
        self.put_back([value])
        return not error

    def execute_all(self, commands):
        """Sends all at once; for each what it returned, and the error's text
        or None.  QEMU reads byte by byte, and not on while 8 commands wait."""
        monitor = self.qemu.monitor
        monitor.socket.sendall(''.join(
            json.dumps({'execute': name, 'arguments': arguments} if arguments
                       else {'execute': name}, separators=(',', ':'))
            for name, arguments in commands).encode())
        answers = []
        while len(answers) < len(commands):
            message = monitor.receive()
            if 'event' not in message:
                answers.append((message.get('return'),
                                message.get('error', {}).get('desc')))
        return answers

    def commands(self, on, off, first='capabilities'):
        """What turns them so; no command that has nothing to say."""
        rows = [{'capability': one, 'state': state}
                for elements, state in ((on, True), (off, False))
                for one in elements if not is_value(one)]
        values = {one[0]: self.defaults[one[0]] for one in off if is_value(one)}
        values.update(one for one in on if is_value(one))
        commands = []
        if rows:
            commands.append(('migrate-set-capabilities', {'capabilities': rows}))
        if values:
            commands.append(('migrate-set-parameters', values))
        return commands[::-1] if first == 'parameters' else commands

    def put_back(self, elements):
        """Capabilities first: with mapped-ram on, 10.0 refuses to be rid of a
        parameter that does not go with it."""
        answers = self.execute_all(self.commands([], elements))
        if any(error for _, error in answers):
            self.qemu.kill()
            self.start()

    def ask(self, one):
        """A record of what QEMU says."""
        before = self.commands(one.before, ())
        commands = self.commands(one.on, one.off, one.first)
        answers = self.execute_all(
            [*before, *commands, *((name, {}) for name in pair.SETTINGS)])
        (rows, _), (values, _) = answers[-2:]
        text = next((error for _, error in answers[len(before):-2] if error),
                    None)
        now = {row['capability'] for row in rows if row['state']}
        now |= {one for one in VALUES if one in self.elements
                and values[one[0]] == one[1]}
        self.put_back(now)
        state = {*one.before, *one.on} - {*one.off}
        return {'version': self.number, 'role': self.role,
                'before': sorted(map(word, one.before)),
                'on': sorted(map(word, one.on)),
                'off': sorted(map(word, one.off)), 'first': one.first,
                'state': sorted(map(word, state)), 'text': text,
                'was_before': not any(error for _, error in
                                      answers[:len(before)]),
                'accepted': not text, 'is_so': now == state}
