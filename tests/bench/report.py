# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a bench found: a line for people, and all raw numbers for --json."""

import statistics


class Failed(Exception):
    """Nothing could be measured."""


class Report:
    def __init__(self):
        self.figures = []
        self.raw = {}
        self.n_missed = 0

    def keep(self, name, value):
        """A raw number, or several; only --json shows it."""
        self.raw.setdefault(name, []).append(value)

    def figure(self, name, value, unit, goal=None, digits=2, note=''):
        """At most @goal is what is wanted; without one it is for information."""
        text = f'{name}: {value:.{digits}f} {unit}'
        if goal is not None:
            is_met = value <= goal
            self.n_missed += not is_met
            text += f' (goal at most {goal:g}, {"met" if is_met else "missed"})'
        print(text + (f'; {note}' if note else ''), flush=True)
        self.figures.append({'name': name, 'value': value, 'unit': unit,
                             'goal': goal, 'note': note})


def median(values):
    return statistics.median(values)


def spread(values, digits=1):
    """For a note: between which values the middle half lies."""
    low, _, high = statistics.quantiles(values, n=4)
    return f'{low:.{digits}f} to {high:.{digits}f}'
