"""Settings shown: their values and origins for people and programs, and the table of the documentation."""

from __future__ import annotations

import json
from collections.abc import Sequence

from policyengine.configuration.resolve import Configuration, Origin, Resolved
from policyengine.configuration.settings import SETTINGS, Setting


def shown_for_people(configuration: Configuration) -> str:
    """A line for each setting: its value, and where that comes from."""
    rows = [(r.setting.name, _value(r), _origin(r)) for r in configuration.resolved]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    return "\n".join(f"{name:{widths[0]}}  {value:{widths[1]}}  {origin}" for name, value, origin in rows)


def shown_for_programs(configuration: Configuration) -> str:
    """The same as JSON: for each setting its value, where that comes from, and the place there."""
    data = {
        r.setting.name: {
            "value": r.setting.told(r.value),
            "origin": r.origin,
            "place": r.place or None,
        }
        for r in configuration.resolved
    }
    return json.dumps(data, indent=2, ensure_ascii=False)


def table(settings: Sequence[Setting] = SETTINGS) -> str:
    """The table of all settings in Markdown, as README.md has it."""
    head = ["| setting | flag | environment | default | what it is |", "|---|---|---|---|---|"]
    return "\n".join([*head, *map(_row, settings)]) + "\n"


def _row(setting: Setting) -> str:
    name = f"`{setting.name}`" if setting.in_file else "(not in the file)"
    flags = " ".join(f"`{flag}`" for flag in setting.flags) or "none: it is secret"
    default = setting.default_shown or f"`{setting.shown_default}`"
    return f"| {name} | {flags} | `{setting.variable}` | {default} | {setting.help} |"


def _value(resolved: Resolved) -> str:
    if resolved.origin is Origin.DEFAULT:
        return resolved.setting.shown_default
    return resolved.setting.shown(resolved.value)


def _origin(resolved: Resolved) -> str:
    return f"{resolved.origin}: {resolved.place}" if resolved.place else str(resolved.origin)
