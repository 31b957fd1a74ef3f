"""The named mistakes of stage 3 about norms: measuring, bounding and clipping them."""

from autograder.suite import Mistake

PASS_ON = "from_later = (received * (1 - h[:, t] ** 2)) @ Wh.T"
LENGTH = "np.sqrt((received**2).sum(axis=1))"

NORMS = (
    Mistake(
        "norms_without_slope",
        "state_gradient_norms",
        ((PASS_ON, "from_later = received @ Wh.T"),),
        "these are the norms in a network that does not squash.",
        "What does the curve of the squashing do to a small change on its way through?",
    ),
    Mistake(
        "norms_through_untransposed_memory",
        "state_gradient_norms",
        ((PASS_ON, PASS_ON.replace("Wh.T", "Wh")),),
        "the message goes back through the weights the wrong way round.",
        "If a state is multiplied by Wh on its way forward, by what is its gradient multiplied on its way back?",
    ),
    Mistake(
        "norms_without_the_future",
        "state_gradient_norms",
        (("received = dh[:, t] + from_later", "received = dh[:, t]"),),
        "each state has heard from its own output only.",
        "Who else used the state at time t on the way forward?",
    ),
    Mistake(
        "norms_of_the_end_only",
        "state_gradient_norms",
        (("received = dh[:, t] + from_later", "received = from_later if t < h.shape[1] - 1 else dh[:, t]"),),
        "only the last output has been heard; what the earlier ones say is lost.",
        "How many gradients does each state receive, and from where?",
    ),
    Mistake(
        "norms_squared",
        "state_gradient_norms",
        ((LENGTH, "(received**2).sum(axis=1)"),),
        "these are the squares of the norms.",
        "How long is the vector (3, 4)?",
    ),
    Mistake(
        "norms_over_the_batch",
        "state_gradient_norms",
        ((LENGTH, "np.sqrt((received**2).sum())"),),
        "every sequence of the batch has the same norms.",
        "Over which axis do you add up: the units, or the sequences too?",
    ),
    Mistake(
        "norms_one_step_early",
        "state_gradient_norms",
        (
            (
                f"    norms[:, t] = {LENGTH}\n        {PASS_ON}\n",
                f"    {PASS_ON}\n        norms[:, t] = np.sqrt((from_later**2).sum(axis=1))\n",
            ),
        ),
        "the norms have gone one step too far back.",
        "When you write down the norm for step t, have you gone through step t already?",
    ),
    Mistake(
        "norms_with_the_slope_of_another_step",
        "state_gradient_norms",
        ((PASS_ON, PASS_ON.replace("h[:, t]", "h[:, t - 1]")),),
        "the slopes are those of a neighbouring step.",
        "Which squashing lies between a state and the one before it: the one that made the later, or the earlier?",
    ),
    Mistake(
        "norms_in_reversed_time",
        "state_gradient_norms",
        (("norms[:, t] =", "norms[:, h.shape[1] - 1 - t] ="),),
        "the norms are there, and time runs in the wrong direction.",
        "You visit the last step first. Where in the result does it belong?",
    ),
)

LOWER = "lower[:, t] * slopes[:, t].min(axis=1) * singular.min()"
UPPER = "upper[:, t] * slopes[:, t].max(axis=1) * singular.max()"

BOUNDS = (
    Mistake(
        "bounds_by_eigenvalues",
        "gradient_norm_bounds",
        (("np.linalg.svd(Wh, compute_uv=False)", "np.abs(np.linalg.eigvals(Wh))"),),
        "these hold in the long run for special directions; at a single step a vector may be stretched more.",
        "Which numbers of a matrix say how much it stretches a vector at most, in one step?",
    ),
    Mistake(
        "bounds_by_frobenius",
        "gradient_norm_bounds",
        ((UPPER, UPPER.replace("singular.max()", "np.linalg.norm(Wh)")),),
        "the upper bound holds, and is wider than it need be.",
        "What does np.linalg.norm compute of a matrix, unless it is told otherwise?",
    ),
    Mistake(
        "bounds_without_slopes",
        "gradient_norm_bounds",
        (("slopes = 1 - h**2", "slopes = np.ones_like(h)"),),
        "these are the bounds in a network that does not squash.",
        "What else stretches or shrinks the gradient at every step, besides the weights?",
    ),
    Mistake(
        "bounds_with_the_slope_of_another_step",
        "gradient_norm_bounds",
        (
            (LOWER, LOWER.replace("slopes[:, t]", "slopes[:, t - 1]")),
            (UPPER, UPPER.replace("slopes[:, t]", "slopes[:, t - 1]")),
        ),
        "the slopes are those of a neighbouring step.",
        "Which squashing lies between a state and the one before it: the one that made the later, or the earlier?",
    ),
    Mistake(
        "bounds_by_mean_slopes",
        "gradient_norm_bounds",
        (
            (LOWER, LOWER.replace(".min(axis=1)", ".mean(axis=1)")),
            (UPPER, UPPER.replace(".max(axis=1)", ".mean(axis=1)")),
        ),
        "these are guesses for a typical gradient, and some gradients lie outside.",
        "What is the worst that the squashing can do to a vector, if you do not know where it points?",
    ),
    Mistake(
        "bounds_over_the_batch",
        "gradient_norm_bounds",
        ((LOWER, LOWER.replace("min(axis=1)", "min()")), (UPPER, UPPER.replace("max(axis=1)", "max()"))),
        "each sequence is bounded by the worst of the whole batch.",
        "Over which axis do you look for the smallest and the largest slope?",
    ),
    Mistake(
        "bounds_one_step_early",
        "gradient_norm_bounds",
        (
            (
                "    return lower, upper\n",
                "    lower *= (slopes[:, -1].min(axis=1) * singular.min())[:, None]\n"
                "    upper *= (slopes[:, -1].max(axis=1) * singular.max())[:, None]\n"
                "    return lower, upper\n",
            ),
        ),
        "the bounds have gone one step too far back.",
        "Through how many steps has the gradient gone when it is at the last state?",
    ),
    Mistake(
        "bounds_of_the_square",
        "gradient_norm_bounds",
        (("np.sqrt((dlast**2).sum(axis=1))", "(dlast**2).sum(axis=1)"),),
        "the bounds start from the square of a norm.",
        "How long is the vector (3, 4)?",
    ),
)

SCALE = "        for grad in grads.values():\n            grad *= max_norm / norm\n"
ROOT = "norm = float(np.sqrt(squares))"
ONE_SIZE = "np.sqrt(np.square(grad, dtype=np.float64).sum())"
SQUARES = "np.square(grad, dtype=np.float64).sum() for grad in grads.values()"

CLIP = (
    Mistake(
        "clip_by_the_square",
        "clip_grad_norm",
        ((ROOT, "norm = float(squares)"),),
        "this is the slip of the famous slide.",
        "What are you comparing with the limit: a length, or the square of one?",
    ),
    Mistake(
        "clip_each_array_by_itself",
        "clip_grad_norm",
        (
            (
                f"    if norm > max_norm:\n{SCALE}",
                "    for grad in grads.values():\n"
                f"        grad *= min(1.0, max_norm / max(float({ONE_SIZE}), 1e-300))\n",
            ),
        ),
        "each array has been shortened by a factor of its own.",
        "How many arrows is a gradient that consists of four arrays, and what keeps its direction?",
    ),
    Mistake(
        "clip_entry_by_entry",
        "clip_grad_norm",
        ((SCALE, "        for grad in grads.values():\n            np.clip(grad, -max_norm, max_norm, out=grad)\n"),),
        "single entries have been cut off, which bends the gradient.",
        "In which direction does (3, 100) point, and in which does it after each entry is cut at 5?",
    ),
    Mistake(
        "clip_always",
        "clip_grad_norm",
        (("    if norm > max_norm:\n", "    if norm > 0:\n"),),
        "gradients within the limit have been made longer.",
        "What should happen to a gradient that is short enough?",
    ),
    Mistake(
        "clip_returns_the_norm_afterwards",
        "clip_grad_norm",
        (("    return norm\n", "    return min(norm, max_norm)\n"),),
        "the arrays are right, and the number returned is their norm after clipping.",
        "Which of the two norms tells you something about the training run?",
    ),
    Mistake(
        "clip_scales_copies",
        "clip_grad_norm",
        (("            grad *= max_norm / norm\n", "            grad = grad * (max_norm / norm)\n"),),
        "the norm is right, and the dictionary holds what it held before.",
        "Where does the result of your product live, and who else can see it?",
    ),
    Mistake(
        "clip_by_the_sum_of_norms",
        "clip_grad_norm",
        (
            (f"sum({SQUARES})", f"sum({ONE_SIZE} for grad in grads.values())"),
            (ROOT, "norm = float(squares)"),
        ),
        "the norms of the arrays have been added up.",
        "How long is an arrow of 3 to the east and 4 to the north?",
    ),
    Mistake(
        "clip_squares_in_float32",
        "clip_grad_norm",
        (
            (
                f"    squares = sum({SQUARES})\n",
                "    with np.errstate(over='ignore'):\n"
                "        squares = sum(np.square(grad).sum() for grad in grads.values())\n",
            ),
        ),
        "all is right until the squares outgrow the type of the entries.",
        "What is the largest float32, and how large is the square of 1e22?",
    ),
)
