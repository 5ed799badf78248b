# SPDX-License-Identifier: LGPL-2.1-or-later
"""qmigrate is killed in the middle of a run, and `qmigrate recover` brings the
guest back: exactly one QEMU runs it, with the settings it had, and no journal,
file or socket stays behind.  The kill sweep does it after every QMP line."""

import os

import pair
import stream
from pair import check, until

VERSIONS = ('7.2', '10.0', '11.1')
SLOW = ('--max-bandwidth', '24MiB/s', '--downtime-limit', '10ms')
POSTCOPY = ('--postcopy', '--postcopy-after', '1', '--max-bandwidth', '48MiB/s',
            '--set', 'max-postcopy-bandwidth=8MiB/s')


def killed(place, version, words, moment, **how):
    """A run that is killed when moment() is true."""
    place.pair(version, rate=how.pop('rate', 20000000), memory=96, **how)
    run = place.migrate(*words, wait=False)
    until(lambda: moment(place) or not run.is_running(), 'the moment comes')
    check(run.is_running(), 'it ended before')
    run.process.kill()
    run.process.wait()
    return place


def is_active(place):
    return place.source.migration() == 'active'


def is_clean(place):
    check(not place.journals(), f'a journal is left: {place.journals()}')


def runs_there(place, run, code=0):
    run.ended(code, 'migrated')
    place.runs_only_on(place.destination)
    place.destination.is_intact()
    is_clean(place)
    # Run again it changes nothing.
    place.recover().ended(0, 'migrated')
    place.runs_only_on(place.destination)
    is_clean(place)


def precopy(place, version):
    """Cancelled: the guest stays where it is."""
    killed(place, version, SLOW, is_active)
    place.recover().ended(5, 'cancelled', 'interrupted')
    place.is_as_before()
    place.source.is_intact()
    is_clean(place)
    place.recover().ended(3, 'refused', 'no-migration')
    place.is_as_before()


def adopted(place, version):
    killed(place, version, SLOW, is_active)
    runs_there(place, place.recover('--adopt'))


def explained(place, version):
    """--dry-run changes nothing."""
    killed(place, version, SLOW, is_active)
    run = place.recover('--dry-run')
    check(run.code == 0 and 'cancels it' in run.out, run.out + run.err)
    check(is_active(place), 'it did something')
    place.recover().ended(5, 'cancelled', 'interrupted')


def before_switchover(place, version):
    """Nobody is there to say migrate-continue."""
    killed(place, version, ('--max-bandwidth', '64MiB/s'), is_active, rate=0)
    until(lambda: place.source.migration() == 'pre-switchover',
          'it waits to be continued')
    place.recover('--quit-stale').ended(0, 'migrated')
    until(lambda: not place.source.is_alive(), 'the stale source is gone')
    place.runs_only_on(place.destination)
    place.destination.is_intact()
    is_clean(place)


def destination_gone(place, version):
    """It dies too, or is started again: neither can have run the guest."""
    killed(place, version, ('--max-bandwidth', '64MiB/s'), is_active, rate=0)
    until(lambda: place.source.migration() == 'pre-switchover',
          'it waits to be continued')
    place.destination.kill()
    third = place.start_third(version, 96)
    place.recover().ended(5, 'cancelled', 'interrupted')
    check(place.source.run_state() == 'running', 'the guest stands still')
    is_clean(place)
    run = place.qmigrate('run', '--source', place.source.qmp, '--destination',
                         third.qmp)
    check(run.code == 0, f'it cannot be migrated again: {run.err}')


def in_postcopy(place, version):
    killed(place, version, POSTCOPY,
           lambda place: place.destination.run_state() == 'running')
    runs_there(place, place.recover())


def before_the_guest_runs(place, version):
    """After migrate-start-postcopy, before our cont: paused on both sides."""
    place.pair(version, rate=20000000, memory=96)
    run = place.migrate('--postcopy', *SLOW, wait=False)
    until(lambda: is_active(place), 'it is active')
    run.process.kill()
    run.process.wait()
    place.source.monitor.execute('migrate-start-postcopy')
    until(lambda: place.source.migration() == 'completed', 'all is sent')
    check(place.destination.run_state() == 'paused', 'it runs by itself')
    runs_there(place, place.recover())


def link_broken(place, version):
    """The connection of a post-copy breaks when nobody looks."""
    place.pair(version, rate=60000000, memory=96)
    by_way, monitor = stream.detour(place)
    run = place.migrate(*POSTCOPY, '--uri', f'unix:{place.path("stream")}',
                        source=monitor.path, wait=False)
    until(lambda: place.destination.run_state() == 'running', 'it runs there')
    run.process.kill()
    run.process.wait()
    by_way.breaks = [stream.Break('close', by_way.n_passed() + 1)]
    until(lambda: place.source.migration() == 'postcopy-paused', 'it breaks')
    runs_there(place, place.recover())


def saved(place, version):
    """Saved to a file, and not loaded."""
    path = place.path('saved')
    killed(place, version, ('--uri', f'file:{path}', '--max-bandwidth',
                            '48MiB/s'), is_active, rate=0)
    until(lambda: place.source.run_state() == 'postmigrate', 'it is saved')
    runs_there(place, place.recover())


def paused_stays_paused(place, version):
    """I7: the guest was paused before."""
    place.pair(version, memory=96)
    place.source.monitor.execute('stop')
    run = place.migrate('--max-bandwidth', '24MiB/s', wait=False)
    until(lambda: is_active(place), 'it is active')
    run.process.kill()
    run.process.wait()
    until(lambda: place.source.migration() == 'pre-switchover', 'it waits')
    run = place.recover()
    check(run.code == 0, f'{run.code}: {run.err}')
    check(place.runs_where() == [], 'somebody continued it')
    check(place.destination.run_state() == 'paused', 'it is not there')
    is_clean(place)
    # The record is gone, and nobody knows whether it was paused before.
    place.recover().ended(9, 'verdict', 'guest-state')
    check(place.destination.run_state() == 'paused', 'it was continued')


def migrated_on(place, version):
    """The guest went on to a third QEMU: it is started nowhere else."""
    killed(place, version, ('--max-bandwidth', '64MiB/s'), is_active, rate=0)
    source, destination = place.source.monitor, place.destination.monitor
    until(lambda: place.source.migration() == 'pre-switchover', 'it waits')
    source.execute('migrate-continue', state='pre-switchover')
    until(lambda: place.destination.migration() == 'completed', 'it is there')
    third = place.start_third(version, 96)
    uri = 'unix:' + place.path('third.stream')
    third.monitor.execute('migrate-incoming', uri=uri)
    destination.execute('migrate', uri=uri)
    until(lambda: third.migration() == 'completed', 'it is on the third')
    third.monitor.execute('cont')
    run = place.recover()
    run.ended(9, 'verdict', 'guest-state')
    check('migrated on' in run.result['error']['message'], run.err)
    run = place.recover()
    check(run.code == 7 and 'migrated on' in run.result['error']['hint'],
          run.err)
    place.runs_only_on(third)


def moves_on(place, version):
    """A person continues the guest on the source and migrates it to a third
    QEMU, where it runs."""
    source = place.source.monitor
    third = place.qemu('third', version, '-machine', pair.MACHINE, '-m', '96',
                       *pair.guest_words(20000000, 'random'), '-S',
                       '-incoming', 'defer')
    address = f'unix:{place.path("third-stream")}'
    third.monitor.execute('migrate-incoming', uri=address)
    if place.source.run_state() == 'postmigrate':
        source.execute('cont')
        until(lambda: place.source.run_state() == 'running', 'it runs')
    source.execute('migrate-set-capabilities', capabilities=[
        {'capability': name, 'state': False}
        for name in ('pause-before-switchover', 'return-path')])
    source.execute('migrate-set-parameters', **{'max-bandwidth': 1 << 30})
    source.execute('migrate', uri=address)
    until(lambda: place.source.migration() == 'completed', 'it is there')
    until(lambda: third.migration() == 'completed', 'all of it')
    third.monitor.execute('cont')
    return third


def is_left_alone(place, third):
    """Nothing is started; the message names the command to type."""
    for _ in range(2):
        run = place.recover()
        run.ended(7, 'unresolved', 'not-proved')
        check('cont' in run.err and 'may have' in run.out + run.err,
              f'{run.out} {run.err}')
        place.runs_only_on(third)
    check(place.source.run_state() != 'running', 'the old guest runs')


def moved_on_after_cancel(place, version):
    """Cancelled by hand in pre-copy, then migrated elsewhere."""
    killed(place, version, SLOW, is_active)
    place.source.monitor.execute('migrate_cancel')
    until(lambda: place.source.migration() == 'cancelled', 'it is cancelled')
    is_left_alone(place, moves_on(place, version))


def moved_on_after_handover(place, version):
    """Killed as the destination completes: continued on the source."""
    killed(place, version, ('--max-bandwidth', '64MiB/s'),
           lambda place: place.source.migration() in ('pre-switchover',
                                                      'device'), rate=0)
    if place.source.migration() == 'pre-switchover':
        place.source.monitor.execute('migrate-continue',
                                     state='pre-switchover')
    until(lambda: place.source.run_state() == 'postmigrate', 'handed over')
    if place.destination.run_state() != 'running':  # it was killed in time
        is_left_alone(place, moves_on(place, version))


def moved_on_after_saving(place, version):
    """Saved to a file and not loaded: continued on the source."""
    killed(place, version, ('--uri', f'file:{place.path("saved")}',
                            '--max-bandwidth', '48MiB/s'), is_active, rate=0)
    until(lambda: place.source.run_state() == 'postmigrate', 'it is saved')
    is_left_alone(place, moves_on(place, version))


def damaged_record(place, version):
    """The message names the record that cannot be used."""
    killed(place, version, (*SLOW, '--uri', f'unix:{place.path("stream")}'),
           is_active)
    path = place.path('state/qmigrate/' + place.journals()[0])
    with open(path, 'w', encoding='utf-8'):
        pass
    run = place.recover()
    run.ended(3, 'refused', 'not-recorded')
    check(f'{path}: it is damaged' in run.err, run.err)
    check(is_active(place), 'something was sent')


def without_a_record(place, version):
    """That no record can be kept is said before the migration begins."""
    place.pair(version, rate=20000000, memory=96)
    with open(place.path('state'), 'w', encoding='utf-8'):
        pass
    run = place.migrate(*SLOW, '--uri', f'unix:{place.path("stream")}',
                        wait=False)
    until(lambda: is_active(place), 'it is active')
    with open(run.err_path, encoding='utf-8') as file:
        err = file.read()
    check('warning: no record is kept' in err, err)
    run.process.kill()
    run.process.wait()


def relative_state(place, version):
    """Ignored by the XDG specification."""
    place.pair(version, memory=96)
    run = place.qmigrate('run', '--source', place.source.qmp, '--destination',
                         place.destination.qmp,
                         env={'XDG_STATE_HOME': 'state', 'HOME': place.folder})
    check(run.code == 0 and 'XDG_STATE_HOME is ignored' in run.err, run.err)
    check(os.path.isdir(os.path.join(place.folder, '.local/state/qmigrate')),
          'not used')


def of_exec(place, version):
    """An option that recover has is named."""
    run = place.recover(source='exec:true', destination='exec:false')
    check(run.code == 2 and 'give --recover-uri' in run.err, run.err)


def all_cases():
    for case in (damaged_record, without_a_record, relative_state, of_exec):
        yield f'{case.__name__}-10.0', case, '10.0'
    for case in (precopy, adopted, explained, before_switchover,
                 destination_gone, in_postcopy, before_the_guest_runs,
                 link_broken, saved, paused_stays_paused, migrated_on,
                 moved_on_after_cancel, moved_on_after_handover,
                 moved_on_after_saving):
        for version in VERSIONS:
            if case in (saved, moved_on_after_saving) and version == '7.2':
                continue  # it has no file:
            yield f'{case.__name__}-{version}', case, version


pair.main(all_cases())
