"""The named mistakes of stage 7, third part: the captioner that looks for every word."""

from autograder.suite import Mistake

_TEACH = "        h, c = self.first_h(mean), self.first_c(mean)\n        scores, looks = [], []"
_SAMPLE = "        h, c = self.first_h(mean), self.first_c(mean)\n        captions = torch.full"
_READS = "self.embed(captions[:, :-1]).unbind(dim=1)"
_LOOK = "            attn, weights = self.attend(h, features, keys)\n            h, c = self.cell(torch.cat([words"
_CELL = "h, c = self.cell(torch.cat([words, attn], dim=1), (h, c))"
_SCORE = "scores.append(self.vocabulary(torch.cat([h, attn], dim=1)))"
_OWN_WORD = "self.embed(word), attn"
_FILL = "captions[~ended, t], looks[~ended, t] = word[~ended], weights[~ended]"


def _begin(line: str, before: str) -> tuple[str, str]:
    """In place of the line that begins one of the two methods, another."""
    return before, before.replace("h, c = self.first_h(mean), self.first_c(mean)", line)


TEACH = (
    Mistake(
        "captioner_cell_begins_empty",
        "AttentionCaptioner",
        (_begin("h, c = self.first_h(mean), 0 * self.first_c(mean)", _TEACH),),
        "in training one of the two memories begins as it should, and the other does not.",
        "Which two layers make the first state and the first cell?",
    ),
    Mistake(
        "captioner_memories_begin_alike",
        "AttentionCaptioner",
        (_begin("h, c = self.first_h(mean), self.first_h(mean) + 0 * self.first_c(mean)", _TEACH),),
        "in training the two memories begin alike.",
        "Which two layers make the first state and the first cell?",
    ),
    Mistake(
        "captioner_begins_with_the_first_place",
        "AttentionCaptioner",
        (
            (
                "keys, mean = self.key(features), features.mean(dim=1)\n" + _TEACH,
                "keys, mean = self.key(features), features[:, 0]\n" + _TEACH,
            ),
        ),
        "in training the memories begin with one place in place of all.",
        "What is there to begin with, before anything has been asked?",
    ),
    Mistake(
        "captioner_does_not_look",
        "AttentionCaptioner",
        (
            (
                _LOOK,
                "            _, weights = self.attend(h, features, keys)\n            attn = mean\n"
                "            h, c = self.cell(torch.cat([words",
            ),
        ),
        "in training the network is told the weights, and sees the same at every step.",
        "What does the cell get to see at the second step?",
    ),
    Mistake(
        "captioner_ignores_its_image",
        "AttentionCaptioner",
        (
            _begin("h, c = 0 * self.first_h(mean), 0 * self.first_c(mean)", _TEACH),
            (
                _LOOK,
                "            attn, weights = self.attend(h, features, keys)\n            attn = 0 * attn\n"
                "            h, c = self.cell(torch.cat([words",
            ),
        ),
        "these are the scores of a captioner that does not see its image.",
        "Does anything change in your scores when the features do?",
    ),
    Mistake(
        "captioner_looks_after_reading",
        "AttentionCaptioner",
        (
            (
                _LOOK,
                "            attn, _ = self.attend(h, features, keys)\n"
                "            ahead, _ = self.cell(torch.cat([words, attn], dim=1), (h, c))\n"
                "            attn, weights = self.attend(ahead, features, keys)\n"
                "            h, c = self.cell(torch.cat([words",
            ),
        ),
        "in training the network looks with a state that it cannot have yet.",
        "Has the word of a step been read already when the network decides where to look?",
    ),
    Mistake(
        "captioner_tells_the_next_look",
        "AttentionCaptioner",
        (("looks.append(weights)", "looks.append(self.attend(h, features, keys)[1])"),),
        "the scores are right, and the weights are those of one look too late.",
        "Which look did the first word use, and with which state was it taken?",
    ),
    Mistake(
        "captioner_reads_its_targets",
        "AttentionCaptioner",
        ((_READS, "self.embed(captions[:, 1:]).unbind(dim=1)"),),
        "each word is read before it is asked for.",
        "What has a captioner read when it is asked for the first word?",
    ),
    Mistake(
        "captioner_scores_with_the_old_state",
        "AttentionCaptioner",
        (
            (_CELL, "before, (h, c) = h, self.cell(torch.cat([words, attn], dim=1), (h, c))"),
            (_SCORE, "scores.append(self.vocabulary(torch.cat([before, attn], dim=1)))"),
        ),
        "the words are scored before the word before them has been read.",
        "Which state belongs to the scores of a step: the one before it or the one after?",
    ),
    Mistake(
        "captioner_cuts_time",
        "AttentionCaptioner",
        (("looks.append(weights)", "looks.append(weights)\n            c = c.detach()"),),
        "the scores are right, and no gradient travels from cell to cell.",
        "Is there a place where you cut the graph?",
    ),
)

LOSS = (
    Mistake(
        "captioner_counts_null",
        "AttentionCaptioner",
        (("ignore_index=self.null, ", ""),),
        "the filling at the end of short captions counts too.",
        "Which of the words to say should a captioner not be judged by?",
    ),
    Mistake(
        "captioner_thinks_null_is_zero",
        "AttentionCaptioner",
        (("ignore_index=self.null, ", "ignore_index=0, "),),
        "the right number of something is taken for granted.",
        "Where do you learn which number `<NULL>` has in this vocabulary?",
    ),
    Mistake(
        "captioner_averages_over_words",
        "AttentionCaptioner",
        (('reduction="sum"', 'reduction="mean"'), ("return summed / len(captions)", "return summed")),
        "the loss is right but for a factor: it is that of a word, and not of a caption.",
        "By how many things is the sum of all surprises to be divided?",
    ),
    Mistake(
        "captioner_adds_up_in_short_floats",
        "AttentionCaptioner",
        (("wide = scores.to(torch.promote_types(scores.dtype, torch.float32))", "wide = scores"),),
        "all is right, until the scores come in short floats: then the loss is rounded on the way.",
        "In which type are the surprises added up?",
    ),
    Mistake(
        "captioner_asks_for_what_it_read",
        "AttentionCaptioner",
        (("targets = captions[:, 1:].long()", "targets = captions[:, :-1].long()"),),
        "the scores are right, and the loss asks for the wrong words.",
        "For which word of the caption are the scores at place 0?",
    ),
)

SAMPLE = (
    Mistake(
        "sample_cell_begins_empty",
        "AttentionCaptioner",
        (_begin("h, c = self.first_h(mean), 0 * self.first_c(mean)", _SAMPLE),),
        "in sampling the network begins with other memories than those it was trained with.",
        "Do both of your methods begin with the same state *and* the same cell?",
    ),
    Mistake(
        "sample_begins_empty",
        "AttentionCaptioner",
        (_begin("h, c = 0 * self.first_h(mean), 0 * self.first_c(mean)", _SAMPLE),),
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
                "for t in range(max_length):\n            attn, weights = self.attend(h, features, keys)",
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
        "sample_says_anything",
        "AttentionCaptioner",
        (("            scores[:, [self.start, self.null]] = -torch.inf\n", ""),),
        "most captions are right; sometimes a word is said that never should be.",
        "Which two words are never said, whatever their scores?",
    ),
)

CAPTIONER = (*TEACH, *LOSS, *SAMPLE)
