"""Orders the planner is tried on, and a checker and a minimum that share no code with it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

from policyengine.planner import Line, Plan

LIMIT = Fraction(50_000)


def check(lines: Sequence[Line], limit: Fraction, strict: bool, plan: Plan) -> None:
    """Fail unless every unit is in exactly one part, whole lines are whole and the limit is kept."""
    by_id = {line.id: line for line in lines}
    placed: dict[str, list[int]] = {line.id: [] for line in lines}
    for part in plan.contents:
        assert len({share.line for share in part}) == len(part)
        total = sum((share.quantity * by_id[share.line].weight for share in part), Fraction(0))
        assert not part or (total < limit if strict else total <= limit)
        for share in part:
            assert share.quantity >= 1
            placed[share.line].append(share.quantity)
    for line in lines:
        assert sum(placed[line.id]) == line.quantity
        assert not line.whole or len(placed[line.id]) <= 1
    assert len(plan.contents) == plan.parts
    assert plan.lower_bound <= plan.parts
    assert plan.proved == (plan.lower_bound == plan.parts)


def fewest_parts(lines: Sequence[Line], limit: Fraction, strict: bool) -> int:
    """The minimum by plain enumeration: each item into each open part in turn. 0 if impossible."""
    items: list[Fraction] = []
    for line in lines:
        whole = line.whole and line.quantity
        items += [line.weight * line.quantity] if whole else [line.weight] * line.quantity
    items.sort(reverse=True)
    if any(item > limit or (strict and item == limit) for item in items):
        return 0
    best = max(1, len(items))

    def place(at: int, parts: list[Fraction]) -> None:
        nonlocal best
        if len(parts) >= best:
            return
        if at == len(items):
            best = max(1, len(parts))
            return
        for i in range(len(parts)):
            total = parts[i] + items[at]
            if total < limit or (total == limit and not strict):
                place(at + 1, [*parts[:i], total, *parts[i + 1 :]])
        place(at + 1, [*parts, items[at]])

    place(0, [])
    return best


def odd_prices(seed: int) -> list[Line]:
    """Some 20 lines of a few dear units: bound and packing often differ."""
    r = random.Random(seed)
    return [
        Line(f"L{i}", r.randint(1, 6), Fraction(r.randint(500_000, 2_499_999), 100), False)
        for i in range(r.randint(10, 25))
    ]


def realistic(seed: int) -> list[Line]:
    """1 to 30 lines, prices from 1 to 40,000, some lines whole, sometimes another currency."""
    r = random.Random(seed)
    rate = r.choice([Fraction(1), Fraction(1), Fraction(10837, 10000), Fraction(139, 1000)])
    lines = []
    for i in range(r.randint(1, 30)):
        price = Fraction(round(10 ** r.uniform(0, 4.6) * 100), 100)
        quantity = max(1, min(5_000, round(10 ** r.uniform(0, 5.2) / float(price))))
        lines.append(Line(f"L{i}", quantity, price * rate, r.random() < 0.15))
    return lines


def cut_up(parts: int, pieces: int, times: int, seed: int) -> list[Line]:
    """Full parts cut at random into ``pieces``: no room is left over, the hardest kind."""
    r = random.Random(seed)
    weights = []
    for _ in range(parts):
        cuts = [0, *sorted(r.sample(range(1, 4_999_999), pieces - 1)), 4_999_999]
        weights += [b - a for a, b in pairwise(cuts)]
    return [Line(f"L{i:03}", times, Fraction(w, 100), False) for i, w in enumerate(weights)]


def bulk(least: int, most: int, seed: int) -> list[Line]:
    """200 lines of 500 units, prices in cents between ``least`` and ``most``."""
    r = random.Random(seed)
    return [Line(f"L{i:03}", 500, Fraction(r.randint(least, most), 100), False) for i in range(200)]
