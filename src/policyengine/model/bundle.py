"""A checked bundle: the one thing that every reader of policies accepts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from policyengine.model.expr import Expr
from policyengine.model.rules import DecisionSpec
from policyengine.model.vocabulary import Definition, Fact, FactList, Parameter
from policyengine.values.dates import Calendar


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedBundle:
    """Everything a bundle says, resolved and typed. Only the checker builds one.

    Mappings keep the order of the files (by path) and of writing. ``digest`` is the hex SHA-256 over
    the ordered relative paths and bytes of the policy files. ``definitions`` are in an order in
    which each comes after those it reads.
    """

    id: str
    title: str
    version: str
    digest: str
    time_zone: str
    in_force_on: Expr | None
    calendar: str | None
    facts: Mapping[str, Fact]
    lists: Mapping[str, FactList]
    parameters: Mapping[str, Parameter]
    calendars: Mapping[str, Calendar]
    definitions: Mapping[str, Definition]
    decisions: Mapping[str, DecisionSpec]
