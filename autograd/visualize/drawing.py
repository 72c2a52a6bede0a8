"""A `graphviz.Digraph` that also works where Graphviz's program `dot` is not installed.

Apart from `draw`, because importing graphviz takes time that `import autograd` shall not take.
"""

from __future__ import annotations

import os
from typing import Any

import graphviz

from autograd.visualize.files import find_dot, image, write_whole


class Drawing(graphviz.Digraph):  # type: ignore[misc]
    """A Digraph that pygraphviz lays out, in this process, where there is no `dot` on the PATH."""

    def pipe(self, format: str | None = None, *args: Any, encoding: str | None = None, **options: Any) -> Any:
        """Return the picture as bytes, or as text of the given encoding; see `graphviz.Digraph.pipe`."""
        if find_dot():
            return super().pipe(format, *args, encoding=encoding, **options)
        picture = image(self.source, format or self.format)
        return picture if encoding is None else picture.decode(encoding)

    def render(
        self, filename: Any = None, directory: Any = None, view: bool = False, cleanup: bool = False,
        format: str | None = None, **options: Any,
    ) -> str:  # fmt: skip
        """Write the DOT text and the picture to files and return the picture's path; see `graphviz.Digraph.render`."""
        if find_dot():
            options |= {"directory": directory, "view": view, "cleanup": cleanup, "format": format}
            return super().render(filename, **options)  # type: ignore[no-any-return]
        if options:
            raise TypeError(f"without Graphviz's dot on the PATH, render() does not know the options {sorted(options)}")
        picture = self.pipe(format)
        source = self.save(filename, directory=directory)
        path = f"{source}.{format or self.format}"
        write_whole(path, picture)
        if cleanup:
            os.remove(source)
        if view:
            self._view(path, format=format or self.format, quiet=False)
        return path
