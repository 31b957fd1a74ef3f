"""Changes to an expression: each operator yields what may stand in its place."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

Operator = Callable[[ast.AST], Iterator[ast.expr]]

ARITHMETIC: dict[type[ast.operator], tuple[type[ast.operator], ...]] = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div, ast.Add),
    ast.Div: (ast.Mult,),
    ast.FloorDiv: (ast.Div,),
    ast.Pow: (ast.Mult,),
    ast.BitAnd: (ast.BitOr,),
    ast.BitOr: (ast.BitAnd,),
    ast.Mod: (ast.FloorDiv,),
}
COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
RELATIVES = {
    "sum": ("mean",),
    "mean": ("sum",),
    "max": ("min",),
    "min": ("max",),
    "maximum": ("minimum",),
    "minimum": ("maximum",),
    "argmax": ("argmin",),
    "tanh": ("sigmoid",),
    "sigmoid": ("tanh",),
    "exp": ("log1p",),
    "zeros": ("ones",),
    "zeros_like": ("ones_like",),
    "cumsum": ("cumprod",),
    "cumprod": ("cumsum",),
    "any": ("all",),
    "all": ("any",),
    "softmax": ("log_softmax",),
    "log_softmax": ("softmax",),
}
AXES = ("axis", "dim", "keepdims", "keepdim")


def other_arithmetic(node: ast.AST) -> Iterator[ast.expr]:
    """Another operator between the same operands."""
    if isinstance(node, ast.BinOp):
        for other in ARITHMETIC.get(type(node.op), ()):
            yield ast.BinOp(node.left, other(), node.right)


def dropped_term(node: ast.AST) -> Iterator[ast.expr]:
    """One of two operands alone."""
    if isinstance(node, ast.BinOp) and not isinstance(node.op, ast.MatMult):
        yield node.left
        if not isinstance(node.op, (ast.Pow, ast.Sub, ast.Div)):
            yield node.right
    if isinstance(node, ast.UnaryOp):
        yield node.operand


def other_comparison(node: ast.AST) -> Iterator[ast.expr]:
    """Another relation, or the opposite of a condition."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        for other in COMPARISONS.get(type(node.ops[0]), ()):
            yield ast.Compare(node.left, [other()], node.comparators)
    if isinstance(node, ast.BoolOp):
        yield from node.values
    if isinstance(node, ast.IfExp):
        yield node.body
        yield node.orelse


def other_constant(node: ast.AST) -> Iterator[ast.expr]:
    """A number that is off by one, a switch thrown."""
    if not isinstance(node, ast.Constant):
        return
    if isinstance(node.value, bool):
        yield ast.Constant(not node.value)
    elif isinstance(node.value, (int, float)):
        yield ast.Constant(node.value + 1)
        yield ast.Constant(node.value - 1)


def without_transpose(node: ast.AST) -> Iterator[ast.expr]:
    """An array in place of its transpose, and a product the other way round."""
    if isinstance(node, ast.Attribute) and node.attr in ("T", "mT"):
        yield node.value
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
        yield ast.BinOp(node.right, ast.MatMult(), node.left)
        yield ast.BinOp(ast.Attribute(node.left, "T", ast.Load()), ast.MatMult(), node.right)
        yield ast.BinOp(node.left, ast.MatMult(), ast.Attribute(node.right, "T", ast.Load()))


def relative_function(node: ast.AST) -> Iterator[ast.expr]:
    """A sum for a mean, a maximum for a minimum, and so on."""
    if isinstance(node, ast.Call):
        for name in RELATIVES.get(_called(node), ()):
            function = (
                ast.Attribute(node.func.value, name, ast.Load()) if isinstance(node.func, ast.Attribute) else None
            )
            yield ast.Call(function or ast.Name(name, ast.Load()), node.args, node.keywords)


def dropped_call(node: ast.AST) -> Iterator[ast.expr]:
    """What a function or method was applied to: copy, detach, clone, flip, a squashing function left out."""
    if not isinstance(node, ast.Call):
        return
    if isinstance(node.func, ast.Attribute) and not _is_module(node.func.value):
        yield node.func.value
    elif node.args:
        yield node.args[0]


def other_arguments(node: ast.AST) -> Iterator[ast.expr]:
    """Arguments swapped, an axis or a dtype left out or changed."""
    if not isinstance(node, ast.Call):
        return
    for place in range(len(node.args) - 1):
        swapped = [*node.args]
        swapped[place : place + 2] = swapped[place + 1], swapped[place]
        yield ast.Call(node.func, swapped, node.keywords)
    for place in range(len(node.keywords)):
        yield ast.Call(node.func, node.args, [*node.keywords[:place], *node.keywords[place + 1 :]])


def moved_slice(node: ast.AST) -> Iterator[ast.expr]:
    """A slice that begins or ends elsewhere or runs the other way; an index on another axis."""
    if not isinstance(node, ast.Subscript):
        return
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    for place, part in enumerate(parts):
        for other in _other_slices(part):
            changed = [*parts[:place], other, *parts[place + 1 :]]
            yield ast.Subscript(node.value, changed[0] if len(parts) == 1 else ast.Tuple(changed, ast.Load()), node.ctx)
    if len(parts) > 1:
        yield ast.Subscript(node.value, ast.Tuple([parts[1], parts[0], *parts[2:]], ast.Load()), node.ctx)


def other_order(node: ast.AST) -> Iterator[ast.expr]:
    """Neighbours in a tuple or list that change places."""
    if isinstance(node, (ast.Tuple, ast.List)) and isinstance(node.ctx, ast.Load):
        for place in range(len(node.elts) - 1):
            swapped = [*node.elts]
            swapped[place : place + 2] = swapped[place + 1], swapped[place]
            yield ast.Tuple(swapped, ast.Load()) if isinstance(node, ast.Tuple) else ast.List(swapped, ast.Load())


def one_fewer_step(node: ast.AST) -> Iterator[ast.expr]:
    """A range that starts late or ends early; the other direction of time."""
    if not isinstance(node, ast.Call) or _called(node) not in ("range", "reversed"):
        return
    if _called(node) == "reversed":
        yield ast.Call(ast.Name("list", ast.Load()), node.args, [])
        return
    yield ast.Call(ast.Name("reversed", ast.Load()), [node], [])
    if len(node.args) == 1:
        yield ast.Call(node.func, [ast.Constant(1), node.args[0]], [])
        yield ast.Call(node.func, [ast.BinOp(node.args[0], ast.Sub(), ast.Constant(1))], [])


def _other_slices(part: ast.expr) -> Iterator[ast.expr]:
    if not isinstance(part, ast.Slice):
        return
    for bound in _other_bounds(part.lower):
        yield ast.Slice(bound, part.upper, part.step)
    for bound in _other_bounds(part.upper):
        yield ast.Slice(part.lower, bound, part.step)
    if part.step is not None:
        yield ast.Slice(part.lower, part.upper, None)


def _other_bounds(bound: ast.expr | None) -> Iterator[ast.expr | None]:
    """None, and one further; numbers are moved by :func:`other_constant`."""
    if bound is not None:
        yield None
        if not isinstance(bound, ast.Constant):
            yield ast.BinOp(bound, ast.Add(), ast.Constant(1))


def _called(node: ast.Call) -> str:
    function = node.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _is_module(node: ast.expr) -> bool:
    """Whether ``node.f`` is a function of a module, as far as its name tells."""
    return isinstance(node, ast.Name) and node.id in ("np", "torch", "F", "functional", "nn", "math", "earlier")


EXPRESSIONS: dict[str, Operator] = {
    "arithmetic": other_arithmetic,
    "dropped term": dropped_term,
    "comparison": other_comparison,
    "constant": other_constant,
    "transpose": without_transpose,
    "function": relative_function,
    "dropped call": dropped_call,
    "arguments": other_arguments,
    "slice": moved_slice,
    "order": other_order,
    "steps": one_fewer_step,
}
