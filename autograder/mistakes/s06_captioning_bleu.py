"""The named mistakes of stage 6, fourth part: BLEU."""

from autograder.suite import Mistake

_EACH = (
    "if len(candidates) > 1:\n"
    "        pairs = zip(candidates, references, strict=True)\n"
    "        return float(np.mean([bleu([said], [right], max_n) for said, right in pairs]))\n"
    "    found, said = np.zeros(max_n), np.zeros(max_n)"
)

BLEU = (
    Mistake(
        "bleu_without_clipping",
        "bleu",
        (("sum((counts & most).values())", "sum(count for one, count in counts.items() if one in most)"),),
        "words that are said again and again count again and again.",
        "How often may the same n-gram of a candidate be found?",
    ),
    Mistake(
        "bleu_without_brevity",
        "bleu",
        (("brevity = 1.0 if c > r else np.exp(1 - r / c)", "brevity = 1.0"),),
        "the precisions are right, and candidates that say little are let off.",
        "What does BLEU do about a candidate of a single safe word?",
    ),
    Mistake(
        "bleu_brevity_rewards_length",
        "bleu",
        (("brevity = 1.0 if c > r else np.exp(1 - r / c)", "brevity = np.exp(1 - r / c)"),),
        "candidates that say too much are rewarded.",
        "Can the factor for brevity be larger than 1?",
    ),
    Mistake(
        "bleu_shortest_reference",
        "bleu",
        (
            (
                "r += min((abs(len(one) - len(candidate)), len(one)) for one in right)[1]",
                "r += min(len(one) for one in right)",
            ),
        ),
        "the factor for brevity goes by the wrong reference.",
        "Which reference's length counts for a candidate?",
    ),
    Mistake(
        "bleu_longer_of_two",
        "bleu",
        (
            (
                "r += min((abs(len(one) - len(candidate)), len(one)) for one in right)[1]",
                "r -= min((abs(len(one) - len(candidate)), -len(one)) for one in right)[1]",
            ),
        ),
        "all is right, unless two references are equally close in length.",
        "Which of two equally close lengths counts?",
    ),
    Mistake(
        "bleu_adds_references_up",
        "bleu",
        (("most |= Counter(ngrams(one, n))", "most += Counter(ngrams(one, n))"),),
        "an n-gram may be found as often as all references together have it.",
        "What is the ceiling for an n-gram that occurs once in each of three references?",
    ),
    Mistake(
        "bleu_first_reference_only",
        "bleu",
        (("for one in right:\n", "for one in right[:1]:\n"),),
        "only one reference of each image is looked at.",
        "Where may an n-gram be found, if there are several references?",
    ),
    Mistake(
        "bleu_mean_over_sentences",
        "bleu",
        (("found, said = np.zeros(max_n), np.zeros(max_n)", _EACH),),
        "this is a mean of what each candidate earns by itself.",
        "What is summed over all candidates, and when is it divided?",
    ),
    Mistake(
        "bleu_longest_reference",
        "bleu",
        (
            (
                "r += min((abs(len(one) - len(candidate)), len(one)) for one in right)[1]",
                "r += max(len(one) for one in right)",
            ),
        ),
        "the factor for brevity goes by a reference that is longer than need be.",
        "Which reference's length counts for a candidate?",
    ),
    Mistake(
        "bleu_brevity_upside_down",
        "bleu",
        (("np.exp(1 - r / c)", "np.exp(1 - c / r)"),),
        "candidates that say little are rewarded.",
        "Is the factor for brevity larger or smaller than 1 where c is less than r?",
    ),
    Mistake(
        "bleu_always_a_quarter",
        "bleu",
        (("np.log(found / said).mean()", "np.log(found / said).sum() / 4"),),
        "BLEU-4 is right, and BLEU-2 is not.",
        "By what is the sum of logarithms divided, where it has two terms?",
    ),
    Mistake(
        "bleu_product",
        "bleu",
        (("np.log(found / said).mean()", "np.log(found / said).sum()"),),
        "the precisions are multiplied, and something is still to be done with the product.",
        "What stands before the sum in the exponent?",
    ),
    Mistake(
        "bleu_in_percent",
        "bleu",
        (("return float(brevity", "return float(100 * brevity"),),
        "all is right but for a factor.",
        "Between which two numbers does a BLEU lie here?",
    ),
    Mistake(
        "bleu_divides_by_nothing",
        "bleu",
        (
            (
                "if found.min() == 0:\n        return 0.0",
                'if found.min() == 0:\n        return 0.0 if said.min() else float("nan")',
            ),
        ),
        "all is right, as long as some candidate is long enough.",
        "How many runs of four words are there in candidates of three?",
    ),
    Mistake(
        "bleu_arithmetic_mean",
        "bleu",
        (("np.exp(np.log(found / said).mean())", "(found / said).mean()"),),
        "the four precisions are put together by the wrong kind of mean.",
        "What becomes of BLEU if one of the four is nearly zero?",
    ),
    Mistake(
        "bleu_words_only",
        "bleu",
        (("np.exp(np.log(found / said).mean())", "found[0] / said[0]"),),
        "the order of the words makes no difference.",
        "Which n-grams does BLEU-4 count?",
    ),
    Mistake(
        "bleu_recall",
        "bleu",
        (("said[n - 1] += sum(counts.values())", "said[n - 1] += sum(most.values())"),),
        "hits are divided by what should have been said, and not by what was.",
        "Is the question how much of what was said is right, or how much of what is right was said?",
    ),
)
