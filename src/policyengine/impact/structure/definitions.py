"""Definitions: named expressions, conditions and tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from difflib import SequenceMatcher

from policyengine.impact.structure.aspects import compare_aspects
from policyengine.impact.structure.change import Change, Weight, at
from policyengine.impact.structure.differing import differing
from policyengine.impact.structure.meaning import meaning, same
from policyengine.impact.structure.named import matched, presence
from policyengine.impact.structure.showing import LONGEST_TEXT, cell_text, cut, row_text, written
from policyengine.impact.structure.vocabulary import types
from policyengine.model.bundle import CheckedBundle
from policyengine.model.expr import Expr
from policyengine.model.vocabulary import Definition, Row, Table


def definitions(old: CheckedBundle, new: CheckedBundle) -> Iterator[Change]:
    """Every change of definitions."""
    found = matched(old.definitions, new.definitions, _nameless)
    yield from presence("definition", found, _told)
    for before, after in found.both:
        yield from types("definition", after.name, before.type, after.type, (before.span, after.span))
        yield from _bodies(after.name, before, after)
        yield from compare_aspects("definition", after.name, before, after)


def _nameless(definition: Definition) -> str:
    return meaning((definition.type, definition.each or "", definition.body))


def _told(definition: Definition) -> str:
    body = definition.body
    return f"`{written(body)}`" if isinstance(body, Expr) else f"a table of {len(body.rows)} rows"


def _bodies(name: str, old: Definition, new: Definition) -> Iterator[Change]:
    match (old.body, new.body):
        case (Table() as before, Table() as after):
            yield from compare_aspects("definition", name, before, after)
            yield from _rows(name, before, after)
        case (Expr() as before, Expr() as after):
            for part in differing(before, after):
                yield Change(
                    what="definition", names=(name,), aspect="value", text=part.text,
                    old=written(part.old) if part.old else None, new=written(part.new) if part.new else None,
                    old_at=at((part.old or before).span), new_at=at((part.new or after).span),
                )  # fmt: skip
        case (before, after):
            said = _told(old), _told(new)
            yield Change(
                what="definition", names=(name,), aspect="value", text=f"was {said[0]} and is now {said[1]}",
                old=said[0], new=said[1], old_at=at(before.span), new_at=at(after.span),
            )  # fmt: skip


def _rows(name: str, old: Table, new: Table) -> Iterator[Change]:
    """Rows that came and went, and cells that changed. Where the columns are others, only their cells are compared."""
    key: Callable[[Row], str] = _whole if same(old.inputs, new.inputs) else row_text
    # Only a table that takes the first row that fits depends on the order of its rows.
    in_order = "first" in (old.hit, new.hit)
    before, after = [key(r) for r in old.rows], [key(r) for r in new.rows]
    if not in_order and sorted(before) == sorted(after):
        if before != after:
            yield Change(
                what="definition", names=(name,), aspect="order of rows", text="its rows are in another order",
                weight=Weight.WORDING, old_at=at(old.span), new_at=at(new.span),
            )  # fmt: skip
        return
    if not in_order:
        yield from _replaced(name, _without(old.rows, before, after), _without(new.rows, after, before))
        return
    for tag, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag != "equal":
            yield from _replaced(name, list(old.rows[a:b]), list(new.rows[c:d]))


def _without(rows: Iterable[Row], keys: Iterable[str], others: Iterable[str]) -> list[Row]:
    """The rows that the other edition does not have, or not so often."""
    left = Counter(others)
    found = []
    for row, key in zip(rows, keys, strict=True):
        if left[key]:
            left[key] -= 1
        else:
            found.append(row)
    return found


def _whole(row: Row) -> str:
    return meaning((row.tests, row.outputs))


def _replaced(name: str, olds: list[Row], news: list[Row]) -> Iterator[Change]:
    """Rows that differ: those that share their cells, or all but one of them, are one row that was changed."""
    for new in news:
        partner = max(olds, key=lambda old: _shared(old, new), default=None)
        if partner is None or _shared(partner, new) == 0:
            yield _row(name, f"has a row more: `{row_text(new)}`", None, new)
            continue
        olds.remove(partner)
        yield _row(name, _cells(partner, new), partner, new)
    yield from (_row(name, f"has a row less: `{row_text(old)}`", old, None) for old in olds)


def _shared(old: Row, new: Row) -> int:
    """How many cells two rows share, if that is all of what they test, or all but one cell; else 0."""
    pairs = [*zip(old.tests, new.tests, strict=False), *zip(old.outputs, new.outputs, strict=False)]
    if (len(old.tests), len(old.outputs)) != (len(new.tests), len(new.outputs)):
        return 0
    alike = sum(same(*p) for p in pairs)
    return alike if same(old.tests, new.tests) or alike >= len(pairs) - 1 else 0


def _cells(old: Row, new: Row) -> str:
    cells = [(cell_text(a), cell_text(b)) for a, b in zip(old.tests, new.tests, strict=True) if not same(a, b)]
    cells += [(written(a), written(b)) for a, b in zip(old.outputs, new.outputs, strict=True) if not same(a, b)]
    what = ", ".join(f"`{a}` became `{b}`" for a, b in cells)
    return f"in the row `{row_text(new)}`, {what}" if cells else f"the row `{row_text(new)}` stands at another place"


def _row(name: str, text: str, old: Row | None, new: Row | None) -> Change:
    return Change(
        what="definition", names=(name,), aspect="row", text=cut(text, LONGEST_TEXT),
        old=row_text(old) if old else None, new=row_text(new) if new else None,
        old_at=at(old.span) if old else None, new_at=at(new.span) if new else None,
    )  # fmt: skip
