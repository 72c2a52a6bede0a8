"""Einstein's summation: products of any arrays, with their axes named by letters."""

from __future__ import annotations

import string
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd.ops.common import Array
from autograd.primitive import composite, op
from autograd.samples import sample
from autograd.tensor import Tensor

LETTERS = string.ascii_uppercase + string.ascii_lowercase  # in the order in which NumPy sorts them

# --- what the subscripts mean -----------------------------------------------------------------------------------------


def _as_text(operands: Sequence[Any]) -> tuple[str, list[Any]]:
    """Return subscripts and operands of the form (x, [0, 1], y, [1, 2], [0, 2]), where numbers name axes."""

    def letters(axes: Sequence[Any]) -> str:
        return "".join("..." if axis is Ellipsis else LETTERS[axis] for axis in axes)

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
    'Aij,jk->Aik'
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
    free = [letter for letter in LETTERS if letter not in text][: max(hidden, default=0)]
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
    optimize = optimize if isinstance(optimize, bool | str) else True  # a path is for one order of operands only
    product = np.einsum(",".join([result, *others]) + "->" + "".join(found), g, *rest, optimize=optimize)
    # What only this operand has was summed, so it all gets the same; where it has size 1 and others more, it gets all.
    size = dict(zip(mine, shape))
    stretched = tuple(i for i, letter in enumerate(found) if size[letter] == 1 != product.shape[i])
    product = np.sum(product, axis=stretched, keepdims=True) if stretched else product
    sizes = dict(zip(found, product.shape))
    product = np.reshape(product, [sizes.get(letter, 1) for letter in distinct])
    product = np.broadcast_to(product, tuple(size[letter] for letter in distinct))
    return product if len(distinct) == len(mine) else _on_diagonal(product, mine, shape)


def _on_diagonal(product: Array, mine: str, shape: tuple[int, ...]) -> Array:
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
        sample(((2, 3), (4, 2)), subscripts="ij,ki->k"),
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
    return np.einsum(subscripts, operand)[()]


@composite(  # samples of several operands are those of `_einsum`
    samples=[sample((2, 3), subscripts="ij"), sample((2, 3, 3), subscripts="...ii"), sample((), subscripts="...")]
)
def einsum(subscripts: Any, /, *operands: Array, optimize: Any = False) -> Tensor:
    """Return a sum of products, with the axes of the operands and of the result named by letters.

    Args:
        subscripts: a letter for each axis of each operand, and after "->" those of the result; "..." stands for any
            number of axes that broadcast. Without "->" the result has the letters that occur once, sorted.
        *operands: the arrays. Instead of subscripts there may be a list of numbers after each, and for the result.
        optimize: whether, or how, to find a good order for more than two operands, as in NumPy.

    Raises:
        ValueError: when subscripts and shapes do not fit.

    >>> einsum("ij,j->i", Tensor([[1.0, 2.0], [3.0, 4.0]]), Tensor([1.0, 10.0]))
    Tensor([21., 43.])
    """
    arrays: Sequence[Any] = operands
    if not isinstance(subscripts, str):
        subscripts, arrays = _as_text((subscripts, *operands))
    terms = explicit(subscripts, [np.ndim(x) for x in arrays])
    try:
        return _einsum_of_one(arrays[0], terms) if len(arrays) == 1 else _einsum(arrays, terms, optimize)
    except ValueError as error:
        named = zip(terms.partition("->")[0].split(","), arrays)
        sizes = ", ".join(f"{term} {np.shape(x)}" for term, x in named)
        raise ValueError(
            f"einsum {subscripts!r} does not fit {sizes}: {error}; one letter names axes of one size, or of size 1"
        ) from error
