"""The named mistakes of stage 6, third part: beam search."""

from autograder.mistakes.s06_captioning_bleu import BLEU
from autograder.suite import Mistake

_GROW = "longer += [(total + float(one), [*words, word], after) for word, one in enumerate(log_probs)]"
_STAY = (
    "            if words and words[-1] == end:\n"
    "                longer.append((total, words, memory))\n"
    "                continue\n"
)
_KEEP = "beam = sorted(longer, key=lambda kept: kept[0], reverse=True)[:width]"
_STOP = "        if all(words[-1] == end for _, words, _ in beam):\n            break\n"
_BEST = "best, caption, _ = beam[0]"

BEAM = (
    Mistake(
        "beam_is_greedy",
        "beam_search",
        ((_KEEP, _KEEP.replace("[:width]", "[:1]")),),
        "this is the greedy caption, whatever the width.",
        "How many captions are in your list after the first word?",
    ),
    Mistake(
        "beam_keeps_too_many",
        "beam_search",
        ((_KEEP, _KEEP.replace("[:width]", "[:150]")),),
        "the caption is likelier than the one that a beam of this width finds.",
        "How many captions are left at the end of a step, those that have ended among them?",
    ),
    Mistake(
        "beam_best_per_word",
        "beam_search",
        ((_BEST, "best, caption, _ = max(beam, key=lambda kept: kept[0] / len(kept[1]))"),),
        "of the captions in the list, the one with the likeliest words is returned; that is often a longer one.",
        "By what number is the best caption of the list chosen?",
    ),
    Mistake(
        "beam_goes_on_after_the_end",
        "beam_search",
        ((_STAY, ""),),
        "captions that have ended are continued.",
        "What happens to a caption in the list whose last word is the end?",
    ),
    Mistake(
        "beam_drops_what_has_ended",
        "beam_search",
        (
            (_STAY, "            if words and words[-1] == end:\n                continue\n"),
            (_KEEP, f"{_KEEP} or beam"),
        ),
        "captions that have ended are lost.",
        "What happens to a caption in the list whose last word is the end?",
    ),
    Mistake(
        "beam_forgets_the_first_words",
        "beam_search",
        ((_GROW, _GROW.replace("total + float(one)", "float(one)")),),
        "a caption is judged by its last word alone.",
        "What is the log-probability of a whole caption made of?",
    ),
    Mistake(
        "beam_adds_probabilities",
        "beam_search",
        ((_GROW, _GROW.replace("total + float(one)", "total + float(np.exp(one))")),),
        "what is added up are probabilities.",
        "Two things must both happen: what is done with their probabilities, and what with the logarithms?",
    ),
    Mistake(
        "beam_keeps_the_old_state",
        "beam_search",
        ((_GROW, _GROW.replace(", after)", ", memory)")),),
        "every word is said from the state of the beginning.",
        "Which state belongs to a caption that has grown by a word?",
    ),
    Mistake(
        "beam_shares_a_state",
        "beam_search",
        (("log_probs, after = step(memory,", "log_probs, after = step(beam[0][2],"),),
        "all captions in the list go on from the state of one of them.",
        "Whose state does each caption of the list go on from?",
    ),
    Mistake(
        "beam_reads_start_again",
        "beam_search",
        (("words[-1] if words else start", "start"),),
        "the captions go on as if nothing had been said.",
        "Which word is read at the second step?",
    ),
    Mistake(
        "beam_returns_start",
        "beam_search",
        (("return np.array(caption), best", "return np.array([start, *caption]), best"),),
        "the caption begins with a word that is not part of it.",
        "Which word is only read, and never said?",
    ),
    Mistake(
        "beam_divides_by_length",
        "beam_search",
        (("return np.array(caption), best", "return np.array(caption), best / len(caption)"),),
        "the caption is right, and its log-probability is that of a word.",
        "Is the log-probability of a caption a sum, or a mean?",
    ),
    Mistake(
        "beam_stops_at_the_first_end",
        "beam_search",
        ((_STOP, _STOP.replace("all(", "any(")),),
        "the search is over as soon as one caption of the list has ended.",
        "What could still become of the others in the list?",
    ),
    Mistake(
        "beam_prefers_what_has_ended",
        "beam_search",
        ((_BEST, "best, caption, _ = next((one for one in beam if one[1][-1] == end), beam[0])"),),
        "all is right, unless the best caption of the list has no end.",
        "What becomes of a caption that has no room for its end?",
    ),
    Mistake(
        "beam_keeps_the_worst",
        "beam_search",
        ((_KEEP, _KEEP.replace(", reverse=True", "")),),
        "the captions in the list are the unlikeliest ones.",
        "Is a log-probability of -1 better or worse than one of -2?",
    ),
    Mistake(
        "beam_one_word_short",
        "beam_search",
        (("for _ in range(max_length):", "for _ in range(max_length - 1):"),),
        "all is right, unless a caption needs all the words that it may have.",
        "How many times is the list made longer?",
    ),
    Mistake(
        "beam_leaves_the_end_out",
        "beam_search",
        (("return np.array(caption), best", "return np.array([word for word in caption if word != end]), best"),),
        "the captions are right but for their last word.",
        "Is the word that ends a caption a part of it?",
    ),
    Mistake(
        "beam_returns_a_probability",
        "beam_search",
        (("return np.array(caption), best", "return np.array(caption), float(np.exp(best))"),),
        "the caption is right; the number beside it lies between 0 and 1.",
        "Can a log-probability be above 0?",
    ),
)

MEASURES = (*BEAM, *BLEU)
