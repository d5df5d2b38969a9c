"""The budget of a search: a count of steps, so that a result never depends on a clock."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Steps:
    """Steps still allowed. One step is about one node of a search; a pivot of the solver counts as many."""

    left: int

    @property
    def spent(self) -> bool:
        """Whether nothing is left."""
        return self.left <= 0

    def slice(self, most: int) -> Steps:
        """A separate budget of at most ``most`` steps; give it back with :meth:`settle`."""
        share = max(0, min(self.left, most))
        self.left -= share
        return Steps(share)

    def settle(self, part: Steps) -> None:
        """Take back what a slice did not use (or charge what it overdrew)."""
        self.left += part.left
