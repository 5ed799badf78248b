# SPDX-License-Identifier: LGPL-2.1-or-later
"""A QEMU that is newer than the program: between qmigrate and a real one, it
says another version and has a capability and a parameter that nobody knows."""

import contextlib
import json
import socket
import threading

import wire

VERSION = {'major': 11, 'minor': 5, 'micro': 0}
CAPABILITY = 'quantum-send'
PARAMETER = 'quantum-bits'
DEFAULT = 0


def entity(schema, name):
    return next(one for one in schema if one['name'] == name)


def arguments_of(schema, command):
    return entity(schema, entity(schema, command)['arg-type'])


def type_of(schema, members, name):
    return entity(schema, next(member['type'] for member in members
                               if member['name'] == name))


class NewerQemu(wire.Peer):
    """As a wire.Relay that changes what passes; .settings is what was set of
    the two, in order."""

    def __init__(self, path, target):
        self.target = target
        self.is_on, self.bits = False, DEFAULT
        self.settings = []
        self.asked = {}  # id: command
        super().__init__(path)

    def serve(self, client):
        server = socket.socket(socket.AF_UNIX)
        self.ends.append(server)
        server.connect(self.target)
        threading.Thread(target=self.bring_back, args=(server, client),
                         daemon=True).start()
        with contextlib.suppress(OSError), client.makefile('rb') as lines:
            for line in lines:
                message = json.loads(line)
                self.take(message)
                server.sendall(json.dumps(message).encode() + b'\n')
        wire.hang_up(server)

    def take(self, message):
        """Keeps what the real one does not know."""
        command = message.get('execute')
        arguments = message.get('arguments', {})
        self.asked[message['id']] = command
        if command == 'migrate-set-capabilities':
            rows = arguments['capabilities']
            ours = [row for row in rows if row['capability'] == CAPABILITY]
            arguments['capabilities'] = [row for row in rows if row not in ours]
            for row in ours:
                self.is_on = row['state']
                self.settings.append((CAPABILITY, self.is_on))
        elif command == 'migrate-set-parameters' and PARAMETER in arguments:
            self.bits = arguments.pop(PARAMETER)
            self.settings.append((PARAMETER, self.bits))

    def bring_back(self, server, client):
        with contextlib.suppress(OSError, ValueError), \
                server.makefile('rb') as lines:
            for line in lines:
                message = json.loads(line)
                if 'QMP' in message:
                    message['QMP']['version']['qemu'] = VERSION
                elif 'return' in message:
                    self.change(self.asked.get(message.get('id')),
                                message['return'])
                client.sendall(json.dumps(message).encode() + b'\r\n')
        wire.hang_up(client)

    def change(self, command, value):
        if command == 'query-migrate-capabilities':
            value.append({'capability': CAPABILITY, 'state': self.is_on})
        elif command == 'query-migrate-parameters':
            value[PARAMETER] = self.bits
        elif command == 'query-qmp-schema':
            change_schema(value)


def change_schema(schema):
    members = arguments_of(schema, 'migrate-set-capabilities')['members']
    rows = entity(schema, type_of(schema, members,
                                  'capabilities')['element-type'])['members']
    names = type_of(schema, rows, 'capability')
    names['values'].append(CAPABILITY)
    names['members'].append({'name': CAPABILITY, 'features': ['unstable']})
    members = arguments_of(schema, 'migrate-set-parameters')['members']
    members.append({'name': PARAMETER, 'default': None, 'type': 'int'})
