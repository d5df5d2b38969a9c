"""One change between two editions of a bundle, and the telling of alike changes together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from policyengine.source import Span

Json = object

#: More names in one sentence would not be read.
MOST_NAMES: Final = 6


class Weight(StrEnum):
    """Whether a change can change an answer, or only how it is worded."""

    MEANING = "meaning"
    WORDING = "wording"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change. ``what`` is the kind of thing (``rule``, ``parameter``), ``names`` which ones, ``aspect`` what of it.

    There are no names where a decision has only one such thing.

    ``text`` goes on after the names: "moved from `40 days` to `30 days`". ``old`` and ``new`` are what stood there
    and what stands there now, None: nothing. Places are bundle-relative ``file:line``; None where there is none.
    """

    what: str
    names: tuple[str, ...]
    aspect: str
    text: str
    weight: Weight = Weight.MEANING
    decision: str | None = None
    old: str | None = None
    new: str | None = None
    old_at: str | None = None
    new_at: str | None = None

    @property
    def subject(self) -> str:
        """``rule TA-LATE of coverage``."""
        listed = self.names[:MOST_NAMES]
        more = f" and {len(self.names) - MOST_NAMES} more" if len(self.names) > MOST_NAMES else ""
        names = f"{self.what}{'s' if len(self.names) > 1 else ''} {', '.join(listed)}{more}".rstrip()
        return f"{names} of {self.decision}" if self.decision else names

    @property
    def sentence(self) -> str:
        """The whole in one sentence."""
        return f"{self.subject}: {self.text}"

    def to_dict(self) -> dict[str, Json]:
        """As plain data."""
        return {
            "what": self.what,
            "names": list(self.names),
            "decision": self.decision,
            "aspect": self.aspect,
            "weight": str(self.weight),
            "sentence": self.sentence,
            "old": self.old,
            "new": self.new,
            "old_at": self.old_at,
            "new_at": self.new_at,
        }


def at(span: Span | None) -> str | None:
    """The bundle-relative ``file:line`` of a span."""
    return span.at if span else None


def told_together(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Changes with the same words about several things of one decision as one, in the place of the first.

    A condition of a whole policy is a part of each of its rules: it is told once, with all their names.
    """
    kept: dict[object, Change] = {}
    for change in changes:
        key = (change.what, change.decision, change.aspect, change.text, change.weight, change.old, change.new)
        earlier = kept.get(key)
        names = dict.fromkeys((*(earlier.names if earlier else ()), *change.names))
        kept[key] = replace(earlier or change, names=tuple(names))
    return tuple(replace(c, text=_of_several(c.text)) if len(c.names) > 1 else c for c in kept.values())


#: How a text begins that goes on after one name, and after several: the first that fits.
_SEVERAL: Final = (
    ("is gone; it was ", "are gone; they were "),
    ("is gone; it ", "are gone; they "),
    ("is ", "are "),
    ("has ", "have "),
    ("was ", "were "),
    ("no longer has ", "no longer have "),
    ("now also has ", "now also have "),
    ("no longer asks ", "no longer ask "),
    ("now also asks ", "now also ask "),
    ("lists its ", "list their "),
    ("now takes only its ", "now take only their "),
    ("now takes ", "now take "),
    ("the words of its ", "the words of their "),
    ("its ", "their "),
)


def _of_several(text: str) -> str:
    """The text as it goes on after several names."""
    start, instead = next((pair for pair in _SEVERAL if text.startswith(pair[0])), ("", ""))
    after = text.removeprefix(start)
    return instead + (after.replace(" and is now ", " and are now ") if start == "was " else after)
