# SPDX-License-Identifier: LGPL-2.1-or-later
"""Which QEMUs the tests can use: from QMIGRATE_QEMU_7_2, _10_0 and _11_1.
11.1 comes from Debian unstable and may be missing."""

import os
import re
import shutil
import subprocess

VERSIONS = ('7.2', '10.0', '11.1')


def is_version(said, version):
    """Debian unstable moves on, so the newest may be newer."""
    found = re.search(r'version (\d+)\.(\d+)\.', said)
    found = found and [int(number) for number in found.groups()]
    wanted = [int(number) for number in version.split('.')]
    return found and (found == wanted or
                      version == VERSIONS[-1] and found > wanted)


def find_qemus():
    """The QEMUs to test with: version to path."""
    found = {}
    for version in VERSIONS:
        name = 'QMIGRATE_QEMU_' + version.replace('.', '_')
        path = os.environ.get(name)
        if not path and version == '7.2':
            path = shutil.which('qemu-system-x86_64')
        if not path or not os.access(path, os.X_OK):
            continue
        said = subprocess.run([path, '--version'], capture_output=True,
                              text=True, check=False).stdout
        if is_version(said, version):
            found[version] = path
    return found


def named_in(words):
    """The versions among the words of a case."""
    return {word for word in words if word in VERSIONS}
