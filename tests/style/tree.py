# SPDX-License-Identifier: LGPL-2.1-or-later
"""What all style checks share: the files of the tree, C without comments and
strings, and the report, which is one `file:line: what` for each finding."""

import os
import re
import sys

HOUSE = ['qmp', 'caps', 'tls', 'orchestrator', 'tools']
FOLDERS = HOUSE + ['tests', 'docs']

top = sys.argv[1] if len(sys.argv) > 1 else '.'
findings = 0


def files(*endings, folders=FOLDERS):
    """The paths, from the top, of all files with one of these endings; with
    no ending given, of all files."""
    found = []
    for folder in folders:
        for path, below, names in os.walk(os.path.join(top, folder)):
            below[:] = [name for name in below if name != '__pycache__']
            found += [os.path.relpath(os.path.join(path, name), top)
                      for name in names
                      if not endings or name.endswith(endings)]
    return sorted(found)


def top_files(*endings):
    return sorted(name for name in os.listdir(top) if name.endswith(endings)
                  and os.path.isfile(os.path.join(top, name)))


def text(path):
    with open(os.path.join(top, path), encoding='utf-8',
              errors='replace') as file:
        return file.read()


def lines(path):
    """Pairs of line number and line."""
    return list(enumerate(text(path).split('\n'), 1))


C_TOKEN = re.compile(r'''
    /\*.*?\*/ | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*'
    ''', re.DOTALL | re.VERBOSE)


def hide(match):
    """Blanks in its place, so that offsets and lines stay what they were."""
    token = match.group()
    if token[0] == '/':
        return re.sub(r'[^\n]', ' ', token)
    return token[0] + ' ' * (len(token) - 2) + token[0]


def bare_c(path):
    """The code of a C file: comments, strings and characters are blanks."""
    return C_TOKEN.sub(hide, text(path))


def report(path, line, what):
    global findings
    findings += 1
    print(f'{path}:{line}: {what}')


def finish():
    sys.exit(1 if findings else 0)
