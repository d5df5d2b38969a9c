"""Documents for the library, made at random from a seed: some of each verdict."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator

Record = dict[str, object]


def records(count: int, seed: int = 0) -> Iterator[Record]:
    """Records as a file holds them; now and then a fact is left out."""
    chance = random.Random(seed)
    for number in range(count):
        member = {
            "insured": chance.random() < 0.9,
            "papers": chance.choice([["card"], ["bill"], ["card", "bill"]]),
            "weight": chance.randrange(0, 20),
            "reason": chance.choice(["late", "torn", "other"]),
            "grade": chance.choice(["gold", "plain"]),
        }
        books = [
            {
                "id": chr(97 + n),
                "state": chance.choice(["whole", "torn", "wet"]),
                "deposit": f"{chance.randrange(1, 30_000) / 100:.2f} EUR",
                "owner": chance.choice("xyz"),
            }
            for n in range(chance.randrange(1, 4))
        ]
        for given in (member, *books):
            if chance.random() < 0.05:
                del given[chance.choice(list(set(given) - {"id"}))]
        day = f"2025-0{chance.randrange(1, 4)}-1{chance.randrange(10)}"
        facts = {"loan": {"day": "2025-01-02"}, "member": member, "books": books}
        yield {"id": f"L-{number}", "decision": "refund", "as_of": day, "facts": facts, "time": "12:00"}


def lines(count: int, seed: int = 0) -> str:
    return "".join(f"{json.dumps(record)}\n" for record in records(count, seed))
