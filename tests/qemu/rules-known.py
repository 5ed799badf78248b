# SPDX-License-Identifier: LGPL-2.1-or-later
"""The judge of the sweeps, on runs that are written down: each rule is seen
when it is broken, and not when it is kept.  Needs no QEMU."""

import sys

import lines
import rules

SOURCE, DESTINATION = 'source', 'destination'


def sent(time, side, command):
    return lines.Line(time, side, 'sent', '', {'execute': command})


def event(time, name, **data):
    stamp = {'seconds': int(time), 'microseconds': round(time % 1 * 1e6)}
    return {'event': name, 'timestamp': stamp, 'data': data}


def read(side, message):
    return lines.Line(rules.event_of(message).time, side, 'read', '', message)


def status(time, name):
    return event(time, 'MIGRATION', status=name)


def case(commands, events=(), acts=(), unread=(), **how):
    """@events and @unread are (side, message); we have not read the latter."""
    truth = {SOURCE: [], DESTINATION: [], 'third': []}
    for side, message in sorted((*events, *unread), key=when):
        truth[side].append(rules.event_of(message))
    all_lines = [*commands, *(read(*one) for one in events)]
    return rules.Case(sorted(all_lines, key=lambda line: line.time), truth,
                      tuple(acts), **how)


def when(one):
    return rules.event_of(one[1]).time


def both(time, name):
    return (SOURCE, status(time, name)), (DESTINATION, status(time, name))


STOPPED = rules.Act(2, SOURCE, 'stop', True)
MOVED = rules.Act(2, SOURCE, 'migrate', True)
REFUSED = rules.Act(2, SOURCE, 'migrate', False)
CONT = sent(5, SOURCE, 'cont')
RESUMED = (DESTINATION, event(4, 'RESUME'))

CASES = (
    ('cont after failure', None, case([CONT], [(SOURCE, status(3, 'failed'))])),
    ('ran on the destination', 'I2', case([CONT], [RESUMED])),
    ('ran there, unread', 'I2', case([CONT], unread=[RESUMED])),
    ('ran on a third', 'I2',
     case([CONT], unread=[('third', event(4, 'RESUME'))])),
    ('quit', 'I3', case([sent(1, SOURCE, 'quit')])),
    ('cont in post-copy', 'I4', case([CONT], both(3, 'postcopy-active'))),
    ('cont in device', 'I5', case([CONT], [(SOURCE, status(3, 'device'))])),
    ('capabilities, active', 'I5',
     case([sent(5, SOURCE, 'migrate-set-capabilities')],
          [(SOURCE, status(3, 'active'))])),
    ('capabilities, completed', None,
     case([sent(5, SOURCE, 'migrate-set-capabilities')],
          [(SOURCE, status(3, 'completed'))])),
    ('stopped by a person', 'I7',
     case([sent(5, DESTINATION, 'cont')], [(SOURCE, event(2.01, 'STOP'))],
          [STOPPED])),
    ('stopped by the switchover', None,
     case([sent(5, DESTINATION, 'cont')], [(SOURCE, event(1, 'STOP'))],
          [STOPPED])),
    ('stopped by either', None,
     case([sent(5, DESTINATION, 'cont')],
          [(SOURCE, event(2.01, 'STOP')), (SOURCE, status(2.02, 'device'))],
          [STOPPED])),
    ('cancel in post-copy', 'I10',
     case([sent(5, SOURCE, 'migrate_cancel')],
          [(SOURCE, status(3, 'postcopy-paused'))])),
    ('cancel of another', 'I12',
     case([sent(5, SOURCE, 'migrate_cancel')], acts=[MOVED])),
    ('cancel of ours', None,
     case([sent(5, SOURCE, 'migrate_cancel')], acts=[REFUSED])),
    ('early in post-copy', 'I11',
     case([sent(5, DESTINATION, 'cont')],
          [(DESTINATION, status(4, 'postcopy-active'))])),
    ('both are active', None,
     case([sent(5, DESTINATION, 'cont')], both(4, 'postcopy-active'))),
    ('paused since', None,
     case([sent(5, DESTINATION, 'cont')],
          [*both(3, 'postcopy-active'),
           (DESTINATION, status(4, 'postcopy-paused'))])),
    ('not confirmed', 'I11',
     case([sent(5, DESTINATION, 'cont')],
          [(SOURCE, status(4, 'postcopy-device')),
           (DESTINATION, status(4, 'postcopy-active'))], has_pong=True)),
    ('paused too early', 'I13',
     case([sent(5, SOURCE, 'migrate-pause')],
          [(SOURCE, status(3, 'postcopy-active')),
           (DESTINATION, status(3, 'active'))])),
    ('paused in time', None,
     case([sent(5, SOURCE, 'migrate-pause')], both(3, 'postcopy-active'))),
    ('cont after another moved it', 'I14', case([CONT], acts=[MOVED])),
    ('cont after a refused one', None, case([CONT], acts=[REFUSED])),
)


def main():
    n_failed = 0
    for name, rule, one in CASES:
        found = [why.split(':')[0] for why in rules.broken(one)]
        is_right = found == [rule] if rule else not found
        n_failed += not is_right
        print('ok' if is_right else 'not ok', name, found)
    print(f'{len(CASES)} cases, {n_failed} failures')
    sys.exit(1 if n_failed else 0)


main()
