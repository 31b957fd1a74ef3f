"""Right answers in other clothes for stage 4's highway of the cells and its converters."""

from functools import reduce

import numpy as np


def with_products_by_cumulation(namespace):
    """The highway by a cumulative product from the end."""

    def cell_highway(forget_gates):
        after = np.concatenate([forget_gates[:, 1:], np.ones_like(forget_gates[:, :1])], axis=1)
        return np.cumprod(after[:, ::-1], axis=1)[:, ::-1]

    namespace["cell_highway"] = cell_highway


def with_products_one_by_one(namespace):
    """The highway by a product for each step; an empty product is 1."""

    def cell_highway(forget_gates):
        T = forget_gates.shape[1]
        return np.stack([np.prod(forget_gates[:, t + 1 :], axis=1) for t in range(T)], axis=1)

    namespace["cell_highway"] = cell_highway


def with_a_loop_over_everything(namespace):
    """The highway by three loops."""

    def cell_highway(forget_gates):
        highway = np.zeros(forget_gates.shape, forget_gates.dtype)
        N, T, H = forget_gates.shape
        for n in range(N):
            for j in range(H):
                road = 1.0
                for t in range(T - 1, -1, -1):
                    highway[n, t, j] = road
                    road = road * forget_gates[n, t, j]
        return highway

    namespace["cell_highway"] = cell_highway


def with_blocks_stacked(namespace):
    """Converters by vstack and hstack of slices."""

    def lstm_from_torch(weight_ih, weight_hh, bias_ih, bias_hh):
        H = weight_hh.shape[1]

        def moved(rows):
            return np.concatenate((rows[: 2 * H], rows[3 * H :], rows[2 * H : 3 * H]))

        return moved(weight_ih).T, moved(weight_hh).T, moved(bias_ih + bias_hh)

    def lstm_to_torch(Wx, Wh, b):
        H = Wh.shape[0]

        def moved(columns):
            return np.concatenate((columns[..., : 2 * H], columns[..., 3 * H :], columns[..., 2 * H : 3 * H]), axis=-1)

        return [moved(Wx).T.copy(), moved(Wh).T.copy(), moved(b), 0 * b]

    namespace["lstm_from_torch"], namespace["lstm_to_torch"] = lstm_from_torch, lstm_to_torch


def with_blocks_reshaped(namespace):
    """Converters that see the four blocks as an axis."""

    def lstm_from_torch(weight_ih, weight_hh, bias_ih, bias_hh):
        def ours(array):
            return array.reshape(4, -1, *array.shape[1:])[[0, 1, 3, 2]].reshape(array.shape)

        return np.transpose(ours(weight_ih)), np.transpose(ours(weight_hh)), ours(bias_ih) + ours(bias_hh)

    def lstm_to_torch(Wx, Wh, b):
        def theirs(array):
            rows = np.ascontiguousarray(array.T)
            return rows.reshape(4, -1, *rows.shape[1:])[[0, 1, 3, 2]].reshape(rows.shape)

        return theirs(Wx), theirs(Wh), theirs(b), np.zeros(b.shape, b.dtype)

    namespace["lstm_from_torch"], namespace["lstm_to_torch"] = lstm_from_torch, lstm_to_torch


def with_swaps_in_place(namespace):
    """Converters that copy, then exchange two blocks."""

    def exchanged(array):
        rows = array.copy()
        H = len(rows) // 4
        third = rows[2 * H : 3 * H].copy()
        rows[2 * H : 3 * H] = rows[3 * H :]
        rows[3 * H :] = third
        return rows

    def lstm_from_torch(weight_ih, weight_hh, bias_ih, bias_hh):
        return tuple(exchanged(array).T for array in (weight_ih, weight_hh, bias_ih + bias_hh))

    def lstm_to_torch(Wx, Wh, b):
        return (*(exchanged(array.T) for array in (Wx, Wh, b)), np.zeros_like(b))

    namespace["lstm_from_torch"], namespace["lstm_to_torch"] = lstm_from_torch, lstm_to_torch


def with_a_highway_by_recursion(namespace):
    """The last step is 1; all before it are what comes after, times one gate more."""

    def cell_highway(forget_gates):
        last = np.ones_like(forget_gates[:, -1:])
        if forget_gates.shape[1] == 1:
            return last
        return np.concatenate([cell_highway(forget_gates[:, :-1]) * forget_gates[:, -1:], last], axis=1)

    namespace["cell_highway"] = cell_highway


def with_a_highway_folded(namespace):
    """From the end, each step a product of the one after and its gate; time first, turned back at the end."""

    def cell_highway(forget_gates):
        gates = forget_gates.swapaxes(0, 1)
        start = [np.full_like(gates[0], 1)]
        return np.stack(reduce(lambda roads, gate: [roads[0] * gate, *roads], gates[:0:-1], start), axis=1)

    namespace["cell_highway"] = cell_highway


def with_columns_by_number(namespace):
    """Converters by a list of row numbers, and one that is its own inverse."""

    def order(H):
        return np.r_[: 2 * H, 3 * H : 4 * H, 2 * H : 3 * H]

    def lstm_from_torch(weight_ih, weight_hh, bias_ih, bias_hh):
        rows = order(weight_hh.shape[1])
        return weight_ih[rows].T, np.take(weight_hh, rows, axis=0).T, bias_ih[rows] + bias_hh[rows]

    def lstm_to_torch(Wx, Wh, b):
        rows = order(len(Wh))
        return Wx[:, rows].T, Wh[:, rows].T, b[rows], np.zeros_like(b)

    namespace["lstm_from_torch"], namespace["lstm_to_torch"] = lstm_from_torch, lstm_to_torch


def with_blocks_by_name(namespace):
    """Converters that give each block its name, and put the names in order."""

    def ordered(rows, there, wanted):
        blocks = dict(zip(there, np.split(rows, 4), strict=True))
        return np.concatenate([blocks[name] for name in wanted])

    def lstm_from_torch(weight_ih, weight_hh, bias_ih, bias_hh):
        ours = [ordered(rows, "ifgo", "ifog") for rows in (weight_ih, weight_hh, bias_ih, bias_hh)]
        return np.ascontiguousarray(ours[0].T), np.ascontiguousarray(ours[1].T), ours[2] + ours[3]

    def lstm_to_torch(Wx, Wh, b):
        Wx, Wh, b = (ordered(array.T, "ifog", "ifgo") for array in (Wx, Wh, b))
        return [Wx, Wh, b, 0.0 * b]

    namespace["lstm_from_torch"], namespace["lstm_to_torch"] = lstm_from_torch, lstm_to_torch


ROADS_AND_CONVERTERS = (
    with_products_by_cumulation,
    with_products_one_by_one,
    with_a_loop_over_everything,
    with_blocks_stacked,
    with_blocks_reshaped,
    with_swaps_in_place,
    with_a_highway_by_recursion,
    with_a_highway_folded,
    with_columns_by_number,
    with_blocks_by_name,
)
