"""What may not be on the pages for students: lines of answers, names of mistakes, titles of hidden cases."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path

from autograder.authoring.audit import FORBIDDEN, AuditFailed, leaks
from autograder.authoring.master import Master, read_master
from autograder.course import Course
from autograder.suite import Suite, load_suite

TAG = re.compile(r"<[^>]*>")
ENDINGS = (".md", ".html", ".js", ".txt")
TELLING = 12  # letters; a shorter title of a case is a word or two that any page may hold


def audit_pages(course: Course, folder: Path) -> int:
    """Check every text file below ``folder``, and that nothing is hidden there; returns how many files there were.

    Raises:
        AuditFailed: one of them gives something away, or has a name that begins with a dot.
    """
    masters = [read_master(course.master_path(stage.id), stage) for stage in course.stages.values()]
    suites = [load_suite(stage) for stage in course.stages.values()]
    paths = [path for path in sorted(folder.rglob("*")) if path.suffix in ENDINGS and "_static" not in path.parts]
    hidden = [path.relative_to(folder) for path in sorted(folder.rglob(".*"))]
    problems = [f"{path} is hidden, and nobody looks into it" for path in hidden]
    problems += [problem for path in paths for problem in page_problems(path, masters, suites)]
    if problems:
        raise AuditFailed("the audit of the pages for students found: " + "; ".join(problems))
    return len(paths)


def page_problems(path: Path, masters: list[Master], suites: list[Suite]) -> Iterator[str]:
    """What one page gives away, in words."""
    raw = path.read_text(encoding="utf-8")
    text = html.unescape(TAG.sub("", raw)) if path.suffix == ".html" else raw
    for master in masters:
        yield from leaks(text, master, path.name, own=path.stem == master.stage.id)
    if FORBIDDEN.search(text):
        yield f"{path.name} holds a marker or a grading call"
    for suite in suites:
        yield from (f"{path.name} names the mistake {one.key}" for one in suite.mistakes if one.key in text)
        yield from (
            f"{path.name} tells of the hidden case {title!r}" for title in hidden_titles(suite) if title in text
        )


def hidden_titles(suite: Suite) -> set[str]:
    """Titles of cases that students never meet in a check."""
    cases = [case for exercise in suite.exercises for case in exercise.cases]
    public = {case.title for case in cases if case.public}
    return {case.title for case in cases if not case.public and len(case.title) >= TELLING} - public
