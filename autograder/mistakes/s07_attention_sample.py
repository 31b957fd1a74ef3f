"""The named mistakes of stage 7, fourth part: the captioner that says what it sees."""

from autograder.mistakes.s07_attention_captioner import EACH, begin
from autograder.suite import Mistake

_SAMPLE = "        h, c = self.first_h(mean), self.first_c(mean)\n        captions = torch.full"
_OWN_WORD = "self.embed(word), attn"
_CLOSED = "scores[:, [self.start, self.null]] = -torch.inf"
_FILL = "captions[~ended, t], looks[~ended, t] = word[~ended], weights[~ended]"

SAMPLE = (
    Mistake(
        "sample_cell_begins_empty",
        "AttentionCaptioner",
        (begin("h, c = self.first_h(mean), 0 * self.first_c(mean)", _SAMPLE),),
        "in sampling the network begins with other memories than those it was trained with.",
        "Do both of your methods begin with the same state *and* the same cell?",
    ),
    Mistake(
        "sample_begins_empty",
        "AttentionCaptioner",
        (begin("h, c = 0 * self.first_h(mean), 0 * self.first_c(mean)", _SAMPLE),),
        "in sampling the network begins with nothing at all.",
        "Do both of your methods begin with the same state *and* the same cell?",
    ),
    Mistake(
        "sample_never_reads_its_own_words",
        "AttentionCaptioner",
        ((_OWN_WORD, "self.embed(torch.full_like(word, self.start)), attn"),),
        "the first word is right; from then on the captioner goes on as if it had said nothing.",
        "What is read at the second step?",
    ),
    Mistake(
        "sample_looks_once",
        "AttentionCaptioner",
        (
            (
                EACH,
                "attn, weights = self.attend(h, features, keys)\n        for t in range(max_length):",
            ),
        ),
        "the first word is right; after it the captioner sees what it saw first.",
        "How often does a captioner look while it says a sentence?",
    ),
    Mistake(
        "sample_returns_start",
        "AttentionCaptioner",
        (
            (
                "        return captions, looks\n",
                "        first = torch.full_like(captions[:, :1], self.start)\n"
                "        return torch.cat([first, captions[:, :-1]], dim=1), looks\n",
            ),
        ),
        "the captions begin with a word that is not part of them.",
        "Which word is only read, and never said?",
    ),
    Mistake(
        "sample_goes_on_after_the_end",
        "AttentionCaptioner",
        ((_FILL, "captions[:, t], looks[:, t] = word, weights"),),
        "there are words after `<END>`, and looks.",
        "What should stand in a row after its last word has been said?",
    ),
    Mistake(
        "sample_looks_on_after_the_end",
        "AttentionCaptioner",
        ((_FILL, "captions[~ended, t], looks[:, t] = word[~ended], weights"),),
        "the words are right, and after `<END>` the weights go on.",
        "Where is there to look when nothing is said any more?",
    ),
    Mistake(
        "sample_does_not_look_for_the_end",
        "AttentionCaptioner",
        (
            (
                "            ended |= word == self.end\n",
                "            ended |= word == self.end\n            looks[ended, t] = 0\n",
            ),
        ),
        "the words are right, and so are all looks but those of one word.",
        "With which weights was `<END>` said?",
    ),
    Mistake(
        "sample_stops_when_all_have_ended",
        "AttentionCaptioner",
        (
            (
                "            ended |= word == self.end\n",
                "            ended |= word == self.end\n            if ended.all():\n"
                "                return captions[:, : t + 1], looks[:, : t + 1]\n",
            ),
        ),
        "the words are right, but where all captions end early there are too few places.",
        "How many places does a row of the result have, whatever is said?",
    ),
    Mistake(
        "sample_says_null",
        "AttentionCaptioner",
        ((_CLOSED, "scores[:, [self.start]] = -torch.inf"),),
        "most captions are right; sometimes the filling is said in place of a word.",
        "Which words are never said, whatever their scores?",
    ),
    Mistake(
        "sample_says_start",
        "AttentionCaptioner",
        ((_CLOSED, "scores[:, [self.null]] = -torch.inf"),),
        "most captions are right; sometimes the word that is only read is said.",
        "Which words are never said, whatever their scores?",
    ),
    Mistake(
        "sample_says_anything",
        "AttentionCaptioner",
        (("            scores[:, [self.start, self.null]] = -torch.inf\n", ""),),
        "most captions are right; sometimes a word is said that never should be.",
        "Which two words are never said, whatever their scores?",
    ),
)
