"""Install seqlab from its unpacked folder into a Python that runs notebooks already, such as Colab's.

It stands at the top of the student zip; a notebook's first code cell runs it as a script, with nothing but Python and
pip. What is installed stays as it is, whatever its version: Colab's torch fits Colab's graphics card, and a kernel
that has imported a library cannot have it exchanged. Only what is missing is installed, at the course's pin.
"""

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

BRINGS_NOTEBOOKS = {"jupyterlab", "ipykernel", "ipython"}  # whoever runs this cell has a notebook already
REQUIREMENT = re.compile(r"([A-Za-z0-9._-]+)>=([0-9.]+)")
PINNED = re.compile(r"([A-Za-z0-9._-]+)==\S+")


def installed_version(name: str) -> str:
    """The version of a package that is installed; empty if it is not."""
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def is_older(found: str, wanted: str) -> bool:
    """Whether a version is before another, by the numbers that they begin with."""
    return _numbers(found) < _numbers(wanted)


def _numbers(text: str) -> list[int]:
    whole = re.match(r"[0-9]+(\.[0-9]+)*", text)
    return [int(part) for part in whole[0].split(".")] if whole else []


def kept_constraints(pins: Iterable[str]) -> list[str]:
    """The course's pins, but what is installed is pinned to what it is."""
    names = {found[1]: pin for pin in pins if (found := PINNED.fullmatch(pin.strip()))}
    return [f"{name}=={here}" if (here := installed_version(name)) else pin.strip() for name, pin in names.items()]


def sorted_out(requirements: Iterable[tuple[str, str]]) -> tuple[list[str], list[str]]:
    """The requirements that are missing, and sentences about those that are older than the course's."""
    wanted = [(name, least) for name, least in requirements if name not in BRINGS_NOTEBOOKS]
    here = {name: installed_version(name) for name, _ in wanted}
    missing = [f"{name}>={least}" for name, least in wanted if not here[name]]
    older = [
        f"{name} {here[name]} was left as it is, though the course is made with {least} or newer"
        for name, least in wanted
        if here[name] and is_older(here[name], least)
    ]
    return missing, older


def install(*words: str) -> None:
    """Run ``pip install WORDS``; where it fails, end with what it said."""
    command = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"pip could not install {words[-1]}: {done.stderr.strip()[-1500:]}")


def main() -> None:
    """Install what is missing, then seqlab, and say in one line what was done and what is next."""
    if sys.version_info < (3, 11):
        sys.exit(f"seqlab needs Python 3.11 or newer; this notebook runs Python {sys.version.split()[0]}")
    folder = Path(__file__).resolve().parent
    missing, older = sorted_out(REQUIREMENT.findall((folder / "pyproject.toml").read_text(encoding="utf-8")))
    if missing:
        with tempfile.TemporaryDirectory() as place:
            path = Path(place) / "constraints.txt"
            pins = (folder / "constraints.txt").read_text(encoding="utf-8").splitlines()
            path.write_text("\n".join(kept_constraints(pins)), encoding="utf-8")
            install("-c", str(path), *missing)
    install("--no-deps", "-e", str(folder))
    brought = ", ".join(["seqlab", *(requirement.split(">=")[0] for requirement in missing)])
    notes = "".join(f"; {note}" for note in older)
    print(f"seqlab is set up: unpacked into {folder.name}/, installed {brought}{notes}. Next: run the cells below.")


if __name__ == "__main__":
    main()
