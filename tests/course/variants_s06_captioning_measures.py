"""Right answers in other clothes for stage 6's BLEU."""

import math
from collections import Counter, defaultdict, namedtuple
from fractions import Fraction
from statistics import geometric_mean

import numpy as np


def bleu_with_dictionaries(namespace):
    """Plain dictionaries, fractions multiplied, a root at the end."""

    def bleu(candidates, references, max_n=4):
        product, c, r = 1.0, 0, 0
        for n in range(1, max_n + 1):
            hits = total = 0
            for candidate, right in zip(candidates, references, strict=True):
                counts = defaultdict(int)
                for k in range(len(candidate) - n + 1):
                    counts[" ".join(candidate[k : k + n])] += 1
                for gram, count in counts.items():
                    ceiling = 0
                    for one in right:
                        there = [" ".join(one[k : k + n]) for k in range(len(one) - n + 1)]
                        ceiling = max(ceiling, there.count(gram))
                    hits += min(count, ceiling)
                total += sum(counts.values())
            product *= hits / total if total else 0.0
        for candidate, right in zip(candidates, references, strict=True):
            c += len(candidate)
            r += sorted((len(one) for one in right), key=lambda length: (abs(length - len(candidate)), length))[0]
        if c == 0:
            return 0
        return product ** (1 / max_n) * min(1.0, math.exp(1 - r / c))

    namespace["bleu"] = bleu


def bleu_in_logarithms(namespace):
    """Counters kept for each sentence, and sums of logarithms."""

    def bleu(candidates, references, max_n=4):
        def grams(words, n):
            return Counter(zip(*(words[k:] for k in range(n)), strict=False))

        logs = []
        for n in range(1, max_n + 1):
            pairs = [
                (grams(said, n), [grams(one, n) for one in right])
                for said, right in zip(candidates, references, strict=True)
            ]
            found = sum(min(k, max(one[g] for one in right)) for said, right in pairs for g, k in said.items())
            all_of_them = sum(said.total() for said, _ in pairs)
            if not found:
                return np.float64(0.0)
            logs.append(math.log(found) - math.log(all_of_them))
        c = sum(map(len, candidates))
        r = 0
        for said, right in zip(candidates, references, strict=True):
            lengths = sorted(map(len, right))
            r += min(lengths, key=lambda one: abs(one - len(said)))
        return np.float64(math.exp(sum(logs) / max_n + min(0.0, 1 - r / c)))

    namespace["bleu"] = bleu


def bleu_in_exact_fractions(namespace):
    """Exact fractions, n-grams of slices in nested dictionaries."""

    def count(words, n):
        counts = {}
        for k in range(len(words) + 1 - n):
            gram = tuple(words[k : k + n])
            counts[gram] = counts.get(gram, 0) + 1
        return counts

    def nearness(said):
        return lambda one: (abs(len(one) - len(said)), len(one))

    def bleu(candidates, references, max_n=4):
        precisions = []
        for n in range(1, max_n + 1):
            hits = places = 0
            for said, right in zip(candidates, references, strict=True):
                most = {}
                for one in right:
                    for gram, number in count(one, n).items():
                        most[gram] = max(number, most.get(gram, 0))
                for gram, number in count(said, n).items():
                    places += number
                    hits += min(number, most.get(gram, 0))
            precisions.append(Fraction(hits, places) if places else Fraction(0))
        if not all(precisions):
            return 0.0
        c = sum(len(said) for said in candidates)
        nearest = [min(right, key=nearness(said)) for said, right in zip(candidates, references, strict=True)]
        r = sum(map(len, nearest))
        brevity = 1 if c >= r else math.e ** (1 - r / c)
        return brevity * float(math.prod(precisions)) ** (1 / max_n)

    namespace["bleu"] = bleu


def bleu_by_ticking_off(namespace):
    """Each n-gram that is said is ticked off in every reference that still has it; the library's geometric mean."""

    Score = namedtuple("Score", "hits places")

    def ticked(said, right, n):
        left = [[tuple(one[k : k + n]) for k in range(len(one) - n + 1)] for one in right]
        hits, places = 0, max(len(said) - n + 1, 0)
        for k in range(places):
            gram = tuple(said[k : k + n])
            found = [one for one in left if gram in one]
            hits += bool(found)
            for one in found:
                one.remove(gram)
        return Score(hits, places)

    def bleu(candidates, references, max_n=4):
        both = list(zip(candidates, references, strict=True))
        scores = [[ticked(said, right, n + 1) for said, right in both] for n in range(max_n)]
        hits = [sum(one.hits for one in row) for row in scores]
        if 0 in hits:
            return 0
        mean = geometric_mean(found / sum(one.places for one in row) for found, row in zip(hits, scores, strict=True))
        c = r = 0
        for said, right in both:
            lengths = np.array(sorted(len(one) for one in right))
            c, r = c + len(said), r + int(lengths[np.abs(lengths - len(said)).argmin()])
        return mean * min(1, math.exp(1 - r / c))

    namespace["bleu"] = bleu


def bleu_in_arrays(namespace):
    """Counts in two arrays, one row for each sentence; a helper class; float32 where it does no harm."""

    class Sentence:
        def __init__(self, words):
            self.words = list(words)

        def grams(self, n):
            return ["\x00".join(self.words[k : k + n]) for k in range(len(self.words)) if k + n <= len(self.words)]

        def hits(self, others, n):
            mine, theirs = self.grams(n), [other.grams(n) for other in others]
            return sum(min(mine.count(gram), max(one.count(gram) for one in theirs)) for gram in set(mine))

    def bleu(candidates, references, max_n=4):
        table = np.zeros((2, len(candidates), max_n))
        lengths = np.zeros((len(candidates), 2), dtype=int)
        for row, (said, right) in enumerate(zip(candidates, references, strict=True)):
            own, others = Sentence(said), [Sentence(one) for one in right]
            table[0, row] = [own.hits(others, n) for n in range(1, max_n + 1)]
            table[1, row] = [len(own.grams(n)) for n in range(1, max_n + 1)]
            gaps = [(len(one.words) - len(own.words)) for one in others]
            lengths[row] = len(own.words), len(own.words) + sorted(gaps, key=lambda gap: (abs(gap), gap))[0]
        hits, places = table.sum(axis=1)
        if not hits.all():
            return np.float64(0)
        c, r = lengths.sum(axis=0)
        return np.exp(np.mean(np.log(hits)) - np.mean(np.log(places)) + np.minimum(0, 1 - r / c))

    namespace["bleu"] = bleu


MEASURES = [
    bleu_with_dictionaries,
    bleu_in_logarithms,
    bleu_in_exact_fractions,
    bleu_by_ticking_off,
    bleu_in_arrays,
]
