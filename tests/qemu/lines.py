# SPDX-License-Identifier: LGPL-2.1-or-later
"""The QMP lines of a qmigrate: recorded, and a signal at one of them.

lines.c does it inside of qmigrate.  A point is KEY-before (the line is about
to be sent) or KEY-after (it was sent, or read and not yet looked at)."""

import json
import os
from typing import NamedTuple

import pair

LIBRARY = os.path.join(os.path.dirname(pair.QMIGRATE), '..', 'tests', 'qemu',
                       'liblines.so')
QUERIES = ('query-', 'x-query-', 'qom-list', 'qom-get', 'qmp_capabilities',
           'human-monitor-command', 'device-list-properties')


class Line(NamedTuple):
    """One QMP line; the time is that of the host, in seconds."""
    time: float
    side: str
    way: str  # sent or read
    key: str
    message: dict

    @property
    def command(self):
        """The command that was sent, or None."""
        return self.way == 'sent' and (self.message.get('execute') or
                                       self.message.get('exec-oob')) or None

    @property
    def event(self):
        return self.way == 'read' and self.message.get('event') or None

    @property
    def acts(self):
        """It is sent to change something."""
        return bool(self.command) and not self.command.startswith(QUERIES)

    def text(self):
        words = json.dumps(self.message)
        return f'{self.side} {self.way} {words[:120]}'


def environment(place, log, point='', signal=0, pid=None, name='qmp'):
    """For a qmigrate: record into @log; at @point @signal for it or @pid.
    @name: the suffix of the monitors that it uses."""
    target = {'LINES_PID': str(pid)} if pid else {}
    return {**target,
            'LD_PRELOAD': os.path.abspath(LIBRARY),
            'ASAN_OPTIONS': 'verify_asan_link_order=0:'
                            + os.environ.get('ASAN_OPTIONS', ''),
            'LINES_LOG': log,
            'LINES_SOURCE': f'{place.source.stem}.{name}',
            'LINES_DESTINATION': f'{place.destination.stem}.{name}',
            'LINES_FOLDER': place.folder, 'LINES_AT': point,
            'LINES_SIGNAL': str(int(signal))}


def read(log):
    """Of the lines so far; the last may be incomplete."""
    found = []
    if os.path.exists(log):
        with open(log, encoding='utf-8') as file:
            for text in file.read().split('\n')[:-1]:
                time, side, way, key, words = text.split(' ', 4)
                found.append(Line(float(time), side, way, key,
                                  json.loads(words)))
    return found


def points(found):
    """Every point once, in order, each with its line."""
    seen = {}
    for line in found:
        for moment in ('before', 'after') if line.way == 'sent' else ('after',):
            seen.setdefault(f'{line.key}-{moment}', line)
    return list(seen.items())
