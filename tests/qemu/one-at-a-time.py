# SPDX-License-Identifier: LGPL-2.1-or-later
"""Only one qmigrate at a time migrates a QEMU (I12): the second one is refused
and names the first, which is not disturbed."""

import pair
from pair import check


def more_monitors(place, name):
    path = place.path(name + '.second')
    return path, ('-qmp', f'unix:{path},server=on,wait=off')


def third_qemu(place, version):
    return place.qemu('third', version, '-machine', pair.MACHINE, '-m', '64',
                      '-kernel', pair.GUEST, '-S', '-incoming', 'defer')


def is_refused(place, version, *_):
    source, source_words = more_monitors(place, 'source')
    destination, destination_words = more_monitors(place, 'destination')
    place.pair(version, rate=20000000, source_more=source_words,
               destination_more=destination_words)
    third = third_qemu(place, version)
    first = place.migrate('--max-bandwidth', '32MiB/s', wait=False)
    place.source.monitor.event('MIGRATION')
    rivals = {
        'source': place.migrate(source=source, destination=third.qmp),
        'destination': place.migrate(source=third.qmp, destination=destination),
    }
    for side, rival in rivals.items():
        rival.ended(3, 'refused', 'busy')
        rival.says(f'process {first.pid}', side)
    same = place.migrate(source=source, destination=destination)
    same.ended(3, 'refused', 'busy')
    run = place.migrate('--dry-run', source=source, destination=destination)
    run.ended(3, 'refused', 'busy')
    check(len(place.journals()) == 1, f'journals: {place.journals()}')
    first.wait().ended(0, 'migrated')
    place.runs_only_on(place.destination)
    check(third.migration() == 'none', 'the third QEMU was touched')
    check(not place.journals(), 'a journal was left behind')


def ends_with_its_holder(place, version, *_):
    place.pair(version)
    third = third_qemu(place, version)
    first = place.migrate('--max-bandwidth', '24MiB/s', '--uri',
                          f'unix:{place.path("stream")}', wait=False)
    place.source.monitor.status('active')
    first.process.kill()
    first.process.wait()
    refused = place.migrate(destination=third.qmp)
    refused.ended(3, 'refused', 'interrupted')
    refused.says('qmigrate recover --source')
    place.recover().ended(5, 'cancelled', 'interrupted')
    place.has_settings_back()
    place.migrate(destination=third.qmp).ended(0, 'migrated')
    place.runs_only_on(third)


pair.main([(f'{function.__name__}-{version}', function, version)
           for function in (is_refused, ends_with_its_holder)
           for version in ('7.2', '10.0', '11.1')])
