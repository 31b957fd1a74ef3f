"""What earlier stages taught, ready to use: NumPy in, NumPy out, and torch inside, so that it gives no derivation away.

::

    earlier = Earlier("s02_language_model")        # the stage you are in
    h, cache = earlier.rnn_forward(x, h0, Wx, Wh, b)
    dx, dh0, dWx, dWh, db = earlier.rnn_backward(dh, cache)

Signatures, shapes and order of results are those of the exercises; a cache belongs to the pair that made it.

To add what another stage taught: write a module ``seqlab/earlier/WORD.py`` whose functions are written in torch's ready
primitives under :func:`~seqlab.earlier.wrapping.pair`, :func:`~seqlab.earlier.wrapping.loss` or (without a way back)
:func:`~seqlab.earlier.wrapping.plain`, or, where arguments are lists or dictionaries of arrays, are handed to
:class:`~seqlab.earlier.wrapping.Played`; list them in its ``SUPPLIED``, and add a line to ``LESSONS`` in
``seqlab/earlier/taught.py``. A test then holds them against the master.
"""

from seqlab.earlier.access import Earlier
from seqlab.earlier.taught import EarlierError

__all__ = ["Earlier", "EarlierError"]
