# SPDX-License-Identifier: LGPL-2.1-or-later
"""In which run state the guest is in the end: what is said is what is, and only the
intended one is a success."""

import obey
from pair import check, main, until

VERSIONS = ('7.2', '10.0', '11.1')
SLOWLY = ('--max-bandwidth', '1MiB/s', '--downtime-limit', '1ms')
POSTCOPY = ('--policy', 'proxmox', '--postcopy', *SLOWLY,
            '--set', 'max-postcopy-bandwidth=65536')
PANICS = ('-action', 'panic=pause')
BREAKS = ('file.driver=blkdebug,file.image.driver=file,driver=raw,if=ide,'
          'file.inject-error.0.event=write_aio,werror=stop,file.image.filename=')


def stopped_by(version, state):
    """What 7.2 makes of the run state where the switchover fails."""
    return 'postmigrate' if version == '7.2' else state


def says(run, code, outcome, error, state, text):
    """The exit code, the result and the outcome line, all of them."""
    run.ended(code, outcome, error)
    found = run.result['guest_state']
    check(found == state, f'guest_state {found}, not {state}')
    check(run.result['text'].startswith(text), f'says {run.result["text"]!r}')
    first = run.out.splitlines()[0]
    check(first == f'{outcome}: {run.result["text"]}', f'says {first!r}')


def is_in(qemu, state):
    until(lambda: qemu.run_state() == state, f'{qemu.name} is {state}')


# before the migration: it stays as it was


def paused_before(place, version):
    obey.pair_of(place, version)
    place.source.monitor.execute('stop')
    says(place.migrate(), 0, 'migrated', None, 'paused',
         'the guest is paused on the destination, as it was before; continue it '
         f'with qmigrate qmp {place.destination.qmp} cont')
    is_in(place.destination, 'paused')
    view = place.qmigrate('status', '--source', place.source.qmp,
                          '--destination', place.destination.qmp)
    check('on the destination, paused' in view.out, view.out)


def not_started_before(place, version):
    place.source = place.qemu('source', version, *obey.words(place), '-S')
    place.destination = place.qemu('destination', version, *obey.words(place),
                                   '-S', '-incoming', 'defer')
    says(place.migrate(), 0, 'migrated', None, 'prelaunch',
         'the guest has not been started on the destination, as it was before')


def panicked_before(place, version):
    obey.pair_of(place, version, *PANICS)
    obey.tell(place.source, 'p')
    is_in(place.source, 'guest-panicked')
    says(place.migrate(), 0, 'migrated', None, 'guest-panicked',
         'the guest has panicked on the destination, as it was before')


def off_before(place, version):
    obey.pair_of(place, version, '-no-shutdown')
    obey.tell(place.source, 'o')
    is_in(place.source, 'shutdown')
    says(place.migrate(), 0, 'migrated', None, 'shutdown',
         'the guest is shut down on the destination, as it was before')


def suspended_before(place, version):
    """7.2 lets it run again, which is not how it was."""
    obey.pair_of(place, version)
    obey.tell(place.source, 's')
    is_in(place.source, 'suspended')
    if version == '7.2':
        says(place.migrate(), 9, 'verdict', 'guest-state', 'running',
             'migrated, but the guest runs on the destination')
    else:
        says(place.migrate(), 0, 'migrated', None, 'suspended',
             'the guest is suspended to RAM on the destination, as it was '
             'before; wake it with ')


def paused_before_failing(place, version):
    obey.pair_of(place, version, source_more=('-device', 'virtio-rng-pci'))
    place.source.monitor.execute('stop')
    run = place.migrate('--no-preflight')
    says(run, 4, 'failed', ('destination-failed', 'destination-lost',
                            'migration-failed'),
         stopped_by(version, 'paused'),
         'the migration failed; the guest is paused on the source, as it was '
         'before; continue it with ')


# while it migrates


def start(place, version, *more, **how):
    obey.pair_of(place, version, *more, **how)
    run = place.migrate(*SLOWLY, wait=False)
    place.source.monitor.status('active')
    return run


def hurry(place):
    place.source.monitor.execute(
        'migrate-set-parameters',
        **{'max-bandwidth': 1 << 30, 'downtime-limit': 1000})


def stopped_meanwhile(place, version):
    run = start(place, version)
    place.source.monitor.execute('stop')
    hurry(place)
    says(run.wait(), 0, 'migrated', None, 'paused',
         'the guest is paused on the destination; continue it with ')


def suspended_meanwhile(place, version):
    run = start(place, version)
    obey.tell(place.source, 's')
    is_in(place.source, 'suspended')
    hurry(place)
    says(run.wait(), 0, 'migrated', None, 'suspended',
         'the guest is suspended to RAM on the destination; wake it with ')


def comes_to_a_stop(place, version, letter, state, text, *more, **how):
    run = start(place, version, *more, **how)
    obey.tell(place.source, letter)
    is_in(place.source, state)
    hurry(place)
    says(run.wait(), 9, 'verdict', 'guest-state', state,
         f'migrated, but the guest {text} on the destination')
    is_in(place.destination, state)


def panicked_meanwhile(place, version):
    comes_to_a_stop(place, version, 'p', 'guest-panicked', 'has panicked', *PANICS)


def off_meanwhile(place, version):
    comes_to_a_stop(place, version, 'o', 'shutdown', 'is shut down', '-no-shutdown')


def disk_broke_meanwhile(place, version):
    """QEMU itself may give up, as it cannot flush the disk."""
    disk = place.path('disk.img')
    with open(disk, 'wb') as file:
        file.write(obey.SECTOR.ljust(510, b'\0') + b'\x55\xaa')
        file.truncate(1 << 20)
    for name, more in (('source', ()), ('destination', ('-S', '-incoming', 'defer'))):
        setattr(place, name, place.qemu(
            name, version, '-machine', obey.MACHINE, '-m', '64', '-drive', BREAKS + disk, *more))
    until(lambda: obey.is_up(place.source), 'the guest works')
    run = place.migrate(*SLOWLY, '--timeout', '2s', wait=False)
    place.source.monitor.status('active')
    obey.tell(place.source, 'd')
    is_in(place.source, 'io-error')
    says(run.wait(), 4, 'failed', ('timeout', 'migration-failed'),
         stopped_by(version, 'io-error'),
         'the migration failed; the guest is stopped by an I/O error on the '
         'source; repair its disk, then continue it with ')


# on the destination


def panicked_there(place, version):
    obey.pair_of(place, version, *PANICS)
    run = place.migrate(*POSTCOPY, wait=False)
    place.source.monitor.status('active')
    place.source.monitor.execute('migrate-start-postcopy')
    is_in(place.destination, 'running')
    obey.tell(place.destination, 'p')
    is_in(place.destination, 'guest-panicked')
    place.source.monitor.execute('migrate-set-parameters',
                                 **{'max-postcopy-bandwidth': 0})
    says(run.wait(), 9, 'verdict', 'guest-state', 'guest-panicked',
         'migrated, but the guest has panicked on the destination')


def all_cases():
    for version in VERSIONS:
        for case in (paused_before, not_started_before, panicked_before,
                     off_before, suspended_before, paused_before_failing,
                     stopped_meanwhile, panicked_meanwhile, off_meanwhile,
                     disk_broke_meanwhile, panicked_there):
            yield f'{case.__name__.replace("_", "-")}-{version}', case, version
    for version in ('10.0', '11.1'):
        yield f'suspended-meanwhile-{version}', suspended_meanwhile, version


main(all_cases())
