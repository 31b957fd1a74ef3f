"""Miniatures of what others publish: archives in the documented layouts, with contents that a test decides."""

import io
import json
import tarfile
import zipfile

import h5py
import numpy as np
from PIL import Image

from seqlab.data.build.sources import Sources
from seqlab.data.storage.writing import write_arrays
from tests.data.conftest import put


def zip_of(path, members):
    """A zip of names and contents: bytes, text, or anything else as JSON."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, contents in members.items():
            file.writestr(name, as_bytes(contents))
    return path


def tar_of(path, members):
    """The same as a tar.gz."""
    with tarfile.open(path, "w:gz") as file:
        for name, contents in members.items():
            data = as_bytes(contents)
            info = tarfile.TarInfo(name)
            info.size = len(data)
            file.addfile(info, io.BytesIO(data))
    return path


def as_bytes(contents):
    if isinstance(contents, bytes):
        return contents
    return (contents if isinstance(contents, str) else json.dumps(contents)).encode()


def hdf5_of(arrays):
    """The bytes of an HDF5 file; its arrays are in chunks, as those of other people may be."""
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        for name, array in arrays.items():
            file.create_dataset(name, data=array, chunks=True)
    return buffer.getvalue()


def jpeg(colour, width=60, height=40):
    """A photograph of one colour."""
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


def sources_of(*paths, said=None):
    """What a builder is given; what it tells people is added to ``said``."""
    show = (lambda line: None) if said is None else said.append
    return Sources({path.name: path for path in paths}, {"lite0": paths[0].parent / "lite0"}, show)


def built(places, name, build, sources):
    """Build a set into the cache of ``places``, where its loader finds it if all its outputs are there."""
    return put(places, name, lambda folder: build(sources, folder))


def stub_features(images, split, folder, lite0):
    """In place of the CNN: mean colours (N, 3), and those of the four quarters (N, 4, 3)."""
    assert lite0.name == "lite0"
    assert images.shape == (len(images), 128, 128, 3)
    every = np.concatenate([images[start : start + 3] for start in range(0, len(images), 3)])
    assert every.dtype == np.uint8
    quarters = every.reshape(-1, 2, 64, 2, 64, 3).mean(axis=(2, 4)).reshape(-1, 4, 3)
    write_arrays(folder / f"{split}_features.h5", {"features": quarters.mean(axis=1).astype(np.float16)})
    write_arrays(folder / f"{split}_spatial.h5", {"features": quarters.astype(np.float16)})
