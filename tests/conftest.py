"""What holds for every test."""

from __future__ import annotations

from hypothesis import settings

# The same examples in every run and on every machine, and no failures because a machine was busy.
settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.load_profile("repeatable")
