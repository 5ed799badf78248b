# SPDX-License-Identifier: LGPL-2.1-or-later
"""What clang-format 14 does not see: blanks at line ends and tabs, `//`
comments, bodies without braces, and names that leave the side or the unit
open."""

import re

import tree

TEXTS = ('.c', '.h', '.S', '.ld', '.py', '.sh', '.rst', '.ini', 'meson.build')
CONTROL = re.compile(r'\b(?:if|else|for|while|do|switch)\b|[{}]')
VAGUE = re.compile(r'\b(?:src|dst|timeout)\b')


def check_blanks(path):
    for number, line in tree.lines(path):
        if line != line.rstrip():
            tree.report(path, number, 'blank at the end of the line')
        if '\t' in line:
            tree.report(path, number, 'tab')
    if not tree.text(path).endswith('\n'):
        tree.report(path, len(tree.lines(path)), 'no newline at the end')


def check_comments(path):
    for number, line in enumerate(tree.bare_c(path).split('\n'), 1):
        if '//' in line:
            tree.report(path, number, '// comment')


def check_names(path):
    for number, line in enumerate(tree.bare_c(path).split('\n'), 1):
        if match := VAGUE.search(line):
            tree.report(path, number,
                        f'{match.group()}: source, destination, or the unit')


def code_alone(path):
    """Without the conditions of the preprocessor and the ends of its lines."""
    code = re.sub(r'^[ \t]*#[ \t]*(?!define\b).*$',
                  lambda match: ' ' * len(match.group()),
                  tree.bare_c(path), flags=re.MULTILINE)
    return code.replace('\\\n', ' \n')


def after_condition(code, start):
    """The index behind the parentheses that open next."""
    depth = 0
    for index in range(start, len(code)):
        if code[index] == '(':
            depth += 1
        elif code[index] == ')':
            depth -= 1
            if depth == 0:
                return index + 1
    return len(code)


def wants(word, code, start):
    """Whether what follows this word is what must follow it."""
    if word in ('if', 'for', 'while', 'switch'):
        start = after_condition(code, start)
    following = code[start:].lstrip()
    return following.startswith('{') or \
        word == 'else' and re.match(r'if\b', following)


def check_braces(path):
    code = code_alone(path)
    blocks, ended_do, last = [], False, ''
    for match in CONTROL.finditer(code):
        word = match.group()
        if word == '{':
            blocks.append(last == 'do')
        elif word == '}':
            ended_do = bool(blocks) and blocks.pop()
        elif not (word == 'while' and last == '}' and ended_do):
            if not wants(word, code, match.end()):
                line = code.count('\n', 0, match.start()) + 1
                tree.report(path, line, f'{word} without braces')
        last = word


for source in tree.files(*TEXTS) + tree.top_files('.rst', 'meson.build') + \
        ['tools/dev', '.ci/run']:
    check_blanks(source)
for source in tree.files('.c', '.h'):
    check_comments(source)
    check_braces(source)
for source in tree.files('.h', folders=['qmp', 'caps', 'tls', 'orchestrator']):
    check_names(source)
tree.finish()
