"""The cell with which a notebook sets itself up where seqlab is missing, as on Colab. Its text is this function's.

It is self-contained: in the notebook nothing of ours is installed yet, and no name may be left behind that a
student's code could lean on, since grading does not run it.
"""

import inspect

TITLE = "# @title Set up seqlab (does nothing where it is installed)"
ROLE = "setup"


def unpack_seqlab(archive: bytes) -> list[str]:
    import io
    import os
    import zipfile

    with zipfile.ZipFile(io.BytesIO(archive)) as bundle:
        names = bundle.namelist()
        outside = [name for name in names if not name.startswith("seqlab-student/") or ".." in name.split("/")]
        if outside or "seqlab-student/set_up.py" not in names or bundle.testzip():
            raise zipfile.BadZipFile("expected a whole archive with seqlab-student/ and nothing beside it")
        kept = [name for name in names if name.lower().endswith(".ipynb") and os.path.lexists(name)]
        bundle.extractall(members=[name for name in names if name not in kept])
    return kept


def set_up_seqlab(address: str) -> None:
    import http.client
    import importlib.util
    import os
    import site
    import subprocess
    import sys
    import sysconfig
    import urllib.request
    import zipfile
    import zlib

    found = importlib.util.find_spec("seqlab")
    if found is not None and found.origin is not None:
        return
    address = os.environ.get("SEQLAB_STUDENT_ZIP") or address
    if not address:
        raise RuntimeError(
            "seqlab is not installed in this notebook's Python. On your own machine, install it as README.md says and "
            "choose that kernel. Elsewhere, as on Colab: this notebook was not told where seqlab-student.zip is; ask "
            "your teacher for its address, run %env SEQLAB_STUDENT_ZIP=ADDRESS in a cell, then this cell again."
        )
    try:
        with urllib.request.urlopen(address, timeout=60) as answer:
            kept = unpack_seqlab(answer.read())
    except (zipfile.BadZipFile, zlib.error, EOFError):
        raise RuntimeError(f"{address} is not seqlab-student.zip; is it a link to a page about the file?") from None
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise RuntimeError(f"could not get {address}: {error}. Is there a network, and is the address right?") from None
    done = subprocess.run([sys.executable, "seqlab-student/set_up.py"], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"seqlab could not be installed: {done.stderr.strip()}")
    for folder in (sysconfig.get_path("purelib"), site.getusersitepackages()):
        site.addsitedir(folder)
    print(done.stdout.strip())
    if kept:
        print(f"Your notebooks in seqlab-student/ were left as they are: {', '.join(kept)}")


def setup_source(address: str) -> str:
    """The text of the cell; ``address`` is where the student zip can be had, empty where that is not known."""
    functions = "\n\n\n".join(inspect.getsource(one).rstrip() for one in (unpack_seqlab, set_up_seqlab))
    return f"{TITLE}\n{functions}\n\n\nset_up_seqlab({address!r})\ndel set_up_seqlab, unpack_seqlab"
