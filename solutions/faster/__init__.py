"""The same, faster: the recurrent passes of stages 1 and 4 with their work laid out for the machine.

Names, arguments, shapes and results are those of the clear forms in the masters; only the road there differs:

- **one large product** makes the input's part of every step's sum before the loop starts, and on the way back the
  gradients of the weights and of the inputs are one product each after it; what is left in the loop is the product
  that has to wait for the step before;
- **time first**: inside, every step is one contiguous piece of memory;
- **features before the batch** where there are gates: a state is an (H, N) block and a step's gates are a (4, H, N)
  block, so that each gate is one contiguous piece too, and the products in the loop are tall, which BLAS likes better;
- **nothing is made in the loop**: every operation writes into work arrays that were there before it;
- **one tanh for all gates**: ``sigmoid(a) = (1 + tanh(a / 2)) / 2``, which cannot overflow.

``modules`` has the PyTorch modules; it is imported by name, so that the NumPy part starts without torch.
"""

from solutions.faster.gru import gru_backward, gru_forward
from solutions.faster.lstm import lstm_backward, lstm_forward
from solutions.faster.rnn import rnn_backward, rnn_forward

__all__ = ["gru_backward", "gru_forward", "lstm_backward", "lstm_forward", "rnn_backward", "rnn_forward"]
