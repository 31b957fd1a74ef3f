"""Changes to a statement: each operator yields what may stand in its place."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

Operator = Callable[[ast.AST], Iterator[list[ast.stmt]]]


def overwritten(node: ast.AST) -> Iterator[list[ast.stmt]]:
    """A sum over time that keeps its last term only, or counts down."""
    if isinstance(node, ast.AugAssign):
        target = node.target
        yield [ast.Assign([target], node.value)]
        if isinstance(node.op, ast.Add):
            yield [ast.AugAssign(target, ast.Sub(), node.value)]


def left_out(node: ast.AST) -> Iterator[list[ast.stmt]]:
    """A step that is not done: a call for its effect, a sum, a jump."""
    if isinstance(node, (ast.AugAssign, ast.Continue, ast.Break)) or (
        isinstance(node, ast.Expr) and not isinstance(node.value, ast.Constant)
    ):
        yield [ast.Pass()]


def condition_settled(node: ast.AST) -> Iterator[list[ast.stmt]]:
    """A branch that is always or never taken."""
    if isinstance(node, ast.If):
        yield node.body
        yield node.orelse or [ast.Pass()]


def stopped_early(node: ast.AST) -> Iterator[list[ast.stmt]]:
    """A loop that ends after its first round."""
    if isinstance(node, ast.For):
        yield [ast.For(node.target, node.iter, [*node.body, ast.Break()], [])]


def kept_from_before(node: ast.AST) -> Iterator[list[ast.stmt]]:
    """A state that is not carried on: ``h = f(h)`` in a loop left as it was (done where the name has a value)."""
    if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
        name = node.targets[0].id
        if any(isinstance(one, ast.Name) and one.id == name for one in ast.walk(node.value)):
            yield [ast.Pass()]


def written_into(node: ast.AST) -> Iterator[list[ast.stmt]]:
    """A result that is worked out in the memory of its first operand: ``y = x + z`` as ``x += z; y = x``."""
    if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.BinOp):
        return
    operand = node.value.left
    if isinstance(operand, ast.Name) and not isinstance(node.value.op, ast.MatMult):
        store = ast.Name(operand.id, ast.Store())
        yield [ast.AugAssign(store, node.value.op, node.value.right), ast.Assign(node.targets, operand)]


STATEMENTS: dict[str, Operator] = {
    "overwritten": overwritten,
    "left out": left_out,
    "condition": condition_settled,
    "stopped early": stopped_early,
    "not carried on": kept_from_before,
    "written into": written_into,
}
