"""Right answers in other clothes for stage 5: no packing, steps by hand, time first, other torch tools."""

import torch
from torch import nn
from torch.nn import functional

from tests.course.variants_s05_sequences_more import MORE
from tests.course.variants_s05_sequences_sentences import SENTENCES

NULL, START, END = 0, 1, 2


def with_grid_sample_and_lists(namespace):
    """A glimpse by torch's own sampler, outputs written into tensors, a list for a tuple."""

    class GlimpseClassifier(namespace["GlimpseClassifier"]):
        def forward(self, images):
            N, height, width = images.shape
            size = self.glimpse_size
            unit = images.new_tensor([2 / (width - 1), 2 / (height - 1)])
            step = torch.arange(size).to(images) - (size - 1) / 2
            grid = torch.stack([step.expand(size, size), step[:, None].expand(size, size)], dim=2) * unit
            h, scores, places = None, [], []
            for t in range(self.steps):
                place = self.look(images.new_zeros(N, self.cell.hidden_size) if t == 0 else h).tanh()
                seen = functional.grid_sample(images[:, None], grid + place[:, None, None], align_corners=True)
                h = self.cell(torch.hstack([seen.reshape(N, -1), place]), h)
                scores, places = [*scores, self.read(h)], [*places, place]
            print("looked", self.steps, "times")
            return [torch.stack(scores).transpose(0, 1), torch.stack(places).permute(1, 0, 2)]

    namespace["GlimpseClassifier"] = GlimpseClassifier


def with_gru_equations(namespace):
    """The cell of the glimpses and of the drawer by its equations, rows one at a time, `where` for chance."""

    def gru(x, h, wi, wh, bi, bh):
        a, u = functional.linear(x, wi, bi).chunk(3, 1), functional.linear(h, wh, bh).chunk(3, 1)
        r, z = torch.sigmoid(a[0] + u[0]), torch.sigmoid(a[1] + u[1])
        return (1 - z) * torch.tanh(a[2] + r * u[2]) + z * h

    class GlimpseClassifier(namespace["GlimpseClassifier"]):
        def forward(self, images):
            h = torch.zeros(images.shape[0], self.read.in_features).to(images)
            scores = torch.empty(len(h), self.steps, self.read.out_features).to(images)
            places = torch.empty(len(h), self.steps, 2).to(images)
            for t in range(self.steps):
                where = torch.tanh(self.look(h))
                seen = namespace["glimpse_at"](images, where, self.glimpse_size).reshape(len(h), -1)
                h = gru(torch.cat((seen, where), -1), h, *self.cell.parameters())
                scores[:, t], places[:, t] = self.read(h), where
            return scores, places

    class SequenceDrawer(namespace["SequenceDrawer"]):
        def forward(self, labels, rows):
            h, scores = self.start.weight[labels], []
            for t in range(rows.shape[1]):
                x = rows[:, t - 1] if t else torch.zeros_like(rows[:, 0])
                h = gru(x, h, *self.gru.parameters())
                scores.append(self.ink(h))
            return torch.stack(scores, 1)

        def draw(self, labels, uniform):
            with torch.no_grad():
                drawn = torch.zeros_like(uniform)
                for t in range(uniform.shape[1]):
                    p = torch.sigmoid(self(labels, drawn)[:, t])
                    drawn[:, t] = torch.where(uniform[:, t] < p, torch.ones_like(p), torch.zeros_like(p))
            return drawn

    namespace.update(GlimpseClassifier=GlimpseClassifier, SequenceDrawer=SequenceDrawer)


def with_a_pad_on_top(namespace):
    """The shift by functional.pad, chance by a difference's sign, time first."""

    class SequenceDrawer(namespace["SequenceDrawer"]):
        def forward(self, labels, rows):
            return self.ink(self.gru(functional.pad(rows, (0, 0, 1, 0))[:, :-1], self.start(labels)[None])[0])

        def draw(self, labels, uniform):
            state, row, rows = self.start(labels)[None], 0 * uniform[:, :1], []
            for chance in uniform.detach().transpose(0, 1):
                states, state = self.gru(row, state)
                row = ((self.ink(states).sigmoid() - chance[:, None]).sign() > 0).type_as(uniform).detach()
                rows.append(row[:, 0])
            return torch.stack(rows, dim=1)

    namespace["SequenceDrawer"] = SequenceDrawer


def with_sentences_one_by_one(namespace):
    """No padding anywhere: each sentence alone."""

    class SentimentClassifier(namespace["SentimentClassifier"]):
        def forward(self, words, lengths):
            ends = []
            for sentence, length in zip(words, lengths.tolist(), strict=True):
                states, _ = self.lstm(self.embedding(sentence[:length]))
                half = states.shape[1] // 2
                ends.append(torch.cat([states[-1, :half], states[0, half:]]))
            return self.head(torch.stack(ends))

    class Seq2Seq(namespace["Seq2Seq"]):
        def encode(self, source, source_lengths):
            ends = [self.encoder(self.source_embedding(s[None, :n]))[1] for s, n in zip(source, source_lengths)]  # noqa: B905
            return torch.cat([end[0] for end in ends], 1), torch.cat([end[1] for end in ends], 1)

        def translate(self, source, source_lengths, max_length):
            out = torch.full((len(source), max_length), NULL)
            with torch.no_grad():
                for n in range(len(source)):
                    said = [START]
                    while len(said) <= max_length and said[-1] != END:
                        given = torch.tensor([[*said, NULL]])
                        said.append(int(self(source[n : n + 1], source_lengths[n : n + 1], given)[0, -1].argmax()))
                    out[n, : len(said) - 1] = torch.tensor(said[1:])
            return out

    namespace.update(SentimentClassifier=SentimentClassifier, Seq2Seq=Seq2Seq)


def with_lengths_sorted(namespace):
    """Packing with sorting by hand, lengths as a list, and back again."""

    class SentimentClassifier(namespace["SentimentClassifier"]):
        def forward(self, words, lengths):
            order = torch.argsort(lengths, descending=True)
            packed = nn.utils.rnn.pack_padded_sequence(
                self.embedding(words[order]), lengths[order].tolist(), batch_first=True
            )
            h = self.lstm(packed)[1][0]
            return self.head(h.transpose(0, 1).reshape(len(words), -1))[torch.argsort(order)]

    namespace["SentimentClassifier"] = SentimentClassifier


def with_each_sentence_turned_round(namespace):
    """Two passes of a one-way LSTM: the second over sentences that are reversed within their lengths."""

    class SentimentClassifier(namespace["SentimentClassifier"]):
        def forward(self, words, lengths):
            rows = torch.arange(len(words))
            place = torch.arange(words.shape[1])[None]
            turned = torch.gather(words, 1, (lengths[:, None] - 1 - place).clamp(min=0))
            weights = list(self.lstm.parameters())
            ends = []
            for sentences, parts in ((words, weights[:4]), (turned, weights[4:])):
                x = self.embedding(sentences)
                zeros = x.new_zeros(1, len(x), self.lstm.hidden_size)
                states = torch.lstm(x, (zeros, zeros), parts, True, 1, 0.0, False, False, True)[0]
                ends.append(states[rows, lengths - 1])
            return self.head(torch.cat(ends, 1))

    namespace["SentimentClassifier"] = SentimentClassifier


def with_masks(namespace):
    """States frozen by a mask, the loss by a mask and a gather, an early stop in translating."""

    class Seq2Seq(namespace["Seq2Seq"]):
        def encode(self, source, source_lengths):
            x = self.source_embedding(source)
            h = c = x.new_zeros(1, len(x), self.encoder.hidden_size)
            for t in range(source.shape[1]):
                _, (new_h, new_c) = self.encoder(x[:, t : t + 1], (h, c))
                awake = (t < source_lengths)[None, :, None]
                h, c = torch.where(awake, new_h, h), torch.where(awake, new_c, c)
            return h, c

        def loss(self, source, source_lengths, target):
            wanted = target[:, 1:]
            logp = self.forward(source, source_lengths, target).log_softmax(-1)
            picked = -logp.gather(2, wanted.unsqueeze(2)).squeeze(2)
            mask = (wanted != NULL).to(picked.dtype)
            return (picked * mask).sum() / mask.sum()

        def translate(self, source, source_lengths, max_length):
            words = torch.zeros(len(source), max_length, dtype=torch.long)
            alive = torch.ones(len(source), dtype=torch.bool)
            h, c = self.encode(source, source_lengths)
            word = torch.full((len(source),), START)
            for t in range(max_length):
                out, (h, c) = self.decoder(self.target_embedding(word)[:, None], (h, c))
                word = torch.where(alive, self.head(out[:, 0]).max(1).indices, torch.tensor(NULL))
                words[:, t] = word
                alive = alive & (word != END)
                if not alive.any():
                    break
            return words

    namespace["Seq2Seq"] = Seq2Seq


def with_steps_of_the_decoder(namespace):
    """Teacher forcing word by word."""

    class Seq2Seq(namespace["Seq2Seq"]):
        def forward(self, source, source_lengths, target):
            state, scores = self.encode(source, source_lengths), []
            for t in range(target.shape[1] - 1):
                out, state = self.decoder(self.target_embedding(target[:, t : t + 1]), state)
                scores += [self.head(out)]
            return torch.cat(scores, 1)

    namespace["Seq2Seq"] = Seq2Seq


def with_frames_one_by_one(namespace):
    """The eye and the memory frame by frame."""

    class FrameLabeller(namespace["FrameLabeller"]):
        def forward(self, frames, state=None):
            scores = []
            for t in range(frames.shape[1]):
                states, state = self.lstm(self.eye(frames[:, t, None])[:, None], state)
                scores.append(self.head(states[:, 0]))
            return [torch.stack(scores, dim=1), state]

    namespace["FrameLabeller"] = FrameLabeller


def with_time_first(namespace):
    """Folded with time outside, unfolded in the same way."""

    class FrameLabeller(namespace["FrameLabeller"]):
        def forward(self, frames, state=None):
            N, T, height, width = frames.shape
            images = frames.transpose(0, 1).reshape(T * N, 1, height, width)
            features = self.eye(images).reshape(T, N, -1).permute(1, 0, 2).contiguous()
            states, (h, c) = self.lstm(features) if state is None else self.lstm(features, (state[0], state[1]))
            return self.head(states.reshape(N * T, -1)).view(N, T, -1), (h, c)

    namespace["FrameLabeller"] = FrameLabeller


def with_steps_of_a_cell(namespace):
    """The LSTM by torch's step function."""

    class FrameLabeller(namespace["FrameLabeller"]):
        def forward(self, frames, state=None):
            N, T = len(frames), frames.shape[1]
            x = torch.stack([self.eye(film[:, None]) for film in frames])
            zeros = x.new_zeros(N, self.lstm.hidden_size)
            h, c = (zeros, zeros) if state is None else (state[0][0], state[1][0])
            states = []
            for t in range(T):
                h, c = torch.lstm_cell(x[:, t], (h, c), *self.lstm.parameters())
                states.append(h)
            return self.head(torch.stack(states, 1)), (h[None], c[None])

    namespace["FrameLabeller"] = FrameLabeller


VARIANTS = (
    with_grid_sample_and_lists,
    with_gru_equations,
    with_a_pad_on_top,
    with_sentences_one_by_one,
    with_lengths_sorted,
    with_each_sentence_turned_round,
    with_masks,
    with_steps_of_the_decoder,
    with_frames_one_by_one,
    with_time_first,
    with_steps_of_a_cell,
    *MORE,
    *SENTENCES,
)
