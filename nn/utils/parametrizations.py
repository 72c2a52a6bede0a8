"""Ready parametrizations: weight norm, spectral norm, orthogonal matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd
from autograd import Tensor
from nn import functional as F
from nn.module import Module
from nn.utils.parametrize import register_parametrization

Generator = np.random.Generator


def _tensor(module: Module, name: str) -> Tensor:
    """Return a parameter or buffer of a module."""
    tensor = getattr(module, name, None)
    if not isinstance(tensor, Tensor):
        raise ValueError(f"{type(module).__name__} has no parameter or buffer {name!r}")
    return tensor


# --- weight norm ------------------------------------------------------------------------------------------------------


class _WeightNorm(Module):
    """Computes g * v / ||v||, with norms over all axes but one, or over all."""

    dim: int | None

    def __init__(self, dim: int | None = 0) -> None:
        self.dim = dim

    def forward(self, g: Tensor, v: Tensor) -> Tensor:
        """Return the weight."""
        return v * (g / self._lengths(v))

    def right_inverse(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        """Return g and v that make a weight."""
        return self._lengths(weight), weight

    def _lengths(self, v: Tensor) -> Tensor:
        """Return the norms, with size 1 for the axes that they are over."""
        if self.dim is None or self.dim == -1:  # PyTorch has -1 for all axes, not for the last
            lengths: Tensor = autograd.linalg.vector_norm(v)
        else:
            axes = tuple(axis for axis in range(v.ndim) if axis != self.dim % v.ndim)
            lengths = autograd.linalg.vector_norm(v, axis=axes, keepdims=True)
        return lengths


def weight_norm(module: Module, name: str = "weight", dim: int | None = 0) -> Module:
    """Compute a weight as g * v / ||v||: its length and its direction are trained apart.

    Source: Salimans and Kingma, Weight normalization (2016), equation 2.

    Args:
        module: what has the weight.
        name: its name.
        dim: the axis along which each slice has a length of its own; None (or -1, as in PyTorch) for one length of all.

    Returns:
        The module; g is `parametrizations.<name>.original0`, v `parametrizations.<name>.original1`.

    Raises:
        ValueError: when the module has no such weight.

    >>> import nn
    >>> layer = weight_norm(nn.Linear(3, 2))
    >>> {name: value.shape for name, value in layer.state_dict().items()}
    {'bias': (2,), 'parametrizations.weight.original0': (2, 1), 'parametrizations.weight.original1': (2, 3)}
    """
    _tensor(module, name)
    return register_parametrization(module, name, _WeightNorm(dim), unsafe=True)


# --- spectral norm ----------------------------------------------------------------------------------------------------


class _SpectralNorm(Module):
    """Computes weight / sigma, where sigma is nearly the largest singular value, found by power iteration."""

    dim: int
    eps: float
    n_power_iterations: int
    _u: Tensor
    _v: Tensor

    def __init__(
        self, weight: Tensor, n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12,
        generator: Generator | None = None,
    ) -> None:  # fmt: skip
        if not -weight.ndim <= dim < weight.ndim:
            raise IndexError(f"spectral_norm: dim={dim} is no axis of a weight of shape {weight.shape}")
        if n_power_iterations < 1:
            raise ValueError(f"n_power_iterations must be at least 1, not {n_power_iterations}")
        self.dim = dim % weight.ndim
        self.eps = eps
        self.n_power_iterations = n_power_iterations
        if weight.ndim == 1:  # its norm is known
            return
        matrix = self._matrix(weight).detach()
        draw = generator or autograd.default_generator()
        for name, size in zip(("_u", "_v"), matrix.shape, strict=True):
            start = Tensor(draw.normal(size=size).astype(matrix.dtype))
            self.register_buffer(name, F.normalize(start, dim=0, eps=eps))
        self._iterate(matrix, 15)

    def _matrix(self, weight: Tensor) -> Tensor:
        """Return a weight as a matrix (n, rest) with axis `dim` first."""
        return autograd.moveaxis(weight, self.dim, 0).reshape(weight.shape[self.dim], -1)

    def _iterate(self, matrix: Tensor, steps: int) -> None:
        """Bring u and v closer to the first singular vectors of a matrix, in place."""
        with autograd.no_grad():
            u, v = self._u, self._v
            for _ in range(steps):
                u = F.normalize(matrix @ v, dim=0, eps=self.eps)
                v = F.normalize(u @ matrix, dim=0, eps=self.eps)
            self._u[...] = u
            self._v[...] = v

    def forward(self, weight: Tensor) -> Tensor:
        """Return the weight divided by its norm; in training, after a step of power iteration."""
        if weight.ndim == 1:
            return F.normalize(weight, dim=0, eps=self.eps)
        matrix = self._matrix(weight)
        if self.training:
            self._iterate(matrix.detach(), self.n_power_iterations)
        # copies, as the next call changes u and v while the graph of this one needs them
        u, v = self._u.detach().copy(), self._v.detach().copy()
        return weight / (u @ (matrix @ v))

    def right_inverse(self, value: Tensor) -> Tensor:
        """Return the value, which is taken to have the norm 1."""
        return value


def spectral_norm(
    module: Module, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None, *,
    generator: Generator | None = None,
) -> Module:  # fmt: skip
    """Divide a weight by its spectral norm, its largest singular value, which power iteration finds.

    Source: Miyato et al., Spectral normalization for generative adversarial networks (2018), algorithm 1.

    Args:
        module: what has the weight.
        name: its name.
        n_power_iterations: how many steps of power iteration each call takes in training.
        eps: the smallest length to divide by.
        dim: the axis of the outputs: the weight counts as a matrix of it by all others. By default 0, for transposed
            convolutions 1.
        generator: the source of the first vectors; `autograd.default_generator()` by default.

    Returns:
        The module; the vectors are the buffers `parametrizations.<name>.0._u` and `_v`.

    Raises:
        ValueError: when the module has no such weight, or for fewer than one step.
        IndexError: when the weight has no axis `dim`.

    >>> import nn
    >>> layer = spectral_norm(nn.Linear(3, 2), n_power_iterations=50)
    >>> round(float(np.linalg.norm(layer.weight.detach().numpy(), 2)), 3)
    1.0
    >>> list(layer.state_dict())[-2:]
    ['parametrizations.weight.0._u', 'parametrizations.weight.0._v']
    """
    weight = _tensor(module, name)
    if dim is None:
        dim = int(any(cls.__name__.startswith("ConvTranspose") for cls in type(module).__mro__))
    return register_parametrization(module, name, _SpectralNorm(weight, n_power_iterations, dim, eps, generator))


# --- orthogonal matrices ----------------------------------------------------------------------------------------------

_MAPS = ("matrix_exp", "cayley", "householder")


class _Orthogonal(Module):
    """Computes matrices with orthonormal columns (rows, where there are fewer of them) from any matrices."""

    orthogonal_map: str
    shape: tuple[int, ...]
    base: Tensor

    def __init__(
        self, weight: Tensor, orthogonal_map: str, use_trivialization: bool, generator: Generator | None
    ) -> None:
        self.orthogonal_map = orthogonal_map
        self.shape = weight.shape
        self.generator = generator
        if use_trivialization:
            self.register_buffer("base", None)

    @property
    def _trivialized(self) -> bool:
        return "base" in self._buffers

    def forward(self, x: Tensor) -> Tensor:
        """Return orthogonal matrices of the shape of x."""
        wide = x.shape[-2] < x.shape[-1]
        x = x.swapaxes(-1, -2) if wide else x
        q = _of_reflections(x) if self.orthogonal_map == "householder" else _of_skew(x, self.orthogonal_map)
        q = self.base @ q if self._trivialized else q
        return q.swapaxes(-1, -2) if wide else q

    def right_inverse(self, value: Tensor) -> Tensor:
        """Return what gives a value, made orthogonal if it is not.

        Raises:
            ValueError: when the shape differs.
            NotImplementedError: without trivialization, for other maps than "householder".
        """
        if value.shape != self.shape:
            raise ValueError(f"orthogonal: expected matrices of shape {self.shape}, not {value.shape}")
        if not self._trivialized and self.orthogonal_map != "householder":
            raise NotImplementedError(f"{self.orthogonal_map!r} cannot be inverted with use_trivialization=False")
        q = value.detach().numpy()
        wide = q.shape[-2] < q.shape[-1]
        q = q.swapaxes(-1, -2) if wide else q
        if not self._trivialized:
            reflections = _reflections(q)
            return Tensor(reflections.swapaxes(-1, -2) if wide else reflections)
        self.base = Tensor(self._completed(q))
        start = np.zeros_like(value.data)
        np.einsum("...ii->...i", start[..., : q.shape[-1], : q.shape[-1]])[...] = -1  # what maps to the identity
        return Tensor(start)

    def _completed(self, q: np.ndarray) -> np.ndarray:
        """Return square orthogonal matrices (..., n, n) that begin with q (..., n, k), made orthogonal if it is not."""
        n, k = q.shape[-2:]
        if n == k and np.allclose(q.swapaxes(-1, -2) @ q, np.eye(k), atol=10 * n * np.finfo(q.dtype).eps):
            return q.copy()
        draw = self.generator or autograd.default_generator()
        rest = draw.normal(size=(*q.shape[:-1], n - k)).astype(q.dtype)
        full, upper = np.linalg.qr(np.concatenate([q, rest], axis=-1))
        full *= np.sign(np.einsum("...ii->...i", upper))[..., None, :]
        return full


def _of_skew(x: Tensor, orthogonal_map: str) -> Tensor:
    """Return the first columns of the image of the skew matrix tril(x) - tril(x).T, for x (..., n, k), n >= k."""
    n, k = x.shape[-2:]
    lower = autograd.tril(x)
    if n != k:
        lower = autograd.concatenate([lower, autograd.zeros((*x.shape[:-1], n - k), x.dtype)], axis=-1)
    skew = lower - lower.swapaxes(-1, -2)
    if orthogonal_map == "matrix_exp":
        q: Tensor = autograd.linalg.matrix_exp(skew)
    else:
        one = np.eye(n, dtype=x.dtype)
        q = autograd.linalg.solve(one - skew * 0.5, one + skew * 0.5)
    return q[..., :k]


def _of_reflections(x: Tensor) -> Tensor:
    """Return the first k columns of a product of k reflections, for x (..., n, k), n >= k.

    Reflection i has the vector that is 0 above row i, 1 in it, and column i of x below. With these as the columns of V,
    the product is I - V T V.T, where the inverse of T is the upper triangle of V.T V with half of the diagonal
    (Joffrain et al., Accumulating Householder transformations, revisited, 2006). Each column is multiplied by the sign
    on x's diagonal, a constant.
    """
    n, k = x.shape[-2:]
    v = autograd.tril(x, -1) + np.eye(n, k, dtype=x.dtype)
    products = v.swapaxes(-1, -2) @ v
    inverse = autograd.triu(products) - products * (0.5 * np.eye(k, dtype=x.dtype))
    q: Tensor = np.eye(n, k, dtype=x.dtype) - v @ autograd.linalg.solve(inverse, v[..., :k, :].swapaxes(-1, -2))
    signs = np.trunc(np.einsum("...ii->...i", x.detach().numpy()[..., :k, :]))
    signed: Tensor = q * signs[..., None, :]
    return signed


def _reflections(q: np.ndarray) -> np.ndarray:
    """Return x (..., n, k) from which `_of_reflections` makes q, or the orthogonal matrices of its QR decomposition."""
    packed, factors = np.linalg.qr(q, mode="raw")
    x = np.ascontiguousarray(packed.swapaxes(-1, -2)).astype(q.dtype)
    diagonal = np.einsum("...ii->...i", x[..., : q.shape[-1], :])
    diagonal[...] = np.where(factors == 0, -np.sign(diagonal), np.sign(diagonal))
    return x


def orthogonal(
    module: Module, name: str = "weight", orthogonal_map: str | None = None, *, use_trivialization: bool = True,
    generator: Generator | None = None,
) -> Module:  # fmt: skip
    """Keep a weight (or a stack of them) orthogonal: orthonormal columns, or rows where there are fewer of these.

    Sources: Lezcano-Casado and Martinez-Rubio, Cheap orthogonal constraints in neural networks (2019), for the
    exponential; Lezcano-Casado, Trivializations for gradient-based optimization on manifolds (2019).

    Args:
        module: what has the weight.
        name: its name.
        orthogonal_map: "matrix_exp" or "cayley", of a skew matrix, or "householder", a product of reflections; by
            default the first for square weights, the last for others.
        use_trivialization: multiply by a fixed matrix `base`, so that training starts from the weight as it is.
        generator: what completes a weight that is not square to `base`; `autograd.default_generator()` by default.

    Returns:
        The module.

    Raises:
        ValueError: when the module has no such weight, it is no matrix, or for an unknown map.

    >>> import nn
    >>> layer = orthogonal(nn.Linear(4, 2))
    >>> bool(np.allclose((layer.weight @ layer.weight.T).detach(), np.eye(2), atol=1e-5))
    True
    """
    weight = _tensor(module, name)
    if weight.ndim < 2:
        raise ValueError(f"orthogonal takes a matrix or a stack of matrices, not a weight of shape {weight.shape}")
    if orthogonal_map is None:
        orthogonal_map = "matrix_exp" if weight.shape[-2] == weight.shape[-1] else "householder"
    if orthogonal_map not in _MAPS:
        raise ValueError(f"orthogonal_map must be one of {', '.join(_MAPS)}, not {orthogonal_map!r}")
    made: Any = _Orthogonal(weight, orthogonal_map, use_trivialization, generator)
    return register_parametrization(module, name, made, unsafe=True)
