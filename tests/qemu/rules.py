# SPDX-License-Identifier: LGPL-2.1-or-later
"""Judges the commands of one qmigrate run by the safety rules.

Pure: it looks at the lines that qmigrate sent and read, at the events that the
test's own monitors saw (the truth), and at what another client did.  A command
is judged by what qmigrate had read before it sent it, or by the truth where the
rule asks for proof: then not knowing is no excuse."""

from typing import NamedTuple

SIDES = ('source', 'destination')
POSTCOPY = ('postcopy-device', 'postcopy-active', 'postcopy-paused',
            'postcopy-recover', 'postcopy-recover-setup')
SWITCHING = ('pre-switchover', 'device', 'failing')  # in finish-migrate
ENDED = ('none', 'completed', 'failed', 'cancelled')
MARGIN_S = 0.02  # what happened so shortly before could not be known

STOPS_S = 0.1  # a stop takes effect at once


class Act(NamedTuple):
    """What another client did, and whether QEMU accepted it."""
    time: float
    side: str
    command: str
    was_accepted: bool


class Event(NamedTuple):
    """By QEMU's own clock, which is that of the host."""
    time: float
    name: str
    data: dict


def event_of(message):
    stamp = message['timestamp']
    return Event(stamp['seconds'] + stamp['microseconds'] / 1e6,
                 message['event'], message.get('data', {}))


def status_at(events, time):
    """The last status that was reported before."""
    found = [event.data['status'] for event in events
             if event.name == 'MIGRATION' and event.time <= time]
    return found[-1] if found else 'none'


class Case(NamedTuple):
    lines: list  # of one qmigrate
    truth: dict  # side: events
    acts: tuple = ()
    has_pong: bool = False  # since 10.2 the source confirms the switch
    stops_itself: bool = False  # into a file the run stops the guest

    def read_before(self, line, side):
        return [one for one in self.lines if one.side == side
                and one.way == 'read' and one.time <= line.time]

    def known_status(self, line, side):
        """By the last event or answer that was read."""
        status = 'none'
        for one in self.read_before(line, side):
            if one.event == 'MIGRATION':
                status = one.message['data']['status']
        return status

    def was_known(self, line, side, statuses):
        """One of them was read at any time before."""
        return any(one.event == 'MIGRATION' and
                   one.message['data']['status'] in statuses
                   for one in self.read_before(line, side))

    def true_status(self, line, side):
        return status_at(self.truth.get(side, ()), line.time - MARGIN_S)

    def stays(self, line, side, statuses):
        """It was in one of these all the time; its end could be known."""
        return self.true_status(line, side) in statuses and \
            status_at(self.truth.get(side, ()), line.time) in statuses

    def ran(self, side, time):
        """It has run the guest by then."""
        return any(event.name == 'RESUME' and event.time < time
                   for event in self.truth.get(side, ()))

    def has_read_stop(self, line, act):
        """The guest ran until the act, and the STOP was read before.  A STOP
        with a switchover right after it can be of either."""
        stamps = [event_of(one.message).time
                  for one in self.read_before(line, act.side)
                  if one.event == 'STOP']
        return any(act.time <= stamp < act.time + STOPS_S and
                   not self.switches_at(stamp) for stamp in stamps)

    def switches_at(self, time):
        return any(event.name == 'MIGRATION' and
                   event.data['status'] in (*SWITCHING, *POSTCOPY)
                   and time <= event.time < time + STOPS_S
                   for event in self.truth['source'])

    def act_before(self, line, *commands, side=None):
        return [act for act in self.acts if act.command in commands
                and act.was_accepted and act.time < line.time
                and (side is None or act.side == side)]


def cont_on_source(case, line):
    for side in case.truth:
        if side != 'source' and case.ran(side, line.time):
            yield f'I2: cont on the source after the guest ran on {side}'
    statuses = [event.data['status'] for side in SIDES
                for event in case.truth.get(side, ())
                if event.name == 'MIGRATION' and event.time <= line.time]
    # Since 10.2 a source that failed in it is as before.
    is_back = status_at(case.truth.get('source', ()), line.time) == 'failed'
    if 'postcopy-active' in statuses and not is_back:
        yield 'I4: cont on the source in post-copy'
    if case.stays(line, 'source', SWITCHING):
        yield f'I5: cont on a source that is ' \
            f'{case.true_status(line, "source")}'
    if case.act_before(line, 'migrate', side='source'):
        yield 'I14: cont on the source after a migration that is not ours'


def cont_on_destination(case, line):
    known = {side: case.known_status(line, side) for side in SIDES}
    if known['destination'] in POSTCOPY or known['source'] in POSTCOPY:
        needed = SIDES if not case.has_pong else ('source',)
        for side in needed:
            if not case.was_known(line, side, ('postcopy-active', 'completed')):
                yield f'I11: cont on a post-copy destination while the ' \
                    f'{side} is {known[side]}'


def cont(case, line):
    by_side = {'source': cont_on_source, 'destination': cont_on_destination}
    yield from by_side[line.side](case, line)
    for act in case.act_before(line, 'stop'):
        resumed = case.act_before(line, 'cont')
        if case.has_read_stop(line, act) and not resumed and \
                not case.stops_itself:
            yield f'I7: cont after a person stopped the guest on the {act.side}'


def capabilities(case, line):
    known = case.known_status(line, line.side)
    if known not in ENDED and not (line.side == 'destination' and
                                   known == 'setup'):
        yield f'I5: capabilities changed on a {line.side} that is {known}'


def migrate_cancel(case, line):
    if case.stays(line, 'source', POSTCOPY):
        yield 'I10: migrate_cancel in post-copy'
    if case.act_before(line, 'migrate', side='source'):
        yield 'I12: migrate_cancel of a migration that is not ours'


def migrate_pause(case, line):
    for side in SIDES:
        true, known = case.true_status(line, side), \
            case.known_status(line, side)
        # the other half may have been paused just now
        allowed = ('postcopy-active', 'postcopy-paused', 'postcopy-recover',
                   'postcopy-recover-setup')
        # 7.2 has no word of its own for a destination that listens again
        if side == 'destination' and \
                case.known_status(line, 'source') == 'postcopy-recover':
            allowed += ('setup',)
        if true not in allowed or known not in allowed:
            yield f'I13: migrate-pause while the {side} is {true}'


def quit_(_, line):
    yield f'I3: quit on the {line.side}'


RULES = {'cont': cont, 'migrate-set-capabilities': capabilities,
         'migrate_cancel': migrate_cancel, 'migrate-pause': migrate_pause,
         'quit': quit_}


def broken(case):
    """What each command broke, with the command."""
    found = []
    for line in case.lines:
        if line.command in RULES:
            found += [f'{why} [{line.text()}]'
                      for why in RULES[line.command](case, line)]
    return found
