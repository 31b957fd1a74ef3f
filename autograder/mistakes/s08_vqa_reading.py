"""The named mistakes of stage 8, second part: reading the question, and its meeting with the image."""

from autograder.suite import Mistake

PACKED = "packed = pack_padded_sequence(vectors, lengths.cpu(), batch_first=True, enforce_sorted=False)"
READ = "_, (h, _) = self.lstm(packed)"
STATE = "state: Tensor = h[0]"
ASKED = "asked = torch.tanh(projections.question(question))"
SEEN = "seen = torch.tanh(projections.image(image))"
BESIDE = "return torch.cat([asked, seen], dim=-1)"

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
        "encoder_means_over_all_columns",
        "QuestionEncoder",
        (
            (PACKED, ""),
            (READ, "states, _ = self.lstm(vectors)"),
            (STATE, "state: Tensor = states.mean(dim=1)"),
        ),
        "what is left of a question is a mean over all columns, those behind its end included.",
        "How many of the states that the LSTM gives is one question to leave?",
    ),
    Mistake(
        "encoder_takes_one_place_for_all",
        "QuestionEncoder",
        (
            (PACKED, ""),
            (READ, "states, _ = self.lstm(vectors)"),
            (STATE, "state: Tensor = states[:, lengths.max() - 1]"),
        ),
        "the longest question is right; all others are read as far as that one.",
        "Do all questions of a batch end at the same place?",
    ),
    Mistake(
        "encoder_returns_the_last_cell",
        "QuestionEncoder",
        ((PACKED, ""), (READ, "_, (_, h) = self.lstm(vectors)")),
        "these numbers are the LSTM's other memory, and the filling has been read too.",
        "Which of its two memories does an LSTM show, and after which word do you take it?",
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
        "fuse_squashes_only_the_product",
        "fuse",
        (
            (ASKED, "asked = projections.question(question)"),
            (SEEN, "seen = projections.image(image)"),
            ("return asked * seen", "return torch.tanh(asked * seen)"),
        ),
        "in the product two steps have changed their order, and in the concatenation one of them is missing.",
        "To what is the squashing done in the two equations above the table?",
    ),
    Mistake(
        "fuse_squashes_once_more",
        "fuse",
        (("return asked * seen", "return torch.tanh(asked * seen)"),),
        "the concatenation is right; in the product one step is done once too often.",
        "What is still to be done with two numbers between -1 and 1?",
    ),
    Mistake(
        "fuse_by_sigmoid",
        "fuse",
        ((ASKED, ASKED.replace("tanh", "sigmoid")), (SEEN, SEEN.replace("tanh", "sigmoid"))),
        "nothing is ever negative: the squashing is another one.",
        "What should become of zero when it is squashed?",
    ),
    Mistake(
        "fuse_side_by_side_along_the_second_axis",
        "fuse",
        ((BESIDE, BESIDE.replace("dim=-1", "dim=1")),),
        "all is right for one vector each; with several positions the two stand below each other.",
        "Along which axis do the numbers of one vector lie, whatever stands before it?",
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

READING = (*ENCODER, *FUSE)
