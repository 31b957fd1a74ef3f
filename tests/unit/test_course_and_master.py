"""course.toml and masters: what is wrong is refused, with the place and the remedy."""

import pytest

from autograder.authoring.master import read_master
from autograder.authoring.source import notebook_text, solved_notebook, source_notebook
from autograder.course import CourseError, Stage, find_root, load_course
from autograder.reference import reference_namespace
from autograder.suite import Mistake, Suite, _problems

STAGE = Stage("s09_toy", "Toy", {"double": 100.0})
GOOD = '''\
# %% [markdown]
# # Toy

# %% tags=["given"]
import math

# %% exercise="double"
def double(x):
    """Twice."""
    ### BEGIN SOLUTION
    twice = x * 2
    return twice
    ### END SOLUTION

# %% tags=["demo"]
double(math.pi)
'''


def master(tmp_path, text, stage=STAGE):
    path = tmp_path / f"{stage.id}.py"
    path.write_text(text)
    return read_master(path, stage)


def test_a_good_master_is_read(tmp_path):
    made = master(tmp_path, GOOD)
    assert [cell.role for cell in made.cells] == ["prose", "given", "answer", "demo"]
    assert made.answer_lines() == {"twice = x * 2", "return twice"}
    assert reference_namespace(made)["double"](4) == 8


AFTERWARDS = """
# %% [markdown] tags=["afterwards"]
# Shifting is the same.

# %% tags=["afterwards"]
import math
shifted = 4 << 1
"""


def test_cells_for_afterwards_are_read_and_not_released(tmp_path):
    made = master(tmp_path, GOOD + AFTERWARDS)
    assert [(cell.role, cell.markdown) for cell in made.cells[-2:]] == [("afterwards", True), ("afterwards", False)]
    assert made.released_cells() == made.cells[:-2]
    assert made.withheld_lines() == {"Shifting is the same.", "shifted = 4 << 1"}
    assert "shifted" not in reference_namespace(made)


def test_the_source_knows_nothing_of_cells_for_afterwards_and_the_solved_notebook_ends_with_them(tmp_path):
    plain, more = master(tmp_path, GOOD), master(tmp_path, GOOD + AFTERWARDS)
    assert notebook_text(source_notebook(more)) == notebook_text(source_notebook(plain))
    solved = solved_notebook(more)["cells"]
    assert solved[:-2] == source_notebook(plain)["cells"]
    assert [(cell["cell_type"], cell["id"]) for cell in solved[-2:]] == [
        ("markdown", "s09_toy-afterwards-1"),
        ("code", "s09_toy-afterwards-2"),
    ]


@pytest.mark.parametrize(
    "old, new, words",
    [
        ('[markdown] tags=["afterwards"]', '[markdown] tags=["afterward"]', "a markdown cell is either"),
        ('[markdown] tags=["afterwards"]', '[markdown] tags=["given"]', "a markdown cell is either"),
        ('[markdown] tags=["afterwards"]', '[markdown] exercise="double"', "a markdown cell is either"),
        ('# %% tags=["afterwards"]', '# %% tags=["demo"]', "this demo cell stands after a cell for afterwards"),
        ("4 << 1", "4 <<", "not Python"),
        ("4 << 1", "4 << 1\n### BEGIN SOLUTION\n### END SOLUTION", "this afterwards cell must not have"),
    ],
)
def test_a_broken_cell_for_afterwards_is_refused(tmp_path, old, new, words):
    assert old in AFTERWARDS
    with pytest.raises(CourseError, match=words):
        master(tmp_path, GOOD + AFTERWARDS.replace(old, new, 1))


@pytest.mark.parametrize(
    "old, new, words",
    [
        ("    ### END SOLUTION\n", "", "BEGIN SOLUTION without ### END SOLUTION; the answer would reach"),
        ("    ### BEGIN SOLUTION\n", "", "`### END SOLUTION` without its partner"),
        ("### BEGIN SOLUTION", "## BEGIN SOLUTION", "looks like a marker"),
        ("### END SOLUTION", "### end solution", "looks like a marker"),
        ("### BEGIN SOLUTION", "### BEGIN SOLUTION\n    ### BEGIN SOLUTION", "without its partner"),
        ("import math", "import math\n### BEGIN SOLUTION\n### END SOLUTION", "this given cell must not have"),
        ('# %% tags=["given"]', '# %% tags=["givn"]', "a code cell is either"),
        ('# %% tags=["given"]', "# %%", "a code cell is either"),
        ('exercise="double"', 'exercise="tripel"', "does not define tripel"),
        ("def double", "def dubble", "does not define double"),
        ("import math", "import math as", "not Python"),
        ("# %% [markdown]", "import os\n# %% [markdown]", "before the first"),
    ],
)
def test_a_broken_master_is_refused_with_its_place(tmp_path, old, new, words):
    assert old in GOOD
    with pytest.raises(CourseError, match=words):
        master(tmp_path, GOOD.replace(old, new, 1))


def test_answers_must_be_the_stage_s_exercises(tmp_path):
    stage = Stage("s09_toy", "Toy", {"double": 50.0, "triple": 50.0})
    with pytest.raises(CourseError, match=r"missing here: \['triple'\]"):
        master(tmp_path, GOOD, stage)


def test_a_mistake_must_fit_the_answer_exactly_once(tmp_path):
    made = master(tmp_path, GOOD)
    mistake = Mistake("off", "double", (("x * 2", "x * 3"),), "says", "asks")
    assert reference_namespace(made, mistake)["double"](4) == 12
    with pytest.raises(CourseError, match="found it 0 times"):
        reference_namespace(made, Mistake("off", "double", (("x * 9", "x"),), "", ""))


def test_a_suite_for_an_unknown_exercise_is_refused():
    problems = list(_problems(Suite("s09_toy", {}, (), ()), STAGE))
    assert problems == ["exercise double has 0 suites, expected 1"]


TOML = """
name = "test"
[limits]
start_seconds = 1
cell_seconds = 1
case_seconds = 1
submission_seconds = 1
cpu_seconds = 1
cell_cpu_seconds = 1
case_cpu_seconds = 1
memory_mb = 1
file_mb = 1
output_kb = 1
[stages.s01_rnn]
title = "A"
[stages.s01_rnn.points]
step = 60
RNN = 40
"""


@pytest.mark.parametrize(
    "old, new, words",
    [
        ("step = 60", "step = 50", "add up to 100; they give 90"),
        ("step = 60", '"step.forward" = 60', "named by the function or class"),
        ("output_kb = 1", "", "missing or unknown: output_kb"),
        ("s01_rnn", "rnn", "a stage id looks like"),
        ('title = "A"', "", "expected title"),
        ('name = "test"', 'student_zip = "ftp://example.edu/a.zip"', "student_zip should be the address"),
        ('name = "test"', "student_zip = 3", "found 3"),
        ("[limits]", "[limits", "not TOML"),
    ],
)
def test_a_broken_course_is_refused(tmp_path, old, new, words):
    (tmp_path / "course.toml").write_text(TOML.replace(old, new))
    with pytest.raises(CourseError, match=words):
        load_course(tmp_path)


def test_a_wrong_stage_name_says_did_you_mean(tmp_path):
    (tmp_path / "course.toml").write_text(TOML)
    with pytest.raises(CourseError, match=r"no stage called 's1_rnn'. Did you mean s01_rnn\?"):
        load_course(tmp_path).stage("s1_rnn")


@pytest.mark.parametrize("address", ["", "https://example.edu/a.zip", "file:///srv/a.zip"])
def test_the_address_of_the_student_zip_stands_in_the_setup_before_all_other_code(tmp_path, address):
    (tmp_path / "course.toml").write_text(f"student_zip = {address!r}\n{TOML}")
    course = load_course(tmp_path)
    cells = source_notebook(master(tmp_path, GOOD), course.student_zip)["cells"]
    setup = next(cell for cell in cells if cell["cell_type"] == "code")
    assert setup["id"] == "s09_toy-setup"
    assert f"\nset_up_seqlab({address!r})\n" in setup["source"]
    assert setup["metadata"]["nbgrader"]["locked"]


def test_outside_a_course_says_so(tmp_path):
    with pytest.raises(CourseError, match=r"found no course.toml"):
        find_root(tmp_path)
