"""The named mistakes of stage 8, second part: reading, meeting, answering, looking."""

from autograder.suite import Mistake

PACKED = "packed = pack_padded_sequence(vectors, lengths.cpu(), batch_first=True, enforce_sorted=False)"
READ = "_, (h, _) = self.lstm(packed)"
STATE = "state: Tensor = h[0]"
ASKED = "asked = torch.tanh(projections.question(question))"
SEEN = "seen = torch.tanh(projections.image(image))"
BESIDE = "return torch.cat([asked, seen], dim=-1)"
FUSED = "fuse(asked, image, self.projections, self.how)"
WIDE = "wide = scores.to(torch.promote_types(scores.dtype, torch.float32))"
CROSS = "return functional.cross_entropy(wide, answers, ignore_index=UNKNOWN)"
EVERYWHERE = "everywhere = asked[:, None].expand(-1, positions.shape[1], -1)"
RELEVANCE = 'relevance = self.weigh(fuse(everywhere, positions, self.looking, "product"))[..., 0]'
SOFTMAX = "weights = torch.softmax(relevance, dim=1)"
GLANCE = "seen = (weights[..., None] * positions).sum(dim=1)"
LAST = 'return self.head(fuse(asked, seen, self.projections, "product")), weights'

ENCODER = (
    Mistake(
        "encoder_reads_the_filling",
        "QuestionEncoder",
        (
            (READ, "states, _ = self.lstm(vectors)"),
            (STATE, "state: Tensor = states[:, -1]"),
            (PACKED, ""),
        ),
        "the longest question is right; what is left of shorter ones hangs on what stands behind their ends.",
        "In which column is the last word of a short question?",
    ),
    Mistake(
        "encoder_stops_one_word_early",
        "QuestionEncoder",
        (
            (PACKED, "states, _ = self.lstm(vectors)"),
            (READ, "last = (lengths - 2).clamp(min=0)"),
            (STATE, "state: Tensor = states[torch.arange(len(states)), last]"),
        ),
        "the last word of each question is not read.",
        "Counting from 0, at which place is the third word?",
    ),
    Mistake(
        "encoder_stops_one_word_late",
        "QuestionEncoder",
        (
            (PACKED, "states, _ = self.lstm(vectors)"),
            (READ, "last = lengths.clamp(max=questions.shape[1] - 1)"),
            (STATE, "state: Tensor = states[torch.arange(len(states)), last]"),
        ),
        "short questions are read one place too far.",
        "Counting from 0, at which place is the third word?",
    ),
    Mistake(
        "encoder_returns_the_cell",
        "QuestionEncoder",
        ((READ, "_, (_, h) = self.lstm(packed)"),),
        "these numbers are the LSTM's other memory.",
        "An LSTM keeps two vectors. Which of them does it show?",
    ),
    Mistake(
        "encoder_means_over_the_words",
        "QuestionEncoder",
        (
            (READ, "states, _ = pad_packed_sequence(self.lstm(packed)[0], batch_first=True)"),
            (STATE, "state: Tensor = states.sum(dim=1) / lengths[:, None]"),
        ),
        "what is left of a question is a mean over its words.",
        "At which word is the state to be taken?",
    ),
    Mistake(
        "encoder_first_state",
        "QuestionEncoder",
        (
            (READ, "states, _ = self.lstm(vectors)"),
            (STATE, "state: Tensor = states[:, 0]"),
            (PACKED, ""),
        ),
        "questions of a single word are right.",
        "Which word has the state seen that you return?",
    ),
    Mistake(
        "encoder_order_of_lengths",
        "QuestionEncoder",
        (
            (
                PACKED,
                "order = lengths.argsort(descending=True)\n"
                "        packed = pack_padded_sequence(vectors[order], lengths[order].cpu(), batch_first=True)",
            ),
        ),
        "the states are right, but they belong to other questions.",
        "If you put the questions in another order to read them, in which order do the results come?",
    ),
    Mistake(
        "encoder_guesses_the_lengths",
        "QuestionEncoder",
        ((PACKED, PACKED.replace("lengths.cpu()", "(questions != 0).sum(dim=1).cpu()")),),
        "all is right as long as NULL stands behind the ends.",
        "Who tells you where a question ends?",
    ),
)

FUSE = (
    Mistake(
        "fuse_without_squashing",
        "fuse",
        ((ASKED, "asked = projections.question(question)"), (SEEN, "seen = projections.image(image)")),
        "the projections are right, and something has not been done to them.",
        "Between which two numbers should every entry of a and s lie?",
    ),
    Mistake(
        "fuse_image_unsquashed",
        "fuse",
        ((SEEN, "seen = projections.image(image)"),),
        "one of the two sides is not squashed.",
        "Do the two sides have the same equation?",
    ),
    Mistake(
        "fuse_without_biases",
        "fuse",
        (
            (ASKED, "asked = torch.tanh(question @ projections.question.weight.T)"),
            (SEEN, "seen = torch.tanh(image @ projections.image.weight.T)"),
        ),
        "the projections lack something.",
        "What does a linear layer add to its product?",
    ),
    Mistake(
        "fuse_by_relu",
        "fuse",
        ((ASKED, ASKED.replace("tanh", "relu")), (SEEN, SEEN.replace("tanh", "relu"))),
        "negative numbers have been cut off.",
        "What does the squashing do with a negative number?",
    ),
    Mistake(
        "fuse_squashes_the_product",
        "fuse",
        (
            (ASKED, "asked = projections.question(question)"),
            (SEEN, "seen = projections.image(image)"),
            ("return asked * seen", "return torch.tanh(asked * seen)"),
            (BESIDE, "return torch.tanh(torch.cat([asked, seen], dim=-1))"),
        ),
        "the concatenation is right; in the product two steps have changed their order.",
        "Which comes first, squashing or multiplying?",
    ),
    Mistake(
        "fuse_image_first",
        "fuse",
        ((BESIDE, "return torch.cat([seen, asked], dim=-1)"),),
        "the product is right; in the concatenation the right numbers stand in another order.",
        "Which of the two stands first?",
    ),
    Mistake(
        "fuse_adds",
        "fuse",
        (("return asked * seen", "return asked + seen"),),
        "the concatenation is right; in the product the two sides are brought together by something else.",
        "What becomes of a number of the question where the image has a zero?",
    ),
    Mistake(
        "fuse_ignores_the_image",
        "fuse",
        ((SEEN, "seen = torch.tanh(projections.image(0 * image))"),),
        "nothing changes when the image does.",
        "Where do the numbers of the image go in?",
    ),
)

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

TORCH = (*ENCODER, *FUSE, *MODEL, *LOOKING)
