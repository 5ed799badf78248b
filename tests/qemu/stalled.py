# SPDX-License-Identifier: LGPL-2.1-or-later
"""I13: a post-copy whose stream, QEMUs or qmigrate stand still for longer than
--postcopy-stall goes on by itself, and migrate-pause is sent only when both
sides prove that nothing moves."""

import json
import os
import signal
import threading
import time

import pair
import postcopy
from moments import name_of
from pair import check, until

LIMIT = ('--postcopy-stall', '1s')
STALL_S = 3


def start(place, version, *words):
    return postcopy.start_relayed(place, version, version, *LIMIT, '--trace',
                                  place.path('trace'), *words)


def sent(place):
    """The names of all commands, of both sides."""
    names = []
    with open(place.path('trace'), encoding='utf-8') as file:
        for line in file:
            message = json.loads(line).get('message', {})
            if isinstance(message, dict):
                names.append(message.get('execute') or
                             message.get('exec-oob'))
    check('query-migrate' in names, 'the trace has no commands')
    return names


def speed_up(place):
    place.source.monitor.execute('migrate-set-parameters',
                                 **{'max-postcopy-bandwidth': 0})


def goes_on(place, run):
    speed_up(place)
    postcopy.is_there(place, run)
    check('migrate-pause' not in sent(place), 'migrate-pause was sent')
    place.destination.is_intact()


def stop_and_go(qemu_or_run):
    qemu_or_run.signal(signal.SIGSTOP)
    time.sleep(STALL_S)
    qemu_or_run.signal(signal.SIGCONT)


def begin_switch(place):
    """Returns when the guest has stopped."""
    place.source.monitor.execute('migrate-start-postcopy')
    place.source.monitor.event('STOP')


def stream_at_the_switch(place, version):
    run, stream = start(place, version)
    begin_switch(place)
    stream.stall()
    time.sleep(STALL_S)
    stream.moves.set()
    goes_on(place, run)


def source_at_the_switch(place, version):
    run, _ = start(place, version)
    begin_switch(place)
    stop_and_go(place.source)
    goes_on(place, run)


def destination_at_the_switch(place, version):
    run, _ = start(place, version)
    begin_switch(place)
    stop_and_go(place.destination)
    goes_on(place, run)


def qmigrate_and_stream(place, version):
    """The time in which qmigrate was frozen is no stall that it has seen."""
    run, stream = start(place, version)
    postcopy.switch(place)
    stream.stall()
    stop_and_go(run)
    stream.moves.set()
    goes_on(place, run)


def hung_main_loop(place, version):
    """The destination's main loop waits for a page that does not come: it is
    proved by what it answers out of band, and recovered."""
    run, stream = start(place, version)
    postcopy.switch(place)
    stream.stall()
    memory = {'val': 0, 'size': 60 << 20,
              'filename': place.path('tmp/memory')}
    saver = threading.Thread(target=place.destination.monitor.execute,
                             args=('pmemsave',), kwargs=memory)
    saver.start()
    place.source.monitor.status('postcopy-paused')
    speed_up(place)
    run.wait().ended(0, 'migrated')
    saver.join()
    names = sent(place)
    check('query-yank' in names, 'nothing was asked out of band')
    check('migrate-pause' in names, 'it was not recovered')
    place.runs_only_on(place.destination)
    os.unlink(place.path('tmp/memory'))


def start_unanswered(place, version):
    """The destination has the state of the devices, and the source (10.2 on)
    does not hear of it."""
    run, stream = start(place, version)
    stream.answers = False
    begin_switch(place)
    until(lambda: place.destination.migration() == 'postcopy-active',
          'the destination is in post-copy')
    check(place.source.migration() == 'postcopy-device', 'the source is not')
    return run, stream


def back_on_source(place, run):
    run.wait().ended(4, 'failed', ('postcopy-broken', 'migration-failed'))
    place.runs_only_on(place.source)
    place.source.is_intact()
    place.has_settings_back()


def broken_before_the_answer(place, version):
    """QEMU runs the guest on the source again: it is not stopped there."""
    run, stream = start_unanswered(place, version)
    stream.cut()
    back_on_source(place, run)
    check('yank' not in sent(place), 'yank was sent')


def paused_before_the_answer(place, version):
    """By somebody else: only yank brings the source back."""
    run, _ = start_unanswered(place, version)
    place.destination.monitor.execute('migrate-pause')
    back_on_source(place, run)
    check('yank' in sent(place), 'yank was not sent')


def all_cases():
    for version in ('7.2', '10.0', '11.1'):
        for case in (stream_at_the_switch, source_at_the_switch,
                     destination_at_the_switch, qmigrate_and_stream):
            yield f'{name_of(case)}-{version}', case, version
    for version in ('7.2', '10.0'):  # 11.1 refuses pmemsave meanwhile
        yield f'hung-main-loop-{version}', hung_main_loop, version
    for case in (broken_before_the_answer, paused_before_the_answer):
        yield f'{name_of(case)}-11.1', case, '11.1'


if __name__ == '__main__':
    pair.main(all_cases())
