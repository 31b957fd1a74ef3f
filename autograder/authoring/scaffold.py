"""A new stage: a master, a suite with its mistakes and variants, a TOML table; ready to be filled and released."""

from __future__ import annotations

import json
from pathlib import Path

from autograder.course import STAGE_ID, Course, CourseError

TEMPLATES = Path(__file__).with_name("templates")
EXERCISE = "my_{id}_exercise"


def scaffold_stage(course: Course, stage_id: str, title: str) -> list[Path]:
    """Write the files of a new stage and add its table to course.toml; returns what was written.

    Raises:
        CourseError: the id does not look like a stage's, the title is empty, or a file is there already.
    """
    if not STAGE_ID.fullmatch(stage_id):
        raise CourseError(f"a stage id looks like s09_memory (s, two digits, _, small letters); found {stage_id!r}")
    if not title.strip():
        raise CourseError('a stage needs a title: make stage ID=s09_memory TITLE="Memory"')
    exercise = EXERCISE.format(id=stage_id.split("_", 1)[1])
    targets = {
        "master.py.txt": course.master_path(stage_id),
        "suite.py.txt": course.root / "autograder" / "suites" / f"{stage_id}.py",
        "mistakes.py.txt": course.root / "autograder" / "mistakes" / f"{stage_id}.py",
        "variants.py.txt": course.root / "tests" / "course" / f"variants_{stage_id}.py",
    }
    taken = [str(path) for path in targets.values() if path.exists()]
    if taken or stage_id in course.stages:
        raise CourseError(f"stage {stage_id} is there already: {', '.join(taken) or 'in course.toml'}")
    for template, path in targets.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_filled(template, stage_id, title, exercise), encoding="utf-8")
    head = f"\n[stages.{stage_id}]\ntitle = {json.dumps(title, ensure_ascii=False)}\n"
    table = f"{head}\n[stages.{stage_id}.points]\n{exercise} = 100\n"
    with (course.root / "course.toml").open("a", encoding="utf-8") as file:
        file.write(table)
    return [*targets.values(), course.root / "course.toml"]


def _filled(template: str, stage_id: str, title: str, exercise: str) -> str:
    text = (TEMPLATES / template).read_text(encoding="utf-8")
    for mark, value in (("@STAGE@", stage_id), ("@TITLE@", title), ("@EXERCISE@", exercise)):
        text = text.replace(mark, value)
    return text
