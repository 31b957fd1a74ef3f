"""The named mistakes of stage 8, first part: counting, and the measure."""

from autograder.mistakes.s08_vqa_models import MODELS
from autograder.mistakes.s08_vqa_reading import READING
from autograder.suite import Mistake

OVERALL = "overall = int(np.bincount(answers[known]).argmax())"
KNOWN = "            if answer >= 0:\n                given.setdefault(key, []).append(int(answer))"
TABLE = "table = {key: int(np.bincount(several).argmax()) for key, several in given.items()}"
TEXTS = "return [tuple(row[row != NULL].tolist()) for row in rows]"
QUESTION = '"question": commonest(texts(questions), texts(new_questions)),'
IMAGE = '"image": commonest(images.tolist(), new_images.tolist()),'
AGREES = "agrees = (all_answers == said[:, None]) & (all_answers != UNKNOWN)"
OTHERS = "others = agrees.sum(axis=1, keepdims=True) - agrees"
MEAN = "np.minimum(others / 3, 1.0).mean(axis=1)"

PRIORS = (
    Mistake(
        "priors_ties_go_to_the_greatest",
        "answer_priors",
        (
            (OVERALL, "whole = answers[known].tolist()\n    overall = max(whole, key=lambda a: (whole.count(a), a))"),
            (TABLE, "table = {k: max(several, key=lambda a: (several.count(a), a)) for k, several in given.items()}"),
        ),
        "of answers that are equally common, another one is taken.",
        "Two answers, each given three times: which of them does the docstring want?",
    ),
    Mistake(
        "priors_ties_go_to_the_first",
        "answer_priors",
        (
            (OVERALL, "whole = answers[known].tolist()\n    overall = max(whole, key=whole.count)"),
            (TABLE, "table = {k: max(several, key=several.count) for k, several in given.items()}"),
        ),
        "of answers that are equally common, the one that was met first is taken.",
        "Would your guess be the same if the training split came in another order?",
    ),
    Mistake(
        "priors_first_is_most_common",
        "answer_priors",
        ((OVERALL, "overall = int(answers[known][0])"),),
        "the answer taken for the most common one is only the first.",
        "How often is the answer given that you guess everywhere?",
    ),
    Mistake(
        "priors_read_the_filling",
        "answer_priors",
        ((TEXTS, "return [tuple(row.tolist()) for row in rows]"),),
        "questions that were asked in training are taken for new ones.",
        "When is a row of another width the same question?",
    ),
    Mistake(
        "priors_of_a_bag_of_words",
        "answer_priors",
        ((TEXTS, "return [tuple(sorted(row[row != NULL].tolist())) for row in rows]"),),
        "two questions with the same words in another order are taken for one.",
        "Is the circle left of the square, or the square left of the circle?",
    ),
    Mistake(
        "priors_cut_the_split_to_the_new_width",
        "answer_priors",
        ((QUESTION, '"question": commonest(texts(questions[:, : new_questions.shape[1]]), texts(new_questions)),'),),
        "all is right, until the new questions have fewer columns than those of the split.",
        "If a question goes on where the new ones have no more columns, is it one of them?",
    ),
    Mistake(
        "priors_of_the_first_words",
        "answer_priors",
        ((TEXTS, "return [tuple(row[row != NULL].tolist()[:3]) for row in rows]"),),
        "questions that only begin alike are taken for one.",
        "How much of a question has to be the same?",
    ),
    Mistake(
        "priors_unseen_gets_the_first_answer",
        "answer_priors",
        (("table.get(key, overall)", "table.get(key, 0)"),),
        "guesses for what was seen in training are right; what was never seen gets answer number 0.",
        "What do you know about a question that nobody asked before?",
    ),
    Mistake(
        "priors_unseen_gets_nothing",
        "answer_priors",
        (("table.get(key, overall)", "table.get(key, -1)"),),
        "for what was never seen in training, no answer is guessed.",
        "What does the docstring say of a question that does not occur in the training split?",
    ),
    Mistake(
        "priors_count_the_unknown",
        "answer_priors",
        (
            (KNOWN, "            given.setdefault(key, []).append(int(answer))"),
            (
                TABLE,
                "table = {k: min(s, key=lambda a: (-s.count(a), a)) for k, s in given.items()}",
            ),
        ),
        "an answer is guessed that cannot be chosen.",
        "What does the number -1 stand for, and what is it to count for?",
    ),
    Mistake(
        "priors_count_the_unknown_everywhere",
        "answer_priors",
        (
            (OVERALL, "overall = int(np.bincount(answers + 1).argmax()) - 1"),
            (KNOWN, "            given.setdefault(key, []).append(int(answer) + 1)"),
            (TABLE, "table = {key: int(np.bincount(several).argmax()) - 1 for key, several in given.items()}"),
        ),
        "what cannot be chosen is guessed, and even as the most common answer.",
        "Which answers are counted, and which are as if nobody had asked?",
    ),
    Mistake(
        "priors_only_unknown_answers_get_the_first",
        "answer_priors",
        (
            (
                KNOWN,
                "            given.setdefault(key, [])\n"
                "            if answer >= 0:\n                given[key].append(int(answer))",
            ),
            (TABLE, "table = {k: int(np.bincount(several, minlength=1).argmax()) for k, several in given.items()}"),
        ),
        "what occurs in training with unknown answers alone gets answer number 0.",
        "What does the largest of several counts tell, if all of them are zero?",
    ),
    Mistake(
        "priors_unknown_is_the_first_answer",
        "answer_priors",
        ((KNOWN, "            given.setdefault(key, []).append(max(int(answer), 0))"),),
        "unknown answers are counted as if they were answer number 0.",
        "For which answer does a person vote whose answer is none of those to choose from?",
    ),
    Mistake(
        "priors_question_and_image_together",
        "answer_priors",
        (
            (
                QUESTION,
                '"question": commonest(list(zip(texts(questions), images.tolist(), strict=True)), '
                "list(zip(texts(new_questions), new_images.tolist(), strict=True))),",
            ),
        ),
        "the guess that should know only the question looks at the image too.",
        "What may an answerer know whose eyes are shut?",
    ),
    Mistake(
        "priors_swapped",
        "answer_priors",
        (
            (QUESTION, QUESTION.replace('"question"', '"image"')),
            (IMAGE, IMAGE.replace('"image"', '"question"')),
        ),
        "two guesses have changed places.",
        "Which of them knows the question, and which the image?",
    ),
    Mistake(
        "priors_image_only_is_most_common",
        "answer_priors",
        ((IMAGE, '"image": np.full(len(new_images), overall),'),),
        "one of the guesses takes no notice of what it may know.",
        "Which guess should change when the image does?",
    ),
)

CONSENSUS = (
    Mistake(
        "consensus_leaves_nobody_out",
        "consensus_accuracy",
        ((OTHERS, "others = agrees.sum(axis=1, keepdims=True) + 0 * agrees"),),
        "the accuracy is that of all people together.",
        "Who is left out, and how often?",
    ),
    Mistake(
        "consensus_without_a_limit",
        "consensus_accuracy",
        ((MEAN, "(others / 3).mean(axis=1)"),),
        "an answer can be more than right.",
        "What does an answer earn that all ten people gave?",
    ),
    Mistake(
        "consensus_all_or_nothing",
        "consensus_accuracy",
        ((MEAN, "(others >= 3).mean(axis=1)"),),
        "an answer that few people gave earns nothing.",
        "What does an answer earn within a group if one person gave it? If two did?",
    ),
    Mistake(
        "consensus_share_of_people",
        "consensus_accuracy",
        ((MEAN, "agrees.mean(axis=1)"),),
        "the accuracy is the share of people who agree.",
        "How many people have to agree, for an answer to be entirely right?",
    ),
    Mistake(
        "consensus_majority",
        "consensus_accuracy",
        (
            (
                MEAN,
                "np.array([float(one == max(set(row), key=lambda a: (row.count(a), a))) "
                "for one, row in zip(said.tolist(), all_answers.tolist(), strict=True)])",
            ),
        ),
        "only the answer that most people gave is right, and entirely so.",
        "What of an answer that three people gave, and four another one?",
    ),
    Mistake(
        "consensus_unknown_agrees",
        "consensus_accuracy",
        ((AGREES, "agrees = all_answers == said[:, None]"),),
        "all is right, until somebody's answer is none of those to choose from.",
        "Two people gave answers that are not on the list. Do they agree?",
    ),
    Mistake(
        "consensus_drops_unknown_people",
        "consensus_accuracy",
        (
            (
                MEAN,
                "((np.minimum(others / 3, 1.0) * (all_answers != UNKNOWN)).sum(axis=1)"
                " / np.maximum((all_answers != UNKNOWN).sum(axis=1), 1))",
            ),
        ),
        "all is right, until somebody's answer is none of those to choose from: then the mean is over fewer people.",
        "Does a person whose answer is not on the list still count among the ten?",
    ),
    Mistake(
        "consensus_always_ten",
        "consensus_accuracy",
        ((MEAN, "np.minimum(others / 3, 1.0).sum(axis=1) / 10"),),
        "with ten people all is right.",
        "What if six people had been asked?",
    ),
    Mistake(
        "consensus_one_number",
        "consensus_accuracy",
        ((MEAN, "np.full(len(said), np.minimum(others / 3, 1.0).mean())"),),
        "all questions have the same accuracy.",
        "Along which axis is the mean taken?",
    ),
)

MISTAKES = (*PRIORS, *READING, *MODELS, *CONSENSUS)
