"""Syntax trees from several threads, and no other place that makes them."""

from __future__ import annotations

import ast
import gc
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from autograder import parsing


@pytest.fixture
def restless() -> Iterator[None]:
    """Threads that take turns in the middle of building a tree: the garbage collector runs Python code there."""

    def dawdle(_phase: str, _info: dict[str, int]) -> None:
        for _ in range(20):
            pass

    threshold, interval = gc.get_threshold(), sys.getswitchinterval()
    gc.callbacks.append(dawdle)
    gc.set_threshold(50)
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)
    gc.set_threshold(*threshold)
    gc.callbacks.remove(dawdle)


@pytest.mark.usefixtures("restless")
def test_threads_that_parse_at_once_do_not_disturb_each_other():
    source = Path(ast.__file__).read_text(encoding="utf-8")[:8000].rpartition("\ndef ")[0]
    with ThreadPoolExecutor(4) as pool:
        trees = list(pool.map(parsing.parse, [source] * 200))
    assert len({len(tree.body) for tree in trees}) == 1


def test_trees_are_made_in_one_place():
    package = Path(parsing.__file__).parent
    places = [path for path in package.rglob("*.py") if "ast.parse(" in path.read_text(encoding="utf-8")]
    assert places == [package / "parsing.py"], "use autograder.parsing.parse, which one thread enters at a time"
