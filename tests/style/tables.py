# SPDX-License-Identifier: LGPL-2.1-or-later
"""Pages that tell a table of the code tell all of it, and nothing else:
errors, findings, exit codes, phases, the trace's words and the members of
what is written.

    tables.py TOP PROGRAM [QMIGRATE]

PROGRAM prints the tables (tables.c).  With QMIGRATE only the result of a real
lab is compared: it has what no table knows."""

import json
import os
import re
import shutil
import subprocess
import sys

import tree

try:
    from docutils import nodes
    import docutils.core
except ImportError:
    print('python3-docutils is not installed')
    sys.exit(77)

ERRORS = 'docs/errors.rst'
EXIT_CODES = 'docs/man/qmigrate.1.rst'
PHASES = 'docs/architecture.rst'
TRACE = 'docs/trace-format.rst'
RESULT = 'docs/result-format.rst'
TLS = 'docs/tls.rst'

# What a lab adds to the result.
OF_LAB = {'host.accel', 'host.machine', 'verify.boot_us', 'verify.warm_up_us',
          'verify.check_us'}


def parsed(path):
    return docutils.core.publish_doctree(
        tree.text(path), settings_overrides={'report_level': 4,
                                             '_disable_config': True})


def words(node):
    return ' '.join(node.astext().split())


def tables(path):
    """Each table of the page as (head, rows), of the cells' text."""
    for table in parsed(path).findall(nodes.table):
        head = table.next_node(nodes.thead)
        body = table.next_node(nodes.tbody)
        if head:
            yield ([words(cell) for cell in head.children[0].children],
                   [[words(cell) for cell in row.children]
                    for row in body.children])


def rows_of(path, first_column):
    """The rows of all tables whose first column has this name."""
    found = [row for head, rows in tables(path) if head[0] == first_column
             for row in rows]
    if not found:
        tree.report(path, 1, f'has no table of {first_column}')
    return found


def compare(path, what, in_code, on_page):
    """Both are lists; the order counts too, as far as both have the same."""
    for row in in_code:
        if row not in on_page:
            tree.report(path, 1, f'{what} of the code is not on the page: '
                        f'{row}')
    for row in on_page:
        if row not in in_code:
            tree.report(path, 1, f'{what} on the page is not in the code: '
                        f'{row}')
    if sorted(in_code) == sorted(on_page) and in_code != on_page:
        tree.report(path, 1, f'{what}: not in the order of the code')


def check_errors(code):
    exit_codes = {row['name']: row['exit_code'] for row in code['outcomes']}
    in_code = [[f"{row['word']} ({row['outcome']}, "
                f"exit code {exit_codes[row['outcome']]})",
                row['meaning'], row['hint']]
               for row in code['failures'] if row['word'] != 'none']
    on_page = []
    for item in parsed(ERRORS).findall(nodes.definition_list_item):
        paragraphs = [words(paragraph) for paragraph
                      in item.next_node(nodes.definition).children]
        hints = [text[len('Hint: '):] for text in paragraphs
                 if text.startswith('Hint: ')]
        on_page.append([words(item.next_node(nodes.term)),
                        paragraphs[0].rstrip('.'), ''.join(hints)])
    compare(ERRORS, 'an error', in_code, on_page)


def check_findings(code):
    compare(ERRORS, 'a finding',
            [[row['word'], row['meaning']] for row in code['findings']],
            rows_of(ERRORS, 'finding'))


def check_tls(code):
    compare(TLS, 'a finding',
            [[row['word'], row['meaning'], row['mend']]
             for row in code['tls_findings']], rows_of(TLS, 'finding of TLS'))
    on_page = {row[0] for row in rows_of(RESULT, 'member of tls check')}
    in_code = set(members(code['tls_check']))
    check_members(in_code, on_page - in_code, on_page)


def check_exit_codes(code):
    in_code = [[f"{row['exit_code']}, {row['name']} (guest: {row['guest']})",
                row['meaning']] for row in code['outcomes']]
    on_page = [[words(part) for part in item.children]
               for item in parsed(EXIT_CODES).findall(
                   nodes.definition_list_item)]
    compare(EXIT_CODES, 'an exit code', in_code,
            [row for row in on_page if row[0][0].isdigit()])


def span(milliseconds):
    if milliseconds == 0:
        return 'none'
    if milliseconds % 1000 == 0:
        return f'{milliseconds // 1000} s'
    return f'{milliseconds} ms'


def check_phases(code):
    compare(PHASES, 'a phase',
            [[row['name'], row['on_failure'], span(row['deadline_ms']),
              span(row['tick_ms'])] for row in code['phases']],
            [[row[0], row[-3], row[-2], row[-1]]
             for row in rows_of(PHASES, 'phase')])


def check_trace(code):
    compare(TRACE, 'an event', code['events'],
            [row[0] for row in rows_of(TRACE, 'event')])
    compare(TRACE, 'an ask', code['asks'],
            [row[0] for row in rows_of(TRACE, 'ask')])


def members(value, path=''):
    """The paths of all members: `a`, `a.b`, `a[].b`."""
    if isinstance(value, dict):
        for name, inner in value.items():
            inner_path = f'{path}.{name}' if path else name
            yield inner_path
            yield from members(inner, inner_path)
    elif isinstance(value, list):
        for inner in value:
            yield from members(inner, path + '[]')


def is_of_qemu(path):
    """What is named by QEMU or by the user."""
    parts = path.split('.')
    return parts[0] in ('effective', 'requested') and \
        len(parts) > (3 if parts[0] == 'effective' else 2)


def members_of(result):
    return {path for path in members(result) if not is_of_qemu(path)}


def check_members(in_code, missing, on_page):
    for path in sorted(in_code - on_page):
        tree.report(RESULT, 1, f'{path} is not on the page')
    for path in sorted(missing):
        tree.report(RESULT, 1, f'{path} is in no result')


def members_on_page():
    return {row[0] for row in rows_of(RESULT, 'member')}


def check_result(code):
    in_code, on_page = members_of(code['result']) | OF_LAB, members_on_page()
    check_members(in_code, on_page - in_code, on_page)


def check_others(code):
    """What QEMU takes is not told, nor twice what is as in a result."""
    for name in ('check', 'plan'):
        in_code = {path for path in members(code[name])
                   if not path.startswith(('requested.', 'findings[]',
                                           'commands[].message.arguments.'))}
        on_page = {row[0] for row in rows_of(RESULT, f'member of {name}')}
        check_members(in_code, on_page - in_code, on_page)


def check_prediction(code):
    """What is said twice is told once."""
    in_code = {path for path in members(code['prediction'])
               if not path.startswith('corrected.')}
    on_page = {row[0] for row in rows_of(RESULT, 'member of prediction')}
    check_members(in_code, on_page - in_code, on_page)


def check_caps(code):
    """What is told once: one QEMU, which names what it has, and relations."""
    in_code = {re.sub(r'^table.*\.(needs|excludes)\[\]', 'RELATION', re.sub(
        r'^(source\.\w+)\.[\w-]+', r'\1.NAME', path))
        for path in members(code['caps'])
        if not path.startswith('destination.')}
    on_page = {row[0] for row in rows_of(RESULT, 'member of caps')}
    check_members(in_code, on_page - in_code, on_page)


def check_status(code):
    """Both sides tell the same."""
    in_code = {path for path in members(code['status'])
               if not path.startswith('destination.')}
    on_page = {row[0] for row in rows_of(RESULT, 'member of status')}
    check_members(in_code, on_page - in_code, on_page)


def check_real_result(qmigrate):
    qemu = os.environ.get('QMIGRATE_QEMU_7_2', 'qemu-system-x86_64')
    if not shutil.which(qemu):
        print(f'{qemu} is not installed')
        sys.exit(77)
    text = subprocess.run([qmigrate, 'lab', '--qemu', qemu, '--json', '-'],
                          check=True, stdout=subprocess.PIPE, text=True).stdout
    in_result = members_of(json.loads(text))
    check_members(in_result, OF_LAB - in_result, members_on_page())


if len(sys.argv) > 3:
    check_real_result(sys.argv[3])
    tree.finish()
tables_of_code = json.loads(subprocess.run(
    [sys.argv[2]], check=True, stdout=subprocess.PIPE, text=True).stdout)
check_errors(tables_of_code)
check_findings(tables_of_code)
check_tls(tables_of_code)
check_exit_codes(tables_of_code)
check_phases(tables_of_code)
check_trace(tables_of_code)
check_result(tables_of_code)
check_others(tables_of_code)
check_prediction(tables_of_code)
check_caps(tables_of_code)
check_status(tables_of_code)
tree.finish()
