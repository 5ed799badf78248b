# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every capability and parameter by its own name, in real migrations: QEMU has
it when migrate is sent, the result says what QEMU has, whether it worked, and
the QEMU that has the guest has its settings back."""

import json

import pair
import values
import wire
from pair import check

PAIRS = [('7.2', '7.2'), ('10.0', '10.0'), ('7.2', '10.0'), ('10.0', '7.2')]

# What goes together, and whether it worked: several are possible.
TOGETHER = {
    'postcopy': ({
        'auto-converge': ('idle',), 'block': ('set',),
        'dirty-bitmaps': ('set',), 'events': ('set',),
        'late-block-activate': ('set',), 'pause-before-switchover': ('set',),
        'postcopy-blocktime': ('set',), 'postcopy-preempt': ('idle',),
        'postcopy-ram': ('idle',), 'rdma-pin-all': ('no',),
        'release-ram': ('set',), 'return-path': ('set',),
        'switchover-ack': ('set',), 'validate-uuid': ('set',),
        'xbzrle': ('no', 'idle'), 'zero-blocks': ('set', 'no'),
    }, ()),
    'compress': ({'compress': ('set',), 'x-ignore-shared': ('no',)}, ()),
    'multifd': ({'multifd': ('yes',), 'zero-copy-send': ('no',)},
                ('--uri', 'tcp:127.0.0.1:0')),
}


class Table:
    """What qmigrate knows of capabilities and parameters, and what this pair
    has of it: name -> the QEMUs that are told."""

    def __init__(self, place):
        rows = json.loads(place.qmigrate('caps', '--json', '-').out)['table']
        self.has = {place.source: set(), place.destination: set()}
        for qemu, names in self.has.items():
            capabilities, parameters = qemu.settings()
            names.update(row['capability'] for row in capabilities)
            names.update(parameters)
        self.told = {
            row['name']: {'source': [place.source],
                          'destination': [place.destination],
                          'both': [place.source, place.destination]}[row['side']]
            for row in rows['capabilities'] + rows['parameters']}

    def fits(self, name):
        return all(name in self.has[qemu] for qemu in self.told[name])


def held_at_migrate(place, *words):
    """The run, when all is prepared; release() lets it go on.  Nobody else
    makes settings then."""
    relay = place.held(wire.Relay(place.path('relay'), place.source.qmp,
                                  hold=('migrate',)))
    run = place.migrate(*words, '--policy', 'qemu', source=relay.path,
                        wait=False)
    pair.until(lambda: relay.held.is_set() or not run.is_running(), 'prepared')
    if not relay.held.is_set():
        raise pair.Failed(f'ended before: {run.wait().err}')
    return run, relay


def states(rows):
    return {row['capability']: row['state'] for row in rows}


def is_told_so(run, side, capabilities, parameters):
    """The result says what QEMU said."""
    effective = run.result['effective'][side]
    check(effective['capabilities'] == states(capabilities),
          f'{side}: {effective["capabilities"]}, not {states(capabilities)}')
    check(effective['parameters'] == parameters,
          f'{side}: {effective["parameters"]}, not {parameters}')


def has_back(qemu, before):
    left = [pair.pairs(*both) for both in zip(before, qemu.settings())]
    check(not any(left), f'left changed on the {qemu.name}: {left}')


def migrate(place, words):
    """Of both sides, what QEMU had when migrate was sent."""
    before = place.destination.settings()
    run, relay = held_at_migrate(place, *words)
    then = {qemu: qemu.settings() for qemu in (place.source,
                                               place.destination)}
    relay.release()
    run.wait().ended(0, 'migrated')
    place.runs_only_on(place.destination)
    has_back(place.destination, before)
    for qemu in then:
        is_told_so(run, qemu.name, *then[qemu])
    return run, then


def verdicts(run):
    return {wish['name']: wish['worked']
            for wish in run.result['features']['wishes']}


def capabilities(place, source, destination, group):
    wanted, more = TOGETHER[group]
    place.pair(source, destination)
    table = Table(place)
    names = [name for name in wanted if table.fits(name)]
    run, then = migrate(place, [*more, *(word for name in names for word in
                                         ('--enable', name))])
    for name in names:
        for qemu in table.told[name]:
            check(states(then[qemu][0])[name], f'{name}: off on {qemu.name}')
        check(verdicts(run)[name] in wanted[name],
              f'{name}: {run.result["features"]["wishes"]}')


def parameters(place, source, destination, turn):
    """One value of each at a time."""
    place.pair(source, destination)
    table = Table(place)
    chosen = {name: several[turn % len(several)]
              for name, several in values.PARAMETERS.items()
              if table.fits(name) and values.is_heeded(name, source)}
    run, then = migrate(place, [word for name, value in chosen.items() for word
                                in ('--set', f'{name}={values.word(value)}')])
    for name, value in chosen.items():
        for qemu in table.told[name]:
            found = then[qemu][1][name]
            check(found == value, f'{name}: {found} on {qemu.name}')
        check(verdicts(run)[name] in ('yes', 'no', 'set'),
              f'{name}: no verdict')


def all_are_tried(place, version):
    """Of what this QEMU has, and of what there is no reason to leave out."""
    place.pair(version)
    rows, now = place.source.settings()
    tried = {*values.CAPABILITIES_LEFT_OUT,
             *(name for wanted, _ in TOGETHER.values() for name in wanted)}
    check(states(rows).keys() <= tried, f'{states(rows).keys() - tried}')
    tried = {*values.PARAMETERS, *values.PARAMETERS_LEFT_OUT}
    check(now.keys() <= tried, f'{now.keys() - tried}')


def zeros_are_matched(place):
    """What 10.0 begins with on a newer machine type, 7.2 cannot read."""
    place.pair('10.0', '7.2', source_more=(
        '-global', 'migration.zero-page-detection=multifd'))
    run = place.migrate('--multifd=2').ended(0, 'migrated')
    place.runs_only_on(place.destination)
    now = run.result['effective']['source']['parameters']
    check(now['zero-page-detection'] == 'legacy', f'{now}')
    check([finding['code'] for finding in run.result['findings']] ==
          ['chosen'], f'{run.result["findings"]}')


def all_cases():
    for version in ('7.2', '10.0'):
        yield f'all-are-tried-{version}', all_are_tried, version
    for source, destination in PAIRS:
        where = f'{source}-to-{destination}'
        for group in TOGETHER:
            yield (f'capabilities-{group}-{where}', capabilities, source,
                   destination, group)
        for turn in range(3):
            yield (f'parameters-{turn}-{where}', parameters, source,
                   destination, turn)
    yield 'zeros-are-matched', zeros_are_matched


pair.main(all_cases())
