"""Einstein's summation: products of any arrays, with their axes named by letters."""

from __future__ import annotations

import math
import string
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd.ops.common import Array
from autograd.primitive import composite, op
from autograd.samples import sample
from autograd.tensor import FUNCTIONS, Tensor

# --- what the subscripts mean -----------------------------------------------------------------------------------------


def _as_text(operands: Sequence[Any]) -> tuple[str, list[Any]]:
    """Return subscripts and operands of the form (x, [0, 1], y, [1, 2], [0, 2]), where numbers name axes."""

    def letters(axes: Sequence[Any]) -> str:
        return "".join("..." if axis is Ellipsis else string.ascii_letters[axis] for axis in axes)

    terms = ",".join(letters(axes) for axes in operands[1::2])
    result = "->" + letters(operands[-1]) if len(operands) % 2 else ""
    return terms + result, list(operands[: len(operands) // 2 * 2 : 2])


def explicit(subscripts: str, ndims: Sequence[int]) -> str:
    """Return the subscripts with letters for the axes that "..." stands for, and with the result written out.

    Args:
        subscripts: as `einsum` takes them.
        ndims: the number of axes of each operand.

    Raises:
        ValueError: when there are not as many terms as operands, or as many letters as axes.

    >>> explicit("...ij,jk", [3, 2])
    '...ij,jk->...ik'.replace("...", "a")
    """
    text = subscripts.replace(" ", "")
    left, arrow, result = text.partition("->")
    terms = left.split(",")
    if len(terms) != len(ndims):
        raise ValueError(f"einsum: the subscripts {subscripts!r} are for {len(terms)} operands, not {len(ndims)}")
    hidden = [ndim - len(term.replace("...", "")) for term, ndim in zip(terms, ndims)]
    for term, ndim, rest in zip(terms, ndims, hidden):
        if rest < 0 or (rest and "..." not in term):
            raise ValueError(f"einsum: the subscripts {term!r} are for another number of axes than {ndim}")
    free = [letter for letter in string.ascii_letters if letter not in text][: max(hidden, default=0)]
    named = [term.replace("...", "".join(free[len(free) - rest :])) for term, rest in zip(terms, hidden)]
    if not arrow:
        once = sorted(letter for letter in set(left) - set(",.") if left.count(letter) == 1)
        result = ("..." if "..." in left else "") + "".join(once)
    if free and "..." not in result:
        raise ValueError(f"einsum: '...' stands for axes that the result of {subscripts!r} does not have")
    return ",".join(named) + "->" + result.replace("...", "".join(free))


# --- the derivative ---------------------------------------------------------------------------------------------------


def _of_operand(
    g: Array, i: int, operands: Sequence[Array], shape: tuple[int, ...], subscripts: str, optimize: Any
) -> Array:
    """Return the gradient of operand i of this shape: again an einsum, of g and the other operands."""
    left, result = subscripts.split("->")
    terms = left.split(",")
    mine, others = terms[i], terms[:i] + terms[i + 1 :]
    distinct = list(dict.fromkeys(mine))
    found = [letter for letter in distinct if letter in result or any(letter in term for term in others)]
    rest = [*operands[:i], *operands[i + 1 :]]
    product = np.einsum(",".join([result, *others]) + "->" + "".join(found), g, *rest, optimize=optimize)
    # Letters that only this operand has were summed, and repeated ones are on a diagonal.
    where = [distinct.index(letter) for letter in found]
    sizes = [shape[mine.index(letter)] for letter in distinct]
    kept = [n if axis in where else 1 for axis, n in enumerate(_sizes(product, where, len(distinct)))]
    product = np.reshape(product, kept)
    product = np.broadcast_to(product, np.broadcast_shapes(tuple(kept), tuple(sizes)))
    return product if len(distinct) == len(mine) else _on_diagonal(product, mine, distinct, shape)


def _sizes(product: Array, where: Sequence[int], ndim: int) -> list[int]:
    """Return 1 for each of `ndim` axes, but the sizes of the product's own where they belong."""
    sizes = [1] * ndim
    for axis, n in zip(where, product.shape):
        sizes[axis] = n
    return sizes


def _on_diagonal(product: Array, mine: str, distinct: Sequence[str], shape: tuple[int, ...]) -> Array:
    """Return zeros of a shape, with the product where the indices named by the same letter are equal."""
    places = np.ogrid[tuple(slice(n) for n in shape)]
    equal: Any = True
    for axis, letter in enumerate(mine):
        equal = equal & (places[axis] == places[mine.index(letter)])
    sizes = [shape[axis] if mine.index(letter) == axis else 1 for axis, letter in enumerate(mine)]
    return np.where(equal, np.reshape(product, sizes), 0)


# --- the operation ----------------------------------------------------------------------------------------------------


@op(
    operands=lambda g, i, operands, operands_shape, subscripts, optimize: _of_operand(
        g, i, operands, operands_shape[i], subscripts, optimize
    ),
    variadic=True,
    samples=[
        sample(((2, 3), (3, 4)), subscripts="ij,jk->ik"),
        sample(((2, 3), (3, 4), (4, 2)), subscripts="ij,jk,ki->", optimize=True),
        sample(((3, 3), (3, 2)), subscripts="ii,ij->j"),
        sample(((2, 3, 2), (4,)), subscripts="iji,k->k"),
        sample(((1, 3), (2, 3)), subscripts="ij,ij->i"),
    ],
)
def _einsum(operands: Sequence[Array], subscripts: str, optimize: Any = False) -> Tensor:
    """Return `einsum` of several operands by explicit subscripts."""
    return np.einsum(subscripts, *operands, optimize=optimize)[()]


@op(  # apart from the above because its rule does not need the operand
    operand=lambda g, operand_shape, subscripts: _of_operand(g, 0, [None], operand_shape, subscripts, False),
    samples=[
        sample((3, 3), subscripts="ii->"), sample((3, 3), subscripts="ii->i"), sample((2, 3, 4), subscripts="ijk->kj"),
        sample((2, 2, 2), subscripts="iii->i"),
    ],
)  # fmt: skip
def _einsum_of_one(operand: Array, subscripts: str) -> Tensor:
    """Return `einsum` of one operand by explicit subscripts."""
    return np.einsum(subscripts, operand).copy()[()]  # not a view that could be written to
