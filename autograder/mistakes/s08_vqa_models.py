"""The named mistakes of stage 8, third part: the two models."""

from autograder.suite import Mistake

FUSED = "fuse(asked, image, self.projections, self.how)"
WIDE = "wide = scores.to(torch.promote_types(scores.dtype, torch.float32))"
CROSS = "return functional.cross_entropy(wide, answers, ignore_index=UNKNOWN)"
EVERYWHERE = "everywhere = asked[:, None].expand(-1, positions.shape[1], -1)"
RELEVANCE = 'relevance = self.weigh(fuse(everywhere, positions, self.looking, "product"))[..., 0]'
SOFTMAX = "weights = torch.softmax(relevance, dim=1)"
GLANCE = "seen = (weights[..., None] * positions).sum(dim=1)"
LAST = 'return self.head(fuse(asked, seen, self.projections, "product")), weights'

MODEL = (
    Mistake(
        "model_ignores_its_image",
        "VQAModel",
        ((FUSED, FUSED.replace("image", "0 * image")),),
        "these are the scores of a model with its eyes shut.",
        "Does anything change in your scores when the image does?",
    ),
    Mistake(
        "model_ignores_its_question",
        "VQAModel",
        ((FUSED, FUSED.replace("asked", "0 * asked")),),
        "these are the scores of a model with its ears stopped.",
        "Does anything change in your scores when the question does?",
    ),
    Mistake(
        "model_always_multiplies",
        "VQAModel",
        (
            (
                FUSED,
                'fuse(asked, image, self.projections, "product").repeat'
                "(1, self.head.in_features // self.projections.image.out_features)",
            ),
        ),
        "with one of the two fusions all is right; the other one is not used.",
        "What is kept in self.how, and who reads it?",
    ),
    Mistake(
        "model_reads_the_filling",
        "VQAModel",
        (
            (
                "asked = self.encoder(questions, lengths)",
                "asked = self.encoder(questions, 0 * lengths + questions.shape[1])",
            ),
        ),
        "the longest question is right; the scores of shorter ones hang on what stands behind their ends.",
        "What do you tell the encoder about where each question ends?",
    ),
    Mistake(
        "model_returns_probabilities",
        "VQAModel",
        (
            (
                "self.head(fuse(asked, image, self.projections, self.how))",
                "self.head(fuse(asked, image, self.projections, self.how)).softmax(dim=1)",
            ),
        ),
        "these are probabilities.",
        "What comes out of the head before anything is done to it?",
    ),
    Mistake(
        "model_loss_counts_the_unknown",
        "VQAModel",
        (
            (
                CROSS,
                "return functional.cross_entropy(wide, answers, ignore_index=UNKNOWN, reduction='sum') / len(answers)",
            ),
        ),
        "the loss is right where all answers are known; else it is too small.",
        "By how many questions is the sum of the surprises divided?",
    ),
    Mistake(
        "model_loss_unknown_is_the_first_answer",
        "VQAModel",
        ((CROSS, "return functional.cross_entropy(wide, answers.clamp(min=0))"),),
        "the loss is right where all answers are known; else a model is taught something that nobody said.",
        "Which answer does a model learn from a question whose answer is unknown?",
    ),
    Mistake(
        "model_loss_unknown_is_the_last_answer",
        "VQAModel",
        ((CROSS, "return functional.cross_entropy(wide, answers % wide.shape[1])"),),
        "the loss is right where all answers are known; else a model is taught something that nobody said.",
        "What does the index -1 mean in Python, and what should it mean here?",
    ),
    Mistake(
        "model_loss_of_the_next_answer",
        "VQAModel",
        (
            (
                CROSS,
                "shifted = torch.where(answers < 0, answers, (answers + 1) % wide.shape[1])\n"
                "        return functional.cross_entropy(wide, shifted, ignore_index=UNKNOWN)",
            ),
        ),
        "the loss asks for answers whose numbers are off by one.",
        "Which score belongs to answer number 0?",
    ),
    Mistake(
        "model_loss_leaves_out_an_answer",
        "VQAModel",
        ((CROSS, "return functional.cross_entropy(wide, torch.where(answers < 0, 0, answers), ignore_index=0)"),),
        "one of the answers to choose from does not count.",
        "Which number stands for an unknown answer here, and which for the first one?",
    ),
    Mistake(
        "model_loss_of_probabilities",
        "VQAModel",
        ((CROSS, CROSS.replace("(wide,", "(wide.softmax(dim=1),")),),
        "the loss takes probabilities for scores.",
        "What does the loss do with the scores first, before it takes a logarithm?",
    ),
    Mistake(
        "model_loss_explodes",
        "VQAModel",
        (
            (
                CROSS,
                "return functional.nll_loss(torch.softmax(wide, dim=1).log(), answers, ignore_index=UNKNOWN)",
            ),
        ),
        "all is right, until the scores are far apart.",
        "What is left of a very small probability in a float, and what is its logarithm?",
    ),
    Mistake(
        "model_loss_sums",
        "VQAModel",
        ((CROSS, "return functional.cross_entropy(wide, answers, ignore_index=UNKNOWN, reduction='sum')"),),
        "the loss grows with the batch.",
        "Sum or mean?",
    ),
    Mistake(
        "model_loss_adds_up_in_short_floats",
        "VQAModel",
        ((WIDE, "wide = scores"),),
        "all is right, until the scores come in short floats: then the loss is rounded on the way.",
        "In which type are the surprises worked out?",
    ),
)

LOOKING = (
    Mistake(
        "looking_softmax_over_the_batch",
        "AttentionVQA",
        ((SOFTMAX, "weights = torch.softmax(relevance, dim=0)"),),
        "the weights of each question do not add up to one; those of each position do.",
        "Among what does a question choose?",
    ),
    Mistake(
        "looking_weights_do_not_add_up",
        "AttentionVQA",
        ((SOFTMAX, "weights = torch.sigmoid(relevance)"),),
        "every weight lies between zero and one, but together they are not one.",
        "What happens to the other positions when one becomes more important?",
    ),
    Mistake(
        "looking_explodes",
        "AttentionVQA",
        ((SOFTMAX, "weights = relevance.exp() / relevance.exp().sum(dim=1, keepdim=True)"),),
        "all is right, until the numbers before the exponential become large.",
        "What is the exponential of a thousand, and what could be taken off first without changing the weights?",
    ),
    Mistake(
        "looking_everywhere_alike",
        "AttentionVQA",
        ((SOFTMAX, "weights = torch.softmax(0 * relevance, dim=1)"),),
        "every position has the same weight.",
        "What decides how much a position counts?",
    ),
    Mistake(
        "looking_without_the_question",
        "AttentionVQA",
        ((EVERYWHERE, "everywhere = (0 * asked)[:, None].expand(-1, positions.shape[1], -1)"),),
        "all questions about an image look at the same places.",
        "Who decides where to look?",
    ),
    Mistake(
        "looking_through_the_other_layers",
        "AttentionVQA",
        ((RELEVANCE, RELEVANCE.replace("self.looking", "self.projections")),),
        "the question looks through the wrong layers.",
        "Question and image meet twice. Do they meet through the same layers?",
    ),
    Mistake(
        "looking_by_sum",
        "AttentionVQA",
        ((RELEVANCE, 'relevance = fuse(everywhere, positions, self.looking, "product").sum(dim=2)'),),
        "all fused numbers count alike when a position is weighed.",
        "What is w in the equation of e?",
    ),
    Mistake(
        "looking_answers_from_the_mean",
        "AttentionVQA",
        ((GLANCE, "seen = positions.mean(dim=1)"),),
        "the weights are right, but the answer does not depend on them.",
        "What is the question answered from?",
    ),
    Mistake(
        "looking_at_the_brightest",
        "AttentionVQA",
        ((GLANCE, "seen = positions[torch.arange(len(positions)), weights.argmax(dim=1)]"),),
        "only the position with the greatest weight is seen.",
        "Does a weight of one quarter count for nothing?",
    ),
    Mistake(
        "looking_averages_twice",
        "AttentionVQA",
        ((GLANCE, "seen = (weights[..., None] * positions).mean(dim=1)"),),
        "the weights are right; what is seen is too small.",
        "The weights add up to one. What is left to divide by?",
    ),
    Mistake(
        "looking_answers_through_the_first_layers",
        "AttentionVQA",
        ((LAST, LAST.replace("self.projections", "self.looking")),),
        "the weights are right; question and image meet the second time through the wrong layers.",
        "How many pairs of projections does the model have, and where is each of them used?",
    ),
    Mistake(
        "looking_adds_instead_of_multiplying",
        "AttentionVQA",
        (
            (
                LAST,
                "joint = torch.tanh(self.projections.question(asked)) + torch.tanh(self.projections.image(seen))\n"
                "        return self.head(joint), weights",
            ),
        ),
        "the weights are right; in the end question and image meet in the wrong way.",
        "By which fusion do they meet the second time?",
    ),
    Mistake(
        "looking_reads_the_filling",
        "AttentionVQA",
        (
            (
                "asked = self.encoder(questions, lengths)",
                "asked = self.encoder(questions, 0 * lengths + questions.shape[1])",
            ),
        ),
        "the longest question is right; where shorter ones look hangs on what stands behind their ends.",
        "What do you tell the encoder about where each question ends?",
    ),
    Mistake(
        "looking_returns_relevance",
        "AttentionVQA",
        ((LAST, LAST.replace("), weights", "), relevance")),),
        "the scores are right; what is returned beside them does not add up to one.",
        "Which numbers show where the question looked?",
    ),
)

MODELS = (*MODEL, *LOOKING)
