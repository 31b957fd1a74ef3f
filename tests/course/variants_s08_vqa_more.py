"""More right answers in other clothes for stage 8: counting."""

import itertools
from collections import Counter

import numpy as np

NULL, UNKNOWN = 0, -1


class Votes:
    """How often each answer was given."""

    def __init__(self):
        self.counts = {}

    def add(self, answer):
        self.counts[answer] = self.counts.get(answer, 0) + 1

    def winner(self):
        most = max(self.counts.values())
        return min(answer for answer, count in self.counts.items() if count == most)


def priors_with_a_class(namespace):
    """A helper class; questions as bytes; -1 for what is not there until the end."""

    def answer_priors(questions, images, answers, new_questions, new_images):
        tables = {"most common": {}, "question": {}, "image": {}}

        def keys(row, image):
            words = np.ascontiguousarray(row[row > NULL], dtype=np.int64)
            return {"most common": None, "question": words.tobytes(), "image": int(image)}

        for n in range(len(answers)):
            if answers[n] == UNKNOWN:
                continue
            for way, key in keys(questions[n], images[n]).items():
                tables[way].setdefault(key, Votes()).add(answers[n])
        found = {way: np.full(len(new_images), UNKNOWN) for way in tables}
        for m in range(len(new_images)):
            for way, key in keys(new_questions[m], new_images[m]).items():
                if key in tables[way]:
                    found[way][m] = tables[way][key].winner()
        return {way: np.where(one == UNKNOWN, found["most common"], one) for way, one in found.items()}

    namespace["answer_priors"] = answer_priors


def priors_by_comparing(namespace):
    """No dictionary: every new question is compared with all old ones."""

    def answer_priors(questions, images, answers, new_questions, new_images):
        width = questions.shape[1] + new_questions.shape[1]
        old, new = np.zeros((len(questions), width), int), np.zeros((len(new_questions), width), int)
        old[:, : questions.shape[1]] = questions
        new[:, : new_questions.shape[1]] = new_questions
        known = answers != UNKNOWN

        def vote(same):
            counts = np.bincount(answers[same & known]) if (same & known).any() else np.bincount(answers[known])
            return np.flatnonzero(counts == counts.max())[0]

        return {
            "image": np.array([vote(images == one) for one in new_images]),
            "question": np.array([vote((old == row).all(axis=1)) for row in new]),
            "most common": np.array([vote(known) for _ in new]),
        }

    namespace["answer_priors"] = answer_priors


def priors_by_sorting(namespace):
    """Lists of answers, sorted before they are counted, so that the smallest of equals comes first."""

    def answer_priors(questions, images, answers, new_questions, new_images):
        kept = [n for n, answer in enumerate(answers.tolist()) if answer >= 0]
        sentences = [" ".join(map(str, row)).replace(" 0", "") for row in questions[kept].tolist()]
        new_sentences = [" ".join(map(str, row)).replace(" 0", "") for row in new_questions.tolist()]
        said = answers[kept].tolist()

        def mode(several):
            several = sorted(several)
            return max(several, key=several.count)

        def guess(keys, new_keys):
            each = {key: mode([one for k, one in zip(keys, said, strict=True) if k == key]) for key in set(keys)}
            return np.array([each.get(key, mode(said)) for key in new_keys], dtype="int64")

        everywhere = guess([0] * len(kept), [0] * len(new_images))
        by_image = guess(images[kept].tolist(), new_images.tolist())
        return {"most common": everywhere, "question": guess(sentences, new_sentences), "image": by_image}

    namespace["answer_priors"] = answer_priors


def priors_by_most_common(namespace):
    """Counters over pairs, filled from sorted answers; ``most_common`` keeps the order of equals."""

    def answer_priors(questions, images, answers, new_questions, new_images):
        order = [n for n in np.argsort(answers, kind="stable") if answers[n] >= 0]
        counters = {}
        for n in order:
            length = int(np.count_nonzero(questions[n]))
            for key in ("all", ("q", *questions[n, :length].tolist()), ("i", images[n].item())):
                counters.setdefault(key, Counter())[int(answers[n])] += 1

        def best(key):
            return counters.get(key, counters["all"]).most_common(1)[0][0]

        texts = [("q", *row[: int(np.count_nonzero(row))].tolist()) for row in new_questions]
        return {
            "most common": np.repeat(best("all"), len(texts)),
            "question": np.fromiter(map(best, texts), dtype=int),
            "image": np.fromiter((best(("i", one)) for one in new_images.tolist()), dtype=int),
        }

    namespace["answer_priors"] = answer_priors


def consensus_by_counter(namespace):
    """A counter for each question; those who agree and those who do not make two kinds of groups."""

    def consensus_accuracy(said, all_answers):
        out = []
        for one, people in zip(said.tolist(), all_answers.tolist(), strict=True):
            m = Counter(person for person in people if person != -1)[one]
            groups = [m - 1] * m + [m] * (len(people) - m)
            out.append(sum(min(count / 3, 1) for count in groups) / len(people))
        return np.array(out)

    namespace["consensus_accuracy"] = consensus_accuracy


def consensus_with_a_mask(namespace):
    """All groups at once, (N, G, G), each person left out by a zero on the diagonal."""

    def consensus_accuracy(said, all_answers):
        G = all_answers.shape[1]
        agrees = np.logical_and(all_answers == said[:, None], said[:, None] >= 0).astype(float)
        counts = (agrees[:, None, :] * (1 - np.eye(G))).sum(axis=2)
        return np.clip(counts / 3.0, 0, 1).mean(axis=1)

    namespace["consensus_accuracy"] = consensus_accuracy


def consensus_by_combinations(namespace):
    """Groups by itertools; whole numbers until the last division."""

    def consensus_accuracy(said, all_answers):
        accuracies = np.empty(len(said), dtype=np.float64)
        for n, (one, people) in enumerate(zip(said, all_answers, strict=True)):
            counts = [np.count_nonzero(np.array(g) == one) for g in itertools.combinations(people, len(people) - 1)]
            accuracies[n] = 0.0 if one == -1 else sum(min(3, c) for c in counts) / 3 / len(counts)
        return accuracies

    namespace["consensus_accuracy"] = consensus_accuracy


COUNTING = [
    priors_with_a_class,
    priors_by_comparing,
    priors_by_sorting,
    priors_by_most_common,
    consensus_by_counter,
    consensus_with_a_mask,
    consensus_by_combinations,
]
