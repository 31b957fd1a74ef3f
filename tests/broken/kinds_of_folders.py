"""Hand-ins whose file is sound (or is not there), and lies oddly in the student's folder."""

import os
import socket

from tests.broken.kind import Kind

NAME = "s01_rnn.ipynb"


def called(*names):
    """Lay the hand-in under other names, in folders where a name has them; later names are changed later."""

    def lay(folder, data):
        for seconds, name in enumerate(names):
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            os.utime(path, (1_700_000_000 + seconds,) * 2)

    return lay


def beside(*others):
    """Lay the hand-in under its right name, and worthless files beside it that were changed later."""

    def lay(folder, data):
        (folder / NAME).write_bytes(data)
        os.utime(folder / NAME, (1_700_000_000,) * 2)
        for name in others:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text("{}")

    return lay


def link(folder, data):
    (folder.parent / "elsewhere").write_bytes(data)
    (folder / NAME).symlink_to(folder.parent / "elsewhere")


def link_in_a_loop(folder, data):
    (folder / NAME).symlink_to(NAME)


def link_and_copy(folder, data):
    link(folder, data)
    (folder / "copy.ipynb").write_bytes(data)


def pipe(folder, data):
    os.mkfifo(folder / NAME)


def listening_socket(folder, data):
    here = os.getcwd()
    os.chdir(folder)  # a socket's path may be 107 bytes long
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(NAME)
    os.chdir(here)


def folder_of_that_name(folder, data):
    (folder / NAME).mkdir()


def folder_with_the_file(folder, data):
    called(f"{NAME}/{NAME}")(folder, data)


def not_readable(folder, data):
    (folder / NAME).write_bytes(data)
    (folder / NAME).chmod(0)


def nothing(folder, data):
    pass


def crowd(folder, data):
    for number in range(3000):
        (folder / f"{number:04}.txt").touch()
    (folder / NAME).write_bytes(data)


def folders_without_end(folder, data):
    (folder / NAME).write_bytes(data)
    (folder / "again").symlink_to(folder)
    (folder / "/".join(["d"] * 50)).mkdir(parents=True)


def same(whole):
    return whole


READABLE = os.geteuid() == 0
FOLDERS = [
    Kind("copy-number", same, "s01_rnn (1).ipynb was taken as s01_rnn.ipynb", lay=called("s01_rnn (1).ipynb")),
    Kind("upper-case", same, "S01_RNN.IPYNB was taken", lay=called("S01_RNN.IPYNB")),
    Kind("ending-txt", same, "s01_rnn.ipynb.txt was taken", lay=called("s01_rnn.ipynb.txt")),
    Kind("ending-json", same, "s01_rnn.ipynb.json was taken", lay=called("s01_rnn.ipynb.json")),
    Kind("other-name", same, "final-final.ipynb was taken", lay=called("final-final.ipynb")),
    Kind("folder-in-folder", same, "s01_rnn/s01_rnn.ipynb was taken", lay=called("s01_rnn/s01_rnn.ipynb")),
    Kind("two-notebooks", same, "counts, not old.ipynb", lay=beside("old.ipynb")),
    Kind(
        "two-renamed-notebooks",
        same,
        "s01_rnn (2).ipynb counts, not s01_rnn (1).ipynb",
        lay=called("s01_rnn (1).ipynb", "s01_rnn (2).ipynb"),
    ),
    Kind("checkpoint-beside", same, lay=beside(".ipynb_checkpoints/s01_rnn-checkpoint.ipynb")),
    Kind(
        "checkpoint-only",
        same,
        "s01_rnn-checkpoint.ipynb was taken",
        lay=called(".ipynb_checkpoints/s01_rnn-checkpoint.ipynb"),
    ),
    Kind("resource-fork-beside", same, lay=beside("._s01_rnn.ipynb", "__MACOSX/._s01_rnn.ipynb")),
    Kind("name-with-a-line-break", same, "was taken as s01_rnn.ipynb", lay=called("s01\nrnn.ipynb")),
    Kind("name-with-accents", same, "Prüfung-é-漢字.ipynb was taken", lay=called("Prüfung-é-漢字.ipynb")),
    Kind("name-of-no-characters", same, "was taken", lay=called(os.fsdecode(b"\xff\xfe.ipynb"))),
    Kind("name-very-long", same, "was taken", lay=called("x" * 249 + ".ipynb")),
    Kind("name-with-a-dash", same, "--help.ipynb was taken", lay=called("--help.ipynb")),
    Kind("link", same, "is a link and was not read", refused=True, lay=link),
    Kind("link-in-a-loop", same, "is a link and was not read", refused=True, lay=link_in_a_loop),
    Kind("link-and-copy", same, "copy.ipynb was taken", lay=link_and_copy),
    Kind("pipe", same, "is a pipe and was not read", refused=True, lay=pipe),
    Kind("socket", same, "is a socket and was not read", refused=True, lay=listening_socket),
    Kind("folder-of-that-name", same, "is a folder and was not read", refused=True, lay=folder_of_that_name),
    Kind("folder-with-the-file", same, "s01_rnn.ipynb/s01_rnn.ipynb was taken", lay=folder_with_the_file),
    Kind("not-readable", same, "" if READABLE else "may not be opened", refused=not READABLE, lay=not_readable),
    Kind("empty-folder", same, "there is no notebook", refused=True, lay=nothing),
    Kind("crowd-of-files", same, lay=crowd),
    Kind("folders-without-end", same, lay=folders_without_end),
]
ODD_STUDENTS = ("line\nbreak", os.fsdecode(b"byte-\xff"), "Zoë 漢字", "x" * 200, "=1+1", "a'b;--", "-rf")
