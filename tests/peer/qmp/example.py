#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Builds the program in docs/qmp-library.rst against an installed library.

    example.py PAGE BUILD-FOLDER PREFIX COMPILER...

Runs it against a shell command that speaks QMP, and against a QEMU where there
is one.
"""
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

SHELL = ("echo '{\"QMP\": {\"version\": {}, \"capabilities\": []}}';"
         "read line; echo '{\"return\": {}, \"id\": 1}';"
         "read line; echo '{\"return\": {\"status\": \"running\"}, \"id\": 2}';"
         "read line")


def program(page):
    """The first literal block that includes the library's header."""
    with open(page, encoding='utf-8') as text:
        for block in re.findall(r'::\n\n((?:(?:   .*)?\n)+)', text.read()):
            if '#include <qmp/client.h>' in block:
                return re.sub(r'^   ', '', block, flags=re.M)
    sys.exit(f'{page}: no program')


def install(build, prefix, folder):
    """Returns the folder with the .pc file, which points into @folder."""
    subprocess.run(['meson', 'install', '-C', build, '--no-rebuild', '--quiet',
                    '--tags', 'devel', '--destdir', folder], check=True)
    [path] = glob.glob(f'{folder}/**/qmigrate-qmp.pc', recursive=True)
    with open(path, encoding='utf-8') as text:
        moved = re.sub(r'^prefix=.*', f'prefix={folder}{prefix}', text.read(),
                       flags=re.M)
    with open(path, 'w', encoding='utf-8') as text:
        text.write(moved)
    return os.path.dirname(path)


def flags(pkg_config_path):
    paths = os.pathsep.join(
        [pkg_config_path, os.environ.get('PKG_CONFIG_PATH', '')])
    result = subprocess.run(['pkg-config', '--cflags', '--libs', 'qmigrate-qmp'],
                            env={**os.environ, 'PKG_CONFIG_PATH': paths},
                            check=True, capture_output=True, text=True)
    return result.stdout.split()


def ask(binary, address, wanted):
    result = subprocess.run([binary, address], stdout=subprocess.PIPE,
                            text=True, timeout=60, check=True)
    if wanted not in result.stdout:
        sys.exit(f'{address}: {result.stdout!r}, not {wanted!r}')


def main():
    page, build, prefix, *compiler = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        source, binary = f'{folder}/status.c', f'{folder}/status'
        with open(source, 'w', encoding='utf-8') as text:
            text.write(program(page))
        subprocess.run([*compiler, '-Wall', '-Wextra', '-Wno-unused-parameter',
                        '-Werror', source, *flags(install(build, prefix, folder)),
                        '-o', binary], check=True)
        ask(binary, f'exec:{SHELL}', '{"status":"running"}')
        qemu = shutil.which('qemu-system-x86_64')
        if qemu:
            ask(binary, f'exec:{qemu} -machine none -display none -S -qmp stdio',
                '"status":"prelaunch"')


main()
