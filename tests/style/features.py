# SPDX-License-Identifier: LGPL-2.1-or-later
"""A page is what its generator prints.

    features.py TOP PROGRAM PAGE"""

import subprocess
import sys

import tree

PAGE = sys.argv[3]

printed = subprocess.run([sys.argv[2]], check=True, stdout=subprocess.PIPE,
                         text=True).stdout.split('\n')
on_page = [line for _, line in tree.lines(PAGE)]
for number, (ours, theirs) in enumerate(zip(printed, on_page), 1):
    if ours != theirs:
        tree.report(PAGE, number, f'the tables say {ours!r}; tools/dev docs '
                    'writes the page anew')
        break
else:
    if len(printed) != len(on_page):
        tree.report(PAGE, len(on_page), 'ends too early or too late; tools/dev '
                    'docs writes the page anew')
tree.finish()
