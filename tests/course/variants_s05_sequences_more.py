"""More right answers in other clothes for stage 5's looker, drawer and labeller."""

import torch
from torch.nn import functional


def put(namespace, name, **methods):
    """Replace an answer by a class like it with other methods."""
    namespace[name] = type(name, (namespace[name],), methods)


def with_a_first_look_apart(namespace):
    """Without a state the first place is the bias, and the cell needs no state; then the other looks."""

    def forward(self, images):
        place = torch.tanh(self.look.bias).expand(len(images), 2)
        h = self.cell(self._seen(images, place))
        beliefs, places = [self.read(h)], [place]
        while len(places) < self.steps:
            place = torch.tanh(self.look(h))
            h = self.cell(self._seen(images, place), h)
            beliefs.append(self.read(h))
            places.append(place)
        return torch.stack(beliefs, 1), torch.stack(places, 1)

    def _seen(self, images, place):
        pixels = namespace["glimpse_at"](images, place, self.glimpse_size)
        return torch.cat((pixels.reshape(len(images), -1), place), dim=1)

    put(namespace, "GlimpseClassifier", forward=forward, _seen=_seen)


def with_all_beliefs_read_at_the_end(namespace):
    """States kept, and read in one product; places found again from the states before."""

    def forward(self, images):
        N, k = images.shape[0], self.glimpse_size
        states = [torch.zeros((N, self.look.in_features), dtype=images.dtype, device=images.device)]
        for _ in range(self.steps):
            where = self.look(states[-1]).tanh()
            patch = namespace["glimpse_at"](images, where, k).view(N, k * k)
            states.append(self.cell(torch.column_stack((patch, where)), states[-1]))
        before, after = torch.stack(states[:-1], dim=1), torch.stack(states[1:], dim=1)
        return self.read(after), self.look(before).tanh()

    put(namespace, "GlimpseClassifier", forward=forward)


def with_images_one_by_one(namespace):
    """Every image by itself, with a helper that is a class of its own."""

    class Eye:
        def __init__(self, model, image):
            self.model, self.image = model, image
            self.memory = model.read.weight.new_zeros(1, model.cell.hidden_size)

        def look(self):
            place = torch.tanh(self.memory @ self.model.look.weight.T + self.model.look.bias)
            patch = namespace["glimpse_at"](self.image, place, self.model.glimpse_size)
            self.memory = self.model.cell(torch.cat([patch.ravel(), place[0]])[None], self.memory)
            return self.model.read(self.memory), place

    def forward(self, images):
        scores, places = [], []
        for n in range(len(images)):
            eye = Eye(self, images[n : n + 1])
            row = [eye.look() for _ in range(self.steps)]
            scores.append(torch.cat([score for score, _ in row]))
            places.append(torch.cat([place for _, place in row]))
        return torch.stack(scores), torch.stack(places)

    put(namespace, "GlimpseClassifier", forward=forward)


def with_a_blank_row_in_front(namespace):
    """Rows shifted in a tensor of their own; odds for chances: ink where the score is above the number's own score."""

    def forward(self, labels, rows):
        before = rows.new_zeros(rows.shape)
        before[:, 1:] = rows[:, :-1]
        first = functional.embedding(labels, self.start.weight).reshape(1, len(labels), -1)
        return functional.linear(self.gru(before, first)[0], self.ink.weight, self.ink.bias)

    def draw(self, labels, uniform):
        h, out = self.start(labels)[None].contiguous(), torch.zeros_like(uniform)
        previous = out[:, :1]
        for t in range(uniform.size(1)):
            states, h = self.gru(previous, h)
            out[:, t] = (self.ink(states[:, 0]) > torch.logit(uniform[:, t])).to(out)
            previous = out[:, t : t + 1]
        return out.detach()

    put(namespace, "SequenceDrawer", forward=forward, draw=draw)


def with_a_gru_cell_from_the_layer(namespace):
    """torch's step function with the layer's parameters, shared by both modes."""

    def _row(self, row, h):
        gru = self.gru
        h = torch.gru_cell(row, h, gru.weight_ih_l0, gru.weight_hh_l0, gru.bias_ih_l0, gru.bias_hh_l0)
        return self.ink(h), h

    def forward(self, labels, rows):
        h, scores = self.start(labels), []
        for row in torch.cat([0 * rows[:, :1], rows], 1).unbind(1)[:-1]:
            score, h = self._row(row, h)
            scores.append(score[:, None])
        return torch.cat(scores, 1)

    def draw(self, labels, uniform):
        with torch.no_grad():
            h, drawn = self.start(labels), [torch.zeros_like(uniform[:, 0])]
            for chance in uniform.unbind(dim=1):
                score, h = self._row(drawn[-1], h)
                drawn.append((chance < 1 / (1 + torch.exp(-score))).type(uniform.dtype))
            return torch.stack(drawn[1:], dim=1)

    put(namespace, "SequenceDrawer", _row=_row, forward=forward, draw=draw)


def with_drawings_one_by_one(namespace):
    """A loop over the batch, without a batch axis inside; ink is put where it falls."""

    def forward(self, labels, rows):
        scores = []
        for label, drawing in zip(labels, rows, strict=True):
            before = torch.vstack([drawing[:1] * 0, drawing[:-1]])
            states, _ = self.gru(before, self.start(label)[None])
            scores.append(self.ink(states))
        return torch.stack(scores)

    def draw(self, labels, uniform):
        out = uniform.clone()
        for n in range(len(labels)):
            h, row = self.start(labels[n : n + 1]), torch.zeros_like(uniform[n, :1])
            for t in range(uniform.shape[1]):
                state, h = self.gru(row, h)
                row = torch.heaviside(torch.sigmoid(self.ink(state)) - uniform[n, t], uniform.new_zeros(1))
                out[n, t] = row[0]
        return out.detach()

    put(namespace, "SequenceDrawer", forward=forward, draw=draw)


def with_films_one_by_one(namespace):
    """The eye film by film, frames as its batch; the memory too, with the states put together at the end."""

    def forward(self, frames, state=None):
        scores, hs, cs = [], [], []
        for n, film in enumerate(frames):
            features = self.eye(film.unsqueeze(1))
            own = None if state is None else (state[0][:, n], state[1][:, n])
            states, (h, c) = self.lstm(features, own)
            scores.append(self.head(states))
            hs.append(h)
            cs.append(c)
        return torch.stack(scores), (torch.stack(hs, dim=1), torch.stack(cs, dim=1))

    put(namespace, "FrameLabeller", forward=forward)


def with_an_eye_taken_apart(namespace):
    """The layers of the eye one after the other, by torch's functions; zeros for a missing state."""

    def forward(self, frames, state=None):
        N, T, side, _ = frames.size()
        x = frames.reshape(-1, 1, side, side)
        x = functional.conv2d(x, self.eye[0].weight, self.eye[0].bias, stride=2, padding=2).clamp(min=0)
        x = functional.conv2d(x, self.eye[2].weight, self.eye[2].bias, stride=2, padding=1).relu()
        x = torch.einsum("mk,dk->md", x.reshape(N * T, -1), self.eye[5].weight) + self.eye[5].bias
        if state is None:
            state = [torch.zeros(1, N, self.lstm.hidden_size, device=x.device, dtype=x.dtype) for _ in range(2)]
        states, after = self.lstm(x.reshape(N, T, x.shape[1]), tuple(state))
        return self.head(states), after

    put(namespace, "FrameLabeller", forward=forward)


def with_lstm_equations(namespace):
    """The memory by its equations, the input's share for all frames in one product; a named pair for the result."""

    class Memory:
        def __init__(self, lstm, state, like):
            self.lstm = lstm
            zeros = torch.zeros(len(like), lstm.hidden_size).to(like)
            self.h, self.c = (zeros, zeros.clone()) if state is None else (state[0].squeeze(0), state[1].squeeze(0))

        def step(self, a):
            a = a + functional.linear(self.h, self.lstm.weight_hh_l0, self.lstm.bias_hh_l0)
            i, f, g, o = torch.tensor_split(a, 4, dim=-1)
            self.c = torch.sigmoid(f) * self.c + torch.sigmoid(i) * torch.tanh(g)
            self.h = torch.sigmoid(o) * torch.tanh(self.c)
            return self.h

    def forward(self, frames, state=None):
        seen = self.eye(frames.flatten(end_dim=1)[:, None])
        shares = functional.linear(seen, self.lstm.weight_ih_l0, self.lstm.bias_ih_l0)
        shares = shares.reshape(*frames.shape[:2], -1)
        memory = Memory(self.lstm, state, shares)
        states = torch.stack([memory.step(shares[:, t]) for t in range(frames.shape[1])], -2)
        return self.head(states), (memory.h.unsqueeze(0), memory.c.unsqueeze(0))

    put(namespace, "FrameLabeller", forward=forward)


MORE = (
    with_a_first_look_apart,
    with_all_beliefs_read_at_the_end,
    with_images_one_by_one,
    with_a_blank_row_in_front,
    with_a_gru_cell_from_the_layer,
    with_drawings_one_by_one,
    with_films_one_by_one,
    with_an_eye_taken_apart,
    with_lstm_equations,
)
