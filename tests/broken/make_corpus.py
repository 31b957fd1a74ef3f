"""Write tests/broken/corpus/ from the released notebook and the master: ``python -m tests.broken.make_corpus``."""

from pathlib import Path

from autograder.authoring.master import read_master
from autograder.batch import released_notebook
from autograder.course import load_course
from tests.broken.kind import whole_notebook
from tests.broken.table import KEPT

CORPUS = Path(__file__).with_name("corpus")
ROOT = CORPUS.parents[2]


def whole():
    """The whole notebook that every kind is broken from."""
    course = load_course(ROOT)
    stage = course.stage("s01_rnn")
    master = read_master(course.master_path(stage.id), stage)
    return whole_notebook(released_notebook(course.release_folder(stage.id), stage), master)


def corpus():
    """The bytes of each kept file, by name."""
    base = whole()
    return {f"{kind.key}.handin": kind.data(base) for kind in KEPT}


def main():
    """Write the files anew; files of kinds that are gone are removed."""
    CORPUS.mkdir(exist_ok=True)
    made = corpus()
    for path in CORPUS.iterdir():
        if path.name not in made:
            path.unlink()
    for name, data in made.items():
        (CORPUS / name).write_bytes(data)


if __name__ == "__main__":
    main()
