# SPDX-License-Identifier: LGPL-2.1-or-later
"""What another client left behind on either QEMU, or the guest did: refused
with the command that helps, or told before the migration."""

import pair
from pair import check

HELP = 'qmigrate qmp QMP migrate-set-parameters mode=normal'

# A boot sector that counts ticks of the timer to 18 and suspends to RAM (PIIX4:
# the port of its power management is 0xb004 here).
SUSPENDS = bytes.fromhex(
    'fa31c08ed88ed0bc007cfb668b1e6c0466a16c046629d86683f81272f3'
    'ba0406b80024eff4ebfd')


def modes_of(qemu):
    """Those that a migration through a socket cannot have."""
    return [mode for mode in ('cpr-transfer', 'cpr-exec')
            if knows(qemu, mode)]


def knows(qemu, mode):
    try:
        qemu.monitor.execute('migrate-set-parameters', mode=mode)
    except pair.Failed:
        return False
    qemu.monitor.execute('migrate-set-parameters', mode='normal')
    return True


def mode(place, version, side):
    """It was set for an update of QEMU under its guest, and forgotten."""
    place.pair(version)
    qemu = getattr(place, side)
    modes = modes_of(qemu)
    check(modes, 'it has no such mode')
    for one in modes:
        qemu.monitor.execute('migrate-set-parameters', mode=one)
        run = place.migrate()
        check(run.code == 3, f'exit code {run.code}: {run.err}')
        run.says(f'mode={one}', HELP)
        check(place.destination.migration() == 'none', 'it was begun')
    # what the hint says
    qemu_path = qemu.qmp
    place.qmigrate('qmp', qemu_path, 'migrate-set-parameters', 'mode=normal')
    place.migrate().ended(0, 'migrated')


def told(place, version):
    """It does no harm, but the migration is not the usual one."""
    place.pair(version)
    place.source.monitor.execute('migrate-set-parameters',
                                 **{'max-bandwidth': 1 << 30})
    place.source.monitor.execute('migrate-set-capabilities', capabilities=[
        {'capability': 'dirty-bitmaps', 'state': True}])
    run = place.migrate().ended(0, 'migrated')
    texts = [one['text'] for one in run.result['findings']
             if one['code'] == 'left-over']
    check(len(texts) == 1 and 'max-bandwidth=1073741824' in texts[0]
          and 'dirty-bitmaps' in texts[0], f'{texts}')


def fresh(place, version):
    place.pair(version)
    run = place.migrate().ended(0, 'migrated')
    check(not run.result['findings'], f'{run.result["findings"]}')


def suspended(place, source, destination):
    """An old QEMU forgets that the guest is suspended: it says so before."""
    disk = place.path('disk')
    with open(disk, 'wb') as file:
        file.write(SUSPENDS.ljust(510, b'\0') + b'\x55\xaa')
        file.truncate(1 << 20)
    words = ('-machine', 'pc-i440fx-7.2', '-m', '64', '-drive',
             f'file={disk},format=raw,if=ide,snapshot=on')
    place.source = place.qemu('source', source, *words)
    place.destination = place.qemu('destination', destination, *words, '-S',
                                   '-incoming', 'defer')
    pair.until(lambda: place.source.run_state() == 'suspended', 'it suspends')
    run = place.qmigrate('check', '--source', place.source.qmp,
                         '--destination', place.destination.qmp)
    check(run.code == 0, f'exit code {run.code}')
    is_old = source == '7.2'
    check(('it cannot be woken' in run.out) == is_old, f'said: {run.out}')
    check(('system_wakeup' in run.out) == is_old, f'hint: {run.out}')
    place.qmigrate('run', '--source', place.source.qmp, '--destination',
                   place.destination.qmp)
    check(place.destination.migration() == 'completed', 'it did not migrate')
    wakes = place.destination.run_state() == 'suspended'
    if wakes:
        place.destination.monitor.execute('system_wakeup')
        pair.until(lambda: place.destination.run_state() == 'running', 'woken')
    check(wakes != is_old, 'the warning is not true')


def cases():
    for version in ('10.0', '11.1'):
        for side in ('source', 'destination'):
            yield f'mode-{side}-{version}', mode, version, side
    for version in ('7.2', '10.0', '11.1'):
        yield f'told-{version}', told, version
        yield f'fresh-{version}', fresh, version
    for source, destination in (('7.2', '7.2'), ('7.2', '10.0'),
                                ('10.0', '7.2'), ('10.0', '10.0'),
                                ('11.1', '11.1')):
        yield f'suspended-{source}-{destination}', suspended, source, \
            destination


if __name__ == '__main__':
    pair.main(cases())
