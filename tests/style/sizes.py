# SPDX-License-Identifier: LGPL-2.1-or-later
"""No file over 600 lines, no function over 60.

A function is what stands between a brace alone in the first column and the
next closing brace in the first column, with the lines of its head; types and
tables open their brace at the end of a line and do not count."""

import statistics

import tree

FILE_MAX = 600
FUNCTION_MAX = 60


def head(code, opening):
    """The index of the first line of the function that opens here."""
    first = opening
    while first > 0 and code[first - 1].strip() \
            and not code[first - 1].startswith(('#', '}')) \
            and not code[first - 1].rstrip().endswith((';', '\\')):
        first -= 1
    return first


def functions(path):
    """Yields line number and size of each function."""
    code = tree.bare_c(path).split('\n')
    opening = None
    for index, line in enumerate(code):
        if line.rstrip() == '{':
            opening = index
        elif line.startswith('}') and opening is not None:
            first = head(code, opening)
            yield first + 1, index - first + 1
            opening = None


def summary(what, sizes):
    if sizes:
        sizes = sorted(sizes)
        print(f'{len(sizes)} {what}: median {statistics.median(sizes):.0f}, '
              f'p90 {sizes[len(sizes) * 9 // 10]}, max {sizes[-1]} lines')


file_sizes, function_sizes = [], []
for source in tree.files('.c', '.h'):
    file_sizes.append(tree.text(source).count('\n'))
    if file_sizes[-1] > FILE_MAX:
        tree.report(source, 1,
                    f'{file_sizes[-1]} lines, at most {FILE_MAX} allowed')
    for number, size in functions(source):
        function_sizes.append(size)
        if size > FUNCTION_MAX:
            tree.report(source, number, f'function of {size} lines, '
                        f'at most {FUNCTION_MAX} allowed')
summary('files', file_sizes)
summary('functions', function_sizes)
tree.finish()
