# SPDX-License-Identifier: LGPL-2.1-or-later
"""The documents parse without a warning, man pages as man pages; every page
is in the build's table and every verb of the program has one."""

import os
import re
import sys

import tree

try:
    import docutils.core
    import docutils.utils
except ImportError:
    print('python3-docutils is not installed')
    sys.exit(77)

WARNING = 2


def check_parses(path, writer):
    try:
        docutils.core.publish_string(
            tree.text(path), source_path=os.path.join(tree.top, path),
            writer_name=writer,
            settings_overrides={
                'halt_level': WARNING, 'report_level': WARNING,
                'warning_stream': False, 'traceback': True,
                'input_encoding': 'unicode', '_disable_config': True})
    except docutils.utils.SystemMessage as message:
        # Its text begins with the place.
        print(message)
        tree.findings += 1


def pages_built():
    table = re.findall(r"\['([\w-]+)', '(\d)'\]",
                       tree.text('docs/meson.build'))
    return {f'{name}.{section}' for name, section in table}


def pages_written():
    return {os.path.basename(path)[:-len('.rst')]
            for path in tree.files('.rst') if path.startswith('docs/man/')}


def verbs():
    """Rows of the verbs' table in tools/main.c: { "name", ... }."""
    if not os.path.exists(os.path.join(tree.top, 'tools/main.c')):
        return None
    table = re.search(r'\bverbs\[\] = \{(.*?)^\};', tree.text('tools/main.c'),
                      re.DOTALL | re.MULTILINE)
    return re.findall(r'\{\s*"([\w-]+)"', table.group(1)) if table else []


def check_pages():
    built, written = pages_built(), pages_written()
    for page in sorted(built - written):
        tree.report('docs/meson.build', 1, f'docs/man/{page}.rst is missing')
    for page in sorted(written - built):
        tree.report(f'docs/man/{page}.rst', 1, 'is not in docs/meson.build')
    names = verbs()
    if names is None:
        print('tools/main.c is not there yet: no verbs to look for')
    elif not names:
        tree.report('tools/main.c', 1, 'no table of verbs found')
    for verb in names or []:
        if f'qmigrate-{verb}.1' not in written:
            tree.report('tools/main.c', 1, f'{verb} has no man page')


for source in tree.files('.rst') + tree.top_files('.rst'):
    check_parses(source, 'manpage' if source.startswith('docs/man/')
                 else 'html')
check_pages()
tree.finish()
