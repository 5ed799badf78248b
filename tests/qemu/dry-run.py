# SPDX-License-Identifier: LGPL-2.1-or-later
"""What run --dry-run lists is what run then sends: the same pair, the same
options, first without and then with sending."""

import json

import pair
from pair import check

PAIRS = [('7.2', '7.2'), ('10.0', '10.0'), ('7.2', '10.0'), ('10.0', '7.2')]
TCP = ('--uri', 'tcp:127.0.0.1:0')
# What changes nothing: everything else has to be on the list.
QUESTIONS = ('query-', 'qom-', 'qmp_capabilities', 'x-query-',
             'human-monitor-command')

OPTIONS = {
    'bare': (),
    'tcp': TCP,
    'multifd': ('--multifd=3', *TCP),
    'compress': ('--multifd=2', '--compress=zstd'),
    'zero-copy': ('--zero-copy', '--multifd=2', *TCP),
    'postcopy': ('--postcopy', '--set', 'max-postcopy-bandwidth=1GiB/s'),
    'preempt': ('--preempt', *TCP),
    'throttle': ('--auto-converge=30:5:90', '--downtime-limit=500ms'),
    'xbzrle': ('--xbzrle=32MiB', '--max-bandwidth=0'),
    'no-pause': ('--disable', 'pause-before-switchover'),
    'no-return-path': ('--disable', 'return-path'),
    'policy': ('--policy', 'ovirt-legacy', *TCP),
    'pair': ('--uri', 'fd:pair'),
    'fd-file': ('--uri', 'fd:{}/it'),
    'no-change': ('--disable', 'multifd'),
    'strings': ('--set', 'tls-hostname=a "b" \\c \u00e4'),
    'list': ('--set', 'block-bitmap-mapping=[]', '--enable',
             'dirty-bitmaps'),
    'several': ('--enable', 'validate-uuid', '--enable', 'late-block-activate',
                '--set', 'announce-rounds=3', '--set', 'max-bandwidth=1GiB/s',
                '--set', 'multifd-channels=4'),
}


def is_question(message):
    return message['execute'].startswith(QUESTIONS)


def sent(path):
    """What changes something, of both sides, in order."""
    with open(path, encoding='utf-8') as file:
        lines = [json.loads(line) for line in file]
    found = []
    for line in lines:
        if line['kind'] == 'qmp' and line['direction'] == 'sent' and \
                not is_question(line['message']):
            message = {name: value for name, value in line['message'].items()
                       if name != 'id'}
            found.append({'side': line['side'], 'message': message})
    return found


def without_port(commands):
    """QEMU chooses it when it listens."""
    for command in commands:
        arguments = command['message'].get('arguments', {})
        if command['message']['execute'] == 'migrate':
            uri = arguments.get('uri', '')
            if uri.startswith('tcp:'):
                arguments['uri'] = uri.rsplit(':', 1)[0]
            for channel in arguments.get('channels', ()):
                channel['addr'].pop('port', None)
    return commands


def both_settings(place):
    return place.source.settings() + place.destination.settings()


def rehearsed(place, *words):
    """The plan; nothing has changed."""
    before = both_settings(place), place.source.run_state()
    path = place.path('plan')
    run = place.qmigrate('run', '--source', place.source.qmp, '--destination',
                         place.destination.qmp, '--dry-run', '--json', path,
                         '--trace', place.path('dry'), *words)
    check(run.code == 0, f'exit code {run.code}: {run.err}')
    check((both_settings(place), place.source.run_state()) == before,
          'something changed')
    check(place.source.migration() == 'none', 'a migration was begun')
    check(place.destination.migration() == 'none', 'it listens')
    check(sent(place.path('dry')) == [], f'sent {sent(place.path("dry"))}')
    with open(path, encoding='utf-8') as file:
        plan = json.load(file)
    check(plan['schema'] == 'qmigrate.plan/1', f'schema {plan["schema"]}')
    return run, plan


def is_printed(text, commands):
    """One line for each, under its side."""
    side, found = None, []
    for line in text.splitlines():
        if line.startswith('# '):
            side = line[2:]
        elif line.startswith('-> '):
            found.append({'side': side, 'message': json.loads(line[3:])})
        else:
            raise pair.Failed(f'printed {line!r}')
    check(found == commands, f'printed {found}, not {commands}')


NEW_OPTIONS = {  # of 10.0 alone
    'switchover-ack': ('--switchover-ack',
                       '--avail-switchover-bandwidth=1GiB/s'),
    'file': ('--uri', 'file:{}/it'),
    'part': ('--uri', 'fdset:{}/it,offset=0x1000', '--live'),
    'channels': ('--channels', *TCP),
    'mapped-ram': ('--mapped-ram', '--multifd=2', '--uri', 'file:{}/it'),
}


def same(place, source, destination, name):
    words = [word.replace('{}', place.folder)
             for word in {**OPTIONS, **NEW_OPTIONS}[name]]
    if '--policy' not in words:
        words += ['--policy', 'qemu']  # it decides nothing under way
    if '--uri' not in words:
        words += ['--uri', 'unix:' + place.path('stream')]
    place.pair(source, destination)
    run, plan = rehearsed(place, *words)
    is_printed(run.out, plan['commands'])
    place.migrate('--trace', place.path('trace'), *words).ended(0, 'migrated')
    place.runs_only_on(place.destination)
    wanted, found = plan['commands'], sent(place.path('trace'))
    check(without_port(wanted) == without_port(found),
          f'sent {found}, not {wanted}')


def paused(place, version):
    """A guest that stands still is not continued."""
    place.pair(version)
    place.source.monitor.execute('stop')
    _, plan = rehearsed(place, '--policy', 'qemu', *TCP)
    place.migrate('--trace', place.path('trace'), *TCP).ended(0, 'migrated')
    wanted, found = plan['commands'], sent(place.path('trace'))
    check(without_port(wanted) == without_port(found),
          f'sent {found}, not {wanted}')
    check('cont' not in [one['message']['execute'] for one in wanted],
          f'continues: {wanted}')
    check(place.destination.run_state() == 'paused', 'it runs')


def refused(place, version):
    """What cannot be is said as run says it, and there is no plan."""
    place.pair(version)
    run = place.migrate('--dry-run', '--zero-copy', *TCP)
    check(run.code == 3, f'exit code {run.code}')
    check('-> ' not in run.out, f'printed {run.out!r}')
    run.says_one_error(hint=True)
    run.says('multifd')
    place.is_as_before()


def all_cases():
    for number, name in enumerate(OPTIONS):
        for source, destination in PAIRS:
            # each with itself, and the ways across by turns
            if source == destination or (source == '7.2') == number % 2:
                yield (f'{name}-{source}-to-{destination}', same, source,
                       destination, name)
    for name in NEW_OPTIONS:
        yield f'{name}-10.0-to-10.0', same, '10.0', '10.0', name
    for version in ('7.2', '10.0'):
        yield f'paused-{version}', paused, version
        yield f'refused-{version}', refused, version


pair.main(all_cases())
