# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a run that ended before the migration says it has left: nothing, settings
that were restored or are left, or a destination that is used up and how to get
another.  What it says is checked by the next run."""

import signal

import pair
import wire
from pair import check, main

VERSIONS = ('7.2', '10.0', '11.1')
NOWHERE = 'tcp:192.0.2.7:0'  # an address for documentation: nobody has it
USED = 'the destination was used: restart it with -S -incoming defer'
ENDED = 'the destination has ended: start it again with -S -incoming defer'
RESTORED = 'all settings were restored'


def says(run, code, outcome, error, text):
    run.wait().ended(code, outcome, error)
    check(run.result['text'] == text, f'says {run.result["text"]!r}')


def restart_destination(place, version):
    place.destination.kill()
    place.destination = place.qemu(
        'again', version, '-machine', pair.MACHINE, '-m', '64',
        *pair.guest_words(), '-S', '-incoming', 'defer')


def works(place):
    place.migrate().ended(0, 'migrated')


def is_used_up(place, version):
    """As said, another run is refused, and a new destination works."""
    run = place.qmigrate('check', '--source', place.source.qmp,
                         '--destination', place.destination.qmp)
    check(run.code == 3, f'exit code {run.code}: {run.out}')
    check('-S -incoming defer' in run.out, run.out)
    place.is_as_before()
    restart_destination(place, version)
    works(place)
    return run.out


def cannot_listen(place, version):
    place.pair(version)
    run = place.migrate('--uri', NOWHERE)
    if version == '7.2':
        says(run, 1, 'error', 'incoming-refused', f'could not start; {RESTORED}')
        works(place)
    else:
        says(run, 1, 'error', 'incoming-refused',
             f'could not start; {RESTORED}; {USED}')
        out = is_used_up(place, version)
        check('was already used, or was started with an address' in out, out)


def refused_at_once(place, version):
    place.pair(version)
    says(place.migrate('--enable', 'teleport'), 3, 'refused', 'unknown-setting',
         'cannot work; nothing was changed')
    works(place)


def setting_refused(place, version):
    """QEMU refuses what the preflight would have: it takes all of a command or
    nothing."""
    place.pair(version)
    run = place.migrate('--no-preflight', '--enable', 'postcopy-preempt')
    says(run, 3, 'refused', 'setting-refused',
         'cannot work; nothing was changed')
    place.is_as_before()
    works(place)


def interrupted_at(place, version, command, text):
    """The signal comes while the destination has not answered @command yet."""
    place.pair(version)
    relay = place.held(wire.Relay(place.path('relay'), place.destination.qmp,
                                  hold=(command,), in_order=True))
    run = place.migrate(destination=relay.path, wait=False)
    relay.wait_held()
    run.signal(signal.SIGINT)
    pair.until(lambda: 'SIGINT' in pending(run.pid), 'the signal is taken')
    relay.release()
    says(run, 5, 'cancelled', 'cancelled', text)


def pending(pid):
    """'SIGINT' once the process has no SIGINT that waits."""
    with open(f'/proc/{pid}/status', encoding='utf-8') as file:
        masks = [int(line.split()[1], 16) for line in file
                 if line.startswith(('SigPnd', 'ShdPnd'))]
    return '' if any(mask & 1 << (signal.SIGINT - 1) for mask in masks) \
        else 'SIGINT'


def interrupted_in_settings(place, version):
    interrupted_at(place, version, 'migrate-set-capabilities',
                   f'as requested; {RESTORED}')
    place.is_as_before()
    works(place)


def interrupted_at_incoming(place, version):
    interrupted_at(place, version, 'migrate-incoming',
                   f'as requested; {RESTORED}; {USED}')
    is_used_up(place, version)


def destination_dies(place, version):
    place.pair(version)
    relay = place.held(wire.Relay(place.path('relay'), place.source.qmp,
                                  hold=('migrate-set-parameters',
                                        'migrate-set-capabilities'),
                                  in_order=True))
    run = place.migrate(source=relay.path, wait=False)
    relay.wait_held()
    place.destination.kill()
    relay.release()
    run.wait().ended(1, 'error', ('destination-lost', 'monitor-lost'))
    # Its monitor may close before its process is seen to end.
    check(run.result['error']['code'] == 'monitor-lost' or
          run.result['text'].endswith(ENDED), f'says {run.result["text"]!r}')
    place.is_as_before()
    restart_destination(place, version)
    works(place)


def all_cases():
    for version in VERSIONS:
        for case in (cannot_listen, refused_at_once, setting_refused,
                     interrupted_in_settings, interrupted_at_incoming,
                     destination_dies):
            yield f'{case.__name__.replace("_", "-")}-{version}', case, version


main(all_cases())
