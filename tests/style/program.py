# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs the checkers that others wrote: clang-format, codespell, shellcheck."""

import shutil
import subprocess
import sys

import tree


def shell_scripts():
    scripts = ['tools/dev', '.ci/run'] + tree.files('.sh')
    return scripts + [path for path in tree.files(folders=['tests', 'tools'])
                      if '.' not in path.rsplit('/', 1)[-1]
                      and path not in scripts
                      and tree.text(path).startswith('#!/bin/')]


COMMANDS = {
    'clang-format': lambda: ['--dry-run', '-Werror', *tree.files('.c', '.h')],
    'codespell': lambda: ['.'],
    'shellcheck': lambda: ['--format=gcc', *shell_scripts()],
}

program = sys.argv[2]
if not shutil.which(program):
    print(f'{program} is not installed')
    sys.exit(77)
sys.exit(subprocess.run([program, *COMMANDS[program]()], cwd=tree.top,
                        check=False).returncode)
