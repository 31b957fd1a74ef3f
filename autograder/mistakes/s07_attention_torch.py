"""The named mistakes of stage 7, second part: attention in torch, and the LSTM that looks."""

from autograder.suite import Mistake

_SCORE = 'torch.einsum("nh,nhl->nl", prev_h, places) / A.shape[1] ** 0.5'
_PLACES = "places = A.flatten(2)"
_SOFT = "weights = torch.softmax(scores, dim=1)"

LOOK = (
    Mistake(
        "torch_look_without_division",
        "dot_product_attention",
        ((_SCORE, 'torch.einsum("nh,nhl->nl", prev_h, places)'),),
        "the scores are too large, and so the weights are too sure of themselves.",
        "What is done with the products before they become weights?",
    ),
    Mistake(
        "torch_look_weighs_over_the_batch",
        "dot_product_attention",
        ((_SOFT, "weights = torch.softmax(scores, dim=0)"),),
        "it is the images of the batch that compete, and not the places of an image.",
        "Over which axis do the weights add up to 1?",
    ),
    Mistake(
        "torch_look_weighs_each_row_apart",
        "dot_product_attention",
        ((_SOFT, "weights = torch.softmax(scores.reshape(len(A), *A.shape[2:]), dim=2).flatten(1)"),),
        "the weights of every row of the map add up to 1.",
        "What do all weights of one image add up to?",
    ),
    Mistake(
        "torch_look_weighs_each_column_apart",
        "dot_product_attention",
        ((_SOFT, "weights = torch.softmax(scores.reshape(len(A), *A.shape[2:]), dim=1).flatten(1)"),),
        "the weights of every column of the map add up to 1.",
        "What do all weights of one image add up to?",
    ),
    Mistake(
        "torch_look_overflows",
        "dot_product_attention",
        ((_SOFT, "weights = torch.exp(scores) / torch.exp(scores).sum(dim=1, keepdim=True)"),),
        "all is right until the scores are huge; then there are no numbers left.",
        "What may be taken away from all scores of an image without changing its weights?",
    ),
    Mistake(
        "torch_look_cuts_the_features_to_places",
        "dot_product_attention",
        ((_PLACES, "places = A.reshape(len(A), -1, A.shape[1]).mT"),),
        "the numbers of a place are not those that stand at this place in A: they are a mixture.",
        "Which axes lie side by side in A, and which of them does your reshape run together?",
    ),
    Mistake(
        "torch_look_cuts_the_graph",
        "dot_product_attention",
        ((_SOFT, "weights = torch.softmax(scores, dim=1).detach()"),),
        "the values are right, and no gradient goes through the weights.",
        "Is there a place where you cut the graph?",
    ),
    Mistake(
        "torch_look_lays_the_map_on_its_side",
        "dot_product_attention",
        (
            (
                "weights.reshape(len(A), *A.shape[2:])",
                "weights.reshape(len(A), A.shape[3], A.shape[2]).transpose(1, 2)",
            ),
        ),
        "what is seen is right, and the map of weights has the right shape and the wrong order.",
        "When the map became one row of places, did you read it along its rows or its columns?",
    ),
    Mistake(
        "torch_look_takes_the_plain_mean",
        "dot_product_attention",
        (('attn = torch.einsum("nl,nhl->nh", weights, places)', "attn = places.mean(dim=2)  + 0 * prev_h"),),
        "the weights are right, and what is seen does not hang on them.",
        "Does anything change in attn when the state does?",
    ),
)

_COMPARE = "scores = torch.tanh(query[:, None] + keys) @ v"
_SEE = "attn = (weights[:, None] @ values)[:, 0]"

ASK = (
    Mistake(
        "ask_without_squashing",
        "additive_attention",
        ((_COMPARE, "scores = (query[:, None] + keys) @ v"),),
        "query and key are added, and something is missing before they become a score.",
        "If nothing were squashed, what would the query do to the scores of all places of an image?",
    ),
    Mistake(
        "ask_squashes_with_another_curve",
        "additive_attention",
        ((_COMPARE, "scores = torch.sigmoid(query[:, None] + keys) @ v"),),
        "what is compared is squashed, but by another function than in the equation.",
        "Between which two numbers should a squashed comparison lie?",
    ),
    Mistake(
        "ask_overflows",
        "additive_attention",
        ((_SOFT, "weights = torch.exp(scores) / torch.exp(scores).sum(dim=1, keepdim=True)"),),
        "all is right until the scores are huge; then there are no numbers left.",
        "What may be taken away from all scores of an image without changing its weights?",
    ),
    Mistake(
        "ask_divides_twice",
        "additive_attention",
        ((_SEE, "attn = (weights[:, :, None] * values).mean(dim=1)"),),
        "the weights are right, and what is seen is too small by the number of places.",
        "The weights add up to 1 already. By what is a weighted mean divided then?",
    ),
    Mistake(
        "ask_squashes_the_score",
        "additive_attention",
        ((_COMPARE, "scores = torch.tanh((query[:, None] + keys) @ v)"),),
        "the right things are put together in the wrong order.",
        "What is squashed: the numbers that are compared, or the score that is made of them?",
    ),
    Mistake(
        "ask_ignores_the_query",
        "additive_attention",
        ((_COMPARE, "scores = torch.tanh(keys) @ v + 0 * query.sum()"),),
        "every image is looked at in the same way, whatever is asked.",
        "Does anything change in your weights when the query does?",
    ),
    Mistake(
        "ask_multiplies",
        "additive_attention",
        ((_COMPARE, "scores = torch.tanh(query[:, None] * keys) @ v"),),
        "query and key meet in another way than in the equation.",
        "Why is this attention called additive?",
    ),
    Mistake(
        "ask_divides_by_a_root",
        "additive_attention",
        ((_COMPARE, "scores = torch.tanh(query[:, None] + keys) @ v / len(v) ** 0.5"),),
        "the scores are right but for a factor that has no place in this equation.",
        "Which of the two kinds of attention divides by a root?",
    ),
    Mistake(
        "ask_weighs_over_the_batch",
        "additive_attention",
        ((_SOFT, "weights = torch.softmax(scores, dim=0)"),),
        "it is the images of the batch that compete, and not the places of an image.",
        "Over which axis do the weights add up to 1?",
    ),
    Mistake(
        "ask_does_not_divide_by_the_sum",
        "additive_attention",
        ((_SOFT, "weights = torch.exp(scores - scores.max(dim=1, keepdim=True)[0])"),),
        "the weights do not add up to 1.",
        "What makes a softmax of exponentials?",
    ),
    Mistake(
        "ask_sees_the_plain_mean",
        "additive_attention",
        ((_SEE, "attn = values.mean(dim=1) + 0 * weights.sum()"),),
        "the weights are right, and what is seen does not hang on them.",
        "Does anything change in attn when the query does?",
    ),
    Mistake(
        "ask_cuts_the_graph",
        "additive_attention",
        ((_SEE, "attn = (weights.detach()[:, None] @ values)[:, 0] + 0 * weights.sum()"),),
        "the values are right, and no gradient goes from what is seen through the weights.",
        "Is there a place where you cut the graph?",
    ),
    Mistake(
        "ask_cuts_the_graph_at_the_weights",
        "additive_attention",
        ((_SOFT, "weights = torch.softmax(scores, dim=1).detach()"),),
        "the values are right, and no gradient goes through the weights.",
        "Is there a place where you cut the graph?",
    ),
    Mistake(
        "ask_hands_out_weights_without_a_graph",
        "additive_attention",
        (("return attn, weights", "return attn, weights.detach()"),),
        "all is right but one thing: whoever learns from the weights that you return learns nothing.",
        "Do you hand out the weights as they are?",
    ),
)

_SUM = "a = x @ self.Wx + prev_h @ self.Wh + attn @ self.Wattn + self.b"
_BEGIN = "h = c = A.mean(dim=(2, 3))"
_LOOK = "attn, weights = dot_product_attention(h, A)\n"
_STEP = "h, c = self.step_forward(x[:, t], h, c, attn)\n"

LSTM = (
    Mistake(
        "lstm_does_not_look",
        "AttentionLSTM",
        ((_SUM, "a = x @ self.Wx + prev_h @ self.Wh + 0 * attn @ self.Wattn + self.b"),),
        "this is a plain LSTM: what it sees plays no part.",
        "Which of the arguments of a step could you change without changing its result?",
    ),
    Mistake(
        "lstm_without_bias",
        "AttentionLSTM",
        ((_SUM, "a = x @ self.Wx + prev_h @ self.Wh + attn @ self.Wattn + 0 * self.b"),),
        "one of the parameters plays no part.",
        "Which parameter could you change without changing your result?",
    ),
    Mistake(
        "lstm_looks_in_place_of_remembering",
        "AttentionLSTM",
        ((_SUM, "a = x @ self.Wx + (prev_h + attn) @ self.Wh + 0 * attn @ self.Wattn + self.b"),),
        "what is seen goes through another input's weights.",
        "Which parameter belongs to what is seen?",
    ),
    Mistake(
        "lstm_gates_in_torch_order",
        "AttentionLSTM",
        (("i, f, o, g = a.chunk", "i, f, g, o = a.chunk"),),
        "two of the four blocks have changed places.",
        "Whose order do the parameters of this module have?",
    ),
    Mistake(
        "lstm_forget_and_input_swapped",
        "AttentionLSTM",
        (("i, f, o, g = a.chunk", "f, i, o, g = a.chunk"),),
        "the right two gates act on the cell, each in the other's place.",
        "Which gate decides what is kept of the old cell?",
    ),
    Mistake(
        "lstm_cell_not_squashed",
        "AttentionLSTM",
        (("torch.sigmoid(o) * torch.tanh(next_c)", "torch.sigmoid(o) * next_c"),),
        "the cells are right, and the states are too large.",
        "What is done with the cell on its way into the state?",
    ),
    Mistake(
        "lstm_cell_begins_empty",
        "AttentionLSTM",
        ((_BEGIN, "h = A.mean(dim=(2, 3))\n        c = torch.zeros_like(h)"),),
        "one of the two memories begins as it should.",
        "With what does the cell begin?",
    ),
    Mistake(
        "lstm_begins_empty",
        "AttentionLSTM",
        ((_BEGIN, "h = c = 0 * A.mean(dim=(2, 3))"),),
        "these are the states of a network that begins with nothing.",
        "What is there to begin with, before anything has been asked?",
    ),
    Mistake(
        "lstm_begins_with_the_sum",
        "AttentionLSTM",
        ((_BEGIN, "h = c = A.sum(dim=(2, 3))"),),
        "the memories begin too large, by the number of places.",
        "Sum or mean: what should the first state be, if an image has more places than another?",
    ),
    Mistake(
        "lstm_looks_once",
        "AttentionLSTM",
        ((_LOOK, "attn, weights = dot_product_attention(A.mean(dim=(2, 3)), A)\n"),),
        "the first step is right; after it the network goes on looking where it looked first.",
        "With which state does it look at the second step?",
    ),
    Mistake(
        "lstm_tells_the_next_look",
        "AttentionLSTM",
        ((_STEP, _STEP + "            _, weights = dot_product_attention(h, A)\n"),),
        "the states are right, and the weights are those of one look too late.",
        "Which look did step 0 use, and with which state was it taken?",
    ),
    Mistake(
        "lstm_reads_then_looks",
        "AttentionLSTM",
        (
            (
                _LOOK,
                "attn, _ = dot_product_attention(h, A)\n"
                "            ahead, _ = self.step_forward(x[:, t], h, c, attn)\n"
                "            attn, weights = dot_product_attention(ahead, A)\n",
            ),
        ),
        "the network looks with a state that it cannot have yet.",
        "Has the word of a step been read already when the network decides where to look?",
    ),
    Mistake(
        "lstm_cuts_time",
        "AttentionLSTM",
        ((_STEP, _STEP + "            c = c.detach()\n"),),
        "the states are right, and no gradient travels from cell to cell.",
        "Is there a place where you cut the graph?",
    ),
)

TORCH = (*LOOK, *ASK, *LSTM)
