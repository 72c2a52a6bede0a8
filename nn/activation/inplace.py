"""What layers have in common that PyTorch can let write over their input."""

from __future__ import annotations

from nn.module import Module


class InPlace(Module):
    """A layer with the option `inplace`, which is taken for PyTorch's sake: the result is always a new Tensor."""

    inplace: bool

    def __init__(self, inplace: bool = False) -> None:
        self.inplace = inplace

    def extra_repr(self) -> str:
        """Return the constructor's arguments, without `inplace` if it is the default."""
        return ", ".join([*self._options(), *(["inplace=True"] if self.inplace else [])])

    def _options(self) -> list[str]:
        """Return the other arguments as text."""
        return []
