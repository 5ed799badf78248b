# SPDX-License-Identifier: LGPL-2.1-or-later
"""Which process a QEMU is, whatever its program is called: known by its vCPUs.
Who only passes the bytes on is not it."""

import json
import os
import shutil
import subprocess
import sys

import kinds
import pair
import wire
from pair import check, until


def pids(place):
    """Per side, as the trace says them."""
    with open(place.path('trace'), encoding='utf-8') as file:
        lines = [json.loads(line) for line in file]
    return {line['side']: line['pid'] for line in lines
            if line.get('event') == 'connected'}


def called(place, version, name):
    program = pair.QEMUS[version]
    pair.QEMUS['renamed'] = place.path(name)
    shutil.copy(program, place.path(name))
    os.environ.setdefault('QEMU_MODULE_DIR', '/usr/lib/x86_64-linux-gnu/qemu')
    firmware = ('-L', '/usr/share/qemu', '-L', '/usr/share/seabios')
    try:
        place.pair('renamed', more=firmware)
    finally:
        del pair.QEMUS['renamed']
    place.migrate('--trace', place.path('trace')).ended(0, 'migrated')
    check(pids(place) == {'source': place.source.pid,
                          'destination': place.destination.pid},
          f'{pids(place)}')


def behind_a_relay(place, version):
    """Its process lives on when QEMU dies: that it lives proves nothing."""
    place.pair(version)
    relay = place.held(wire.Relay(place.path('relay'), place.source.qmp))
    run = place.migrate('--trace', place.path('trace'), source=relay.path)
    run.ended(0, 'migrated')
    check(pids(place) == {'source': 0, 'destination': place.destination.pid},
          f'{pids(place)}, and this is {os.getpid()}')


def behind_a_relay_called_qemu(place, version):
    """A name proves nothing."""
    place.pair(version)
    program, listen = place.path('qemu-relay'), place.path('relay')
    shutil.copy(os.path.realpath(sys.executable), program)
    relay = subprocess.Popen(
        [program, '-B', kinds.FORWARD, listen, place.source.qmp],
        env={**os.environ, 'PYTHONHOME': sys.base_prefix})
    try:
        until(lambda: os.path.exists(listen), 'the relay listens')
        place.migrate('--trace', place.path('trace'),
                      source=listen).ended(0, 'migrated')
        check(pids(place)['source'] == 0, f'{pids(place)}, not {relay.pid}')
    finally:
        relay.kill()
        relay.wait()


CASES = [
    ('called otherwise', called, '7.2', 'vmm'),
    *((f'behind a relay, {version}', behind_a_relay, version)
      for version in pair.QEMUS),
    ('behind a relay called qemu', behind_a_relay_called_qemu, '10.0'),
]

if __name__ == '__main__':
    pair.main(CASES)
