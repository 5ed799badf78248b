# SPDX-License-Identifier: LGPL-2.1-or-later
"""Each option that --help tells is in the verb's man page, with the same
argument, and the page's option lists have no other.

    options.py TOP QMIGRATE"""

import os
import re
import subprocess
import sys

import tree

try:
    from docutils import nodes
    import docutils.core
except ImportError:
    print('python3-docutils is not installed')
    sys.exit(77)

HELP = {'--help'}  # every verb has it; qmigrate(1) says so


def told(verb):
    """Of the program: {long option: its argument or ''}."""
    text = subprocess.run([sys.argv[2], verb, '--help'], check=True,
                          stdout=subprocess.PIPE, text=True,
                          env={**os.environ, 'LC_ALL': 'C.UTF-8'}).stdout
    return dict(re.findall(r'^  (?:-\w, )?(--[\w-]+)(?:=(\S+))?', text,
                           re.MULTILINE))


def written(path):
    """Of the page: the same, from its option lists."""
    tree_of_page = docutils.core.publish_doctree(
        tree.text(path), source_path=os.path.join(tree.top, path),
        settings_overrides={'report_level': 4, '_disable_config': True})
    found = {}
    for option in tree_of_page.findall(nodes.option):
        parts = [part.astext().strip('=<>') for part in option.children]
        if parts[0].startswith('--'):
            found[parts[0]] = ''.join(parts[1:])
    return found


def check(verb):
    path = f'docs/man/qmigrate-{verb}.1.rst'
    if not os.path.exists(os.path.join(tree.top, path)):
        return  # pages.py says so
    in_program, on_page = told(verb), written(path)
    for name, argument in in_program.items():
        if name not in on_page and name not in HELP:
            tree.report(path, 1, f'{name} is not in an option list')
        elif on_page.get(name, argument) != argument:
            tree.report(path, 1, f'{name} takes {argument or "nothing"}')
    for name in on_page:
        if name not in in_program:
            tree.report(path, 1, f'{name} is no option of {verb}')


def verbs():
    text = subprocess.run([sys.argv[2], '--help'], check=True,
                          stdout=subprocess.PIPE, text=True).stdout
    return re.findall(r'^  (\w+) ', text, re.MULTILINE)


names = verbs()
if not names:
    tree.report('tools/main.c', 1, '--help tells no verbs')
for name_of_verb in names:
    check(name_of_verb)
tree.finish()
