# SPDX-License-Identifier: LGPL-2.1-or-later
"""A source that lies: every number that it says of the migration, of its settings
and of its memory is absurd.  qmigrate must not crash, in a sanitizer's build
neither (tools/dev sanitize), and never say that the guest is where it is not."""

import contextlib
import json

import pair
import wire
from pair import check

LIES = {
    'zero': 0, 'minus one': -1, 'least': -2**63, 'most': 2**63 - 1,
    'most unsigned': 2**64 - 1, 'huge': 1e300, 'tiny': 5e-324, 'text': '7',
    'nothing': None, 'missing': ..., 'a list': [1], 'an object': {'a': 1},
}
OF = ('query-migrate', 'query-migrate-parameters', 'query-memory-size-summary',
      'query-memory-devices', 'query-hotpluggable-cpus', 'query-cpus-fast',
      'calc-dirty-rate', 'query-dirty-rate', 'query-vcpu-dirty-limit')


def twisted(value, lie):
    """Every number in it, however deep; booleans are none."""
    if isinstance(value, dict):
        return {name: twisted(member, lie) for name, member in value.items()
                if lie is not ... or not is_number(member)}
    if isinstance(value, list):
        return [twisted(member, lie) for member in value
                if lie is not ... or not is_number(member)]
    return lie if is_number(value) else value


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


class Liar(wire.Relay):
    """Changes the answers on their way."""

    def __init__(self, path, target, lie):
        self.lie = lie
        self.asked = {}
        super().__init__(path, target)

    def pass_on(self, line, server):
        message = json.loads(line)
        command = message.get('execute') or message.get('exec-oob')
        self.asked[message.get('id')] = command
        server.sendall(line)

    def bring_back(self, server, client):
        with contextlib.suppress(OSError, ValueError), \
                server.makefile('rb') as lines:
            for line in lines:
                message = json.loads(line)
                if self.asked.get(message.get('id')) in OF and \
                        'return' in message:
                    message['return'] = twisted(message['return'], self.lie)
                    line = json.dumps(message).encode() + b'\r\n'
                client.sendall(line)
        wire.hang_up(client)


def is_sound(run, what):
    for word in ('runtime error', 'Sanitizer', 'CRITICAL', 'Assertion'):
        check(word not in run.err, f'{what}: {run.err[:1500]}')
    check(0 <= run.code <= 9, f'{what}: exit code {run.code}: {run.err}')


def lie(place, version, value):
    place.pair(version)
    liar = place.held(Liar(place.path('liar'), place.source.qmp, value))
    for verb in (('status',), ('predict', '--measure', '200ms')):
        is_sound(place.qmigrate(*verb, '--source', liar.path), verb[0])
    run = place.migrate('--policy', 'adaptive', '--predict', '--measure',
                        '200ms', '--timeout', '10s', source=liar.path)
    is_sound(run, 'run')
    runs = place.runs_where()
    check(run.code != 0 or runs == ['destination'], f'it runs on {runs}')
    check(len(runs) == 1 or run.code == 7, f'exit {run.code}, runs on {runs}')
    guest = run.result['guest']
    check(guest in (*runs, 'unknown', 'source'), f'{guest}, runs on {runs}')
    check(guest != 'source' or 'source' in runs, f'{guest}, runs on {runs}')


CASES = [(f'{name}, {version}', lie, version, value)
         for version in pair.QEMUS if version != '11.1'
         for name, value in LIES.items()]

if __name__ == '__main__':
    pair.main(CASES)
