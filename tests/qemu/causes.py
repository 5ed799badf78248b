# SPDX-License-Identifier: LGPL-2.1-or-later
"""Which side is named when a migration ends because a guest, a QEMU or a device
does: the one whose end came first, and the exit code that fits the moment."""

import os
import signal

import obey
import pair
import wire
from pair import check, main, until

VERSIONS = ('7.2', '10.0', '11.1')
SLOWLY = ('--max-bandwidth', '1MiB/s', '--downtime-limit', '1ms')
POSTCOPY = ('--policy', 'proxmox', '--postcopy', *SLOWLY,
            '--set', 'max-postcopy-bandwidth=65536')
NO_REBOOT = ('-no-reboot',)


def names(run, code, outcome, error, side, *words):
    """Checks the exit code, the side and the message."""
    run.wait().ended(code, outcome, error)
    found = run.result['error']
    check(found['side'] == side, f'names {found["side"]}, not {side}: {run.err}')
    for word in words:
        check(word in found['message'], f'says {found["message"]!r}')
    check(found['first'] in (None, side), f'first: {found["first"]}')
    check(found['first'] or found['lead_us'] is None, f'{found["lead_us"]}')
    return found


def stays(place):
    place.destination.kill()
    until(lambda: place.runs_where() == ['source'], 'it runs on the source')


# devices and memory


def source_cannot_inactivate(place, version):
    """QEMU opens the image again, to read only, at the switchover: where its file
    is gone the block device fails, and then the destination."""
    disk = place.path('usb.img')
    with open(disk, 'wb') as file:
        file.truncate(8 << 20)
    stick = ('-device', 'qemu-xhci', '-drive',
             f'file={disk},format=raw,if=none,id=stick', '-device',
             'usb-storage,drive=stick')
    obey.pair_of(place, version, *stick)
    os.unlink(disk)
    run = place.migrate('--no-preflight')
    names(run, 4, 'failed', 'migration-failed', 'source')
    check(run.result['error']['qemu']['source'] or version == '7.2',
          'nothing of what the source says')
    stays(place)


def less_memory_there(place, version):
    obey.pair_of(place, version, destination_more=('-m', '32'))
    names(place.migrate('--no-preflight'), 4, 'failed',
          ('destination-failed', 'destination-lost'), 'destination')
    stays(place)


def device_missing_there(place, version):
    obey.pair_of(place, version, source_more=('-device', 'virtio-rng-pci'))
    names(place.migrate('--no-preflight'), 4, 'failed',
          ('destination-failed', 'destination-lost'), 'destination')
    stays(place)


# the guest ends, and its QEMU with it


def is_answered(trace, side, ask):
    with open(trace, encoding='utf-8') as file:
        return any(f'"event":"reply","side":"{side}","ask":"{ask}"' in line
                   for line in file)


def ends_in(command, place, version, letter, text, *more):
    """While qmigrate waits for the answer to @command: nothing has begun."""
    obey.pair_of(place, version, *more)
    relay = place.held(wire.Relay(place.path('relay'), place.destination.qmp,
                                  hold=(command,)))
    trace = place.path('trace')
    run = place.migrate('--trace', trace, destination=relay.path, wait=False)
    relay.wait_held()
    until(lambda: is_answered(trace, 'source', 'query-status'),
          'the source has said its run state')
    obey.tell(place.source, letter)
    place.source.process.wait(pair.FAILSAFE_S)
    relay.release()
    names(run, 1, 'error', 'guest-off', 'source', text)
    check(run.result['guest'] in ('none', 'unknown'), run.result['guest'])


def resets_in_inspect(place, version):
    ends_in('query-migrate', place, version, 'r', 'reset', *NO_REBOOT)


def resets_in_prepare(place, version):
    ends_in('migrate-set-capabilities', place, version, 'r', 'reset', *NO_REBOOT)


def off_in_inspect(place, version):
    ends_in('query-migrate', place, version, 'o', 'powered itself off')


def panics_in_prepare(place, version):
    ends_in('migrate-set-capabilities', place, version, 'p', 'panicked')


def stays_but_ends(place, version, letter, state, text, *more):
    """Its QEMU stays, and keeps it; nothing is sent."""
    obey.pair_of(place, version, *more)
    relay = place.held(wire.Relay(place.path('relay'), place.destination.qmp,
                                  hold=('migrate-incoming',)))
    run = place.migrate(destination=relay.path, wait=False)
    relay.wait_held()
    obey.tell(place.source, letter)
    until(lambda: place.source.run_state() == state, f'it is {state}')
    relay.release()
    names(run, 1, 'error', 'guest-state', 'source', text)
    check(place.source.migration() == 'none', 'a migration was begun')
    place.has_settings_back()


def panicked_in_prepare(place, version):
    stays_but_ends(place, version, 'p', 'guest-panicked', 'panicked',
                   '-action', 'panic=pause')


def shut_down_in_prepare(place, version):
    stays_but_ends(place, version, 'o', 'shutdown', 'shut down', '-no-shutdown')


def start(place, version, *more):
    obey.pair_of(place, version, *more)
    run = place.migrate(*SLOWLY, wait=False)
    place.source.monitor.status('active')
    return run


def resets_in_transfer(place, version):
    run = start(place, version, *NO_REBOOT)
    obey.tell(place.source, 'r')
    names(run, 8, 'lost', 'guest-off', 'source', 'reset', '-no-reboot')


def panics_in_transfer(place, version):
    run = start(place, version)
    obey.tell(place.source, 'p')
    names(run, 8, 'lost', 'guest-off', 'source', 'panicked')


def start_postcopy(place, version, *more):
    """The guest runs on the destination, and the source has the rest."""
    obey.pair_of(place, version, *more)
    run = place.migrate(*POSTCOPY, wait=False)
    place.source.monitor.status('active')
    place.source.monitor.execute('migrate-start-postcopy')
    until(lambda: place.destination.run_state() == 'running', 'it runs there')
    return run


def resets_in_postcopy(place, version):
    run = start_postcopy(place, version, *NO_REBOOT)
    obey.tell(place.destination, 'r')
    names(run, 9, 'verdict', 'guest-off', 'destination', 'reset')
    check(run.result['guest'] == 'none', f'guest: {run.result["guest"]}')


def start_settling(place, version, letter, *more):
    """The guest runs on the destination and does what @letter says, while
    qmigrate still waits for an answer."""
    obey.pair_of(place, version, *more)
    relay = place.held(Late(place.path('relay'), place.source.qmp))
    run = place.migrate(source=relay.path, wait=False)
    place.destination.monitor.event('RESUME')
    obey.tell(place.destination, letter)
    place.destination.process.wait(pair.FAILSAFE_S)
    relay.release()
    return run


class Late(wire.Relay):
    """Holds what is asked after the switchover."""

    def pass_on(self, line, server):
        if 'migrate-continue' in self.seen:
            self.hold = ('query-status', 'query-migrate')
        super().pass_on(line, server)


def resets_after_switchover(place, version):
    run = start_settling(place, version, 'r', *NO_REBOOT)
    names(run, 9, 'verdict', 'guest-off', 'destination', 'reset')


def off_after_switchover(place, version):
    run = start_settling(place, version, 'o')
    names(run, 9, 'verdict', 'guest-off', 'destination', 'powered itself off')


# a QEMU is ended


def is_ended(place, version, name, how, text):
    run = start(place, version)
    qemu = getattr(place, name)
    if how == 'quit':
        qemu.monitor.execute('quit')
    else:
        qemu.signal(how)
    qemu.process.wait(pair.FAILSAFE_S)
    if name == 'source':
        names(run, 8, 'lost', 'source-lost', 'source', text)
    else:
        names(run, 4, 'failed', 'destination-lost', 'destination', text)
        until(lambda: place.runs_where() == ['source'], 'it runs')


ENDS = {
    'quit': ('quit', 'told QEMU to quit'),
    'term': (signal.SIGTERM, 'a signal ended QEMU'),
    'kill': (signal.SIGKILL, 'the QEMU process ended'),
}


def all_cases():
    for version in VERSIONS:
        for case in (source_cannot_inactivate, less_memory_there,
                     device_missing_there, resets_in_inspect,
                     resets_in_prepare, off_in_inspect, panics_in_prepare,
                     panicked_in_prepare, shut_down_in_prepare,
                     resets_in_transfer, panics_in_transfer,
                     resets_in_postcopy, resets_after_switchover,
                     off_after_switchover):
            yield f'{case.__name__.replace("_", "-")}-{version}', case, version
        for name in ('source', 'destination'):
            for how, words in ENDS.items():
                yield (f'{name}-{how}-{version}', is_ended, version, name,
                       *words)


main(all_cases())
