"""From YAML events to nodes with places, refusing what policies have no use for.

Built on PyYAML's events and never on its constructors, so nothing is typed by YAML. What YAML
allows and policies do not (tags, merges, keys given twice, empty values …) is a fault with its
place; reading goes on after it where it can.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

import yaml

from policyengine.diagnostics import Diagnostic
from policyengine.frontend.nodes import NOTHING, UNKNOWN, Mapping, Node, Scalar, Sequence
from policyengine.source import Position, SourceFile, Span

MAX_DEPTH = 50
MAX_ALIASES = 100
MAX_GROWTH = 10_000_000
# What a node costs beside its own text, so that aliases of many small nodes count as well.
NODE_COST = 16

MISSING_HELP = "leave the key out if there is nothing to say"
_PROPERTIES = re.compile(r"(?:[&!]\S*\s+)+")
_TAG = re.compile(r"(?:&\S+\s+)?(![^\s,\[\]{}]*)")


class _StopReading(Exception):  # noqa: N818 - not an error: the file has been complained about
    """Raised when a limit is passed: what follows would cost too much to read."""


@dataclass(frozen=True, slots=True)
class Text:
    """A file's text as it is given to the parser: without a byte order mark, ``base`` characters in."""

    file: SourceFile
    text: str
    base: int
    starts: tuple[int, ...]

    @classmethod
    def of(cls, file: SourceFile, text: str, base: int) -> Text:
        """``text`` with the offsets at which its lines start."""
        return cls(file, text, base, (0, *accumulate(len(line) + 1 for line in text.split("\n"))))

    def span(self, start: int, end: int) -> Span:
        """The span between two offsets."""
        first = self._position(start)
        if start <= end < self._next_line(first.line):  # nearly always, and quicker told
            return Span(self.file, first, Position(first.line, first.column + end - start))
        return Span(self.file, first, self._position(max(start, end)))

    def line_of(self, offset: int) -> int:
        """The number of the line, from 0, that an offset is in."""
        return bisect_right(self.starts, offset) - 1

    def _next_line(self, line: int) -> int:
        """The offset at which the line after this one (counted from 1) starts; past the end after the last."""
        return self.starts[line] if line < len(self.starts) else len(self.text) + 1

    def _position(self, offset: int) -> Position:
        line = self.line_of(offset)
        return Position(line + 1, offset - self.starts[line] + 1 + (self.base if line == 0 else 0))


@dataclass(slots=True)
class _Built:
    """A node with what an alias of it costs."""

    node: Node
    size: int
    height: int
    end: int


@dataclass(slots=True)
class Composer:
    """Builds the node graph of one document; :attr:`faults` holds what was found on the way.

    ``ranges``: a list such as ``[1..5]`` is a test that lacks its quotes. Files of settings have no tests.
    """

    text: Text
    loader: Any
    ranges: bool = True
    faults: list[Diagnostic] = field(default_factory=list)
    _missing: list[tuple[Diagnostic, bool]] = field(default_factory=list)
    _anchors: dict[str, _Built] = field(default_factory=dict)
    _aliases: int = 0
    _growth: int = 0

    def compose(self) -> Node | None:
        """The top node, or None for an empty file or one beyond a limit.

        Raises ``yaml.YAMLError`` when the text is not YAML.
        """
        events = yaml.parse(self.text.text, Loader=self.loader)
        try:
            top = self._document(events)
        except _StopReading:
            top = None
        tests = isinstance(top, Mapping) and isinstance(kind := top.get("kind"), Scalar) and kind.text == "tests"
        self.faults += [fault for fault, unknown in self._missing if not (tests and unknown)]
        return top

    def _document(self, events: Iterator[Any]) -> Node | None:
        top: Node | None = None
        seen = False
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                if seen:
                    self._forbid(
                        "several documents in one file", *_marks(event), help_="keep one document in each file"
                    )
                    break
                seen = True
                top = self._node(next(events), events, 1).node
        return top

    def _fault(self, code: str, message: str, span: Span, help_: str | None = None) -> None:
        self.faults.append(Diagnostic(code, message, span, help_))

    def _forbid(self, what: str, start: int, end: int, help_: str | None = None) -> None:
        self._fault("yaml/forbidden", f"{what} are not used in policies", self.text.span(start, end), help_)

    def _node(self, event: Any, events: Iterator[Any], depth: int) -> _Built:  # noqa: ANN401 - PyYAML's events share no useful type
        start, end = _marks(event)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(str(event.anchor), start, end, depth)
        if event.tag is not None:
            self._tag(event, start, end)
        if event.tag is not None or event.anchor:
            properties = _PROPERTIES.match(self.text.text, start)
            start = properties.end() if properties else start
        if isinstance(event, yaml.ScalarEvent):
            built = self._scalar(event, start, max(start, end))
        else:
            self._limit_depth(depth, start)
            is_list = isinstance(event, yaml.SequenceStartEvent)
            built = (self._sequence if is_list else self._mapping)(event, events, depth, start)
        if event.anchor:
            self._anchors[event.anchor] = built
        return built

    def _limit_depth(self, depth: int, start: int) -> None:
        if depth > MAX_DEPTH:
            self._forbid(f"values nested more than {MAX_DEPTH} deep", start, start + 1)
            raise _StopReading

    def _alias(self, name: str, start: int, end: int, depth: int) -> _Built:
        self._aliases += 1
        known = self._anchors.get(name)
        if known is None:
            message = f"cannot read this as YAML: no `&{name}` stands before `*{name}`"
            self._fault("yaml/syntax", message, self.text.span(start, end))
            return _Built(Scalar(f"*{name}", self.text.span(start, end), plain=False), 0, 0, end)
        self._growth += known.size
        if self._aliases > MAX_ALIASES:
            self._forbid(f"more than {MAX_ALIASES} aliases", start, end)
            raise _StopReading
        if self._growth > MAX_GROWTH:
            self._forbid("aliases that make the document grow past 10 MB", start, end)
            raise _StopReading
        self._limit_depth(depth + known.height - 1, start)
        return _Built(known.node, known.size, known.height, end)

    def _tag(self, event: Any, start: int, end: int) -> None:  # noqa: ANN401 - see above
        if event.tag == "!=" and isinstance(event, yaml.ScalarEvent):
            whole = self.text.text[start:end]
            help_ = f"write `'{whole}'`: YAML reads `!` as its own"
            self._fault("yaml/quote-this", "this test must be quoted", self.text.span(start, end), help_)
            return
        written = _TAG.match(self.text.text, start)
        at, to = written.span(1) if written else (start, start + 1)
        self._forbid(f"tags such as `{self.text.text[at:to]}`", at, to)

    def _scalar(self, event: yaml.ScalarEvent, start: int, end: int) -> _Built:
        if start == end:
            # The parsers differ in where an empty value is: before or after the blanks.
            while start and self.text.text[start - 1] == " ":
                start -= 1
            end = start
        if event.style in ("|", ">"):
            end = start + len(self.text.text[start:end].rstrip())
        node = Scalar(event.value, self.text.span(start, end), event.style in (None, ""))
        return _Built(node, len(event.value) + NODE_COST, 0, end)

    def _sequence(self, event: yaml.SequenceStartEvent, events: Iterator[Any], depth: int, start: int) -> _Built:
        end = _marks(event)[1]
        items: list[_Built] = []
        for item in events:
            if isinstance(item, yaml.SequenceEndEvent):
                end = _marks(item)[1] if event.flow_style else end
                break
            at = _marks(item)[0]
            items.append(self._node(item, events, depth + 1))
            self._look_for_item(items[-1].node, at, flow=bool(event.flow_style))
            end = items[-1].end
        node = Sequence(tuple(b.node for b in items), self.text.span(start, end))
        if self.ranges and event.flow_style and len(items) == 1:
            self._look_for_range(items[0].node, start, end)
        return _collected(node, items, end)

    def _mapping(self, event: yaml.MappingStartEvent, events: Iterator[Any], depth: int, start: int) -> _Built:
        end = _marks(event)[1]
        entries: dict[str, tuple[Scalar, Node]] = {}
        parts: list[_Built] = []
        for first in events:
            if isinstance(first, yaml.MappingEndEvent):
                end = _marks(first)[1] if event.flow_style else end
                break
            plain = isinstance(first, yaml.ScalarEvent)
            key, value = self._node(first, events, depth + 1), self._node(next(events), events, depth + 1)
            parts += (key, value)
            end = value.end
            if event.flow_style and self._cut_by_comma(entries, key, value.node):
                continue
            if not (plain and isinstance(key.node, Scalar)):
                self._forbid("keys that are not plain text", *_marks(first))
            elif self._key_is_good(key.node, first, entries):
                entries[key.node.text] = (key.node, value.node)
                self._look_for_value(key.node, value.node)
        return _collected(Mapping(tuple(entries.values()), self.text.span(start, end)), parts, end)

    def _cut_by_comma(self, entries: dict[str, tuple[Scalar, Node]], key: _Built, value: Node) -> bool:
        """Whether ``key`` is no key but the rest of the text before it, which YAML ended at a comma.

        The text is then read as it was meant, so that nothing else is said of it.
        """
        rest, before = key.node, next(reversed(entries.values()), None)
        if not (isinstance(rest, Scalar) and rest.plain and rest.text and isinstance(value, Scalar) and not value.text):
            return False
        if before is None or self.text.text[key.end :].lstrip()[:1] not in (",", "}"):
            return False
        name, start = before
        if not (isinstance(start, Scalar) and start.plain and start.text and start.text != UNKNOWN):
            return False
        whole = _joined(start.text, rest.text)
        span = Span(start.span.file, start.span.start, rest.span.end)
        entries[name.text] = (name, Scalar(whole, span, plain=True))
        self.faults = [f for f in self.faults if f.span.start != span.start]
        self._fault("yaml/quote-this", "a comma in braces ends this text", span, _comma_help(start.text, rest.text))
        return True

    def _key_is_good(self, key: Scalar, event: Any, entries: dict[str, tuple[Scalar, Node]]) -> bool:  # noqa: ANN401 - see above
        if key.plain and key.text == "":
            self._fault("yaml/syntax", "cannot read this as YAML: a key is missing before `:`", key.span)
        elif key.plain and key.text == "<<":
            self._forbid("merges (`<<`)", *_marks(event), help_="write the keys out")
        elif key.text in entries:
            first = entries[key.text][0].span.start.line
            self._fault("yaml/duplicate-key", f"`{key.text}` is given twice", key.span, f"first given at line {first}")
        else:
            return True
        return False

    def _look_for_value(self, key: Scalar, value: Node) -> None:
        if not isinstance(value, Scalar):
            return
        if self._swallowed_test(value):
            return
        if _is_nothing(value):
            span = value.span if value.plain and value.text else key.span
            help_ = "put a blank after the `:`" if key.plain and ":" in key.text else MISSING_HELP
            fault = Diagnostic("yaml/null", f"a value is missing after `{key.text}`", span, help_)
            self._missing.append((fault, value.plain and value.text == UNKNOWN))

    def _look_for_item(self, item: Node, at: int, *, flow: bool) -> None:
        if not isinstance(item, Scalar) or self._swallowed_test(item) or not _is_nothing(item):
            return
        span = item.span
        if not flow and not item.text:
            dash = self.text.text.rfind("-", 0, at)
            span = self.text.span(dash, dash + 1)
        message = "a value is missing in this list" if flow else "a value is missing after `-`"
        fault = Diagnostic("yaml/null", message, span, "take the item out if there is nothing to say")
        self._missing.append((fault, item.plain and item.text == UNKNOWN))

    def _swallowed_test(self, value: Scalar) -> bool:
        """Whether ``value`` is a test such as ``>3``, which YAML takes for the head of an empty block."""
        if value.plain or value.text.strip():
            return False
        line = value.span.file.line(value.span.start.line)[value.span.start.column - 1 :]
        head = line.split(" #")[0].rstrip()
        if not re.match(r">[ +-]*\d", head):
            return False
        span = Span(
            value.span.file, value.span.start, Position(value.span.start.line, value.span.start.column + len(head))
        )
        self._fault("yaml/quote-this", "this test must be quoted", span, quote_help(head))
        return True

    def _look_for_range(self, item: Node, start: int, end: int) -> None:
        if isinstance(item, Scalar) and item.plain and ".." in item.text:
            whole = self.text.text[start:end]
            self._fault("yaml/quote-this", "this test must be quoted", self.text.span(start, end), quote_help(whole))


def quote_help(text: str) -> str:
    """What to do about a test that YAML does not read as text."""
    escaped = text.replace("'", "''")
    return f"write `'{escaped}'`: YAML reads `>` and `[` as its own"


def _joined(start: str, rest: str) -> str:
    """The text that was meant: a number with its fraction, or a text with a comma."""
    return f"{start}.{rest}" if start.isdecimal() and rest.isdecimal() else f"{start}, {rest}"


def _comma_help(start: str, rest: str) -> str:
    if start.isdecimal() and rest.isdecimal():
        return f"write `{_joined(start, rest)}` if it is one number, else put quotes around the text"
    escaped = _joined(start, rest).replace("'", "''")
    return f"write the whole text in quotes: `'{escaped}'`"


def _marks(event: Any) -> tuple[int, int]:  # noqa: ANN401 - see above
    """The offsets at which an event starts and ends."""
    return event.start_mark.index, event.end_mark.index


def _collected(node: Node, parts: list[_Built], end: int) -> _Built:
    height = 1 + max((b.height for b in parts), default=0)
    return _Built(node, NODE_COST + sum(b.size for b in parts), height, end)


def _is_nothing(value: Scalar) -> bool:
    if value.plain:
        return value.text in NOTHING
    header = value.span.file.line(value.span.start.line)[value.span.start.column - 1 :][:1]
    return header in ("|", ">") and not value.text.strip()
