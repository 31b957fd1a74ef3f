"""The named mistakes of stage 7, fifth part: the loss of hard attention."""

from autograder.suite import Mistake

_GO = "rewards = words.flip(1).cumsum(dim=1).flip(1)"
_SURPLUS = "surplus = (rewards - baseline).detach()"
_LOOK = "looks = torch.log(weights.gather(2, positions[:, :, None])[:, :, 0])"
_RETURN = "return -(words + surplus * looks * counts).sum() / len(words)"

HARD = (
    Mistake(
        "hard_reward_not_detached",
        "hard_attention_loss",
        ((_SURPLUS, "surplus = rewards - baseline.detach()"),),
        "the loss is right, and too much gradient comes to the words: some of it through the reward.",
        "As what does the reward minus the baseline count, when gradients are taken?",
    ),
    Mistake(
        "hard_baseline_leaks",
        "hard_attention_loss",
        ((_SURPLUS, "surplus = rewards.detach() - baseline"),),
        "the loss is right, and a gradient comes to the baseline, which it is not meant for.",
        "Through what must no gradient go?",
    ),
    Mistake(
        "hard_nothing_detached",
        "hard_attention_loss",
        ((_SURPLUS, "surplus = rewards - baseline"),),
        "the loss is right, and gradients go through what should count as a plain number.",
        "Through what must no gradient go?",
    ),
    Mistake(
        "hard_without_baseline",
        "hard_attention_loss",
        ((_SURPLUS, "surplus = rewards.detach() + 0 * baseline"),),
        "this is right on average, but no look is compared with what was to be expected.",
        "Which argument could you change without changing your result?",
    ),
    Mistake(
        "hard_adds_the_baseline",
        "hard_attention_loss",
        ((_SURPLUS, "surplus = (rewards + baseline).detach()"),),
        "a look is judged by the sum of two things, and not by how they compare.",
        "When did a look go well: when its reward is above or below the baseline?",
    ),
    Mistake(
        "hard_learns_from_failure",
        "hard_attention_loss",
        ((_RETURN, "return -(words - surplus * looks * counts).sum() / len(words)"),),
        "the words are right; the looks that went badly are made likelier.",
        "Which sign makes a look likelier that went well?",
    ),
    Mistake(
        "hard_learns_no_looks",
        "hard_attention_loss",
        ((_RETURN, "return -(words + 0 * surplus * looks * counts).sum() / len(words)"),),
        "the words are right, and nothing is learned about where to look.",
        "Where in your loss do the weights come in?",
    ),
    Mistake(
        "hard_learns_no_words",
        "hard_attention_loss",
        ((_RETURN, "return -(0 * words + surplus * looks * counts).sum() / len(words)"),),
        "the looks are right, and nothing is learned about the words.",
        "The first of the two sums: where is it in your loss?",
    ),
    Mistake(
        "hard_whole_reward",
        "hard_attention_loss",
        ((_GO, "rewards = words.sum(dim=1, keepdim=True).expand_as(words)"),),
        "this is right on average, but a look is also paid for words that were said before it.",
        "Which of the words can the third look still change?",
    ),
    Mistake(
        "hard_reward_of_the_past",
        "hard_attention_loss",
        ((_GO, "rewards = words.cumsum(dim=1)"),),
        "the rewards are added up from the wrong end.",
        "Which of the words can the third look still change?",
    ),
    Mistake(
        "hard_reward_of_one_word",
        "hard_attention_loss",
        ((_GO, "rewards = words"),),
        "a look is paid for its own word only.",
        "Does what is seen at the first step do nothing for the second word?",
    ),
    Mistake(
        "hard_reward_without_its_own_word",
        "hard_attention_loss",
        ((_GO, "rewards = words.flip(1).cumsum(dim=1).flip(1) - words"),),
        "a look is paid for all later words, but not for the one it was made for.",
        "Is a look made before its own word is told, or after?",
    ),
    Mistake(
        "hard_null_is_paid",
        "hard_attention_loss",
        (("words = word_log_probs * counts", "words = word_log_probs"),),
        "the filling at the end of short captions counts among the words.",
        "Which words should neither be learned nor be paid for?",
    ),
    Mistake(
        "hard_looks_for_null",
        "hard_attention_loss",
        ((_RETURN, "return -(words + surplus * looks).sum() / len(words)"),),
        "the words are right; the looks at steps that should not count do.",
        "What about a look for a word that is `<NULL>`?",
    ),
    Mistake(
        "hard_probability_in_place_of_its_log",
        "hard_attention_loss",
        ((_LOOK, "looks = weights.gather(2, positions[:, :, None])[:, :, 0]"),),
        "the right weight is taken, and something is still to be done with it.",
        "Of what is the gradient in Williams' rule?",
    ),
    Mistake(
        "hard_likeliest_place",
        "hard_attention_loss",
        ((_LOOK, "looks = torch.log(weights.max(dim=2)[0]) + 0 * positions"),),
        "the looks that are made likelier are not those that were taken.",
        "Which place was looked at: the likeliest, or the one that was drawn?",
    ),
    Mistake(
        "hard_averages_over_steps",
        "hard_attention_loss",
        ((_RETURN, "return -(words + surplus * looks * counts).sum() / counts.sum()"),),
        "the loss is right but for a factor: it is that of a step, and not of a caption.",
        "By how many things is the sum to be divided?",
    ),
    Mistake(
        "hard_adds_up_over_the_batch",
        "hard_attention_loss",
        ((_RETURN, "return -(words + surplus * looks * counts).sum()"),),
        "the loss is that of all captions together.",
        "By how many things is the sum to be divided?",
    ),
)
