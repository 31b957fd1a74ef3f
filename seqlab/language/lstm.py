"""A character model in torch with ``nn.LSTM``, trained for a given time: the same lesson on an engine with gates."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from tqdm.auto import tqdm

from seqlab.checking.values import Array
from seqlab.language.threads import one_thread

State = tuple[Tensor, Tensor]


class CharLSTM(nn.Module):
    """Embedding, LSTM, scores of the next character."""

    def __init__(self, V: int, D: int = 64, H: int = 256, layers: int = 1) -> None:
        super().__init__()
        self.embed = nn.Embedding(V, D)
        self.lstm = nn.LSTM(D, H, layers, batch_first=True)
        self.out = nn.Linear(H, V)

    def forward(self, ids: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Scores (N, T, V) of the character after each of ``ids`` (N, T), and the last state."""
        h, state = self.lstm(self.embed(ids), state)
        return self.out(h), state


def train_for(
    model: CharLSTM,
    ids: Array,
    seconds: float,
    rng: np.random.Generator,
    *,
    streams: int = 32,
    length: int = 50,
    learning_rate: float = 4e-3,
) -> tuple[Array, Array]:
    """Train with Adam on ``streams`` places of a text at once, states carried over, gradients cut every ``length``.

    The learning rate falls to zero along half a cosine over the time given. The model stays on its device.

    Args:
        model: trained in place.
        ids: the text, integers (n,).
        seconds: how long; at least one step is made.
        rng: where the streams begin.
        streams, length: size of a batch, (N, T).
        learning_rate: at the beginning.

    Returns:
        The seconds at which each step ended, and its loss in nats per character.
    """
    times, losses = [], []
    form = "{l_bar}{bar}| {n:.0f}/{total:.0f} s {postfix}"
    total = max(round(seconds), 1)
    with tqdm(total=total, desc="LSTM", bar_format=form) as bar:
        pieces = _streams(ids, streams, length, rng)
        for now, loss in _training(model, pieces, seconds, learning_rate):
            times.append(now)
            losses.append(loss)
            bar.update(min(now, total) - bar.n)
            if len(losses) % 20 == 0:
                bar.set_postfix_str(f"{np.mean(losses[-20:]):.2f} nats per character")
    return np.array(times), np.array(losses)


@torch.no_grad()
def held_out(model: CharLSTM, text: Array, length: int = 500) -> float:
    """Nats per character on ``text`` (N, L), whose rows are read side by side, each from a state of zeros."""
    ids = torch.from_numpy(np.asarray(text, dtype=np.int64)).to(next(model.parameters()).device)
    total, state = 0.0, None
    for start in range(0, ids.shape[1] - 1, length):
        targets = ids[:, start + 1 : start + 1 + length]
        scores, state = model(ids[:, start : start + targets.shape[1]], state)
        total += float(cross_entropy(scores.flatten(0, 1), targets.flatten(), reduction="sum"))
    return total / (ids.shape[0] * (ids.shape[1] - 1))


@one_thread()
@torch.no_grad()
def generate(model: CharLSTM, seed: Array, length: int, temperature: float, rng: np.random.Generator) -> Array:
    """``length`` characters (length,) that go on after ``seed`` (T,), each drawn at ``temperature`` and fed back."""
    device = next(model.parameters()).device
    ids, drawn, state = torch.from_numpy(np.asarray(seed, dtype=np.int64))[None].to(device), [], None
    for _ in range(length):
        scores, state = model(ids, state)
        chances = torch.softmax(scores[0, -1].double() / temperature, dim=0).cpu().numpy()
        drawn.append(int(rng.choice(len(chances), p=chances / chances.sum())))
        ids = ids.new_tensor([[drawn[-1]]])
    return np.array(drawn)


@one_thread()
@torch.no_grad()
def cell_states(model: CharLSTM, text: Array) -> Array:
    """tanh of the cells after every character of ``text`` (N, T), from zeros: (N, T, H) of the last layer, float32."""
    ids = torch.from_numpy(np.asarray(text, dtype=np.int64)).to(next(model.parameters()).device)
    state, kept = None, []
    for t in range(ids.shape[1]):
        _, state = model.lstm(model.embed(ids[:, t : t + 1]), state)
        kept.append(torch.tanh(state[1][-1]))
    return np.asarray(torch.stack(kept, dim=1).cpu().numpy())


def _training(
    model: CharLSTM, batches: Iterator[Array], seconds: float, learning_rate: float
) -> Iterator[tuple[float, float]]:
    """Steps until the time is over: the seconds that have gone by, and the loss of each."""
    optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate)
    device = next(model.parameters()).device
    state: State | None = None
    now, start = 0.0, time.perf_counter()
    while now < seconds:
        optimizer.param_groups[0]["lr"] = learning_rate * (1 + np.cos(np.pi * now / seconds)) / 2
        loss, state = _step(model, torch.from_numpy(next(batches)).to(device), state, optimizer)
        now = time.perf_counter() - start
        yield now, loss


def _step(model: CharLSTM, pieces: Tensor, state: State | None, optimizer: torch.optim.Adam) -> tuple[float, State]:
    optimizer.zero_grad()
    scores, (h, c) = model(pieces[:, :-1], state)
    loss = cross_entropy(scores.flatten(0, 1), pieces[:, 1:].flatten())
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return loss.item(), (h.detach(), c.detach())


def _streams(ids: Array, streams: int, length: int, rng: np.random.Generator) -> Iterator[Array]:
    """Pieces (N, length + 1) without end, int64: each stream reads on from a random place, and round the end."""
    starts = rng.integers(len(ids), size=streams)[:, None]
    offset = 0
    while True:
        places = (starts + offset + np.arange(length + 1)) % len(ids)
        yield np.asarray(ids)[places].astype(np.int64)
        offset += length
