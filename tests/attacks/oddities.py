"""Honest hand-ins with odd habits: all of them are right and must score full."""

from __future__ import annotations

from collections.abc import Mapping

from tests.attacks.hostile import FIRST, HandInCase, Notebook, code, prose

KIND = "honest"
STEP = "def rnn_step_forward(x, prev_h, Wx, Wh, b):\n"
BODY = "    next_h = np.tanh(x @ Wx + prev_h @ Wh + b)\n    return next_h, (x, prev_h, Wx, Wh, next_h)"
NOISY = f"""import warnings, sys
{STEP}    warnings.warn('careful')
    print('x' * 1000, file=sys.stderr)
    print(x)
{BODY}"""
LOOPS = f"""{STEP}    next_h = np.zeros_like(prev_h)
    for n in range(len(x)):
        for j in range(len(b)):
            total = b[j]
            for i in range(x.shape[1]):
                total = total + x[n, i] * Wx[i, j]
            for i in range(prev_h.shape[1]):
                total = total + prev_h[n, i] * Wh[i, j]
            next_h[n, j] = np.tanh(total)
    return next_h, (x, prev_h, Wx, Wh, next_h)"""
RECURSIVE = """
def rnn_forward(x, h0, Wx, Wh, b):
    def walk(t, state, states, caches):
        if t == x.shape[1]:
            return np.stack(states, 1), caches
        state, cache = rnn_step_forward(x[:, t], state, Wx, Wh, b)
        return walk(t + 1, state, [*states, state], [*caches, cache])
    return walk(0, h0, [], [])
"""
SUBCLASSED = f"""class Named(np.ndarray):
    note = 'mine'
{STEP}    view = x.view(Named)
    next_h = np.tanh(view @ Wx + prev_h @ Wh + b)
    return next_h, (x, prev_h, Wx, Wh, np.asarray(next_h))"""
DATACLASS = f"""from dataclasses import dataclass
@dataclass(frozen=True)
class Cache:
    x: np.ndarray
    prev_h: np.ndarray
    Wx: np.ndarray
    Wh: np.ndarray
    next_h: np.ndarray
    def __getitem__(self, place):
        return list(self)[place]
    def __iter__(self):
        return iter((self.x, self.prev_h, self.Wx, self.Wh, self.next_h))
{STEP}    next_h = np.tanh(x @ Wx + prev_h @ Wh + b)
    return next_h, Cache(x, prev_h, Wx, Wh, next_h)"""
CACHED = f"""from functools import lru_cache, wraps
@lru_cache(maxsize=None)
def fibonacci(n):
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)
def counted(function):
    @wraps(function)
    def inner(*args):
        inner.calls += fibonacci(2)
        return function(*args)
    inner.calls = 0
    return inner
@counted
{STEP}{BODY}"""
CUSTOM = f"""class ShapeError(ValueError):
    '''Mine.'''
{STEP}    try:
        if x.shape[0] != prev_h.shape[0]:
            raise ShapeError(x.shape)
        raise ShapeError('to be caught')
    except ShapeError:
        pass
{BODY}"""
GLOBAL = f"""CALLS = []
SCALE = 1.0
def squash(a):
    global SCALE
    CALLS.append(a.shape)
    return np.tanh(a) * SCALE
{STEP}    next_h = squash(x @ Wx + prev_h @ Wh + b)
    return next_h, (x, prev_h, Wx, Wh, next_h)"""
TYPED = f"""from __future__ import annotations
from typing import TypeAlias, NamedTuple
Matrix: TypeAlias = 'np.ndarray[Any, np.dtype[np.floating]]'
def rnn_step_forward(x: Matrix, prev_h: Matrix, Wx: Matrix, Wh: Matrix, b: NoSuchName) -> tuple[Matrix, Whatever]:
{BODY}"""
THREADED = f"""import threading
from concurrent.futures import ThreadPoolExecutor
{STEP}    with ThreadPoolExecutor(2) as pool:
        parts = list(pool.map(lambda pair: pair[0] @ pair[1], [(x, Wx), (prev_h, Wh)]))
    done = threading.Thread(target=print, args=('done',))
    done.start()
    next_h = np.tanh(parts[0] + parts[1] + b)
    return next_h, (x, prev_h, Wx, Wh, next_h)"""
QUIET = f"{STEP}    with np.errstate(all='raise', under='ignore'):\n        a = x @ Wx\n{BODY}"
LOGGED = f"""import logging
logging.basicConfig(level='DEBUG')
log = logging.getLogger(__name__)
{STEP}    log.info('step %s', x.shape)
{BODY}"""
CLASSY = f"""class Step:
    def __call__(self, x, prev_h, Wx, Wh, b):
{BODY.replace("    ", "        ")}
rnn_step_forward = Step()"""
LISTED = f"{STEP}    next_h = np.tanh(x @ Wx + prev_h @ Wh + b)\n    return [next_h, [x, prev_h, Wx, Wh, next_h]]"
FOREIGN = f"""import scipy.special
table = scipy.special.expit(np.linspace(-1, 1, 5))
{STEP}    next_h = np.tanh(x @ Wx + prev_h @ Wh + b)
    return next_h, (x, prev_h, Wx, Wh, next_h)"""
BARS = f"from tqdm.auto import tqdm\n{STEP}    for _ in tqdm(range(3)):\n        pass\n{BODY}"
PLOTS = """%matplotlib inline
import matplotlib.pyplot as plt
fig, ax = plt.subplots()
ax.plot([1, 2])
plt.show()
for _ in range(5):
    plt.figure()"""
ASYNC = "import asyncio\nasync def helper():\n    await asyncio.sleep(0)\n    return 1\nvalue = await helper()"
DOCTEST = """def twice(n):
    '''
    >>> twice(2)
    4
    >>> twice(1)
    3
    '''
    return 2 * n
import doctest
doctest.testmod()"""
SHELL = "!ls\n%pwd\n%time x = 1\n!pip --version\n%timeit -n1 -r1 1 + 1\nfiles = !ls\nprint(files)"
READING = "import h5py\nwith h5py.File('checks.h5') as file:\n    print(list(file))\nfrom seqlab import check"
FAILING = "import numpy as np\nassert False, 'an experiment of mine that failed'"


def chatty(notebook: Notebook) -> None:
    """Prose between all cells."""
    notebook["cells"] = [
        each for cell in notebook["cells"] for each in (cell, prose("# my notes\n$x < y$ & <b>so</b>"))
    ]


def checked(notebook: Notebook) -> None:
    """Own calls of check after the answers."""
    notebook["cells"].append(code("print(check(rnn_step_forward)); check(RowReader); toy(rnn_step_forward)"))


def odd_hand_ins(answers: Mapping[str, str]) -> tuple[HandInCase, ...]:
    """The hand-ins; ``answers`` are right ones for all exercises."""

    def step(name: str, source: str) -> HandInCase:
        return HandInCase(name, KIND, answers={**answers, FIRST: source}, earns=100.0)

    def before(name: str, source: str) -> HandInCase:
        return HandInCase(name, KIND, source, answers, earns=100.0)

    steps = {
        "warnings_and_prints": NOISY, "slow_loops": LOOPS, "a_subclass_as_helper": SUBCLASSED, "dataclasses": DATACLASS,
        "decorators_and_lru_cache": CACHED, "own_exceptions": CUSTOM, "global_state": GLOBAL,
        "future_annotations": TYPED,
        "threads_that_end": THREADED, "errstate": QUIET, "logging": LOGGED, "callable_objects": CLASSY,
        "lists_for_tuples": LISTED,
        "scipy": FOREIGN, "tqdm": BARS,
    }  # fmt: skip
    cells = {
        "matplotlib_windows": PLOTS, "async_cells": ASYNC, "doctests": DOCTEST, "shell_and_magics": SHELL,
        "reading_the_public_checks": READING, "a_cell_that_fails": FAILING,
    }  # fmt: skip
    return (
        *(step(name, source) for name, source in steps.items()),
        *(before(name, source) for name, source in cells.items()),
        HandInCase("recursion_that_is_right", KIND, answers={**answers, "rnn_forward": RECURSIVE}, earns=100.0),
        HandInCase("prose_in_between", KIND, answers=answers, edit=chatty, earns=100.0),
        HandInCase("own_checks", KIND, answers=answers, edit=checked, earns=100.0),
    )
