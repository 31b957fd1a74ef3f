"""Arrays on disk: read lazily, right in every order, safe across processes, clear when damaged."""

import multiprocessing
import pickle
import tracemalloc

import h5py
import numpy as np
import pytest

from seqlab.data.errors import DataDamaged
from seqlab.data.storage import rows as rows_module
from seqlab.data.storage.rows import Ragged, Rows, read_text
from seqlab.data.storage.writing import ragged, ragged_text, text_bytes, write_arrays

STORED = {"whole": {}, "chunked": {"chunks": (7, 3)}, "compressed": {"chunks": (7, 3), "compression": "gzip"}}


@pytest.fixture
def array():
    return np.random.default_rng(0).standard_normal((40, 3)).astype(np.float32)


@pytest.fixture(params=STORED)
def rows(request, array, tmp_path, monkeypatch):
    """The same array however it is stored; what is chunked is read row by row, as if it were large."""
    monkeypatch.setattr(rows_module, "WHOLE_BYTES", 0)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("x", data=array, **STORED[request.param])
    return Rows(tmp_path / "a.h5", "x")


@pytest.mark.parametrize(
    "index",
    [
        0,
        -1,
        slice(3, 9),
        slice(None),
        slice(None, None, -1),
        [4, 1, 4, 39],
        np.array([0]),
        [-1, 5],
        [],
        np.arange(40) % 2 == 0,
    ],
    ids=str,
)
def test_rows_are_indexed_as_in_numpy(rows, array, index):
    expected = array[np.asarray(index, dtype=int)] if isinstance(index, list) else array[index]
    if isinstance(index, slice) and index.step == -1 and not rows.mapped:
        with pytest.raises(ValueError, match="Step must be"):
            rows[index]
        return
    found = rows[index]
    np.testing.assert_array_equal(found, expected)
    assert found.dtype == np.float32


@pytest.mark.parametrize("index", [40, -41, [0, 40], np.array([-41])], ids=str)
def test_an_index_out_of_range_is_an_error(rows, index):
    with pytest.raises(IndexError):
        rows[index]


def test_only_what_lies_in_one_piece_is_mapped(rows):
    with h5py.File(rows.path) as file:  # anybody else may open the file meanwhile
        assert rows.mapped == (file[rows.key].chunks is None)
    assert rows.shape == (40, 3)
    assert len(rows) == 40


def test_what_is_mapped_cannot_be_written(tmp_path, array):
    write_arrays(tmp_path / "a.h5", {"x": array})
    with pytest.raises(ValueError, match="read-only"):
        Rows(tmp_path / "a.h5", "x")[:][0, 0] = 1


def _first_rows(rows, queue):
    queue.put(rows[[3, 1]])


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_rows_work_in_other_processes(rows, array, method):
    context = multiprocessing.get_context(method)
    queue = context.Queue()
    rows[0]
    worker = context.Process(target=_first_rows, args=(rows, queue))
    worker.start()
    np.testing.assert_array_equal(queue.get(timeout=60), array[[3, 1]])
    worker.join()
    np.testing.assert_array_equal(rows[[0, 2]], array[[0, 2]])


def test_rows_are_pickled_without_their_data(rows, array):
    sent = pickle.dumps(rows)
    assert len(sent) < 500
    np.testing.assert_array_equal(pickle.loads(sent)[5], array[5])


@pytest.mark.parametrize("chunks", [None, (1000, 50)])
def test_fifty_rows_do_not_cost_the_whole_array(tmp_path, chunks):
    """The known feature file takes 250 MB whole; here 80 MB stand for it."""
    with h5py.File(tmp_path / "big.h5", "w") as file:
        file.create_dataset("features", (200_000, 100), np.float32, chunks=chunks, fillvalue=1.0)
        if chunks is None:
            file["features"][-1] = 2.0
    tracemalloc.start()
    found = Rows(tmp_path / "big.h5", "features")[np.arange(0, 200_000, 4000)]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.shape == (50, 100)
    assert peak < 5e6


@pytest.mark.parametrize(
    "harm",
    [
        lambda path: path.write_bytes(b"<html>not found</html>"),
        lambda path: path.write_bytes(b""),
        lambda path: path.unlink(),
        lambda path: path.write_bytes(path.read_bytes()[:-64]),
    ],
    ids=["another file", "empty", "gone", "cut short"],
)
def test_a_damaged_file_says_where_it_is_and_what_to_do(tmp_path, harm):
    path = tmp_path / "a.h5"
    write_arrays(path, {"x": np.arange(100.0)})
    harm(path)
    with pytest.raises(DataDamaged, match=r"a.h5 is damaged.*Remove .*run the command again") as error:
        Rows(path, "x")
    assert str(tmp_path) in str(error.value)


def test_a_missing_array_is_named(tmp_path):
    write_arrays(tmp_path / "a.h5", {"x": np.arange(3)})
    with pytest.raises(DataDamaged, match="an array 'y'"):
        Rows(tmp_path / "a.h5", "y")


SENTENCES = [[1, 2, 3], [], [4], [5, 6]]


@pytest.fixture
def sentences(tmp_path):
    write_arrays(tmp_path / "s.h5", ragged("words", SENTENCES))
    return Ragged(tmp_path / "s.h5", "words")


def test_sequences_of_different_lengths_come_back(sentences):
    assert [list(sentences[i]) for i in range(4)] == SENTENCES
    assert list(sentences[-1]) == [5, 6]
    with pytest.raises(IndexError):
        sentences[4]


def test_sequences_side_by_side_are_filled_up(sentences):
    padded, lengths = sentences.padded(np.array([3, 0, 1]), fill=9)
    assert padded.tolist() == [[5, 6, 9], [1, 2, 3], [9, 9, 9]]
    assert lengths.tolist() == [2, 3, 0]
    assert padded.dtype == np.int32


def test_sequences_may_be_cut(sentences):
    padded, lengths = sentences.padded(np.array([0, 2]), longest=2)
    assert padded.tolist() == [[1, 2], [4, 0]]
    assert lengths.tolist() == [2, 1]


def test_only_empty_sequences_make_an_empty_batch(sentences):
    padded, lengths = sentences.padded(np.array([1]))
    assert padded.shape == (1, 0)
    assert lengths.tolist() == [0]


def test_texts_come_back(tmp_path):
    texts = ["née", "", "“quoted” 🙂"]
    write_arrays(tmp_path / "t.h5", {**ragged_text("text", texts), "title": text_bytes("été")})
    kept = Ragged(tmp_path / "t.h5", "text")
    assert [kept.text(i) for i in range(3)] == texts
    assert read_text(tmp_path / "t.h5", "title") == "été"


def test_the_same_arrays_give_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        write_arrays(tmp_path / name, ragged("words", SENTENCES))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
