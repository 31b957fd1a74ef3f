"""More right answers in other clothes for stage 5's sentences: those that are judged, and those that are translated."""

from itertools import takewhile

import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils.rnn import pack_padded_sequence, pack_sequence, pad_packed_sequence

NULL, START, END = 0, 1, 2


def put(namespace, name, **methods):
    """Replace an answer by a class like it with other methods."""
    namespace[name] = type(name, (namespace[name],), methods)


def with_states_gathered_after_unpacking(namespace):
    """All states unpacked again; the forward half at each sentence's end, the backward half at its beginning."""

    class SentimentClassifier(namespace["SentimentClassifier"]):
        def forward(self, words, lengths):
            packed = pack_padded_sequence(self.embedding(words), lengths.cpu(), True, False)
            states, counts = pad_packed_sequence(self.lstm(packed)[0], batch_first=True)
            H = self.lstm.hidden_size
            ends = (counts - 1).view(-1, 1, 1).expand(-1, 1, H)
            last = states[..., :H].gather(1, ends).squeeze(1)
            return self.head(torch.hstack((last, states[:, 0, H:])))

    namespace["SentimentClassifier"] = SentimentClassifier


def with_sentences_of_a_length_together(namespace):
    """A batch for each length, so that nothing needs padding; results are put back where they belong."""

    class SentimentClassifier(namespace["SentimentClassifier"]):
        def forward(self, words, lengths):
            scores = self.head.weight.new_empty(len(words), self.head.out_features)
            for length in torch.unique(lengths):
                chosen = lengths == length
                _, (h, _) = self.lstm(self.embedding(words[chosen, :length]))
                scores[chosen] = self.head(h.permute(1, 0, 2).flatten(1))
            return scores

    namespace["SentimentClassifier"] = SentimentClassifier


def with_cells_and_a_mask_both_ways(namespace):
    """A loop over the steps in each direction; a state stays as it is where there is no word."""

    class SentimentClassifier(namespace["SentimentClassifier"]):
        def _end(self, vectors, awake, suffix, steps):
            parts = [getattr(self.lstm, f"{n}_l0{suffix}") for n in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
            h = c = vectors.new_zeros(len(vectors), self.lstm.hidden_size)
            for t in steps:
                keep = awake[:, t, None].to(vectors.dtype)
                next_h, next_c = torch.lstm_cell(vectors[:, t], (h, c), *parts)
                h, c = keep * next_h + (1 - keep) * h, keep * next_c + (1 - keep) * c
            return h

        def forward(self, words, lengths):
            steps = range(words.shape[1])
            awake = torch.tensor([[t < length for t in steps] for length in lengths.tolist()])
            vectors = self.embedding(words)
            there, back = self._end(vectors, awake, "", steps), self._end(vectors, awake, "_reverse", reversed(steps))
            return self.head(torch.cat((there, back), dim=-1))

    namespace["SentimentClassifier"] = SentimentClassifier


def with_a_packed_list(namespace):
    """Sentences cut and packed as a list; the two halves of the head multiplied apart; a pair of states handed over."""

    class SentimentClassifier(namespace["SentimentClassifier"]):
        def forward(self, words, lengths):
            cut = [self.embedding(row[:length]) for row, length in zip(words, lengths, strict=True)]
            h = self.lstm(pack_sequence(cut, enforce_sorted=False))[1][0]
            there, back = self.head.weight.chunk(2, dim=1)
            return h[0] @ there.T + h[-1] @ back.T + self.head.bias

    class Seq2Seq(namespace["Seq2Seq"]):
        def encode(self, source, source_lengths):
            cut = [self.source_embedding(row[: int(n)]) for row, n in zip(source, source_lengths, strict=True)]
            return self.encoder(pack_sequence(cut, enforce_sorted=False))[-1]

        def forward(self, source, source_lengths, target):
            states, _ = self.decoder(self.target_embedding(target), self.encode(source, source_lengths))
            return self.head(states)[:, :-1]

        def loss(self, source, source_lengths, target):
            logs = functional.log_softmax(self(source, source_lengths, target), dim=2).transpose(1, 2)
            return functional.nll_loss(logs, target[:, 1:], ignore_index=NULL)

    namespace.update(SentimentClassifier=SentimentClassifier, Seq2Seq=Seq2Seq)


def with_a_decoder_of_its_own(namespace):
    """A class that speaks, sentence by sentence, over words that may be said; the loss word by word until END."""

    class Speaker:
        def __init__(self, model, state):
            self.model, self.state = model, state

        def scores_after(self, word):
            vector = self.model.target_embedding.weight[word].view(1, 1, -1)
            states, self.state = self.model.decoder(vector, self.state)
            return self.model.head(states).flatten()

        def words(self):
            word = START
            while word != END:
                scores = self.scores_after(word)
                word = END + int(scores[END:].argmax())
                yield word

    class Seq2Seq(namespace["Seq2Seq"]):
        def loss(self, source, source_lengths, target):
            costs = []
            for n, row in enumerate(self.forward(source, source_lengths, target)):
                for scores, word in zip(row, target[n, 1:].tolist(), strict=True):
                    costs.append(torch.logsumexp(scores, 0) - scores[word])
                    if word == END:
                        break
            return sum(costs) / len(costs)

        def translate(self, source, source_lengths, max_length):
            rows = []
            with torch.no_grad():
                h, c = self.encode(source, source_lengths)
                for n in range(len(source)):
                    speaker = Speaker(self, (h[:, n : n + 1].contiguous(), c[:, n : n + 1].contiguous()))
                    said = [word for _, word in zip(range(max_length), speaker.words(), strict=False)]
                    rows.append(said + [NULL] * (max_length - len(said)))
            return torch.tensor(rows, dtype=torch.int32)

    namespace["Seq2Seq"] = Seq2Seq


def with_everything_said_and_then_cut(namespace):
    """The whole row read anew for each word; what follows an END is cut off in the end; counts by a weight for NULL."""

    class Seq2Seq(namespace["Seq2Seq"]):
        def encode(self, source, source_lengths):
            order = source_lengths.argsort(descending=True)
            packed = pack_padded_sequence(self.source_embedding(source[order]), source_lengths[order].tolist(), True)
            back = order.argsort()
            return tuple(part[:, back] for part in self.encoder(packed)[1])

        def loss(self, source, source_lengths, target):
            weight = torch.ones(self.head.out_features).to(self.head.weight)
            weight[NULL] = 0
            scores = self(source, source_lengths, target).permute(0, 2, 1)
            return nn.CrossEntropyLoss(weight=weight)(scores, target[:, 1:])

        def translate(self, source, source_lengths, max_length):
            said = torch.full((len(source), 1), START)
            while said.shape[1] <= max_length:
                room = functional.pad(said, (0, 1))
                said = torch.cat([said, self.forward(source, source_lengths, room)[:, -1:].argmax(-1)], 1)
            rows = [list(takewhile(lambda word: word != END, row)) for row in said[:, 1:].tolist()]
            return torch.tensor([(row + [END] + [NULL] * max_length)[:max_length] for row in rows])

    namespace["Seq2Seq"] = Seq2Seq


def with_equations_for_encoder_and_decoder(namespace):
    """Both LSTMs by their equations; those who have ended are taken out of the batch."""

    def step(layer, x, h, c):
        a = functional.linear(x, layer.weight_ih_l0, layer.bias_ih_l0)
        a = a + functional.linear(h, layer.weight_hh_l0, layer.bias_hh_l0)
        i, f, g, o = a.chunk(4, 1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        return o.sigmoid() * c.tanh(), c

    class Seq2Seq(namespace["Seq2Seq"]):
        def encode(self, source, source_lengths):
            h = c = self.head.weight.new_zeros(len(source), self.head.in_features)
            kept = []
            for t in range(source.shape[1]):
                h, c = step(self.encoder, self.source_embedding(source[:, t]), h, c)
                kept.append(torch.stack([h, c]))
            at = torch.arange(len(source))
            h, c = torch.stack(kept)[source_lengths - 1, :, at].transpose(0, 1)
            return h[None], c[None]

        def forward(self, source, source_lengths, target):
            h, c = (part[0] for part in self.encode(source, source_lengths))
            scores = []
            for words in target.T[:-1]:
                h, c = step(self.decoder, self.target_embedding(words), h, c)
                scores.append(self.head(h))
            return torch.stack(scores, 1)

        def translate(self, source, source_lengths, max_length):
            out = source.new_zeros(len(source), max_length)
            h, c = (part[0].detach() for part in self.encode(source, source_lengths))
            speaking, word = torch.arange(len(source)), source.new_full((len(source),), START)
            for t in range(max_length):
                h, c = step(self.decoder, self.target_embedding(word), h, c)
                word = self.head(h).topk(1).indices[:, 0]
                out[speaking, t] = word
                on = word != END
                speaking, word, h, c = speaking[on], word[on], h[on], c[on]
            return out

    namespace["Seq2Seq"] = Seq2Seq


SENTENCES = (
    with_states_gathered_after_unpacking,
    with_sentences_of_a_length_together,
    with_cells_and_a_mask_both_ways,
    with_a_packed_list,
    with_a_decoder_of_its_own,
    with_everything_said_and_then_cut,
    with_equations_for_encoder_and_decoder,
)
