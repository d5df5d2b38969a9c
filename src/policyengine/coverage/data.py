"""Coverage as data for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable

from policyengine.coverage.report import Count, Coverage, Covered
from policyengine.coverage.text import percent_text

Json = object


def as_json(found: Iterable[Coverage]) -> str:
    """One object for all bundles; items are in the order of their ids, which no layout of the YAML changes."""
    return json.dumps({"bundles": [_bundle(f) for f in found]}, indent=2, ensure_ascii=False) + "\n"


def _bundle(found: Coverage) -> dict[str, Json]:
    return {
        "bundle": found.bundle.id,
        "version": found.bundle.version,
        "digest": found.bundle.digest,
        "folder": found.folder,
        "cases": {"counted": found.counted, "under_review": found.review, "not_passed": found.failed},
        **_count(found.all),
        "kinds": [{"kind": str(kind), **_count(c)} for kind, c in found.by_kind().items()],
        "decisions": [{"decision": name, **_count(c)} for name, c in found.by_decision().items()],
        "items": [_item(c) for c in sorted(found.items, key=lambda c: c.item.id)],
    }


def _count(c: Count) -> dict[str, Json]:
    return {
        "covered": c.covered,
        "total": c.total,
        "unreachable": c.unreachable,
        "percent": percent_text(c.percent),
    }


def _item(c: Covered) -> dict[str, Json]:
    item = c.item
    return {
        "id": item.id,
        "kind": str(item.kind),
        "decision": item.decision,
        "file": item.span.file.path,
        "line": item.span.start.line,
        "about": item.about,
        "needs": f"a case {item.lacks}",
        "state": state(c),
        "cases": c.count,
        "examples": list(c.cases),
        "proof": item.proof or None,
    }


def state(c: Covered) -> str:
    """``covered``, ``missing`` or ``unreachable``."""
    return "covered" if c.count else "missing" if c.missing else "unreachable"
