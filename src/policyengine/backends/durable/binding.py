"""Binders: a scope's slots read from a case, as Python that is written for the bundle and compiled with it.

A binder gives three things. ``open`` has a bit for each slot that is not decided. ``texts`` has for each slot the text
that binds it in a fact, such as ``"ab":7,``, or nothing if it is not bound. ``codes`` has the codes of the slots that
networks are chosen by. Facts that were given are read on the spot; everything else is left to the slot's own reading.
Into the source go numbers and the engine's short names alone: whatever comes from a bundle is bound to a name.

A text may be left out as well (a *short* text) if no comparison of a first network holds for the value: bound or not,
nothing fires there. Networks that are asked about what is open need whole texts.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from policyengine.backends.durable import slots as slots_module
from policyengine.backends.durable.codecs import LIMIT, BooleanCodec, DateCodec, NumberCodec, SymbolCodec
from policyengine.backends.durable.network import HOLDS
from policyengine.backends.durable.slots import Plain, Slot
from policyengine.errors import EngineFault
from policyengine.evaluation.env import Env
from policyengine.evaluation.evaluator import Evaluation
from policyengine.model.bundle import CheckedBundle
from policyengine.model.expr import FactRef, ItemField
from policyengine.model.memory import EMPTY_DATE
from policyengine.values.types import Kind

Texts = tuple[str, ...]
Bound = tuple[int, Texts, tuple[int | None, ...]]
#: By slot, the comparisons of the first networks.
Heard = Mapping[int, Collection[tuple[str, int]]]


def text_of(name: str, code: int) -> str:
    """What binds a property in a fact."""
    return f'"{name}":{code:d},'


def refuse(code: object) -> None:
    """Nothing but small integers ever gets to the engine."""
    raise EngineFault(f"a fact was bound to {code!r}, which is not a small integer")


@dataclass(frozen=True, slots=True)
class Binding:
    """How the slots of one scope, or of the part of it that is the same for every element, are bound.

    ``first`` gives short texts; ``whole`` takes what was given and makes the short texts whole.
    """

    first: Callable[[Evaluation, Env], Bound]
    whole: Callable[[Evaluation, Env, Texts], Sequence[str]]


@dataclass(slots=True)
class Binder:
    """Writes the binders for some slots, in the order of their numbers."""

    bundle: CheckedBundle
    slots: Mapping[int, Slot]
    names: Mapping[int, str]
    heard: Heard
    coded: Collection[int]
    _bound: dict[str, object] = field(default_factory=dict)
    _readers: dict[str, str] = field(default_factory=dict)

    def binding(self) -> Binding:
        """Both binders."""
        self._bound = {"refuse": refuse, "EMPTY": EMPTY_DATE}
        head = _in(self._head())
        texts = "".join(f"t{n}, " for n in self.slots)
        codes = "".join(f"c{n}, " for n in self.slots if n in self.coded)
        first = [line for n, slot in self.slots.items() for line in self._slot(n, slot, whole=False)]
        source = ["def first(ev, env):", *head, "    o = 0", *_in(first)]
        source.append(f"    return o, ({texts}), ({codes})")
        lossy = {n: slot for n, slot in self.slots.items() if slot.plain and not self.is_numeric(slot)}
        again = [line for n, slot in lossy.items() for line in self._slot(n, slot, whole=True)]
        source += ["def whole(ev, env, texts):", f"    {texts}= texts" if texts else "    pass", "    o = 0"]
        source += [*head, *_in(again), f"    return ({texts})"]
        exec(compile("\n".join(source), "<binder>", "exec"), self._bound)  # noqa: S102 - see the module's text
        return Binding(
            cast("Callable[[Evaluation, Env], Bound]", self._bound["first"]),
            cast("Callable[[Evaluation, Env, Texts], Sequence[str]]", self._bound["whole"]),
        )

    def _head(self) -> list[str]:
        """Where facts are looked up: those of the document, and the fields of elements by their variable."""
        variables = {e.variable for s in self.slots.values() if s.plain for e in s.plain.of if isinstance(e, ItemField)}
        self._readers = {variable: f"item{i}" for i, variable in enumerate(sorted(variables))}
        return [
            "facts = ev.memory.facts.get",
            *(f"{i} = env.elements[{self._name(f'of_{i}', v)}].fields.get" for v, i in self._readers.items()),
        ]

    def _name(self, name: str, value: object) -> str:
        self._bound[name] = value
        return name

    # --- one slot ---

    def _slot(self, n: int, slot: Slot, *, whole: bool) -> list[str]:
        if slot.both is not None:
            return self._ends(n, slot)
        if slot.plain is None:
            return [] if self._is_high_end(n) else self._general(n, slot)
        return self._plain(n, slot, slot.plain, whole=whole)

    def _is_high_end(self, n: int) -> bool:
        low = self.slots.get(n - 1)
        return low is not None and low.other == n

    def _general(self, n: int, slot: Slot) -> list[str]:
        """By the slot's own reading."""
        unsure = [f"if c{n} == {slots_module.UNSURE}: o |= {1 << n}"] if slot.flag else []
        return [f"c{n} = {self._name(f'read{n}', slot.read)}(ev, env)", *self._text(n), *unsure]

    def _text(self, n: int) -> list[str]:
        """The text of a code that was found, or None."""
        return [
            f"if c{n} is None:",
            *_in(_not_bound(n)),
            "else:",
            f"    if type(c{n}) is not int or not -{LIMIT} <= c{n} <= {LIMIT}: refuse(c{n})",
            f"    t{n} = {self._format(n)}",
        ]

    def _format(self, n: int) -> str:
        return f"f'\"{self.names[n]}\":{{c{n}:d}},'"

    def _ends(self, n: int, slot: Slot) -> list[str]:
        """Both ends with one reading. They are decided when they are bound and equal."""
        other = cast("int", slot.other)
        lines = [f"c{n}, c{other} = {self._name(f'read{n}', slot.both)}(ev, env)", *self._text(n)]
        if other in self.slots:
            lines += self._text(other)
        return [*lines, f"if c{n} != c{other}: o |= {1 << n | 1 << other}"]

    def _plain(self, n: int, slot: Slot, plain: Plain, *, whole: bool) -> list[str]:
        """From the given facts; by the slot's own reading if one is missing and a default may stand in."""
        facts = list(zip("vw", plain.of, strict=False))
        given = [f"{v} = {self._reader(e)}({self._name(f'{v}{n}', _told(e))})" for v, e in facts]
        missing = [test for v, e in facts for test in _missing(v, e)]
        absent = self._general(n, slot) if any(self._has_default(e) for e in plain.of) else _not_bound(n)
        present = self._present(n, slot, plain, whole=whole)
        return [*given, f"if {' or '.join(missing)}:", *_in(absent), "else:", *_in(present)]

    def _reader(self, e: FactRef | ItemField) -> str:
        return "facts" if isinstance(e, FactRef) else self._readers[e.variable]

    def _has_default(self, e: FactRef | ItemField) -> bool:
        if isinstance(e, FactRef):
            return self.bundle.facts[e.name].default is not None
        return self.bundle.lists[e.list].fields[e.field].default is not None

    def _present(self, n: int, slot: Slot, plain: Plain, *, whole: bool) -> list[str]:
        if plain.member is not None:
            yes, no = self._texts(n, (1, 0), whole=whole)
            return [f"t{n} = {yes!r} if {self._name(f'm{n}', plain.member)} in v else {no!r}"]
        if len(plain.of) > 1:
            less, more, same = self._texts(n, (-1, 1, 0), whole=whole)
            return [f"t{n} = {less!r} if v < w else ({more!r} if v > w else {same!r})"]
        if isinstance(slot.codec, (BooleanCodec, SymbolCodec)):
            return [self._by_table(n, slot.codec, whole=whole)]
        return self._number(n, slot)

    def _texts(self, n: int, codes: Iterable[int], *, whole: bool) -> list[str]:
        return [text_of(self.names[n], c) if whole or self._is_heard(n, c) else "" for c in codes]

    def _is_heard(self, n: int, code: int) -> bool:
        return any(HOLDS[op](code, number) for op, number in self.heard.get(n, ()))

    def _by_table(self, n: int, codec: BooleanCodec | SymbolCodec, *, whole: bool) -> str:
        listed = codec.constants if isinstance(codec, SymbolCodec) else (True, False)
        table = {v: self._texts(n, [cast("int", codec.code(v))], whole=whole)[0] for v in listed}
        (other,) = self._texts(n, [SymbolCodec.OTHER], whole=whole)
        kind = "all" if whole else "short"
        return f"t{n} = {self._name(f'{kind}{n}', table.get)}(v, {other!r})"

    @staticmethod
    def is_numeric(slot: Slot) -> bool:
        """Whether it is a number or a day that is read from a given fact."""
        plain = slot.plain
        one = plain is not None and plain.member is None and len(plain.of) == 1
        return one and isinstance(slot.codec, (NumberCodec, DateCodec))

    def _number(self, n: int, slot: Slot) -> list[str]:
        codec = slot.codec
        if isinstance(codec, DateCodec):
            return [f"c{n} = v.toordinal()", f"t{n} = {self._format(n)}"]
        code = self._name(f"code{n}", codec.code)
        factor = codec.factor if isinstance(codec, NumberCodec) else None
        if not factor:
            return [f"c{n} = {code}(v)", *self._text(n)]
        most = LIMIT // factor
        return [
            f"if type(v) is int and -{most} <= v <= {most}:",
            f"    c{n} = v * {factor}",
            f"    t{n} = {self._format(n)}",
            "else:",
            f"    c{n} = {code}(v)",
            *_in(self._text(n)),
        ]


def is_coded(slot: Slot) -> bool:
    """Whether binding the slot leaves its code at hand."""
    return slot.plain is None or Binder.is_numeric(slot)


def _not_bound(n: int) -> list[str]:
    return [f"c{n} = None", f"t{n} = ''", f"o |= {1 << n}"]


def _told(e: FactRef | ItemField) -> str:
    return e.name if isinstance(e, FactRef) else e.field


def _missing(variable: str, e: FactRef | ItemField) -> Iterator[str]:
    yield f"{variable} is None"
    if e.type.kind is Kind.DATE:
        yield f"{variable} is EMPTY"


def _in(lines: Iterable[str]) -> list[str]:
    return [f"    {line}" for line in lines]
