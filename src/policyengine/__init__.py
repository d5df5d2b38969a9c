"""Decide from policies written in YAML, and explain every decision."""

from __future__ import annotations

from importlib.metadata import version

__all__ = ["__version__"]

__version__ = version("yaml-policyengine")
"""The release of the installed distribution, such as ``0.1.0``."""
