"""Writing arrays: row by row or at once, and on a disk that fills up."""

import shutil
import subprocess
import sys

import h5py
import numpy as np
import pytest

from seqlab.data.storage.rows import Rows
from seqlab.data.storage.writing import RowWriter, reserve, write_arrays
from tests.conftest import ROOT


def test_rows_are_written_where_they_belong(tmp_path):
    places = reserve(tmp_path / "a.h5", {"x": ((5, 2), np.int16), "y": ((3,), np.float32)})
    with (tmp_path / "a.h5").open("r+b") as file:
        x = RowWriter(file, places["x"], (5, 2), np.dtype(np.int16))
        x[:] = np.zeros((5, 2))
        x[1] = np.array([3, 4])
        x[-1] = np.array([9, 9])
        x[2:4] = np.arange(4).reshape(2, 2).T
        RowWriter(file, places["y"], (3,), np.dtype(np.float32))[:] = np.array([1.5, 2, 3])
    assert Rows(tmp_path / "a.h5", "x")[:].tolist() == [[0, 0], [3, 4], [0, 2], [1, 3], [9, 9]]
    assert Rows(tmp_path / "a.h5", "y")[:].tolist() == [1.5, 2, 3]
    assert Rows(tmp_path / "a.h5", "x").mapped


@pytest.mark.parametrize(
    ("index", "rows"), [(0, np.zeros(3)), (slice(0, 2), np.zeros((3, 2))), (slice(4, 9), np.zeros((5, 2)))]
)
def test_rows_of_another_shape_are_refused(tmp_path, index, rows):
    places = reserve(tmp_path / "a.h5", {"x": ((5, 2), np.int16)})
    with (tmp_path / "a.h5").open("r+b") as file, pytest.raises(ValueError, match="expected rows of shape"):
        RowWriter(file, places["x"], (5, 2), np.dtype(np.int16))[index] = rows


def test_a_row_that_is_not_there_is_refused(tmp_path):
    places = reserve(tmp_path / "a.h5", {"x": ((5, 2), np.int16)})
    with (tmp_path / "a.h5").open("r+b") as file, pytest.raises(IndexError):
        RowWriter(file, places["x"], (5, 2), np.dtype(np.int16))[5] = np.zeros(2)


@pytest.mark.parametrize(
    "array",
    [np.float64(3.5), np.empty((0, 4), np.int32), np.arange(24).reshape(2, 3, 4)[:, ::-1].T, np.array([True, False])],
    ids=["a number", "empty", "not contiguous", "truth values"],
)
def test_any_array_comes_back(tmp_path, array):
    write_arrays(tmp_path / "a.h5", {"x": np.asarray(array)})
    with h5py.File(tmp_path / "a.h5") as file:
        found = file["x"][()]
    np.testing.assert_array_equal(found, array)
    assert np.asarray(found).dtype == np.asarray(array).dtype


FULL_DISK = """
import numpy as np
from pathlib import Path
from seqlab.data.errors import NoSpace
from seqlab.data.storage.folders import build_folder
from seqlab.data.storage.writing import write_arrays
place = Path("{place}")
write = lambda folder: write_arrays(folder / "a.h5", {{"x": np.ones(10_000_000)}})
try:
    build_folder(place / "things", 1, {{}}, write)
except NoSpace as error:
    print("NoSpace", list(place.iterdir()))
"""


def test_a_disk_that_fills_up_is_said_and_leaves_nothing(tmp_path):
    """On a real disk of 4 MB, in a mount namespace of its own."""
    if shutil.which("unshare") is None:
        pytest.skip("no unshare here to make a small disk with")
    script = f"mount -t tmpfs -o size=4m none {tmp_path} && {sys.executable} -c '{FULL_DISK.format(place=tmp_path)}'"
    found = subprocess.run(
        ["unshare", "-rm", "sh", "-c", script], capture_output=True, text=True, check=False, cwd=ROOT
    )
    if "unshare" in found.stderr or "mount:" in found.stderr:
        pytest.skip(f"no small disk can be made here: {found.stderr}")
    assert (found.returncode, found.stdout) == (0, "NoSpace []\n"), found.stderr
