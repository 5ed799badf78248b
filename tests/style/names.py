# SPDX-License-Identifier: LGPL-2.1-or-later
"""A function `name()`, a file `name.c` or a habit `tools/dev test` that a page
names is there."""

import os
import re

import tree

LITERAL = re.compile(r'``([^`]+)``')
FUNCTION = re.compile(r'([a-z]\w+)\(\)')
FILE = re.compile(r'(?:[\w.-]+/)*[\w-]+\.(?:c|h|py|rst|S)')
HABIT = re.compile(r'tools/dev (\w+)')
FOREIGN = {'listen', 'exit'}  # the system's

sources = tree.files('.c', '.h')
code = '\n'.join(tree.bare_c(path) for path in sources)
habits = re.findall(r'^  (\w+) ', tree.text('tools/dev'), re.MULTILINE)
paths = set(tree.files()) | set(tree.top_files(''))


def is_there(name):
    return any(path == name or path.endswith('/' + name) for path in paths)


def check(path):
    for number, line in tree.lines(path):
        for habit in HABIT.findall(line):
            if habit not in habits + ['help']:
                tree.report(path, number, f'there is no tools/dev {habit}')
        for literal in LITERAL.findall(line):
            if match := FUNCTION.fullmatch(literal):
                name = match.group(1)
                if name not in FOREIGN and \
                        not re.search(rf'\b{name}\(', code):
                    tree.report(path, number, f'there is no {name}()')
            elif FILE.fullmatch(literal) and 'NAME' not in literal \
                    and not is_there(literal):
                tree.report(path, number, f'there is no {literal}')


for page in tree.files('.rst', folders=['docs']) + tree.top_files('.rst'):
    if os.path.basename(page) != 'NEWS.rst':  # it tells what was
        check(page)
tree.finish()
