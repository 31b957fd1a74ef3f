"""seqlab: build recurrent networks for vision, function by function, and check each as you go.

``check(rnn_step_forward)`` replays an exercise's public cases on your own code; ``toy(rnn_step_forward)``
shows a tiny case with every intermediate array. Everything else lives in submodules.
"""

from seqlab.checking.check import CheckFailed, check
from seqlab.checking.toy import toy

__version__ = "0.1.0"
__all__ = ["CheckFailed", "__version__", "check", "toy"]
