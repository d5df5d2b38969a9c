"""Where the files that travel with the package are: the shipped bundles and the JSON Schemas.

In a wheel they lie inside the package; in a checkout, and so in an editable install, beside ``src/``.
"""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_CHECKOUT = _PACKAGE.parent.parent


def shipped_policies() -> Path:
    """The folder whose subfolders are the shipped bundles."""
    return _shipped("policies")


def shipped_schemas() -> Path:
    """The folder of the ``*.schema.json`` files."""
    return _shipped("schemas")


def _shipped(name: str) -> Path:
    """The installed folder ``_<name>`` if there is one, else ``<name>`` of the checkout."""
    installed = _PACKAGE / f"_{name}"
    return installed if installed.is_dir() else _CHECKOUT / name
