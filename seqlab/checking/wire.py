"""Messages between the judge and the sandbox: a JSON header and raw array bytes. Never pickle.

A message is ``uint32 length, JSON, bytes...``. The JSON holds ``{"body": ..., "arrays": {name: {dtype, shape,
layout}}}``; the bytes of the arrays follow in that order. Everything is checked against limits before it is read.
"""

from __future__ import annotations

import json
import re
import socket
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np

from seqlab.checking.values import Array, layout_of, with_layout

LENGTH = struct.Struct(">I")
MAX_HEADER = 1 << 20
MAX_PAYLOAD = 1 << 28
MAX_DIMENSIONS = 16
PLAIN_DTYPE = re.compile(r"[<>|=][biuf](1|2|4|8)")  # NumPy reads far more than that, some of it as Python


class WireError(Exception):
    """The other side said something that is not a message within the limits."""


class Closed(WireError):
    """The other side is gone."""


def send(channel: socket.socket, body: Any, arrays: Mapping[str, Array] | None = None) -> None:
    """Send one message.

    Raises:
        Closed: the other side is gone.
        WireError: the message goes beyond the limits; nothing was sent.
    """
    named = dict(arrays or {})
    if sum(array.nbytes for array in named.values()) > MAX_PAYLOAD:
        raise WireError(f"more than {MAX_PAYLOAD} bytes of arrays")
    heads = {name: _head(array) for name, array in named.items()}
    header = json.dumps({"body": body, "arrays": heads}).encode()
    if len(header) > MAX_HEADER:
        raise WireError(f"a header of {len(header)} bytes; at most {MAX_HEADER} are sent")
    payload = b"".join(array.tobytes() for array in named.values())
    try:
        channel.sendall(LENGTH.pack(len(header)) + header + payload)
    except (BrokenPipeError, ConnectionResetError) as error:
        raise Closed("the other side is gone") from error


def receive(channel: socket.socket, most: int = MAX_PAYLOAD) -> tuple[Any, dict[str, Array]]:
    """Read one message with at most ``most`` bytes of arrays.

    Raises:
        Closed: the other side is gone.
        WireError: what came is not a message, or goes beyond the limits.
        TimeoutError: the channel's timeout passed.
    """
    (length,) = LENGTH.unpack(_read(channel, LENGTH.size))
    if length > MAX_HEADER:
        raise WireError(f"a header of {length} bytes; at most {MAX_HEADER} are read")
    try:
        header = json.loads(_read(channel, length))
        heads = [(str(name), _checked(head)) for name, head in header["arrays"].items()]
        body = header["body"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError, MemoryError) as error:
        raise WireError(f"a header that is not understood ({type(error).__name__})") from error
    if sum(size for _, (_, _, _, size) in heads) > most:
        raise WireError(f"more than {most} bytes of arrays")
    return body, {name: _array(channel, *head) for name, head in heads}


def _head(array: Array) -> dict[str, Any]:
    return {"dtype": array.dtype.str, "shape": list(array.shape), "layout": layout_of(array)}


def _checked(head: Any) -> tuple[np.dtype[Any], tuple[int, ...], Any, int]:
    name, shape, layout = str(head["dtype"]), tuple(head["shape"]), head["layout"]
    if PLAIN_DTYPE.fullmatch(name) is None or len(shape) > MAX_DIMENSIONS:
        raise ValueError("not an array of numbers")
    if not all(type(extent) is int and 0 <= extent <= MAX_PAYLOAD for extent in shape):
        raise ValueError("not a shape")
    dtype = np.dtype(name)
    if layout not in ("C", "F", "strided"):
        raise ValueError("unknown layout")
    size = dtype.itemsize
    for extent in shape:
        size *= extent
    return dtype, shape, layout, size


def _array(channel: socket.socket, dtype: np.dtype[Any], shape: tuple[int, ...], layout: Any, size: int) -> Array:
    flat = np.frombuffer(_read(channel, size), dtype=dtype)
    try:
        return with_layout(flat.reshape(shape), layout) if shape else flat.reshape(shape).copy()
    except (ValueError, OverflowError, MemoryError) as error:  # such as no rows of 10**30 numbers each
        raise WireError(f"an array that cannot be made ({type(error).__name__})") from error


def _read(channel: socket.socket, count: int) -> bytes:
    buffer = bytearray()
    while len(buffer) < count:
        try:
            chunk = channel.recv(min(count - len(buffer), 1 << 20))
        except ConnectionResetError as error:
            raise Closed("the other side is gone") from error
        if not chunk:
            raise Closed("the other side is gone")
        buffer += chunk
    return bytes(buffer)
