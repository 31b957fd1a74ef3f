"""Right answers in other clothes for stage 6's beam search."""

import heapq
from bisect import insort
from collections import Counter
from dataclasses import dataclass

import numpy as np


def beam_in_arrays(namespace):
    """All scores of a round in one array; ended captions aside, and the list cut to what fits."""

    def beam_search(step, state, start, end, width, max_length):
        alive, done = [([], 0.0, state)], []
        for _ in range(max_length):
            grown = []
            for words, total, memory in alive:
                logs, after = step(memory, words[-1] if words else start)
                for word in np.argsort(-logs)[:width]:
                    grown.append(([*words, int(word)], total + logs[word], after))
            pool = sorted(grown + done, key=lambda one: -one[1])[:width]
            done = [one for one in pool if one[0][-1] == end]
            alive = [one for one in pool if one[0][-1] != end]
            if not alive:
                break
        words, total, _ = max(alive + done, key=lambda one: one[1])
        return np.asarray(words, dtype=np.int32), np.float64(total)

    namespace["beam_search"] = beam_search


def beam_with_a_heap(namespace):
    """A heap of tuples; stops as soon as the best of all has ended, since log-probabilities only fall."""

    def beam_search(step, state, start, end, width, max_length):
        count = 0
        beam = [(0.0, count, (start,), state)]
        for place in range(max_length):
            candidates = []
            for cost, _, words, memory in beam:
                if place and words[-1] == end:
                    candidates.append((cost, count, words, memory))
                    count += 1
                else:
                    logs, after = step(memory, words[-1])
                    for word in range(len(logs)):
                        candidates.append((cost - logs[word], count, (*words, word), after))
                        count += 1
            beam = heapq.nsmallest(width, candidates)
            if beam[0][2][-1] == end:
                break
        return [np.array(beam[0][2][1:]), -beam[0][0]]

    namespace["beam_search"] = beam_search


def beam_by_recursion(namespace):
    """One round is a function that calls itself."""

    def beam_search(step, state, start, end, width, max_length):
        def go_on(beam, left):
            if left == 0:
                return beam[0]
            longer = []
            for total, words, memory in beam:
                if len(words) > 1 and words[-1] == end:
                    longer += [(total, words, memory)]
                else:
                    logs, after = step(memory, words[-1])
                    longer += [(total + logs[k], [*words, k], after) for k in range(logs.size)]
            longer.sort(key=lambda one: one[0])
            return go_on(longer[::-1][:width], left - 1)

        total, words, _ = go_on([(np.float64(0), [start], state)], max_length)
        return np.array(words[1:]), float(total)

    namespace["beam_search"] = beam_search


def beam_of_matrices(namespace):
    """A matrix of sums, its largest entries by argpartition; ended captions in it as a column of their own."""

    def beam_search(step, state, start, end, width, max_length):
        captions, totals, memories = [[]], np.zeros(1), [state]
        for _ in range(max_length):
            rows, after = [], []
            for words, memory in zip(captions, memories, strict=True):
                if words and words[-1] == end:
                    rows.append(None)
                    after.append(memory)
                else:
                    logs, state = step(memory, words[-1] if words else start)
                    rows.append(np.asarray(logs))
                    after.append(state)
            if all(row is None for row in rows):
                break
            V = max(len(row) for row in rows if row is not None)
            table = np.full((len(rows), V + 1), -np.inf)
            for k, row in enumerate(rows):
                table[k, -1 if row is None else slice(V)] = totals[k] + (0.0 if row is None else row)
            flat = table.ravel()
            best = np.argpartition(-flat, min(width, flat.size) - 1)[:width]
            best = [int(place) for place in best[np.argsort(-flat[best])] if flat[place] > -np.inf]
            origins, said = np.divmod(best, V + 1)
            captions = [captions[k] + ([] if word == V else [int(word)]) for k, word in zip(origins, said, strict=True)]
            memories, totals = [after[k] for k in origins], flat[best]
        return np.array(captions[0]), totals[0]

    namespace["beam_search"] = beam_search


def beam_of_objects(namespace):
    """Captions as objects that know their parents; a list that is kept sorted."""

    @dataclass(frozen=True)
    class Beginning:
        total: float
        word: int
        parent: object
        state: object

        def words(self):
            return [] if self.parent is None else [*self.parent.words(), self.word]

        def ended(self, end):
            return self.parent is not None and self.word == end

    def beam_search(step, state, start, end, width, max_length):
        beam = [Beginning(0.0, start, None, state)]
        for _ in range(max_length):
            kept = []
            for one in beam:
                if one.ended(end):
                    insort(kept, one, key=lambda b: -b.total)
                    continue
                logs, after = step(one.state, one.word)
                for word, log in enumerate(np.asarray(logs).tolist()):
                    insort(kept, Beginning(one.total + log, word, one, after), key=lambda b: -b.total)
                    del kept[width:]
            beam = kept[:width]
        return np.array(beam[0].words()), beam[0].total

    namespace["beam_search"] = beam_search


def beam_in_a_dictionary(namespace):
    """Captions as keys, sums as values; the states in a dictionary beside."""

    def beam_search(step, state, start, end, width, max_length):
        sums, states = {(): 0.0}, {(): state}
        for _ in range(max_length):
            longer = {words: total for words, total in sums.items() if words[-1:] == (end,)}
            after = {}
            for words, total in sums.items():
                if words[-1:] != (end,):
                    logs, next_state = step(states[words], (start, *words)[-1])
                    longer.update({(*words, k): total + one for k, one in enumerate(logs)})
                    after.update(dict.fromkeys(((*words, k) for k in range(len(logs))), next_state))
            chosen = Counter(longer).most_common(width)
            sums, states = dict(chosen), {words: after.get(words) for words, _ in chosen}
        best = max(sums, key=sums.get)
        return np.fromiter(best, dtype=int), sums[best].item()

    namespace["beam_search"] = beam_search


SEARCHES = [
    beam_in_arrays,
    beam_with_a_heap,
    beam_by_recursion,
    beam_of_matrices,
    beam_of_objects,
    beam_in_a_dictionary,
]
