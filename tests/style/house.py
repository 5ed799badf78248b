# SPDX-License-Identifier: LGPL-2.1-or-later
"""The top level holds what the plan says, and nothing else."""

import os

import tree

MUST = {'.ci', '.clang-format', '.codespellrc', '.editorconfig', '.gitignore',
        'COPYING', 'README.rst', 'meson.build'} | set(tree.FOLDERS) - {'tls'}
MAY = {'tls', '.git', '.gitattributes', '.git-blame-ignore-revs', '.clang-tidy',
       'HACKING.rst', 'NEWS.rst', 'meson_options.txt'}

present = set(os.listdir(tree.top))
for name in sorted(MUST - present):
    tree.report(name, 1, 'is missing')
for name in sorted(present - MUST - MAY):
    if not name.startswith('build'):
        tree.report(name, 1, 'does not belong to the top level')
tree.finish()
