# SPDX-License-Identifier: LGPL-2.1-or-later
"""No two functions of one name in the archives of one program: the linker would
take the first that it finds, without a word.

    symbols.py ARCHIVE..."""

import collections
import shutil
import subprocess
import sys

if not shutil.which('nm'):
    print('nm is not installed')
    sys.exit(77)

found = collections.defaultdict(list)
for archive in sys.argv[1:]:
    text = subprocess.run(
        ['nm', '--defined-only', '--extern-only', '--print-file-name', archive],
        check=True, stdout=subprocess.PIPE, text=True).stdout
    for line in text.splitlines():
        place, kind, name = line.rsplit(maxsplit=2)
        if kind in 'TDBR':  # what a program may have once
            found[name].append(place.rsplit(':', 1)[0])

twice = {name: places for name, places in found.items() if len(places) > 1}
for name, places in sorted(twice.items()):
    print(f'{name} is in {" and in ".join(places)}')
print(f'{len(found)} names')
if not found:
    sys.exit('nothing was read')
sys.exit(bool(twice))
