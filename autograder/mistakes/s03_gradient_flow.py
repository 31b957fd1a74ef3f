"""The named mistakes of stage 3: what students really write, what it looks like, and the question that leads on."""

from autograder.mistakes.s03_gradient_flow_norms import BOUNDS, CLIP, NORMS
from autograder.suite import Mistake

RUN = "below, layer_cache = earlier.rnn_forward(below, start, weights, memory, bias)"

STACK_FORWARD = (
    Mistake(
        "stack_starts_upper_layers_empty",
        "multilayer_rnn_forward",
        ((RUN, RUN.replace("start,", "start if not h else np.zeros_like(start),")),),
        "the bottom layer is right, and the layers above start from an empty memory.",
        "How many states to start from are handed in, and how many of them do you use?",
    ),
    Mistake(
        "stack_starts_empty",
        "multilayer_rnn_forward",
        ((RUN, RUN.replace("start,", "np.zeros_like(start),")),),
        "every layer starts from an empty memory.",
        "Does anything change in your result when h0 does?",
    ),
    Mistake(
        "stack_without_upper_biases",
        "multilayer_rnn_forward",
        ((RUN, RUN.replace("bias)", "bias if not h else 0 * bias)")),),
        "above the bottom layer one of the arguments plays no part.",
        "Which list could you change, from its second array on, without changing your result?",
    ),
    Mistake(
        "stack_reads_one_step_late",
        "multilayer_rnn_forward",
        (
            (
                RUN,
                "late = np.concatenate([0 * below[:, :1], below[:, :-1]], axis=1) if h else below\n"
                "        " + RUN.replace("(below,", "(late,"),
            ),
        ),
        "each layer above the first reads what the layer below had made of the step before.",
        "Which state of the layer below stands right under the state that you compute?",
    ),
    Mistake(
        "stack_reads_the_last_state_only",
        "multilayer_rnn_forward",
        ((RUN, RUN.replace("(below,", "(below if not h else 0 * below + below[:, -1:],")),),
        "the layers above the first see the same input at every step.",
        "Does a layer read a summary of the layer below, or its whole sequence?",
    ),
    Mistake(
        "stack_squashes_between_layers",
        "multilayer_rnn_forward",
        ((RUN, RUN.replace("(below,", "(below if not h else np.tanh(below),")),),
        "the bottom layer is right, and what the next one reads has been squashed once more.",
        "Through how many squashings does a state go on its way to the layer above?",
    ),
    Mistake(
        "stack_returns_the_top_everywhere",
        "multilayer_rnn_forward",
        (("    return h, cache\n", "    return [below] * len(h), cache\n"),),
        "every entry of the list holds the states of one and the same layer.",
        "Do the entries of your list change when they should not, or are they one array under several names?",
    ),
)

STACK_BACKWARD = (
    Mistake(
        "stack_back_lists_from_the_top",
        "multilayer_rnn_backward",
        (("found.insert(0, tuple(gradients))", "found.append(tuple(gradients))"),),
        "the gradients are there, and the lists run the wrong way.",
        "Which layer do you finish first on the way back, and at which end of the lists does it belong?",
    ),
    Mistake(
        "stack_back_stops_at_the_top",
        "multilayer_rnn_backward",
        (
            (
                "found.insert(0, tuple(gradients))",
                "found.insert(0, tuple(gradients))\n        arriving = np.zeros_like(arriving)",
            ),
        ),
        "only the top layer has heard anything.",
        "What does the layer above call the states of the layer below, and what is that argument's gradient?",
    ),
    Mistake(
        "stack_back_hands_down_the_end_only",
        "multilayer_rnn_backward",
        (
            (
                "found.insert(0, tuple(gradients))",
                "found.insert(0, tuple(gradients))\n"
                "        if layer_cache is not cache[0]:\n"
                "            arriving = np.concatenate([0 * arriving[:, :-1], arriving[:, -1:]], axis=1)",
            ),
        ),
        "the top layer is right, and the layers below have heard of the last step only.",
        "At how many steps did the layer above read the layer below?",
    ),
    Mistake(
        "stack_back_returns_the_tops_dx",
        "multilayer_rnn_backward",
        (("    return arriving, dh0,", "    return earlier.rnn_backward(dh, cache[-1])[0], dh0,"),),
        "all is right but dx, which is the gradient of what the top layer read.",
        "Who read x?",
    ),
    Mistake(
        "stack_back_one_start_for_all",
        "multilayer_rnn_backward",
        (("    return arriving, dh0,", "    return arriving, [dh0[0]] * len(dh0),"),),
        "every layer's dh0 is that of the bottom layer.",
        "Each layer has a state to start from; what is left in your hands at step 0 of each?",
    ),
    Mistake(
        "stack_back_averages_over_layers",
        "multilayer_rnn_backward",
        (("    return arriving, dh0, dWx,", "    return arriving, dh0, [part / len(dWx) for part in dWx],"),),
        "the gradients of Wx are right but for a factor: the number of layers.",
        "Is any array of Wx shared between layers?",
    ),
)

LAYER = "h = torch.tanh(below[:, t] @ Wx + h @ Wh + b)"

MODULE = (
    Mistake(
        "stack_module_ignores_starts",
        "MultilayerRNN",
        (
            (
                "h = x.new_zeros(x.shape[0], Wh.shape[0]) if h0 is None else h0[layer]",
                "h = x.new_zeros(x.shape[0], Wh.shape[0])",
            ),
        ),
        "these are the states of a network that starts with an empty memory.",
        "Does anything change in your result when h0 does?",
    ),
    Mistake(
        "stack_module_without_bias",
        "MultilayerRNN",
        ((LAYER, LAYER.replace(" + b)", ")")),),
        "one of the parameters plays no part.",
        "Which parameter could you change without changing your result?",
    ),
    Mistake(
        "stack_module_detached_layers",
        "MultilayerRNN",
        (("layers.append(below)", "layers.append(below)\n            below = below.detach()"),),
        "the states are right, and no gradient crosses from one layer to the one below.",
        "Is there a place where you cut the graph between layers?",
    ),
    Mistake(
        "stack_module_detached_state",
        "MultilayerRNN",
        (("states.append(h)", "states.append(h)\n                h = h.detach()"),),
        "the states are right, and no gradient crosses from one step to the one before.",
        "Is there a place where you cut the graph between steps?",
    ),
    Mistake(
        "stack_module_squashes_between_layers",
        "MultilayerRNN",
        ((LAYER, LAYER.replace("below[:, t]", "(torch.tanh(below[:, t]) if layer else below[:, t])")),),
        "the bottom layer is right, and what the next one reads has been squashed once more.",
        "Through how many squashings does a state go on its way to the layer above?",
    ),
)

MISTAKES: tuple[Mistake, ...] = (*STACK_FORWARD, *STACK_BACKWARD, *NORMS, *BOUNDS, *CLIP, *MODULE)
