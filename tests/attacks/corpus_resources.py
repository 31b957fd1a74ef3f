"""Hand-ins that use up what they can get."""

from __future__ import annotations

from tests.attacks.hostile import HandInCase, Notebook, code, everywhere, only

KIND = "exhaustion"
LAST = "temporal_affine_backward"  # no other exercise calls it
MANY = """
import subprocess
started = []
try:
    for _ in range(400):
        started.append(subprocess.Popen(['sleep', '31337']))
except OSError as error:
    print(len(started), error)
"""
THREADS = """
import threading, time
try:
    for _ in range(600):
        threading.Thread(target=time.sleep, args=(31337,), daemon=True).start()
except RuntimeError as error:
    print(error)
"""
DISK = """
import os
for folder in ('/tmp', '/dev/shm', os.path.expanduser('~')):
    for i in range(100):
        try:
            with open(f'{folder}/{i}', 'wb') as file:
                file.write(b'x' * (1 << 20))
        except OSError as error:
            print(folder, i, error)
            break
    for i in range(9000):
        try:
            os.mkdir(f'{folder}/d{i}')
        except OSError as error:
            print(folder, i, error)
            break
"""
OPEN = """
import os, socket
held = []
try:
    while True:
        held += os.pipe()
except OSError as error:
    print(len(held), error)
"""
CPU = """
import threading
for _ in range(4):
    threading.Thread(target=lambda: [0 for _ in iter(int, 1)], daemon=True).start()
"""


def endless_source(notebook: Notebook) -> None:
    """To parse this takes a thousand times its length in memory."""
    notebook["cells"].append(code("def f(): pass\n" + "1\n" * 900_000))


def many_long_cells(notebook: Notebook) -> None:
    """Each is short enough, all are not."""
    notebook["cells"] += [code("def f(): pass\n" + "1\n" * 50_000) for _ in range(40)]


def many_failing_cells(notebook: Notebook) -> None:
    """As many reasons as cells."""
    notebook["cells"] += [code("raise ValueError('x' * 10**6)") for _ in range(300)]


def deep_source(notebook: Notebook) -> None:
    """Nested far deeper than a parser likes."""
    notebook["cells"] += [
        code(text) for text in ("(" * 50_000, "-" * 50_000 + "1", "a" + ".b" * 50_000, "[" * 90 + "]" * 90)
    ]


def long_line_in_outputs(notebook: Notebook) -> None:
    """A line of many megabytes that somebody printed at home."""
    code_cell = next(cell for cell in notebook["cells"] if cell["cell_type"] == "code")
    code_cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "x" * (20 << 20)}]


ATTACKS = (
    HandInCase(
        "memory",
        KIND,
        "import numpy as np\na = [np.ones(1 << 27) for _ in range(20)]",
        everywhere("return 'x' * (1 << 40)"),
    ),
    HandInCase("disk_and_inodes", KIND, DISK),
    HandInCase("descriptors", KIND, OPEN),
    HandInCase("processes", KIND, MANY),
    HandInCase("threads", KIND, THREADS),
    HandInCase(
        "a_line_of_200_megabytes",
        KIND,
        "for _ in range(200):\n    print('x' * (1 << 20), end='')",
        only("print('y' * (1 << 25))\nreturn 0, 0"),
    ),
    HandInCase(
        "raw_bytes_without_end",
        KIND,
        "import os, time\nend = time.time() + 1\nwhile time.time() < end:\n    os.write(1, bytes(range(256)) * 256)",
    ),
    HandInCase("an_endless_loop_in_a_cell", KIND, "while True: pass"),
    HandInCase("an_endless_loop_in_a_call", KIND, answers=only("while True: pass", LAST)),
    HandInCase("a_sleep", KIND, answers=only("import time\ntime.sleep(1e6)", LAST)),
    HandInCase("an_endless_regular_expression", KIND, answers=only("import re\nre.match('(a+)+b', 'a' * 60)", LAST)),
    HandInCase("an_endless_number", KIND, answers=only("return 7 ** 7 ** 12, 0", LAST)),
    HandInCase("recursion", KIND, "import sys\nsys.setrecursionlimit(10**9)", only("def f(): return f()\nf()", LAST)),
    HandInCase("processor_time_in_threads", KIND, CPU),
    HandInCase("an_endless_source", KIND, edit=endless_source),
    HandInCase("many_long_cells", KIND, edit=many_long_cells),
    HandInCase("many_failing_cells", KIND, edit=many_failing_cells),
    HandInCase("deep_source", KIND, edit=deep_source),
    HandInCase("a_long_line_in_outputs", KIND, edit=long_line_in_outputs),
    HandInCase(
        "a_result_of_many_megabytes",
        KIND,
        answers=only("import numpy as np\nreturn (np.zeros(25_000_000),) * 2")
        | only("import numpy as np\nreturn (np.zeros(9_000_000),) * 2", "temporal_affine_forward"),
    ),
    HandInCase("an_error_of_many_megabytes", KIND, answers=only("raise ValueError('e' * (50 << 20))")),
    HandInCase(
        "an_end_that_does_not_end",
        KIND,
        "class Never:\n    def __del__(self):\n        while True: pass",
        only("Never()\nreturn 0, 0", LAST),
    ),
)
