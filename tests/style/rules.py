# SPDX-License-Identifier: LGPL-2.1-or-later
"""The checks find what they are there to find: each case is one small file
that breaks one rule, or that looks as if it did."""

import os
import subprocess
import sys
import tempfile

SPDX = 'SPDX-License-Identifier: LGPL-2.1-or-later'
LONG = 'void f(void)\n{\n' + '    g();\n' * 57 + '}\n'
LONGER = 'void f(void)\n{\n' + '    g();\n' * 58 + '}\n'

# rule, file, its text, and where the rule must find something (0: nowhere)
CASES = [
    ('layers', 'qmp/a.c', '#include "caps/table.h"\n', 1),
    ('layers', 'qmp/a.c', '#include "qmp/json.h"\n', 0),
    ('layers', 'qmp/a.c', '/* one\n * Migration */\n', 2),
    ('layers', 'qmp/framer.c', '#include <gio/gio.h>\n', 1),
    ('layers', 'qmp/client.c', '#include <gio/gio.h>\n', 0),
    ('layers', 'caps/a.c', '\n#include "tls/objects.h"\n', 2),
    ('layers', 'caps/a.c', '#include "qmp/client.h"\n', 1),
    ('layers', 'tls/credentials.c', '#include "qmp/client.h"\n', 1),
    ('layers', 'tls/credentials.c', '#include "qmp/small-file.h"\n', 0),
    ('layers', 'tls/inspect.c', '#include "qmp/small-file.h"\n', 1),
    ('layers', 'orchestrator/plan.c', '#include "orchestrator/run.h"\n', 1),
    ('layers', 'tls/a.c', '#include "caps/table.h"\n', 1),
    ('layers', 'tls/credentials.c', '#include <sys/socket.h>\n', 1),
    ('layers', 'orchestrator/run.c', '#include "qmp/client.h"\n', 0),
    ('layers', 'orchestrator/plan.c', '#include "qmp/client.h"\n', 1),
    ('layers', 'orchestrator/plan.c', '#include "tools/a.h"\n', 1),
    ('layers', 'orchestrator/run.c', 'printf("x");\n', 1),
    ('layers', 'orchestrator/run.c', 'g_snprintf(b, n, "printf(");\n', 0),
    ('layers', 'orchestrator/run.c', '/* never exit() */\n', 0),
    ('layers', 'orchestrator/run.c', 'exit(1);\n', 1),
    ('layers', 'orchestrator/run.c', 'g_spawn_sync(x);\n', 1),
    ('layers', 'orchestrator/run.c', 'x = g_get_monotonic_time();\n', 0),
    ('layers', 'orchestrator/plan.c', 'x = g_get_monotonic_time();\n', 1),
    ('layers', 'tools/a.c', '#include "tests/lib/a.h"\n', 1),
    ('layers', 'tools/a.c', 'printf("x");\n', 1),
    ('layers', 'tools/a.c', 'fputs(x, stderr);\n', 1),
    ('layers', 'tools/a.c', 'plain_print(stdout, "printf(");\n', 0),
    ('layers', 'tools/a.c', 'g_snprintf(b, n, "x");\n', 0),
    ('layers', 'tools/plain.c', 'fputs(x, stderr);\n', 0),
    ('layers', 'tools/guest/a.c', 'puts(x);\n', 0),
    ('sizes', 'qmp/a.c', '\n' * 600, 0),
    ('sizes', 'qmp/a.c', '\n' * 601, 1),
    ('sizes', 'qmp/a.c', '\n' + LONGER, 2),
    ('sizes', 'qmp/a.c', LONG + '\n' + LONG, 0),
    ('sizes', 'qmp/a.c', 'int a[] = {\n' + '    1,\n' * 90 + '};\n', 0),
    ('spdx', 'qmp/a.c', f'/* {SPDX} */\n', 0),
    ('spdx', 'qmp/a.c', f'\n/* {SPDX} */\n', 1),
    ('spdx', 'tests/a.sh', f'#!/bin/sh\n# {SPDX}\n', 0),
    ('spdx', 'tests/a.sh', '#!/bin/sh\n', 1),
    ('text', 'qmp/a.c', 'int a; \n', 1),
    ('text', 'qmp/a.c', '\tint a;\n', 1),
    ('text', 'qmp/a.c', 'int a;', 1),
    ('text', 'qmp/a.c', 'int a; // b\n', 1),
    ('text', 'qmp/a.c', 'char a[] = "http://b"; /* http://c */\n', 0),
    ('text', 'qmp/a.h', 'int a(int timeout);\n', 1),
    ('text', 'qmp/a.h', 'int a(int timeout_ms);\n', 0),
    ('text', 'qmp/a.c', 'if (a)\n    b();\n', 1),
    ('text', 'qmp/a.c', 'if (a &&\n    (b)) {\n    c();\n}\n', 0),
    ('text', 'qmp/a.c', 'if (a) {\n    b();\n} else\n    c();\n', 3),
    ('text', 'qmp/a.c', 'if (a) {\n} else if (b) {\n} else {\n}\n', 0),
    ('text', 'qmp/a.c', 'do {\n    if (a) {\n    }\n} while (b);\n', 0),
    ('text', 'qmp/a.c', 'while (a);\n', 1),
    ('text', 'qmp/a.c', 'for (;;)\n    a();\n', 1),
    ('text', 'qmp/a.c', '#if A\n#else\n#endif\n', 0),
    ('text', 'qmp/a.c', '#define A(b) \\\n    if (b) \\\n    c()\n', 2),
    ('pages', 'docs/a.rst', 'Title\n=====\n\nText.\n', 0),
    ('pages', 'docs/a.rst', 'A title\n=====\n\nText.\n', 2),
    ('pages', 'docs/man/b.1.rst', '=\nb\n=\n', 1),
    ('pages', 'tools/main.c', 'int verbs[] = {\n    { "run", 1 },\n};\n', 1),
    ('house', 'misc', '', 1),
    ('house', 'tests/unit/a/b.c', '', 1),
    ('house', 'tests/unit/a/c.c', '', 0),
]

# What the checks expect of every tree.
ALWAYS = {
    'tools/dev': f'#!/bin/bash\n# {SPDX}\n',
    '.ci/run': f'#!/bin/bash\n# {SPDX}\n',
    'docs/meson.build': f'# {SPDX}\n',
    'tests/unit/meson.build': f"# {SPDX}\n'a/c': [a],\n",
}


def run(rule, path, content):
    with tempfile.TemporaryDirectory() as top:
        for name, body in (*ALWAYS.items(), (path, content)):
            place = os.path.join(top, name)
            os.makedirs(os.path.dirname(place), exist_ok=True)
            with open(place, 'w', encoding='utf-8') as file:
                file.write(body)
        script = os.path.join(os.path.dirname(__file__), f'{rule}.py')
        return subprocess.run([sys.executable, '-B', script, top], text=True,
                              capture_output=True, check=False)


failures = 0
for rule, path, content, line in CASES:
    result = run(rule, path, content)
    right = f'{path}:{line}:' in result.stdout and result.returncode == 1 \
        if line else f'{path}:' not in result.stdout
    if result.stderr or not right:
        failures += 1
        print(f'{rule}: {path} {content[:60]!r}: expected a finding in line '
              f'{line}, got {result.stdout!r}{result.stderr}')
print(f'{len(CASES)} cases, {failures} failures')
sys.exit(1 if failures else 0)
