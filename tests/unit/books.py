"""A small course with a gradebook, for tests that need no grading."""

from contextlib import contextmanager

from nbgrader.api import Gradebook

from autograder.environment import programs_on_path
from autograder.workspace import Workspace

POINTS = {"step": 40, "RNN": 60}
LIMITS = (
    *("start_seconds", "cell_seconds", "case_seconds", "submission_seconds", "cell_cpu_seconds"),
    *("case_cpu_seconds", "cpu_seconds", "memory_mb", "file_mb", "output_kb"),
)


def write_course(folder, *stages):
    """Make a course of these stages in a folder, without a gradebook."""
    (folder / "classroom").mkdir()
    texts = ["[limits]", *(f"{name} = 1" for name in LIMITS)]
    for stage in stages:
        texts += [f"[stages.{stage}]", 'title = "The cell"', f"[stages.{stage}.points]"]
        texts += [f"{name if stage == stages[0] else f'{name}_{stage}'} = {points}" for name, points in POINTS.items()]
    (folder / "course.toml").write_text("\n".join(texts) + "\n")


@contextmanager
def new_book(folder, *stages):
    """Make a course of these stages in a folder, and give its gradebook, which knows their cells."""
    write_course(folder, *stages)
    with programs_on_path(), Gradebook(Workspace.of_course(folder).gradebook_url) as book:
        for stage in stages:
            book.add_assignment(stage)
            book.add_notebook(stage, stage)
            for name, points in POINTS.items():
                book.add_grade_cell(name, stage, stage, max_score=points, cell_type="code")
        yield book


def graded(book, stage, student, scores, timestamp=None):
    """A submission with these scores; returns its notebook."""
    book.update_or_create_student(student)
    book.add_submission(stage, student, timestamp=timestamp)
    notebook = book.find_submission_notebook(stage, stage, student)
    for grade in notebook.grades:
        grade.auto_score, grade.needs_manual_grade = scores[grade.name], False
    book.db.commit()
    return notebook
