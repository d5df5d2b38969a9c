"""Counts and groups of what changed. Two tallies of neighbouring documents add up to that of both.

Its size does not grow with the number of documents: groups, examples and lists have their most.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final, NamedTuple

from policyengine.impact.behaviour.document import Unreadable
from policyengine.model.decision import Decision
from policyengine.values.money import Money

#: Groups that are told apart; what comes after them is counted by its verdicts only.
MOST_GROUPS: Final = 500
#: Lines and refusals that are told one by one; all of them are counted.
MOST_TOLD: Final = 100


class GroupKey(NamedTuple):
    """What the decisions of a group share: verdicts with their classes, the rules that show it, what differs.

    ``aspects`` is only ``verdict`` where that differs. ``rules_told`` is False for the group of all that came after
    :data:`MOST_GROUPS` others.
    """

    decision: str
    old: tuple[str, str]
    new: tuple[str, str]
    aspects: tuple[str, ...]
    gone: tuple[str, ...] = ()
    came: tuple[str, ...] = ()
    about: tuple[str, ...] = ()
    rules_told: bool = True

    def coarse(self) -> GroupKey:
        """The group by verdicts only."""
        return GroupKey(self.decision, self.old, self.new, (), rules_told=False)


class Example(NamedTuple):
    """One document of a group: its id, where it is recorded, both answers in short, and the facts that matter.

    ``without`` are facts of the document that the old bundle was asked without, for it does not have them.
    """

    id: str
    place: str
    as_of: str
    old: Decision
    new: Decision
    facts: tuple[tuple[str, str], ...]
    without: tuple[str, ...] = ()


@dataclass(slots=True)
class Stake:
    """Amounts in one currency: all old ones, all new ones, and by how much they differ where both are known."""

    old: Fraction = Fraction(0)
    new: Fraction = Fraction(0)
    difference: Fraction = Fraction(0)

    def add(self, other: Stake) -> None:
        """Add the other's amounts."""
        self.old += other.old
        self.new += other.new
        self.difference += other.difference


@dataclass(slots=True)
class Stakes:
    """What is at stake, by currency. ``unknown_old`` and ``unknown_new`` count amounts that only the other has."""

    by_currency: dict[str, Stake] = field(default_factory=dict)
    unknown_old: int = 0
    unknown_new: int = 0

    def enter(self, old: Money | None, new: Money | None) -> None:
        """Add the amounts of one document."""
        self.unknown_old += old is None and new is not None
        self.unknown_new += new is None and old is not None
        both = old is not None and new is not None
        for currency in dict.fromkeys(m.currency for m in (old, new) if m is not None):
            # The nothing that is refused has no currency when that is unknown; it is nothing in any.
            if not currency:
                continue
            before, after = (m.amount if m and m.currency == currency else Fraction(0) for m in (old, new))
            self._of(currency).add(Stake(before, after, abs(after - before) if both else Fraction(0)))

    def add(self, other: Stakes) -> None:
        """Add the other's amounts."""
        self.unknown_old += other.unknown_old
        self.unknown_new += other.unknown_new
        for currency, stake in other.by_currency.items():
            self._of(currency).add(stake)

    def _of(self, currency: str) -> Stake:
        return self.by_currency.setdefault(currency, Stake())


@dataclass(slots=True)
class Group:
    """Documents that changed alike; the first of them is the example."""

    example: Example
    count: int = 0
    stakes: Stakes = field(default_factory=Stakes)


class RefusalKey(NamedTuple):
    """Which side refuses a question (``old``, ``new`` or ``both``), of which decision, and what is wrong with it."""

    side: str
    decision: str
    code: str
    pointer: str


@dataclass(slots=True)
class Refusal:
    """Questions that are refused alike; ``id``, ``place`` and ``detail`` of the first."""

    id: str
    place: str
    detail: str
    count: int = 0


@dataclass(slots=True)
class Tally:
    """Everything that is counted. ``asked`` are the questions that both answered.

    ``narrowed`` are those that the old bundle was asked without facts that it does not have: ``without`` counts these.
    """

    asked: int = 0
    reworded: int = 0
    changed: int = 0
    unreadable: int = 0
    others: int = 0
    narrowed: int = 0
    without: dict[str, int] = field(default_factory=dict)
    by_decision: dict[str, list[int]] = field(default_factory=dict)
    groups: dict[GroupKey, Group] = field(default_factory=dict)
    refusals: dict[RefusalKey, Refusal] = field(default_factory=dict)
    unreadable_lines: list[Unreadable] = field(default_factory=list)

    def answered(self, decision: str, *, changed: bool) -> None:
        """Count a question that both answered."""
        self.asked += 1
        self.changed += changed
        counts = self.by_decision.setdefault(decision, [0, 0])
        counts[0] += 1
        counts[1] += changed

    def narrow(self, without: tuple[str, ...]) -> None:
        """Count a question that the old bundle was asked without these facts; none: as it is."""
        self.narrowed += bool(without)
        for name in without:
            self.without[name] = self.without.get(name, 0) + 1

    def group(self, key: GroupKey) -> Group | None:
        """The group of this key; None if there is none yet."""
        return self.groups.get(key if key in self.groups or len(self.groups) < MOST_GROUPS else key.coarse())

    def open_group(self, key: GroupKey, example: Example) -> Group:
        """A new group of this key, or of its verdicts only when there are too many."""
        return self.groups.setdefault(key if len(self.groups) < MOST_GROUPS else key.coarse(), Group(example))

    def refuse(self, key: RefusalKey, refusal: Refusal, count: int = 1) -> None:
        """Count questions that were refused; ``refusal`` is the first of them."""
        if key not in self.refusals and len(self.refusals) >= MOST_TOLD:
            key = key._replace(code="others", pointer="")
        self.refusals.setdefault(key, refusal).count += count

    def bad_line(self, line: Unreadable) -> None:
        """Count a line that is no question."""
        self.unreadable += 1
        if len(self.unreadable_lines) < MOST_TOLD:
            self.unreadable_lines.append(line)

    def add(self, later: Tally) -> None:
        """Add the tally of documents that come after these."""
        self.asked += later.asked
        self.reworded += later.reworded
        self.changed += later.changed
        self.unreadable += later.unreadable
        self.others += later.others
        self.narrowed += later.narrowed
        for name, count in later.without.items():
            self.without[name] = self.without.get(name, 0) + count
        for decision, (asked, changed) in later.by_decision.items():
            counts = self.by_decision.setdefault(decision, [0, 0])
            counts[0] += asked
            counts[1] += changed
        for key, group in later.groups.items():
            found = self.group(key) or self.open_group(key, group.example)
            found.count += group.count
            found.stakes.add(group.stakes)
        for refused, refusal in later.refusals.items():
            count, refusal.count = refusal.count, 0
            self.refuse(refused, refusal, count)
        self.unreadable_lines += later.unreadable_lines[: MOST_TOLD - len(self.unreadable_lines)]
