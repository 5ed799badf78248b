# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every source says its licence in its first line (second, after a `#!`)."""

import tree

SPDX = 'SPDX-License-Identifier: LGPL-2.1-or-later'

sources = tree.files('.c', '.h', '.S', '.ld', '.py', '.sh', 'meson.build')
sources += tree.top_files('meson.build', 'meson_options.txt', '.clang-format',
                          '.editorconfig')
sources += ['tools/dev', '.ci/run']
for source in sources:
    first = tree.text(source).split('\n')[:2]
    if SPDX not in first[1 if first[0].startswith('#!') else 0]:
        tree.report(source, 1, f'does not begin with {SPDX}')
tree.finish()
