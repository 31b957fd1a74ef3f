"""A class of hand-ins made for the similarity report: right answers in other clothes, and copies that hide."""

import ast
import re
import textwrap

from autograder.demo import plain_answer
from tests.conftest import ROOT


def variants(stage_id, exercises):
    """Independent answers: of each exercise a list of texts, from tests/course/variants_*.py."""
    found = {name: [] for name in exercises}
    for path in sorted((ROOT / "tests" / "course").glob(f"variants_{stage_id}*.py")):
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name in found:
                body = "\n".join(text.splitlines()[node.lineno - 1 : node.end_lineno])
                found[node.name].append(textwrap.dedent(body))
    return found


def answers_of(master):
    """The master's own answers, without markers."""
    return {name: plain_answer(cell.source) for name, cell in master.answers().items()}


def disguised(source, exercises):
    """A copy in which every local name is another, comments are added and the docstring is gone."""
    tree = ast.parse(source)
    kept = set(exercises) | {"self", "np", "torch", "nn", "functional", "Array", "Tensor", "Any", "super"}
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    names |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    text = source
    for place, name in enumerate(sorted(names - kept)):
        text = re.sub(rf"(?<![.\w]){name}\b", f"quite_another_{place}", text)
    without = re.sub(r'"""(.|\n)*?"""', '"""mine"""', text)
    return without.replace("\n\n", "\n\n    # as I thought\n")
