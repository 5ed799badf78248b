# SPDX-License-Identifier: LGPL-2.1-or-later
"""The top level holds what the plan says, and nothing else; and every test is
built."""

import os

import tree

MUST = {'.ci', '.clang-format', '.codespellrc', '.editorconfig', '.gitignore',
        'COPYING', 'README.rst', 'meson.build'} | set(tree.FOLDERS)
MAY = {'.git', '.gitattributes', '.git-blame-ignore-revs', '.clang-tidy',
       'HACKING.rst', 'NEWS.rst', 'meson_options.txt'}

present = set(os.listdir(tree.top))
for name in sorted(MUST - present):
    tree.report(name, 1, 'is missing')
for name in sorted(present - MUST - MAY):
    if not name.startswith('build'):
        tree.report(name, 1, 'does not belong to the top level')
for suite in ('tests/unit', 'tests/peer'):
    for path in tree.files('.c', folders=[suite]):
        name = os.path.relpath(path, suite)[:-len('.c')]
        if f"'{name}':" not in tree.text(f'{suite}/meson.build'):
            tree.report(path, 1, f'is not in {suite}/meson.build')
tree.finish()
