# SPDX-License-Identifier: LGPL-2.1-or-later
"""status, cancel, postcopy and recover: they come to a migration that goes on, mostly
one that the test started itself, as any other program may."""

import os
import signal
import socket
import subprocess

import pair
from moments import full_listener, name_of
from pair import check, until

SLOW = 4 << 20  # bytes per second: pre-copy takes its time


def begin(place, source, destination, *capabilities, speed=SLOW, uri=None,
          **words):
    """A migration of the test's own is under way."""
    place.pair(source, destination, rate=10, **words)
    for qemu in (place.source, place.destination):
        qemu.monitor.execute('migrate-set-capabilities', capabilities=[
            {'capability': name, 'state': True}
            for name in ('events', *capabilities)])
    place.source.monitor.execute('migrate-set-parameters',
                                 **{'max-bandwidth': speed})
    if not uri:
        uri = 'unix:' + place.path('stream')
        place.destination.monitor.execute('migrate-incoming', uri=uri)
    place.source.monitor.execute('migrate', uri=uri)


def active(place, source, destination, *capabilities, **words):
    """It is past its setup, too."""
    begin(place, source, destination, *capabilities, **words)
    place.source.monitor.status('active')


def attach(place, verb, *words, both=True, source=None, wait=True):
    sides = ['--source', source or place.source.qmp]
    if both:
        sides += ['--destination', place.destination.qmp]
    json_path = place.path(f'run{len(place.runs)}.json')
    return place.qmigrate(verb, *sides, '--json', json_path, *words, wait=wait)


def ended(run, code, outcome, guest, error=None):
    run.ended(code, outcome, error)
    check(run.result['guest'] == guest, f'guest {run.result["guest"]}: '
          f'{run.result["text"]}')
    check(run.result['schema'] == 'qmigrate.status/1', 'another schema')
    return run


def let_go(place):
    """As fast as it goes."""
    place.source.monitor.execute('migrate-set-parameters',
                                 **{'max-bandwidth': 0})


def second_monitor(place, qemu):
    return ('-qmp', f'unix:{place.path(qemu)}.third,server=on,wait=off')


# nothing goes on

def no_migration(place, source, destination):
    place.pair(source, destination)
    ended(attach(place, 'status'), 0, None, 'source')
    ended(attach(place, 'status', '--watch'), 0, None, 'source')
    for verb in ('cancel', 'postcopy'):
        ended(attach(place, verb), 3, 'refused', 'source', 'no-migration')
    run = attach(place, 'status', both=False, source=place.destination.qmp)
    ended(run, 0, None, 'unknown')
    run = attach(place, 'cancel', both=False, source=place.destination.qmp)
    ended(run, 3, 'refused', 'unknown', 'source-state')
    place.is_as_before()


def swapped(place, source, destination):
    """The wrong way round, or one QEMU twice: refused in any moment."""
    def is_refused():
        for verb in ('status', 'cancel', 'postcopy'):
            run = place.qmigrate(verb, '--source', place.destination.qmp,
                                 '--destination', place.source.qmp)
            check(run.code == 3, f'{verb}: exit code {run.code}')
            run.says('swapped' if verb == 'status' else 'comes to')
    armed(place, source, destination,
          source_more=second_monitor(place, 'source'))
    is_refused()
    run = place.qmigrate('status', '--source', place.source.qmp,
                         '--destination', place.path('source.third'))
    check(run.code == 3, f'exit code {run.code}')
    run.says('both addresses lead to process')
    place.source.monitor.execute('migrate-set-parameters',
                                 **{'max-postcopy-bandwidth': SLOW})
    ended(attach(place, 'postcopy'), 0, None, 'split')
    is_refused()


def has_ended(place, source, destination):
    begin(place, source, destination, speed=0)
    place.source.monitor.status('completed')
    ended(attach(place, 'status', both=False), 0, None, 'unknown')
    ended(attach(place, 'cancel', both=False), 7, 'unresolved', 'unknown')
    run = attach(place, 'status')
    ended(run, 0, None, 'destination')
    check(any(f'{place.destination.qmp} cont' in line
              for line in run.result['next']), f'{run.result["next"]}')
    place.destination.monitor.execute('cont')
    for verb in ('cancel', 'postcopy'):
        ended(attach(place, verb), 0, 'migrated', 'destination')
    ended(attach(place, 'status', '--watch'), 0, 'migrated', 'destination')
    # It is the next source.
    run = attach(place, 'status', both=False, source=place.destination.qmp)
    ended(run, 0, None, 'source')
    place.runs_only_on(place.destination)


# pre-copy

def tells_numbers(place, source, destination):
    active(place, source, destination)
    until(lambda: place.source.monitor.execute('query-migrate')['ram']['mbps'],
          'QEMU has measured')
    before = place.source.settings()
    run = ended(attach(place, 'status'), 0, None, 'source')
    seen = run.result['migration']
    check(seen['passes'] >= 1 and seen['bytes']['remaining'] > 0, f'{seen}')
    check(seen['downtime_us']['limit'] == 300000, f'{seen}')
    check(seen['downtime_us']['now'] > 300000, f'{seen}')
    check({one['name'] for one in run.result['source']['settings']} ==
          {'events', 'max-bandwidth'}, f'{run.result["source"]["settings"]}')
    check(run.out.startswith('active: the guest runs on the source'), run.out)
    check(place.source.settings() == before, 'something was changed')


def cancel_active(place, source, destination, both):
    active(place, source, destination)
    ended(attach(place, 'cancel', both=both), 5, 'cancelled', 'source')
    place.runs_only_on(place.source)


def cancel_paused_guest(place, source, destination):
    active(place, source, destination)
    place.source.monitor.execute('stop')
    ended(attach(place, 'cancel'), 5, 'cancelled', 'source')
    check(place.source.run_state() == 'paused', 'the guest was continued')


def cancel_in_setup(place, source, destination):
    """QEMU is cancelling until its connect has come to an end."""
    stream = place.path('stream')
    listener = full_listener(place, stream)
    begin(place, source, destination, 'postcopy-ram', uri='unix:' + stream)
    place.source.monitor.status('setup')
    ended(attach(place, 'postcopy', '--timeout', '300ms'), 3, 'refused',
          'source', 'deadline')
    ended(attach(place, 'cancel', '--timeout', '1s'), 5, 'cancelled', 'source')
    listener.shutdown(socket.SHUT_RDWR)
    place.runs_only_on(place.source)


def cancel_before_switchover(place, source, destination):
    begin(place, source, destination, 'pause-before-switchover', speed=0)
    place.source.monitor.status('pre-switchover')
    ended(attach(place, 'status'), 0, None, 'source')
    ended(attach(place, 'cancel'), 5, 'cancelled', 'source')
    place.runs_only_on(place.source)


def cancel_ours(place, source, destination):
    """qmigrate run says then that somebody else did it."""
    place.pair(source, destination, rate=10,
               source_more=second_monitor(place, 'source'))
    run = place.migrate('--max-bandwidth', '4MiB/s', wait=False)
    place.source.monitor.execute('query-status')
    until(lambda: place.source.migration() == 'active', 'it is under way')
    held = ended(attach(place, 'status', both=False), 1, 'error', 'unknown',
                 'monitor-silent')
    held.says(f'process {run.pid}', 'second -qmp')
    third = place.path('source.third')
    cancel = attach(place, 'cancel', both=False, source=third)
    if place.source.migration() == 'cancelled':
        ended(cancel, 5, 'cancelled', 'source')
    place.was_cancelled_elsewhere(run.wait())
    place.is_as_before()


# post-copy

def armed(place, source, destination, **words):
    active(place, source, destination, 'postcopy-ram', **words)


def postcopy_with_owner(place, source, destination):
    armed(place, source, destination)
    # so slow that it can be looked at
    place.source.monitor.execute('migrate-set-parameters',
                                 **{'max-postcopy-bandwidth': SLOW})
    run = attach(place, 'postcopy', wait=False)
    place.source.monitor.status('postcopy-active')
    until(lambda: place.destination.run_state() == 'paused', 'it is there')
    place.destination.monitor.execute('cont')
    ended(run.wait(), 0, None, 'split')
    # I10
    for both in (True, False):
        ended(attach(place, 'cancel', both=both), 3, 'refused', 'split',
              'in-postcopy')
    ended(attach(place, 'postcopy', both=False), 0, None, 'split')
    watch = attach(place, 'status', '--watch=200ms', wait=False)
    place.source.monitor.execute('migrate-set-parameters',
                                 **{'max-postcopy-bandwidth': 0})
    ended(watch.wait(), 0, 'migrated', 'destination')
    place.runs_only_on(place.destination)


def postcopy_without_owner(place, source, destination):
    """Nobody else lets it run: it is continued by us."""
    armed(place, source, destination)
    run = attach(place, 'postcopy')
    check(run.code == 0, f'exit code {run.code}')
    check(any('cont' in line for line in run.result['notes']),
          f'{run.result["notes"]}')
    place.source.monitor.status('completed')
    place.runs_only_on(place.destination)


def postcopy_after_kill(place, source, destination):
    """Its owner is dead."""
    place.pair(source, destination, rate=10,
               source_more=second_monitor(place, 'source'))
    run = place.migrate('--postcopy', '--max-bandwidth', '4MiB/s', wait=False)
    third = pair.Monitor(place.path('source.third'))
    place.held(third)
    third.status('active')
    os.kill(run.pid, signal.SIGKILL)
    until(lambda: place.source.migration() == 'active', 'it goes on')
    run = attach(place, 'postcopy')
    check(run.code == 0, f'exit code {run.code}')
    place.source.monitor.status('completed')
    place.runs_only_on(place.destination)


def postcopy_of_paused_guest(place, source, destination):
    """I7."""
    armed(place, source, destination)
    place.source.monitor.execute('stop')
    run = attach(place, 'postcopy')
    check(run.code == 0, f'exit code {run.code}')
    place.source.monitor.status('completed')
    check(place.destination.run_state() == 'paused', 'it was continued')


def postcopy_not_armed(place, source, destination):
    active(place, source, destination)
    ended(attach(place, 'postcopy'), 3, 'refused', 'source', 'not-armed')
    check(place.source.migration() == 'active', 'it does not go on')


def postcopy_paused(place, source, destination):
    armed(place, source, destination)
    place.source.monitor.execute('migrate-set-parameters',
                                 **{'max-postcopy-bandwidth': SLOW})
    place.source.monitor.execute('migrate-start-postcopy')
    until(lambda: place.destination.run_state() == 'paused', 'it is there')
    place.destination.monitor.execute('cont')
    place.source.monitor.execute('migrate-pause')
    until(lambda: place.source.migration() == 'postcopy-paused', 'it broke')
    until(lambda: place.destination.migration() == 'postcopy-paused',
          'the destination knows')
    run = ended(attach(place, 'status'), 0, None, 'split')
    check(any('qmigrate recover' in line for line in run.result['next']),
          f'{run.result["next"]}')
    ended(attach(place, 'cancel'), 3, 'refused', 'split', 'in-postcopy')
    ended(attach(place, 'postcopy', both=False), 6, 'postcopy-paused', 'split')
    place.destination.kill()
    run = attach(place, 'status')
    check(run.code == 7 and run.result['destination']['cannot_ask'],
          f'exit code {run.code}: {run.out}')
    run = attach(place, 'recover', '--destination-is-dead')
    run.ended(8, 'lost', 'monitor-unreachable')
    check(run.result['guest'] == 'none', f'guest {run.result["guest"]}')
    check(place.source.run_state() == 'finish-migrate', 'it was continued')


def recover_what_is_not_paused(place, source, destination):
    active(place, source, destination)
    for words in ((), ('--recover-uri', 'unix:' + place.path('second'))):
        run = attach(place, 'recover', *words)
        check(run.code == 3, f'exit code {run.code}: {run.err}')
        check(run.result['outcome'] == 'refused', f'{run.result["outcome"]}')
    check(place.source.migration() == 'active', 'it does not go on')
    place.runs_only_on(place.source)


# looking on

def watch_until_cancelled(place, source, destination):
    active(place, source, destination)
    watch = attach(place, 'status', '--watch=100ms', wait=False)
    until(lambda: os.path.getsize(watch.out_path), 'it shows something')
    place.source.monitor.execute('migrate_cancel')
    ended(watch.wait(), 5, 'cancelled', 'source')
    check(watch.out.startswith('active'), f'{watch.out!r}')
    check('\033' not in watch.out, f'{watch.out!r}')


def watch_until_failed(place, source, destination):
    active(place, source, destination)
    watch = attach(place, 'status', '--watch=100ms', wait=False)
    until(lambda: os.path.getsize(watch.out_path), 'it shows something')
    place.destination.kill()
    ended(watch.wait(), 4, 'failed', 'source')
    place.source.beats_on()


def watch_until_completed(place, source, destination, both):
    active(place, source, destination)
    watch = attach(place, 'status', '--watch=100ms', both=both, wait=False)
    until(lambda: os.path.getsize(watch.out_path), 'it shows something')
    let_go(place)
    place.source.monitor.status('completed')
    place.destination.monitor.execute('cont')
    ended(watch.wait(), *((0, 'migrated', 'destination') if both
                          else (7, 'unresolved', 'unknown')))


def watch_unheard(place, source, destination):
    """Who stops to read is not waited for."""
    active(place, source, destination)
    with subprocess.Popen(
            [pair.QMIGRATE, 'status', '--source', place.source.qmp,
             '--watch=100ms'], stdout=subprocess.PIPE) as watch:
        watch.stdout.close()
        watch.wait(pair.FAILSAFE_S)
    check(place.source.migration() == 'active', 'it did not go on')


def cancel_with_busy_destination(place, source, destination):
    """It does not wait for it."""
    active(place, source, destination)
    place.held(pair.Monitor(place.destination.qmp))
    run = attach(place, 'cancel', wait=False)
    place.source.monitor.status('cancelled', 'failed')
    ended(run.wait(), 5, 'cancelled', 'source')


def watch_source_die(place, source, destination):
    active(place, source, destination)
    watch = attach(place, 'status', '--watch=100ms', wait=False)
    until(lambda: os.path.getsize(watch.out_path), 'it shows something')
    place.source.kill()
    watch.wait()
    check(watch.code in (7, 8), f'exit code {watch.code}')
    check(watch.result['error']['code'] == 'source-lost',
          f'{watch.result["error"]}')


# wrong words

def wrong_words(place, source, destination):
    place.pair(source, destination)
    monitor = place.source.qmp
    for words, said in (
            (('status',), '--source QMP is missing'),
            (('status', '--source', monitor, 'x'), 'one word too many'),
            (('status', '--source', monitor, '--watch=1'), '--watch'),
            (('status', '--source', monitor, '--watch=1kg'), '--watch'),
            (('status', '--source', monitor, '--timeout', '1s'), '--timeout'),
            (('cancel', '--source', monitor, '--watch'), '--watch'),
            (('cancel', '--source', monitor, '--timeout', 'soon'),
             '--timeout'),
            (('postcopy', '--source', 'udp:1'), 'udp:1'),
            (('recover', '--source', monitor), '--destination'),
            (('recover', '--source', monitor, '--uri', 'tcp:a:0'), '--uri'),
            (('recover', '--source', monitor, '--recover-attempts', '0'),
             '--recover-attempts'),
            (('recover', '--source', monitor, '--recover-uri', 'file:x'),
             '--recover-uri')):
        run = place.qmigrate(*words)
        check(run.code == 2, f'{words}: exit code {run.code}')
        run.says_one_error(hint=True)
        run.says(said)
    run = attach(place, 'status', source=place.destination.qmp)
    run.ended(3, 'refused', 'same-qemu')
    run = attach(place, 'cancel', source=place.path('nowhere'))
    run.ended(1, 'error', 'monitor-unreachable')
    run = attach(place, 'status', '--json', '/', both=False)
    check(run.code in (1, 2), f'exit code {run.code}')


def all_cases():
    for version in ('7.2', '10.0'):
        for case in (no_migration, swapped, has_ended, tells_numbers,
                     cancel_paused_guest, cancel_in_setup,
                     cancel_before_switchover, cancel_ours,
                     postcopy_with_owner, postcopy_without_owner,
                     postcopy_after_kill, postcopy_of_paused_guest, postcopy_not_armed, postcopy_paused,
                     recover_what_is_not_paused,
                     watch_until_cancelled, watch_until_failed, watch_unheard,
                     cancel_with_busy_destination, watch_source_die):
            yield f'{name_of(case)}-{version}', case, version, version
        for case in (cancel_active, watch_until_completed):
            for both in (True, False):
                side = 'both' if both else 'source'
                yield (f'{name_of(case)}-{side}-{version}', case, version,
                       version, both)
    yield 'wrong-words', wrong_words, '7.2', '7.2'
    yield 'postcopy-mixed', postcopy_with_owner, '7.2', '10.0'
    yield 'postcopy-mixed-back', postcopy_with_owner, '10.0', '7.2'


pair.main(all_cases())
