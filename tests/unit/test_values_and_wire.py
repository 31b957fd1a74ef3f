"""Values, layouts, and the messages that carry them: what goes in comes out, and nothing else gets through."""

import json
import socket
import struct

import numpy as np
import pytest
import torch

from seqlab.checking.values import NotAValue, describe_type, layout_of, value_of, with_layout
from seqlab.checking.wire import MAX_HEADER, Closed, WireError, receive, send


@pytest.fixture
def pair():
    ours, theirs = socket.socketpair()
    ours.settimeout(5)
    yield ours, theirs
    ours.close()
    theirs.close()


@pytest.mark.parametrize("layout", ["C", "F", "strided"])
def test_layouts_keep_values_and_are_what_they_say(layout):
    array = np.arange(12.0).reshape(3, 4)
    made = with_layout(array, layout)
    assert np.array_equal(made, array)
    assert layout_of(made) == layout
    assert not np.shares_memory(made, array)


def test_bfloat16_keeps_its_name_and_its_numbers():
    value = value_of(torch.tensor([1.5, -2.0]).bfloat16())
    assert (value.kind, value.dtype, value.numbers.tolist()) == ("tensor", "bfloat16", [1.5, -2.0])


@pytest.mark.parametrize("thing", [None, "text", (1, 2), np.array(["a"]), np.array([object()]), {}])
def test_what_is_not_numbers_is_refused(thing):
    with pytest.raises(NotAValue):
        value_of(thing)


def test_types_are_described_in_words():
    assert describe_type((1, 2)) == "a tuple of 2"
    assert describe_type(np.zeros((2, 3))) == "one ndarray of shape (2, 3)"
    assert describe_type(None) == "None"


def test_a_message_arrives_as_it_was_sent(pair):
    arrays = {"x": np.arange(6, dtype="float32").reshape(2, 3), "s": np.asarray(2.5), "e": np.zeros((0, 4))}
    arrays["strided"] = with_layout(np.arange(8.0).reshape(2, 4), "strided")
    send(pair[0], {"action": "begin"}, arrays)
    body, got = receive(pair[1])
    assert body == {"action": "begin"}
    for name, array in arrays.items():
        assert got[name].dtype == array.dtype
        assert layout_of(got[name]) == layout_of(array)
        assert np.array_equal(got[name], array)


def raw(header):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack(">I", len(text)) + text


def head(**changes):
    return {"body": {}, "arrays": {"v": {"dtype": "<f8", "shape": [2], "layout": "C"} | changes}}


@pytest.mark.parametrize(
    "bytes_sent",
    [
        struct.pack(">I", MAX_HEADER + 1),
        raw(b"not json"),
        raw(b"[" * 100_000),
        raw({"body": {}}),
        raw({"body": {}, "arrays": [1]}),
        raw(head(dtype="O")),
        raw(head(dtype="S8")),
        raw(head(shape=[-1])),
        raw(head(shape=[1 << 40])),
        raw(head(shape=[1] * 40)),
        raw(head(layout="sideways")),
    ],
)
def test_what_is_no_message_is_refused_before_it_is_read(pair, bytes_sent):
    pair[1].sendall(bytes_sent)
    with pytest.raises(WireError):
        receive(pair[0])


def test_a_closed_line_is_told_apart(pair):
    pair[1].sendall(struct.pack(">I", 10) + b"abc")
    pair[1].close()
    with pytest.raises(Closed):
        receive(pair[0])
