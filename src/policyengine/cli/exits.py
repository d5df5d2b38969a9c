"""The exit codes. They follow the class of a verdict, never its word."""

from __future__ import annotations

from typing import Final

FINE: Final = 0
FAILED: Final = 1
REFUSED: Final = 2
INVALID: Final = 3
OPEN: Final = 4
CHANGED: Final = 5

_OF_CLASS: Final = {"refused": REFUSED, "pending": OPEN, "undetermined": OPEN}

FOR_DECISIONS: Final = """\b
Exit codes:
  0  granted, partly granted, or a value
  1  bad facts, wrong usage, or a failure
  2  refused
  3  the bundle is invalid
  4  pending or undetermined"""

FOR_BUNDLES: Final = """\b
Exit codes:
  0  fine
  1  a failure, or wrong usage
  3  a bundle is invalid"""

FOR_EDITS: Final = """\b
Exit codes:
  0  no decision changed
  1  a failure, wrong usage, or no decision changed but not everything could be compared
  3  a bundle is invalid
  5  decisions changed, or only one of the two makes them"""

FOR_OTHERS: Final = """\b
Exit codes:
  0  fine
  1  a failure, or wrong usage"""


def of_class(verdict_class: str) -> int:
    """The exit code for a verdict of this class."""
    return _OF_CLASS.get(verdict_class, FINE)
