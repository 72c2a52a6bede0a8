"""Mutants that no check can reject, each with the reason: what they compute is right."""

# Parameters with the gradient zero: the mutants that leave zero as it is are not made.
ZERO = frozenset({
    "floor.x", "ceil.x", "trunc.x", "rint.x", "round.a", "fix.x", "floor_divide.x1", "floor_divide.x2", "copysign.x2",
    "heaviside.x1", "_count_of_nonzero.x",
})  # fmt: skip

_NO_GRADIENT = "this output has no gradient, or its gradient is zero"
_ONE_AXIS = "gradients have one axis, which transposing leaves as it is"
_ORDER = "it changes the order of the products in a sum, not the sum"
_ZEROS = "the zeros of an array of the same shape"
_NO_SIGN = "the imaginary part is 0 either way, not -0"
_ROUNDING = "how much counts as rounding is a choice"
_NEGATIVE = "NumPy's reshape finds the size in the place of any negative number"
_ALL_BUT_TWO = "rules ask for the products of all but two only"
_EITHER = "it chooses between two formulas that are both right"
_OF_ZERO = "only 0 is divided by it"
_ANY_SIZE = "any size above 0 is right, and only one far below the gradient's costs digits"
_HIDDEN = "what it changes is put in the place of elements that are masked"
_BOTH_KINDS = "what is there for arrays takes Tensors, and the other way around"

EQUIVALENT = {
    "divmod.x1: gradient of the first output dropped": _NO_GRADIENT,
    "divmod.x2: gradient of the first output dropped": _NO_GRADIENT,
    "frexp.x: gradient of the last output dropped": _NO_GRADIENT,
    "modf.x: gradient of the last output dropped": _NO_GRADIENT,
    "topk.x: gradient of the last output dropped": _NO_GRADIENT,
    "_recurrence.c: first element doubled": "the first coefficient is not used",
    "convolve.a: transposed": _ONE_AXIS,
    "convolve.v: transposed": _ONE_AXIS,
    "bincount.weights: transposed": _ONE_AXIS,
    "roots.p: transposed": _ONE_AXIS,
    "linear.bias: transposed": _ONE_AXIS,
    "gru_sequence.bias_hh: transposed": _ONE_AXIS,
    "correlate2d.bias: transposed": _ONE_AXIS,
    "linear.bias: _rows(g).sum(axis=0) -> _rows(g)": "the engine adds up the axes in front",
    "_joined_windows.windows: size -> stride": "both have an entry for each axis",
    "_einsum.operands: optimize -> g": _ORDER,
    "_einsum_of_one.operand: False -> True": _ORDER,
    "imag.val: g -> val (place 2)": _ZEROS,
    "switching._sign: g -> x": _ZEROS,
    "switching._sign: 1 -> 2": _HIDDEN,
    "axes.kept: (1,) * len(shape) -> (1,)": "one element, which broadcasts",
    "common.is_number: not isinstance(x, np.generic) -> isinstance(x, np.generic)": (
        "what rules do for arrays is right for numbers, too"
    ),
    "arithmetic._power_of_base: g -> x1": _ZEROS,
    "arithmetic._power_of_base: 1 -> 2 (place 2)": "it is multiplied by 0",
    "arithmetic._log_of_base: x1 + 0j -> x1 - 0j": _NO_SIGN,
    "arithmetic._complex_log: x1 + 0j -> x1 - 0j": _NO_SIGN,
    "complex_numbers._turning: g -> z": _ZEROS,
    "complex_numbers._turning: 1 -> 2": _HIDDEN,
    "contraction._of_operand: optimize = optimize if isinstance(optimize, bool | str) else True -> dropped": _ORDER,
    "contraction._of_operand: optimize if isinstance(optimize, bool | str) else True -> "
    "True if isinstance(optimize, bool | str) else optimize": _ORDER,
    "contraction._of_operand: True -> False": _ORDER,
    "cumulative.recurrence_before: c -> g": "the first coefficient is not used",
    "cumulative._cumprod_rule: 1 -> 2": _NEGATIVE,
    "elementary._over_length: out + (out == 0) -> out - (out == 0)": _OF_ZERO,
    "elementary._difference: x1 -> x2": "both are equal where that counts",
    "elementary._difference: 0 -> 1 (place 2)": _HIDDEN,
    "linear_algebra._of_second: -1 -> 1": "the same axis of an array with one",
    "recurrence._blocks: -1 -> 1": "the same axis of a matrix",
    "recurrence._lstm_recorded: c -> c_before (place 2)": "both have the same shape",
    "recurrence._lstm_recorded: c -> c_before (place 3)": "both have the same shape",
    "recurrence._of_gru: np.sum(of_hidden, axis=0) -> of_hidden": "the engine adds up the axis in front",
    "reduction._mean_rule: 1 -> 2": "it counts for means of nothing only, whose gradients are empty",
    "reduction._mean_rule: keepdims -> where": "reshaping to size 1 what has size 1 changes nothing",
    "reduction._mean_rule: np.maximum(chosen(where, a_shape, axis, keepdims), 1) -> "
    "chosen(where, a_shape, axis, keepdims)": _HIDDEN,
    "reduction._deviations: g -> a (place 2)": "both have the same dtype",
    "reduction._deviations_over_std: 4 * float(np.finfo(out.dtype).eps) * size -> "
    "4 * float(np.finfo(out.dtype).eps) / size": _ROUNDING,
    "reduction._deviations_over_std: 4 * float(np.finfo(out.dtype).eps) * size -> "
    "4 * float(np.finfo(out.dtype).eps)": _ROUNDING,
    "reduction._deviations_over_std: 4 * float(np.finfo(out.dtype).eps) -> float(np.finfo(out.dtype).eps)": _ROUNDING,
    "reduction._deviations_over_std: 4 -> 5": _ROUNDING,
    "reduction._deviations_over_std: 1 -> 2": _HIDDEN,
    "nan_aware._extreme_rule: keepdims -> where": "reshaping to size 1 what has size 1 changes nothing",
    "products._dot_axes: 0 -> 1": "rules multiply by numbers before they ask this",
    "signal._of_differences: np.diff(_padded(g, axis, n, n), n, axis) * (-1) ** n -> "
    "np.diff(_padded(g, axis, n, n), n, axis) / (-1) ** n": "the divisor is 1 or -1",
    "softmaxes._share_of_exponentials: 0 -> 1": "the exponential of minus infinity less a finite number is 0",
    "softmaxes._share_of_exponentials: a -> out (place 2)": "both have the same shape",
    "softmaxes._running_share: 0 -> 1 (place 2)": "the exponential of minus infinity less a finite number is 0",
    "softmaxes._of_scores: 1 -> 2": _NEGATIVE,
    "sorting._reordered: 1 -> 2": _NEGATIVE,
    "sorting._ranks: np.empty_like(order) -> order": "NumPy copies the indices before it writes",
    "sorting._ranks: 1 -> 2 (place 2)": _NEGATIVE,
    "fourier._mirrored: 1 -> 2 (place 5)": _NEGATIVE,
    "systems._products_of_others: np.prod(np.where(eye, 1, np.expand_dims(s, -2)), axis=-1) -> "
    "np.where(eye, 1, np.expand_dims(s, -2))": _ALL_BUT_TWO,
    "systems._products_of_others: np.prod(np.where(eye, 1, np.expand_dims(s, -2)), axis=-1) -> "
    "np.prod(np.where(eye, 1, np.expand_dims(s, -2)))": _ALL_BUT_TWO,
    "systems._products_of_others: np.where(eye, 1, np.expand_dims(s, -2)) -> eye": _ALL_BUT_TWO,
    "systems._products_of_others: np.where(eye, 1, np.expand_dims(s, -2)) -> "
    "np.where(eye, np.expand_dims(s, -2), 1)": _ALL_BUT_TWO,
    "systems._products_of_others: 1 -> 2 (place 2)": _ALL_BUT_TWO,
    "systems._products_of_others: np.expand_dims(s, -2) -> s": _ALL_BUT_TWO,
    "systems._products_of_others: s -> apart (place 2)": _ALL_BUT_TWO,
    "systems._products_of_others: -2 -> 2": _ALL_BUT_TWO,
    "systems._products_of_others: 2 -> 3": _ALL_BUT_TWO,
    "systems._products_of_others: -1 -> 1 (place 2)": _ALL_BUT_TWO,
    "systems._products_of_others: 1 -> 2 (place 3)": _ALL_BUT_TWO,
    "systems._products_of_others: 0 -> 1": "what stands on the diagonal is subtracted again",
    "systems._of_cofactors: 2 -> 3": _ALL_BUT_TWO,
    "systems._nearly_singular: np.linalg.norm(a, axis=(-2, -1)) * np.linalg.norm(inverse, axis=(-2, -1)) -> "
    "np.linalg.norm(inverse, axis=(-2, -1))": _EITHER,
    "systems._nearly_singular: np.linalg.norm(a, axis=(-2, -1)) -> np.linalg.norm(a)": _EITHER,
    "systems._nearly_singular: a -> inverse": _EITHER,
    "systems._nearly_singular: np.linalg.norm(inverse, axis=(-2, -1)) -> np.linalg.norm(inverse)": _EITHER,
    "systems._nearly_singular: 0 -> 1": _EITHER,
    "systems._nearly_singular: float(np.finfo(a.dtype).eps) ** (-0.25) -> float(np.finfo(a.dtype).eps)": _EITHER,
    "systems._nearly_singular: -0.25 -> 0.25": _EITHER,
    "systems._of_log_determinant: 1 -> 2 (place 2)": "the matrices are square",
    "systems._leaves_out: max(a.shape[-2:]) * float(np.finfo(a.dtype).eps) -> float(np.finfo(a.dtype).eps)": _ROUNDING,
    "systems._leaves_out: 2 -> 3": _ROUNDING,
    "systems._of_inverse_of_part: 1 -> 2 (place 3)": _HIDDEN,
    "systems._of_inverse_of_part: 1 -> 2 (place 4)": _OF_ZERO,
    "systems._pseudo_inverse: max(a.shape) * float(np.finfo(a.dtype).eps) -> float(np.finfo(a.dtype).eps)": _ROUNDING,
    "matrix_functions._of_exponential: a -> g": "both have the same shape",
    "matrix_functions._of_exponential: a -> g (place 3)": "both have the same shape",
    "matrix_functions._of_exponential: 1 -> 2": "the matrices are square",
    "matrix_functions._of_exponential: 1 -> 2 (place 2)": _ANY_SIZE,
    "matrix_functions._of_exponential: 0 -> 1": _ANY_SIZE,
    "matrix_functions._of_exponential: (size > 0) & np.isfinite(size) -> size > 0": (
        "of gradients that are not finite it makes nan either way"
    ),
    "matrix_functions._norms: 0 -> 1": _ANY_SIZE,
    "decompositions._coupled: x -> y": "both have the same shape",
    "decompositions._coupled: 1 -> 2": "the matrices are square",
    "decompositions._coupled: 1 -> 2 (place 2)": _HIDDEN,
    "special_functions._minus_slope_of_hazard: 100 -> 101": "the hazard is 0 there",
    "special_functions._of_rgamma: 0 -> 1": _HIDDEN,
    "special_functions._of_rgamma: 1 -> 2 (place 2)": _HIDDEN,
    "special_functions._ratio: 1 -> 2": _OF_ZERO,
    "integrals._of_expn: 1 -> 2": _HIDDEN,
    "integrals._of_expn: np.maximum(n - 1, 0) -> n - 1": _HIDDEN,
    "integrals._of_sici: 1 -> 2 (place 3)": _OF_ZERO,
    "integrals._of_spence: 2 -> 3": _HIDDEN,
    "integrals._of_spence: 1 -> 2": _HIDDEN,
    "integrals._of_spence: 1.5 -> 2.5": _EITHER,
    "norms._of_direction: 1 -> 2": _OF_ZERO,
    "norms._of_direction: 1 -> 2 (place 2)": _OF_ZERO,
    "norms._of_power_norm: out -> ord (place 2)": _HIDDEN,
    "norms._of_power_norm: 0 -> 1": _HIDDEN,
    "norms._of_power_norm: 1 -> 2": _HIDDEN,
    "norms._of_power_norm: 1 -> 2 (place 2)": _HIDDEN,
    "norms._of_power_norm: 0 -> 1 (place 5)": "it is multiplied by 0",
    "normalizing._gradients: eps -> centered": "mean and variance do not depend on it",
    "normalizing._gradients: 1 -> 2 (place 3)": _NEGATIVE,
    "normalizing._of_rows: 1 -> 2": _NEGATIVE,
    "normalizing._of_scale: g -> x (place 2)": "both have the same shape",
    "normalizing._of_scale: kernel.sum_of_products(g, x, axes).reshape(scale_shape) if axes else g * x -> "
    "g * x if axes else kernel.sum_of_products(g, x, axes).reshape(scale_shape)": _EITHER,
    "normalizing._of_scale: kernel.sum_of_products(g, x, axes).reshape(scale_shape) -> "
    "kernel.sum_of_products(g, x, axes)": "the engine drops axes of size 1 in front",
    "gaussian_units._of_gelu: if isinstance(x, Tensor) -> if not": _BOTH_KINDS,
    "window._sum_of_channels: if isinstance(g, Tensor) -> if not": _BOTH_KINDS,
    "common.flat: type(g)(0) -> 0": "the engine gives a gradient its dtype",
}
