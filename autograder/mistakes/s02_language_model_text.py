"""The named mistakes of stage 2, second half: the character model, truncated backpropagation, cells."""

from autograder.suite import Mistake

_DRAW = "written[place] = rng.choice(len(powers), p=powers / powers.sum())"
CHAR_RNN = (
    Mistake(
        "char_rnn_starts_empty",
        "CharRNN",
        (('earlier.rnn_forward(x, h0, p["Wx"]', 'earlier.rnn_forward(x, np.zeros_like(h0), p["Wx"]'),),
        "this is the loss of a model that begins with an empty memory.",
        "Does anything change in your loss when h0 does?",
    ),
    Mistake(
        "char_rnn_mean_over_time",
        "CharRNN",
        (
            ("dtype=bool))\n", "dtype=bool))\n        dscores /= targets.shape[1]\n"),
            ("        return loss, grads", "        return loss / targets.shape[1], grads"),
        ),
        "loss and gradients are right but for a factor: the number of steps.",
        "Do the surprises of a text add up or average?",
    ),
    Mistake(
        "char_rnn_first_state_last",
        "CharRNN",
        (("return loss, grads, h[:, -1]", "return loss, grads, h[:, 0]"),),
        "loss and gradients are right, and the state handed on is that after the first character.",
        "From which state would somebody go on reading?",
    ),
    Mistake(
        "char_rnn_embedding_not_learned",
        "CharRNN",
        (("dW_embed = word_embedding_backward(dx, embed_cache)", 'dW_embed = np.zeros_like(p["W_embed"])'),),
        "all gradients are right but one, which is zero.",
        "Which of the parameters would never learn anything?",
    ),
    Mistake(
        "char_rnn_multiplies_temperature",
        "CharRNN",
        (("cooled = scores / temperature", "cooled = scores * temperature"),),
        "cold and hot have changed places.",
        "Should a high temperature pull the probabilities together or apart?",
    ),
    Mistake(
        "char_rnn_ignores_temperature",
        "CharRNN",
        (("cooled = scores / temperature", "cooled = scores"),),
        "the temperature plays no part.",
        "What changes in your text when the temperature does?",
    ),
    Mistake(
        "char_rnn_never_reads_its_own",
        "CharRNN",
        (("            reads = written[place : place + 1]\n", "            reads = reads[-1:]\n"),),
        "the first character is right; then the model reads on as if it had written nothing.",
        "What is the next input, once a character has been drawn?",
    ),
    Mistake(
        "char_rnn_forgets_while_writing",
        "CharRNN",
        (
            ("            state = h[:, -1]\n", "            state, old = h[:, -1], state\n"),
            ("            reads = w", "            state = old\n            reads = w"),
        ),
        "the first character is right; then only the last one written is remembered.",
        "With which state does the second step of writing begin?",
    ),
    Mistake(
        "char_rnn_takes_the_likeliest",
        "CharRNN",
        ((_DRAW, "rng.random()\n            written[place] = np.argmax(powers)"),),
        "the likeliest character is written every time.",
        "What is the generator for?",
    ),
    Mistake(
        "char_rnn_skims_the_beginning",
        "CharRNN",
        (("reads = np.asarray(seed)\n", "reads = np.asarray(seed)[-1:]\n"),),
        "the model has seen only the last character of the beginning.",
        "Which characters should have passed through the cell before the first one is drawn?",
    ),
)

_CALL = "model.loss(text[:, start:end], text[:, start + 1 : end + 1], state)"
TRUNCATED = (
    Mistake(
        "truncated_never_cuts",
        "truncated_bptt",
        (("    for start in range(0, last, chunk):\n", "    chunk = last\n    for start in range(0, last, chunk):\n"),),
        "the gradient crosses the cuts: the text has been read in one piece.",
        "How many times should the model be asked for a loss?",
    ),
    Mistake(
        "truncated_state_not_carried",
        "truncated_bptt",
        ((_CALL, _CALL.replace("state)", "h0)")),),
        "the first chunk is right, and every other begins as if it were the first.",
        "With which state should the second chunk begin?",
    ),
    Mistake(
        "truncated_state_from_zero",
        "truncated_bptt",
        (("    state = h0\n", "    state = np.zeros_like(h0)\n"),),
        "the text has been read from an empty memory.",
        "Does anything change in your result when h0 does?",
    ),
    Mistake(
        "truncated_last_gradient_only",
        "truncated_bptt",
        (("total[name] += grads[name]", "total[name] = grads[name]"),),
        "losses and states are right, and the gradients are those of one chunk alone.",
        "What is to be done with the gradients of the chunks?",
    ),
    Mistake(
        "truncated_averages_chunks",
        "truncated_bptt",
        (("return losses, total, state", "return losses, {name: total[name] / len(losses) for name in total}, state"),),
        "the gradients are right but for a factor: the number of chunks.",
        "Do the voices of the chunks add up or average?",
    ),
    Mistake(
        "truncated_losses_per_character",
        "truncated_bptt",
        (("        losses.append(loss)\n", "        losses.append(loss / (end - start))\n"),),
        "gradients and states are right, and each loss is smaller by a factor: the length of its chunk.",
        "Is the loss asked for that of a chunk, or that of a character?",
    ),
    Mistake(
        "truncated_drops_the_rest",
        "truncated_bptt",
        (
            (
                "    last = text.shape[1] - 1\n",
                "    last = max((text.shape[1] - 1) // chunk * chunk, min(chunk, text.shape[1] - 1))\n",
            ),
        ),
        "the characters after the last whole chunk have been left out.",
        "What happens to a last chunk that is shorter?",
    ),
    Mistake(
        "truncated_learns_at_the_end",
        "truncated_bptt",
        (
            ("        if optimizer is not None:\n            optimizer.update(model.params, grads)\n", ""),
            (
                "    return losses",
                "    if optimizer is not None:\n        optimizer.update(model.params, total)\n    return losses",
            ),
        ),
        "the optimizer has made one step for the whole text.",
        "Which model should read the second chunk: the one from the start, or one that has learned?",
    ),
    Mistake(
        "truncated_ignores_the_optimizer",
        "truncated_bptt",
        (("        if optimizer is not None:\n            optimizer.update(model.params, grads)\n", ""),),
        "the parameters have not changed.",
        "Who should make a step after each chunk?",
    ),
)

_CHANGES = "changes = (np.ptp(hidden, axis=0) > 0) & (wanted.min() < wanted.max())"
SELECTIVITY = (
    Mistake(
        "cell_highest_is_best",
        "cell_selectivity",
        (("np.argmax(np.abs(scores))", "np.argmax(scores)"),),
        "the scores are right, and a unit that tells even more has been passed over.",
        "What do you learn from a unit that is low exactly where the label is high?",
    ),
    Mistake(
        "cell_scores_without_sign",
        "cell_selectivity",
        ((".astype(hidden.dtype)", ".astype(hidden.dtype)\n    scores = np.abs(scores)"),),
        "the sizes of the scores are right, and their signs are lost.",
        "How would a unit score that falls as the label rises?",
    ),
    Mistake(
        "cell_without_means",
        "cell_selectivity",
        (("    values = values - values.mean(axis=0)\n", ""), ("    wanted = wanted - wanted.mean()\n", "")),
        "what has been compared are the numbers themselves.",
        "What is each number measured from?",
    ),
    Mistake(
        "cell_covariance",
        "cell_selectivity",
        (("above / np.where(changes, below, 1.0)", "above / len(wanted)"),),
        "the signs are right, and a unit that swings widely is preferred.",
        "If a unit's values were all doubled, should its score change?",
    ),
    Mistake(
        "cell_divided_by_variances",
        "cell_selectivity",
        (
            (
                "below = np.sqrt((values**2).sum(axis=0) * (wanted**2).sum())",
                "below = (values**2).sum(axis=0) * (wanted**2).sum()",
            ),
        ),
        "the signs are right, and something is missing below the line.",
        "If a unit's values were all doubled, should its score change?",
    ),
    Mistake(
        "cell_idle_is_no_number",
        "cell_selectivity",
        (
            (_CHANGES, 'with np.errstate(all="ignore"):\n        ratios = above / below'),
            ("np.where(changes, above / np.where(changes, below, 1.0), 0.0)", "ratios"),
        ),
        "a unit or a label that never changes has a score that is no number.",
        "What is divided by what, when nothing changes?",
    ),
)
