# SPDX-License-Identifier: LGPL-2.1-or-later
"""qmigrate caps says what QEMU says, member by member, and changes nothing;
and what is newer than the program is shown, checked and set like the rest."""

import fcntl
import json
import os
import pty
import re
import signal
import struct
import subprocess
import termios

import newer
import pair
import wire
from pair import check

VERSIONS = ('7.2', '10.0')
COLOR = re.compile(r'\x1b\[[0-9;]*m')
KINDS = ('capabilities', 'parameters')

# What is set before, so that there is something to be seen.
TURNED_ON = [{'capability': 'validate-uuid', 'state': True}]
VALUES = {'max-bandwidth': 4 << 20, 'max-postcopy-bandwidth': 10000000,
          'tls-hostname': 'h\x1b[31mäh'}
SHOWN = ('validate-uuid', 'on'), ('max-bandwidth', '4 MiB/s'), \
    ('max-postcopy-bandwidth', '10000000 B/s'), ('downtime-limit', '300 ms'), \
    ('tls-hostname', 'h\\x1b[31mäh')

# Which pairs a feature fits, where that depends on the versions.
FROM = {'dirty-limit': (), 'switchover-ack': 'both', 'mapped-ram': 'both',
        'direct-io': 'both', 'zero-page-detection': 'source',
        'avail-switchover-bandwidth': 'source'}


def caps(place, *words):
    """The table and the document of one and the same question."""
    path = place.path(f'caps{len(place.runs)}.json')
    run = place.qmigrate('caps', *words, '--json', path)
    check(run.code == 0, f'exit code {run.code}: {run.err}')
    check(run.err == '', f'said on stderr: {run.err}')
    check('\x1b' not in run.out, 'colours without a terminal')
    with open(path, encoding='utf-8') as file:
        document = json.load(file)
    check(document['schema'] == 'qmigrate.caps/1', 'another schema')
    return run.out, document


def rows_of(text):
    """First word to the other cells, of all tables together."""
    split = [re.split(r' {2,}', line.strip()) for line in text.splitlines()]
    return {cells[0]: cells[1:] for cells in split if cells[0]}


# what QEMU itself says


def reply(qemu, command, **arguments):
    return qemu.monitor.execute(command, **arguments)


def type_word(schema, name):
    one = newer.entity(schema, name)
    kind = one['meta-type']
    if kind == 'builtin':
        return {'boolean': 'bool', 'int': 'number'}[one['json-type']], None
    if kind == 'enum':
        return 'enum', one['values']
    return 'string' if kind == 'alternate' else 'other', None


def marks(member, known):
    features = member.get('features', [])
    return {'known': known, 'unstable': 'unstable' in features,
            'deprecated': 'deprecated' in features}


def expect_capabilities(qemu, schema):
    members = newer.arguments_of(schema, 'migrate-set-capabilities')['members']
    rows = newer.entity(schema, newer.type_of(
        schema, members, 'capabilities')['element-type'])['members']
    by_name = {member['name']: member for member in newer.type_of(
        schema, rows, 'capability')['members']}
    return {row['capability']: {
        'on': row['state'], **marks(by_name[row['capability']], True)}
        for row in reply(qemu, 'query-migrate-capabilities')}


def expect_parameters(qemu, schema):
    values = reply(qemu, 'query-migrate-parameters')
    expected = {}
    for member in newer.arguments_of(schema,
                                     'migrate-set-parameters')['members']:
        word, choices = type_word(schema, member['type'])
        expected[member['name']] = {
            'value': values.pop(member['name'], None), 'type': word,
            'choices': choices, **marks(member, True)}
    check(not values, f'{values} cannot be set')
    return expected


def without_unit(parameters):
    """The unit is ours, not QEMU's."""
    return {name: {key: value for key, value in one.items() if key != 'unit'}
            for name, one in parameters.items()}


def is_what_it_says(told, qemu, address):
    """Each member of one side against QEMU's own replies."""
    schema = reply(qemu, 'query-qmp-schema')
    version = reply(qemu, 'query-version')['qemu']
    machine = reply(qemu, 'qom-get', path='/machine', property='type')
    check(told['address'] == address, f'address {told["address"]}')
    check(told['version'] == '{major}.{minor}.{micro}'.format(**version),
          f'version {told["version"]}')
    check(told['machine'] == machine.removesuffix('-machine'),
          f'machine {told["machine"]}')
    check(told['kvm'] is False, f'kvm {told["kvm"]}')
    for ours, theirs in (
            (told['capabilities'], expect_capabilities(qemu, schema)),
            (without_unit(told['parameters']),
             expect_parameters(qemu, schema))):
        wrong = {name: (ours.get(name), theirs.get(name))
                 for name in {**ours, **theirs}
                 if ours.get(name) != theirs.get(name)}
        check(not wrong, f'ours and QEMU\'s: {wrong}')
    check(told['parameters']['max-bandwidth']['unit'] == 'B/s', 'no unit')


# the cases


def table(place):
    """Without a QEMU: all that qmigrate run has an option for."""
    text, document = caps(place)
    helped = place.qmigrate('run', '--help').out
    check([document[name] for name in ('source', 'destination', 'differences',
                                       'fits')] == [None] * 4, 'not null')
    for feature in document['table']['features']:
        check(f'  --{feature["option"]}' in helped, f'no option of {feature}')
        check(f'--{feature["option"]}' in rows_of(text), f'{feature} not shown')
    for kind in KINDS:
        names = [row['name'] for row in document['table'][kind]]
        check(len(names) > 20 and names == sorted(names), f'{names}')
        check(set(names) <= set(rows_of(text)), f'not shown: {names}')
    multifd = next(row for row in document['table']['capabilities']
                   if row['name'] == 'multifd')
    check({'setting': 'postcopy-ram', 'together_with': None, 'qemu': 'breaks',
           'since': None, 'until': '8.1', 'why': 'the destination aborts'}
          in multifd['excludes'], f'{multifd}')


def shows(text, names):
    rows = rows_of(text)
    for name in names:
        check(name in rows, f'{name} is not shown')
    for name, value in SHOWN:
        check(value in rows[name], f'{name} is {rows[name]}, not {value}')


def unchanged(place, before):
    after = [qemu.settings() for qemu in place.qemus]
    check(before == after, 'settings were changed')
    check(place.destination.run_state() == 'inmigrate', 'destination used')
    check(place.destination.migration() == 'none', 'it listens')
    place.runs_only_on(place.source)


def start(place, source, destination=None):
    """A pair whose source has other settings; returns all settings."""
    place.pair(source, destination)
    reply(place.source, 'migrate-set-capabilities', capabilities=TURNED_ON)
    reply(place.source, 'migrate-set-parameters', **VALUES)
    return [qemu.settings() for qemu in place.qemus]


def one(place, version):
    """As either side; a destination that waits is asked as well."""
    before = start(place, version)
    for option, qemu in (('--source', place.source),
                         ('--destination', place.source),
                         ('--destination', place.destination)):
        text, document = caps(place, option, qemu.qmp)
        told = document[option[2:]]
        is_what_it_says(told, qemu, qemu.qmp)
        check(sum(document[name] is None for name in (
            'source', 'destination', 'differences', 'fits')) == 3, 'not null')
        if qemu is place.source:
            shows(text, [*told['capabilities'], *told['parameters']])
            check('default 128 MiB/s' in text, 'the default is not shown')
    check(VALUES['tls-hostname'] not in text, 'printed as it is')
    unchanged(place, before)


def differences(sides, kind, value):
    """Names, by what is told of both."""
    both = [told[kind] for told in sides]
    return sorted(name for name in {**both[0], **both[1]}
                  if len({str(side[name][value]) if name in side else ''
                          for side in both}) > 1)


def does_fit(option, source, destination):
    needed = FROM.get(option, ('source', 'destination'))
    if option not in FROM:
        return True
    return bool(needed) and source == '10.0' and \
        (needed == 'source' or destination == '10.0')


def two(place, source, destination):
    before = start(place, source, destination)
    text, document = caps(place, '--source', place.source.qmp,
                          '--destination', place.destination.qmp)
    sides = [document['source'], document['destination']]
    for told, qemu in zip(sides, place.qemus):
        is_what_it_says(told, qemu, qemu.qmp)
    shows(text, {name for told in sides for kind in KINDS
                 for name in told[kind]})
    for kind, value in zip(KINDS, ('on', 'value')):
        check(document['differences'][kind] == differences(sides, kind, value),
              f'differences: {document["differences"][kind]}')
    check(rows_of(text)['validate-uuid'][-1] == 'differs, and counts on the source',
          f'{rows_of(text)["validate-uuid"]}')
    if source != destination:
        check('has it' in ' '.join(rows_of(text)['mapped-ram']), 'one has it')
    for fit in document['fits']:
        option = fit['option']
        check(fit['fits'] == does_fit(option, source, destination), f'{fit}')
        check(fit['fits'] or fit['text'], f'no reason: {fit}')
        shown = rows_of(text)[f'--{option}']
        check(shown[0] == ('yes' if fit['fits'] else 'no'), f'{shown}')
    check(len(document['fits']) == len(document['table']['features']),
          'not each feature')
    unchanged(place, before)


def on_terminal(place, columns, *words):
    """What it writes to a terminal of this width."""
    terminal, end = pty.openpty()
    fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack('HHHH', 50, columns, 0, 0))
    with subprocess.Popen([pair.QMIGRATE, 'caps', *words], stdout=end,
                          stdin=subprocess.DEVNULL,
                          env={**place.env, 'LC_ALL': 'C.UTF-8'}) as process:
        os.close(end)
        said = b''
        try:
            while data := os.read(terminal, 65536):
                said += data
        except OSError:  # EIO: nobody has the other end any more
            pass
        check(process.wait(pair.FAILSAFE_S) == 0, 'exit code')
    os.close(terminal)
    return said.decode().replace('\r', '')


def terminal(place):
    """Fitted to the width, between words, and coloured."""
    start(place, '7.2', '10.0')
    sides = ('--source', place.source.qmp, '--destination',
             place.destination.qmp)
    for words in ((), sides[:2], sides):
        for columns in (80, 120, 200):
            said = on_terminal(place, columns, *words)
            plain = COLOR.sub('', said)
            widest = max(map(len, plain.splitlines()))
            check(widest <= columns, f'{widest} wide of {columns}')
            check('\x1b' not in plain, 'more than colours')
            check(bool(words) == (said != plain), 'colours')
            lines = {cell for line in plain.splitlines()
                     for cell in re.split(r' {2,}', line)}
            text = caps(place, *words)[0]
            for cell in lines:
                cell = cell.strip().removeprefix('- ')
                check(cell in text, f'{cell!r} is cut, of {columns}')


def refused(place):
    """As by the other verbs, and both QEMUs do not notice."""
    place.pair('7.2')
    before = [qemu.settings() for qemu in place.qemus]
    wire.listen_at(place.path('nobody')).close()
    fake = place.held(wire.FakeMonitor(place.path('fake'), b'220 mail\r\n',
                                       stays=True))
    missing = place.path('missing')
    other = pair.Monitor(place.destination.qmp)
    ours = place.source.qmp
    for words, code, error in (
            (('--source', missing), 1, 'monitor-unreachable'),
            (('--destination', place.path('nobody')), 1, 'monitor-unreachable'),
            (('--source', fake.path), 1, 'not-qmp'),
            (('--source', ours, '--destination', missing), 1,
             'monitor-unreachable'),
            (('--source', missing, '--destination', ours), 1,
             'monitor-unreachable'),
            (('--source', ours, '--destination', place.destination.qmp), 1,
             'monitor-silent'),
            (('--source', ours, '--destination', ours), 3, 'same-qemu')):
        path = place.path(f'run{len(place.runs)}.json')
        run = place.qmigrate('caps', *words, '--json', path)
        check(run.out == '', f'printed {run.out!r}')
        run.ended(code, 'refused' if code == 3 else 'error', error)
        run.says_one_error(hint=True)
    other.close()
    unchanged(place, before)


def usage(place):
    for words, text in ((['--sorce', 'a'], '--source'), (['a'], "'a'"),
                        (['--source', 'udp:x:1'], 'udp:x:1'),
                        (['--json'], '--json')):
        run = place.qmigrate('caps', *words)
        check(run.code == 2 and run.out == '', f'{words}: {run.code}')
        run.says_one_error(hint=True)
        run.says(text)
    run = place.qmigrate('caps', '--json', place.path('nowhere/x'))
    check(run.code == 1 and run.out == '', f'{run.code}: {run.out}')
    run.says_one_error(hint=True)


def interrupted(place):
    """While one has answered and the other never will."""
    place.pair('7.2')
    relay = place.held(wire.Relay(place.path('relay'), place.destination.qmp,
                                  hold=('query-qmp-schema',)))
    run = place.qmigrate('caps', '--source', place.source.qmp, '--destination',
                         relay.path, '--json', place.path('run0.json'),
                         wait=False)
    relay.wait_held()
    run.signal(signal.SIGINT)
    run.wait().ended(5, 'cancelled', 'cancelled')
    relay.release()
    place.runs_only_on(place.source)


# a QEMU newer than the program


def newer_pair(place, sides):
    """Both are 10.0, and those of @sides look newer; the words for them."""
    place.pair('10.0')
    words = []
    for side in ('source', 'destination'):
        qemu = getattr(place, side)
        path = qemu.qmp
        if side in sides:
            path = place.path(f'{side}.newer')
            setattr(place, f'newer_{side}', place.held(
                newer.NewerQemu(path, qemu.qmp)))
        words += [f'--{side}', path]
    return words


def is_new(told):
    capability = told['capabilities'][newer.CAPABILITY]
    parameter = told['parameters'][newer.PARAMETER]
    check(told['version'] == '11.5.0', f'version {told["version"]}')
    check(capability == {'on': False, 'known': False, 'unstable': True,
                         'deprecated': False}, f'{capability}')
    check(parameter == {'value': newer.DEFAULT, 'unit': None, 'type': 'number',
                        'choices': None, 'known': False, 'unstable': False,
                        'deprecated': False}, f'{parameter}')
    known = [name for kind in KINDS for name, one in told[kind].items()
             if one['known']]
    check(len(known) == sum(len(told[kind]) for kind in KINDS) - 2, 'known')


def newer_caps(place):
    words = newer_pair(place, ('source',))
    for words_of in (words[:2], words):
        text, document = caps(place, *words_of)
        is_new(document['source'])
        for name in (newer.CAPABILITY, newer.PARAMETER):
            check('newer than this program' in ' '.join(rows_of(text)[name]),
                  f'{name} is not marked')
    check(document['differences'] == {'capabilities': [newer.CAPABILITY],
                                      'parameters': [newer.PARAMETER]},
          f'{document["differences"]}')
    check(newer.CAPABILITY not in document['destination']['capabilities'],
          'the destination has it')
    check(all(fit['fits'] for fit in document['fits']
              if fit['option'] != 'dirty-limit'), f'{document["fits"]}')
    check(place.newer_source.settings == [], 'something was set')


SET = ('--enable', newer.CAPABILITY, '--set', f'{newer.PARAMETER}=5')


def newer_check(place):
    words = newer_pair(place, ('source', 'destination'))
    for more, code, text in (
            (SET, 0, f'{newer.CAPABILITY} is newer than this program'),
            (('--set', f'{newer.PARAMETER}=abc'), 3, newer.PARAMETER),
            (('--set', f'{newer.PARAMETER}=-1'), 3, newer.PARAMETER),
            (('--enable', 'quantum-sent'), 3, newer.CAPABILITY)):
        run = place.qmigrate('check', *words, *more)
        check(run.code == code, f'{more}: exit code {run.code}: {run.out}')
        check(text in run.out, f'{more}: {run.out}')
    refused_run = place.qmigrate('run', *words, '--set',
                                 f'{newer.PARAMETER}=abc')
    check(refused_run.code == 3, f'exit code {refused_run.code}')
    refused_run.says_one_error()
    check(place.newer_source.settings == [], 'something was set')
    place.is_as_before()


def newer_run(place, *sides):
    """Set where there is somebody to be told, and put back."""
    words = newer_pair(place, sides)
    run = place.qmigrate('run', *words, *SET, '--json',
                         place.path('run0.json')).ended(0, 'migrated')
    place.runs_only_on(place.destination)
    there = [(newer.PARAMETER, 5), (newer.CAPABILITY, True)]
    back = [(newer.CAPABILITY, False), (newer.PARAMETER, newer.DEFAULT)]
    for side in sides:
        qemu = getattr(place, f'newer_{side}')
        expected = there + (back if side == 'destination' else [])
        check(qemu.settings == expected, f'{side}: {qemu.settings}')
        effective = run.result['effective'][side]
        check(effective['capabilities'][newer.CAPABILITY] is True and
              effective['parameters'][newer.PARAMETER] == 5, f'{effective}')


def all_cases():
    yield 'table', table
    yield 'usage', usage
    for version in VERSIONS:
        yield f'one-{version}', one, version
    for source in VERSIONS:
        for destination in VERSIONS:
            yield f'two-{source}-{destination}', two, source, destination
    yield 'terminal', terminal
    yield 'refused', refused
    yield 'interrupted', interrupted
    yield 'newer-caps', newer_caps
    yield 'newer-check', newer_check
    yield 'newer-run', newer_run, 'source', 'destination'
    yield 'newer-run-source', newer_run, 'source'
    yield 'newer-run-destination', newer_run, 'destination'


pair.main(all_cases())
