# SPDX-License-Identifier: LGPL-2.1-or-later
"""Arrows point down only: what each folder may include and may say."""

import os
import re

import tree

MAY_INCLUDE = {
    'qmp': {'qmp'},
    'caps': {'caps', 'qmp'},
    'tls': {'tls', 'qmp'},
    'orchestrator': {'orchestrator', 'caps', 'tls', 'qmp'},
    'tools': {'tools', 'orchestrator', 'caps', 'tls', 'qmp'},
}

# The imperative shell.  All other files of the libraries are pure: what they
# know arrives as an argument, time too.  A name covers NAME-*.c as well.
SHELL = {
    'qmp': {'address', 'calls', 'certificate', 'client', 'credentials', 'small',
            'child', 'tls', 'transport', 'wire'},
    'caps': set(),
    'tls': {'credentials'},
    'orchestrator': {'run', 'monitor', 'host', 'journal', 'lock', 'passed', 'survey', 'trace',
                     'vcpus'},
}

READER = 'qmp/small-file.h'  # the one part of qmp/'s shell for tls/'s shell

SYSTEM_SOCKETS = re.compile(r'gio/|sys/socket|sys/un\.|netinet/|netdb|arpa/')

PRINTS = (r'\b(?:printf|puts|putchar|vprintf|g_print|g_printerr)\s*\(|'
          r'\b(?:stdout|stderr)\b')
ENDS = r'\b(?:_?exit|quick_exit)\s*\('
SPAWNS = (r'\b(?:g_spawn_\w+|g_subprocess_\w+|fork|vfork|system|popen|'
          r'posix_spawnp?|exec[lv]\w*)\s*\(')
OPTIONS = r'\bg_option_\w+|\b(?:secure_|g_)?getenv\s*\('
ARGUMENTS = rf'\bargv\b|{OPTIONS}'
CLOCKS = (r'\b(?:g_get_monotonic_time|g_get_real_time|g_date_time_new_now\w*|'
          r'clock_gettime|gettimeofday|time|g_timer_new)\s*\(')
LOOPS = r'\bg_(?:timeout|idle|main|unix_signal)_\w+\s*\('
FILES = r'\b(?:fopen|open|openat|g_file_\w+|g_unlink|unlink)\s*\('

# The program writes through tools/plain.c, which escapes what others wrote and
# remembers what could not be written.
WRITES = (r'\b(?:v?[fd]?printf|f?puts|f?putc|putchar|fwrite|perror|g_print|'
          r'g_printerr|scols_print_table)\s*\(')
WRITER = 'tools/plain.c'

# folder, what it never says, and how that is called in the report.
NEVER_SAYS = [
    ('qmp', PRINTS, 'prints'), ('qmp', ENDS, 'ends the program'),
    ('qmp', OPTIONS, 'reads options or the environment'),
    ('caps', PRINTS, 'prints'), ('caps', ENDS, 'ends the program'),
    ('caps', SPAWNS, 'starts a process'),
    ('caps', ARGUMENTS, 'reads arguments or the environment'),
    ('tls', PRINTS, 'prints'), ('tls', ENDS, 'ends the program'),
    ('tls', SPAWNS, 'starts a process'),
    ('tls', ARGUMENTS, 'reads arguments or the environment'),
    ('orchestrator', PRINTS, 'prints'),
    ('orchestrator', ENDS, 'ends the program'),
    ('orchestrator', SPAWNS, 'starts a process'),
    ('orchestrator', ARGUMENTS, 'reads arguments or the environment'),
]
PURE_NEVER_SAYS = [
    (CLOCKS, 'reads a clock'),
    (LOOPS, 'uses a main loop'),
    (FILES, 'touches a file'),
]


def is_shell(path):
    folder, name = path.split('/')[0], os.path.basename(path)
    return re.split('[-.]', name)[0] in SHELL.get(folder, ())


def is_pure(path):
    return path.split('/')[0] in SHELL and not is_shell(path)


def check_project_include(path, number, included):
    folder = path.split('/')[0]
    target = included.split('/')[0]
    if target == 'tests':
        tree.report(path, number, 'tests/ is never included')
    elif '/' not in included:
        tree.report(path, number, f'"{included}": full path from the top')
    elif target not in MAY_INCLUDE[folder]:
        tree.report(path, number, f'{folder}/ may not include {target}/')
    elif is_pure(path) and is_shell(included):
        tree.report(path, number, f'a pure file may not include {included}')
    elif folder in ('caps', 'tls') and is_shell(included) and \
            target == 'qmp' and included != READER:
        tree.report(path, number, f'{folder}/ may not include {included}')
    elif included.endswith('.c'):
        tree.report(path, number, 'a .c file is never included')


def check_system_include(path, number, included):
    folder = path.split('/')[0]
    if not SYSTEM_SOCKETS.match(included):
        return
    if is_pure(path):
        tree.report(path, number, f'a pure file may not include <{included}>')
    elif folder in ('caps', 'tls'):
        tree.report(path, number, f'{folder}/ may not include <{included}>')


def check_includes(path):
    for number, line in tree.lines(path):
        if match := re.match(r'\s*#\s*include\s+"([^"]+)"', line):
            check_project_include(path, number, match.group(1))
        elif match := re.match(r'\s*#\s*include\s+<([^>]+)>', line):
            check_system_include(path, number, match.group(1))


def check_says(path, pattern, what):
    for number, line in enumerate(tree.bare_c(path).split('\n'), 1):
        if match := re.search(pattern, line):
            tree.report(path, number, f'{what}: {match.group().strip()}')


def check_code(path):
    folder = path.split('/')[0]
    for where, pattern, what in NEVER_SAYS:
        if where == folder:
            check_says(path, pattern, f'{folder}/ {what}')
    if folder == 'tools' and path != WRITER and 'tools/guest/' not in path:
        check_says(path, WRITES, f'{WRITER} alone writes')
    if is_pure(path):
        for pattern, what in PURE_NEVER_SAYS:
            check_says(path, pattern, f'a pure file {what}')


def check_qmp_knows_nothing_of_it():
    for path in tree.files('.c', '.h', folders=['qmp']):
        for number, line in tree.lines(path):
            if re.search('migrat', line, re.IGNORECASE):
                tree.report(path, number, 'qmp/ has a word of migration')


for source in tree.files('.c', '.h', folders=tree.HOUSE):
    check_includes(source)
    check_code(source)
check_qmp_knows_nothing_of_it()
tree.finish()
