"""Generated modules: constants by name, functions as text, compiled together and shown in tracebacks."""

from __future__ import annotations

import linecache
import weakref
from collections.abc import Callable, Mapping
from datetime import date
from fractions import Fraction
from itertools import count

from policyengine.values.dates import Duration
from policyengine.values.money import Money

_SPOKEN = (str, int, bool, type(None))
_numbers = count(1)


class Source:
    """A module in the making. Nothing of a policy gets into the text but as ``repr`` of a text or whole number."""

    def __init__(self, title: str, names: Mapping[str, object]) -> None:
        self._title = title
        self.names: dict[str, object] = dict(names)
        self._constants: dict[tuple[type, object], str] = {}
        self._chunks: list[list[str]] = []

    def constant(self, value: object) -> str:
        """How the code names a value that does not change."""
        if value.__class__ in _SPOKEN:
            return repr(value)
        if not isinstance(value, date | Fraction | Money | Duration):
            return self.bind(value)
        key = (value.__class__, value)
        name = self._constants.get(key)
        if name is None:
            name = self._constants[key] = self.bind(value)
        return name

    def bind(self, value: object) -> str:
        """A new name for a value."""
        name = f"K{len(self.names)}"
        self.names[name] = value
        return name

    def add(self, lines: list[str]) -> None:
        """Add the lines of one function."""
        self._chunks.append(lines)

    @property
    def text(self) -> str:
        """The text so far."""
        return "\n\n".join("\n".join(lines) for lines in self._chunks) + "\n"

    def compile(self) -> Compiled:
        """Run the module and give its functions."""
        text = self.text
        path = f"<policy {self._title} {next(_numbers)}>"
        names = dict(self.names)
        exec(compile(text, path, "exec"), names)  # noqa: S102 - the text is ours, see above
        return Compiled(path, text, names)


class Compiled:
    """A module that has run. Its text is shown in tracebacks as long as it is in use."""

    def __init__(self, path: str, text: str, names: Mapping[str, object]) -> None:
        self.text = text
        self._names = names
        linecache.cache[path] = (len(text), None, text.splitlines(keepends=True), path)
        weakref.finalize(self, linecache.cache.pop, path, None).atexit = False

    def function(self, name: str) -> Callable[..., object]:
        """A function by its name."""
        found = self._names[name]
        assert callable(found)  # noqa: S101 - only functions are asked for
        return found
