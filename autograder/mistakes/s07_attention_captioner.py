"""The named mistakes of stage 7, third part: the captioner that looks for every word."""

from autograder.suite import Mistake

_TEACH = "        h, c = self.first_h(mean), self.first_c(mean)\n        scores, looks = [], []"
_READS = "self.embed(captions[:, :-1]).unbind(dim=1)"
_LOOK = "            attn, weights = self.attend(h, features, keys)\n            h, c = self.cell(torch.cat([words"
_CELL = "h, c = self.cell(torch.cat([words, attn], dim=1), (h, c))"
_SCORE = "scores.append(self.vocabulary(torch.cat([h, attn], dim=1)))"
EACH = "for t in range(max_length):\n            attn, weights = self.attend(h, features, keys)"
_PAST = ("self.attend(h, features, keys)", "additive_attention(self.query(h), keys, features, self.v)")
_STEP = "h, c = self.cell(torch.cat([self.embed(word), attn], dim=1), (h, c))"


def begin(line: str, before: str) -> tuple[str, str]:
    """In place of the line that begins one of the two methods, another."""
    return before, before.replace("h, c = self.first_h(mean), self.first_c(mean)", line)


TEACH = (
    Mistake(
        "captioner_cell_begins_empty",
        "AttentionCaptioner",
        (begin("h, c = self.first_h(mean), 0 * self.first_c(mean)", _TEACH),),
        "in training one of the two memories begins as it should, and the other does not.",
        "Which two layers make the first state and the first cell?",
    ),
    Mistake(
        "captioner_memories_begin_alike",
        "AttentionCaptioner",
        (begin("h, c = self.first_h(mean), self.first_h(mean) + 0 * self.first_c(mean)", _TEACH),),
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
            begin("h, c = 0 * self.first_h(mean), 0 * self.first_c(mean)", _TEACH),
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
        "captioner_hands_out_weights_without_a_graph",
        "AttentionCaptioner",
        (("looks.append(weights)", "looks.append(weights.detach())"),),
        "the scores are right, and whoever learns from the weights that you return learns nothing.",
        "Do you hand out the weights as they are?",
    ),
    Mistake(
        "captioner_cuts_time",
        "AttentionCaptioner",
        (("looks.append(weights)", "looks.append(weights)\n            c = c.detach()"),),
        "the scores are right, and no gradient travels from cell to cell.",
        "Is there a place where you cut the graph?",
    ),
)

BOTH = (
    Mistake(
        "captioner_turns_the_pair_round",
        "AttentionCaptioner",
        (
            (_CELL, _CELL.replace("words, attn", "attn, words")),
            (_STEP, _STEP.replace("self.embed(word), attn", "attn, self.embed(word)")),
        ),
        "the cell gets the right two vectors, but not in the order that its weights were made for.",
        "In which order do two vectors stand in the equations?",
    ),
    Mistake(
        "captioner_looks_again_to_speak",
        "AttentionCaptioner",
        (
            (_CELL, _CELL + "\n            attn, weights = self.attend(h, features, keys)"),
            (_STEP, _STEP + "\n            attn, weights = self.attend(h, features, keys)"),
        ),
        "there are two looks in a step: the words are scored with one that was taken after the cell went on.",
        "With which state is the look of a step taken, and how many of the equations use what it saw?",
    ),
    Mistake(
        "captioner_looks_past_attend",
        "AttentionCaptioner",
        (
            (_LOOK, _LOOK.replace(*_PAST)),
            (EACH, EACH.replace(*_PAST)),
        ),
        "all is right until the given way to look is replaced by another: the captioner does not notice.",
        "Through which method do you look, in both of your methods?",
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
        "captioner_adds_up_over_the_batch",
        "AttentionCaptioner",
        (("return summed / len(captions)", "return summed"),),
        "the loss is that of all captions together.",
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

CAPTIONER = (*TEACH, *BOTH, *LOSS)
