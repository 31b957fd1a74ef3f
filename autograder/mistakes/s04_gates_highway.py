"""The named mistakes of stage 4, second part: the highway of the cells."""

from autograder.suite import Mistake

HIGHWAY = (
    Mistake(
        "highway_counts_own_gate",
        "cell_highway",
        (
            ("highway = np.ones_like(forget_gates)", "highway = forget_gates.copy()"),
            ("highway[:, t + 1] * forget_gates[:, t + 1]", "highway[:, t + 1] * forget_gates[:, t]"),
        ),
        "every product has one gate too many.",
        "Is the gate of step t met on the way from c_t to the end, or before c_t?",
    ),
    Mistake(
        "highway_from_the_start",
        "cell_highway",
        (
            (
                "    for t in reversed(range(forget_gates.shape[1] - 1)):\n"
                "        highway[:, t] = highway[:, t + 1] * forget_gates[:, t + 1]\n",
                "    for t in range(1, forget_gates.shape[1]):\n"
                "        highway[:, t] = highway[:, t - 1] * forget_gates[:, t]\n",
            ),
        ),
        "you have multiplied the gates from the first step up to step t.",
        "From where to where does the gradient travel, and which gates stand on its way?",
    ),
    Mistake(
        "highway_next_gate_only",
        "cell_highway",
        (("highway[:, t + 1] * forget_gates[:, t + 1]", "forget_gates[:, t + 1]"),),
        "the last two steps are right; further back, only the nearest gate counts.",
        "How many gates stand between c_t and the last cell?",
    ),
    Mistake(
        "highway_adds_gates",
        "cell_highway",
        (("highway[:, t + 1] * forget_gates[:, t + 1]", "highway[:, t + 1] + forget_gates[:, t + 1]"),),
        "the values grow with the distance; no road can do that with gates below 1.",
        "What does the chain rule do with the derivatives along a path?",
    ),
    Mistake(
        "highway_to_the_first_step",
        "cell_highway",
        (("    return highway\n", "    return highway[:, ::-1]\n"),),
        "the right numbers stand in the wrong order of time.",
        "At which end of time must the value be 1?",
    ),
    Mistake(
        "highway_mixes_units",
        "cell_highway",
        (
            (
                "highway[:, t + 1] * forget_gates[:, t + 1]",
                "highway[:, t + 1] * forget_gates[:, t + 1].mean(1)[:, None]",
            ),
        ),
        "all units share one road.",
        "Does the forget gate of one unit touch the cell of another?",
    ),
)
