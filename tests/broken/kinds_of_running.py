"""Notebooks that are sound as files and misbehave when they are run."""

from tests.broken.kind import Kind, with_answer, with_cell

SPINNING = """\
import threading, time
def spin():
    while True: time.sleep(0.01)
for _ in range(20): threading.Thread(target=spin).start()
"""


def start_of_answer(line):
    return with_answer("rnn_forward", lambda source: f"{line}\n{source}")


def tabs_and_spaces(source):
    lines = source.rstrip().split("\n")
    return "\n".join([*lines[:-1], "    if True:", "\tpass", "        pass", lines[-1]])


def many_that_end_it(notebook):
    for number in range(5):
        notebook = with_cell(f"import os\nos._exit({number})")(notebook)
    return notebook


RUNNING = [
    Kind(
        "syntax-error-in-answer",
        with_answer("RNN", lambda source: source + "\n    def ("),
        "SyntaxError",
        loses=("RNN",),
    ),
    Kind("syntax-error-in-own-cell", with_cell("this, is not Python"), "SyntaxError"),
    Kind(
        "tabs-mixed-with-spaces",
        with_answer("rnn_backward", tabs_and_spaces),
        "TabError",
        loses=("rnn_backward", "RowReader"),
    ),
    Kind("magic-time-over-answer", start_of_answer("%%time"), "was run without its first line, %%time"),
    Kind("magic-timeit-over-answer", start_of_answer("%%timeit -n 1"), "was run without its first line, %%timeit"),
    Kind(
        "magic-writefile-over-answer",
        start_of_answer("%%writefile mine.py"),
        "was run without its first line, %%writefile",
    ),
    Kind("magic-bash", with_cell("%%bash\nls / && exit 3"), "did not finish"),
    Kind("magic-run-of-a-missing-file", with_cell("%run helpers.py"), "did not finish"),
    Kind("magic-unknown", with_cell("%nonesuch")),
    Kind("magics-of-a-line", start_of_answer("%matplotlib inline\n!true\n")),
    Kind("magic-reset", with_cell("%reset -f", before="s01_rnn-given-1")),
    Kind("help-marks", with_cell("np.dot?")),
    Kind("input", with_cell("name = input('who? ')"), "did not finish"),
    Kind("infinite-loop", with_cell("while True:\n    pass"), "took longer than"),
    Kind(
        "infinite-loop-in-answer",
        with_answer("rnn_forward", lambda _: "def rnn_forward(*args):\n    while True:\n        pass"),
        "took longer than",
        loses=("rnn_forward", "rnn_backward", "RowReader"),
    ),
    Kind("recursion", with_cell("def again(): return again()\nagain()"), "did not finish"),
    Kind(
        "recursion-in-answer",
        with_answer("RowReader", lambda _: "class RowReader:\n    def __init__(self, *args): self.__init__(*args)"),
        "RecursionError",
        loses=("RowReader",),
    ),
    Kind("sys-exit", with_cell("import sys\nsys.exit(1)"), "SystemExit"),
    Kind("quit", with_cell("quit()")),
    Kind(
        "raise-system-exit-in-answer",
        with_answer("temporal_affine_forward", lambda _: "def temporal_affine_forward(*args):\n    raise SystemExit"),
        "SystemExit",
        loses=("temporal_affine_forward", "temporal_affine_backward"),
    ),
    Kind("os-exit", with_cell("import os\nos._exit(0)"), "ended the Python process"),
    Kind(
        "os-exit-in-answer",
        with_answer(
            "temporal_affine_forward", lambda _: "import os\ndef temporal_affine_forward(*args):\n    os._exit(0)"
        ),
        "ended the Python process",
        loses=("temporal_affine_forward", "temporal_affine_backward"),
    ),
    Kind("segfault", with_cell("import ctypes\nctypes.string_at(0)"), "ended the Python process"),
    Kind("killed-by-itself", with_cell("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")),
    Kind("many-cells-that-end-it", many_that_end_it, "more than 3 cells end the Python process", refused=True),
    Kind(
        "threads-left-behind",
        with_cell(SPINNING),
    ),
    Kind(
        "processes-left-behind", with_cell("import subprocess\n[subprocess.Popen(['sleep', '600']) for _ in range(5)]")
    ),
    Kind("output-without-end", with_cell("for _ in range(20_000): print('x' * 1000)")),
    Kind("standard-streams-closed", with_cell("import sys, os\nsys.stdout.close(); os.close(1); os.close(2)")),
    Kind(
        "warnings-as-errors",
        with_cell("import warnings\nwarnings.simplefilter('error')\nwarnings.warn('mine')"),
        "UserWarning",
    ),
    Kind("folder-left", with_cell("import os\nos.chdir('/')\nos.rmdir('/tmp/nothing')"), "FileNotFoundError"),
    Kind(
        "numpy-deleted",
        with_cell("del np"),
        "NameError",
        loses=(
            "rnn_forward",
            "rnn_step_forward",
            "rnn_step_backward",
            "rnn_backward",
            "temporal_affine_backward",
            "RowReader",
        ),
    ),
    Kind(
        "module-shadowed", with_cell("open('numpy.py', 'w').write('raise SystemExit')\nopen('torch.py', 'w').write('')")
    ),
]
