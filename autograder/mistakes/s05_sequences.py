"""The named mistakes of stage 5, first part: looking, drawing, labelling frames."""

from autograder.mistakes.s05_sequences_words import SENTIMENT, SEQ2SEQ
from autograder.suite import Mistake

PLACE = "place = torch.tanh(self.look(h))"
STEP = "h = self.cell(torch.cat([glimpse.flatten(1), place], dim=1), h)"
BEFORE = "before = torch.cat([torch.zeros_like(rows[:, :1]), rows[:, :-1]], dim=1)"
DRAWN = "states, state = self.gru(row, state)"
INK = "row = (uniform[:, t : t + 1] < torch.sigmoid(self.ink(states))).to(uniform.dtype)"
LSTM = "states, state = self.lstm(features, state)"
UNFOLD = "features = seen.unflatten(0, frames.shape[:2])"

GLIMPSES = (
    Mistake(
        "glimpse_without_its_place",
        "GlimpseClassifier",
        ((STEP, "h = self.cell(torch.cat([glimpse.flatten(1), 0 * place], dim=1), h)"),),
        "the network knows what it saw, and not where.",
        "What are the two last numbers of the cell's input?",
    ),
    Mistake(
        "glimpse_place_first",
        "GlimpseClassifier",
        ((STEP, "h = self.cell(torch.cat([place, glimpse.flatten(1)], dim=1), h)"),),
        "all the right numbers go into the cell, in another order.",
        "Which comes first in the cell's input?",
    ),
    Mistake(
        "glimpse_never_moves",
        "GlimpseClassifier",
        ((PLACE, "place = torch.tanh(self.look(torch.zeros_like(h)))"),),
        "every look goes to the same place.",
        "From what is the second place decided?",
    ),
    Mistake(
        "glimpse_place_unsquashed",
        "GlimpseClassifier",
        ((PLACE, "place = self.look(h)"),),
        "places may lie anywhere, far outside the image too.",
        "Between which two numbers must a place lie, and what sees to that?",
    ),
    Mistake(
        "glimpse_place_by_a_sigmoid",
        "GlimpseClassifier",
        ((PLACE, "place = torch.sigmoid(self.look(h))"),),
        "the network can look into one quarter of the image only.",
        "Between which two numbers must a place lie, and which two does yours lie between?",
    ),
    Mistake(
        "glimpse_scores_squashed",
        "GlimpseClassifier",
        (("scores.append(self.read(h))", "scores.append(self.read(h).softmax(dim=1))"),),
        "the places are right, and what should be scores are probabilities.",
        "Do the numbers that you return for a look add up to 1, and should they?",
    ),
    Mistake(
        "glimpse_across_and_down_swapped",
        "GlimpseClassifier",
        (("glimpse = glimpse_at(images, place,", "glimpse = glimpse_at(images, place.flip(1),"),),
        "the glimpse is taken at the mirror image of the place: across and down have changed roles.",
        "In which order does a place hold its two numbers?",
    ),
    Mistake(
        "glimpse_turned",
        "GlimpseClassifier",
        ((STEP, "h = self.cell(torch.cat([glimpse.transpose(1, 2).flatten(1), place], dim=1), h)"),),
        "the glimpse goes in column by column.",
        "In which order do the pixels of a glimpse enter the cell?",
    ),
    Mistake(
        "glimpse_scores_too_early",
        "GlimpseClassifier",
        ((STEP, f"old = h\n            {STEP}"), ("scores.append(self.read(h))", "scores.append(self.read(old))")),
        "what is believed after a look does not know that look yet.",
        "Which state has seen the latest glimpse?",
    ),
    Mistake(
        "glimpse_forgets",
        "GlimpseClassifier",
        ((STEP, "h = self.cell(torch.cat([glimpse.flatten(1), place], dim=1))"),),
        "each look starts with an empty memory.",
        "What else does the cell take, beside its input?",
    ),
    Mistake(
        "glimpse_place_detached",
        "GlimpseClassifier",
        (("glimpse = glimpse_at(images, place,", "glimpse = glimpse_at(images, place.detach(),"),),
        "scores and places are right, and the glimpse cannot tell the place which way to go.",
        "Is there a spot where you cut the graph?",
    ),
)

DRAWER = (
    Mistake(
        "drawer_sees_what_it_should_draw",
        "SequenceDrawer",
        ((BEFORE, "before = rows"),),
        "at each step the network sees the very row that it is asked for.",
        "What may the scores of a row depend on?",
    ),
    Mistake(
        "drawer_shifted_the_wrong_way",
        "SequenceDrawer",
        ((BEFORE, "before = torch.cat([rows[:, 1:], torch.zeros_like(rows[:, :1])], dim=1)"),),
        "at each step the network sees the row after the one it is asked for.",
        "Is the blank row the first input, or the last?",
    ),
    Mistake(
        "drawer_wraps_around",
        "SequenceDrawer",
        ((BEFORE, "before = torch.roll(rows, 1, dims=1)"),),
        "all steps see the row before, and the first step sees a row that it should not.",
        "What stands before the first row in your input?",
    ),
    Mistake(
        "drawer_scores_squashed",
        "SequenceDrawer",
        (("scores: Tensor = self.ink(states)", "scores: Tensor = torch.sigmoid(self.ink(states))"),),
        "what should be scores are probabilities already.",
        "What will the loss do to the scores that it is given?",
    ),
    Mistake(
        "drawer_ignores_its_label",
        "SequenceDrawer",
        (
            (
                "states, _ = self.gru(before, self.start(labels).unsqueeze(0))",
                "states, _ = self.gru(before, 0 * self.start(labels).unsqueeze(0))",
            ),
        ),
        "the scores are the same whatever is asked for.",
        "Where does the label enter?",
    ),
    Mistake(
        "drawer_repeats_first_row_as_blank",
        "SequenceDrawer",
        ((BEFORE, "before = torch.cat([rows[:, :1], rows[:, :-1]], dim=1)"),),
        "the first step sees the first row; the others are right.",
        "What does the network see before anything was drawn?",
    ),
    Mistake(
        "drawer_never_sees_its_drawing",
        "SequenceDrawer",
        ((DRAWN, "states, state = self.gru(torch.zeros_like(row), state)"),),
        "the scores are right, and while drawing every input is blank.",
        "What goes into the second step of a drawing?",
    ),
    Mistake(
        "drawer_forgets_while_drawing",
        "SequenceDrawer",
        ((DRAWN, "states, _ = self.gru(row, state)"),),
        "the scores are right, and while drawing each row starts from the first state.",
        "Which state does the second row of a drawing start from?",
    ),
    Mistake(
        "drawer_sees_probabilities",
        "SequenceDrawer",
        (("rows.append(row)", "rows.append(row)\n            row = torch.sigmoid(self.ink(states))"),),
        "the first row is right; the next step sees what might have been drawn, and not what was.",
        "In the example with a pencil: which three numbers does the network see next?",
    ),
    Mistake(
        "drawer_draws_without_its_label",
        "SequenceDrawer",
        (
            (
                "state = self.start(labels).unsqueeze(0)\n        row",
                "state = 0 * self.start(labels).unsqueeze(0)\n        row",
            ),
        ),
        "the scores are right, and a drawing does not hang on what was ordered.",
        "Which state does a drawing start from?",
    ),
    Mistake(
        "drawer_ink_above",
        "SequenceDrawer",
        ((INK, INK.replace("<", ">")),),
        "the scores are right, and ink and paper have changed places in the drawing.",
        "If a probability is 0.9, how many of ten numbers of chance should give ink?",
    ),
    Mistake(
        "drawer_scores_as_probabilities",
        "SequenceDrawer",
        ((INK, "row = (uniform[:, t : t + 1] < self.ink(states)).to(uniform.dtype)"),),
        "the scores are right, and while drawing they are taken for probabilities.",
        "Can a score be less than 0, or more than 1?",
    ),
    Mistake(
        "drawer_without_chance",
        "SequenceDrawer",
        ((INK, "row = (torch.sigmoid(self.ink(states)) > 0.5).to(uniform.dtype)"),),
        "the scores are right, and the drawing does not depend on the numbers of chance.",
        "What is uniform for?",
    ),
)

LABELLER = (
    Mistake(
        "labeller_mixes_films",
        "FrameLabeller",
        (
            (
                UNFOLD,
                "features = seen.reshape(frames.shape[1], frames.shape[0], -1).transpose(0, 1)",
            ),
        ),
        "the shapes are right, and frames of different films stand in one sequence.",
        "In which order did the frames lie when you folded them?",
    ),
    Mistake(
        "labeller_folds_by_time",
        "FrameLabeller",
        (
            (
                "seen = self.eye(frames.flatten(0, 1).unsqueeze(1))",
                "seen = self.eye(frames.transpose(0, 1).flatten(0, 1).unsqueeze(1))",
            ),
        ),
        "the frames are folded in one order, and unfolded in another.",
        "Which frame is the second of your images, and which place does it get when they are unfolded?",
    ),
    Mistake(
        "labeller_scores_squashed",
        "FrameLabeller",
        (("return self.head(states), state", "return self.head(states).softmax(dim=2), state"),),
        "the states are right, and what should be scores are probabilities.",
        "Do the numbers that you return for a frame add up to 1, and should they?",
    ),
    Mistake(
        "labeller_runs_over_films",
        "FrameLabeller",
        (
            (UNFOLD, "features = seen.unflatten(0, frames.shape[:2]).transpose(0, 1)"),
            (LSTM, "states, last = self.lstm(features)\n        states, state = states.transpose(0, 1), last"),
        ),
        "the memory goes from film to film, where it should go from frame to frame.",
        "Which axis does the LSTM take for time?",
    ),
    Mistake(
        "labeller_sees_the_future",
        "FrameLabeller",
        (
            (
                LSTM,
                "states, state = self.lstm(features.flip(1), state)\n        states = states.flip(1)",
            ),
        ),
        "a label depends on frames that come later.",
        "In which direction does your network read the film?",
    ),
    Mistake(
        "labeller_starts_anew",
        "FrameLabeller",
        ((LSTM, "states, state = self.lstm(features)"),),
        "whole films are right, and the second part of a film is labelled as if it were a new one.",
        "Does anything change in your result when the given state does?",
    ),
    Mistake(
        "labeller_without_memory",
        "FrameLabeller",
        (
            (
                LSTM,
                "states, state = self.lstm(features.flatten(0, 1).unsqueeze(1))\n"
                "        states = states.reshape(*features.shape[:2], -1)\n"
                "        state = (state[0][:, -len(frames) :], state[1][:, -len(frames) :])",
            ),
        ),
        "each frame is labelled as if it were the only one.",
        "What does the LSTM know of the frame before?",
    ),
    Mistake(
        "labeller_last_label_for_all",
        "FrameLabeller",
        (
            (
                "return self.head(states), state",
                "return self.head(states[:, -1:]).expand(-1, states.shape[1], -1), state",
            ),
        ),
        "every frame has the label of the last one.",
        "When is the label of the first frame due?",
    ),
)

MISTAKES: tuple[Mistake, ...] = (*GLIMPSES, *DRAWER, *SENTIMENT, *SEQ2SEQ, *LABELLER)
