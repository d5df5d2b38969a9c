"""What is wrong with a text that is not YAML, in plain words; and how to read on past it.

PyYAML stops at the first fault and speaks of tokens. Here its report is turned into one sentence
about the text, and the smallest entry around the fault is blanked out, so that the next faults of
the same file can be found as well.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import yaml

from policyengine.frontend.yaml_compose import Text, quote_help

TAB_MESSAGE = "tabs in indentation are not used in policies"
TAB_HELP = "indent with spaces"

_RANGE = re.compile(r"\[[^\[\](){},'\"]*\.\.[^\[\](){},'\"]*[\])]|\([^\[\](){},'\"]*\.\.[^\[\](){},'\"]*\]")
_WORD = re.compile(r"[^\s,\[\]{}]+|\S")
_COMMENT = re.compile(r"\s+#.*")


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault between two offsets of the text; ``quotable`` when quoting that stretch mends it."""

    code: str
    message: str
    start: int
    end: int
    help: str | None = None
    quotable: bool = False


# Part of PyYAML's problem, what it means, what to do. The first that fits is taken.
_SENTENCES = (
    (
        "mapping values are not allowed",
        "this `:` begins a value where none can stand",
        "quote the text if the `:` belongs to it; else check the indentation",
    ),
    ("sequence entries are not allowed", "a list item cannot begin here", "check the indentation"),
    ("mapping keys are not allowed", "a key cannot begin here", "check the indentation"),
    ("unknown escape character", "this is not an escape that YAML knows", "use single quotes, where `\\` means itself"),
    ("escape sequence of", "this escape lacks hexadecimal digits", "use single quotes, where `\\` means itself"),
    ("document separator", "the quote is still open where a document ends", "close the quote"),
    ("expected the node content", "a value is missing here", None),
    ("document start", "the text goes on after the document's end", None),
    ("YAML directive", "this directive is not understood", "take the line out"),
    ("alphabetic or numeric", "a name is missing after `&` or `*`", "quote the text if it begins with `&` or `*`"),
)


def fault_of(error: yaml.YAMLError, text: Text) -> Fault:
    """The fault that PyYAML stopped at."""
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return Fault("yaml/syntax", _cannot_read("the text ends or breaks off unexpectedly"), 0, 0)
    at = error.problem_mark.index
    problem, context = error.problem or "", error.context or ""
    since = error.context_mark.index if error.context_mark else None
    return (
        _swallowing(text, at)
        or _unquoted_test(text, at, since, context)
        or _bad_start(text, at, problem)
        or _unclosed(text, at, since, context, problem)
        or _misfit(text, at, problem, context)
        or _no_colon(text, since, problem)
        or _known(text, at, problem)
    )


def _cannot_read(what: str) -> str:
    return f"cannot read this as YAML: {what}"


def _syntax(what: str, start: int, end: int, help_: str | None = None) -> Fault:
    return Fault("yaml/syntax", _cannot_read(what), start, end, help_)


def _swallowing(text: Text, at: int) -> Fault | None:
    """A quote that is closed only lines later, where the text then goes on: most likely the next one opens another."""
    line = text.line_of(at)
    try:
        for token in yaml.scan(text.text, Loader=yaml.Loader):
            if token.start_mark.index >= at:
                break
            start, end = token.start_mark.index, token.end_mark.index
            if getattr(token, "style", None) in ("'", '"') and token.start_mark.line < token.end_mark.line == line:
                rest = text.text.find("\n", start)
                message = f"this quote is closed only at line {line + 1}, and the text goes on there"
                return _syntax(message, start, rest, f"close it with `{text.text[end - 1]}` where its text ends")
    except yaml.YAMLError:
        pass  # the fault that is being told
    return None


def _unquoted_test(text: Text, at: int, since: int | None, context: str) -> Fault | None:
    """A test that begins with ``>``, or a range that YAML takes for a list."""
    if context == "while scanning a block scalar" and since is not None and text.text[since] == ">":
        end = text.text.find("\n", since)
        written = _COMMENT.sub("", text.text[since : end if end >= 0 else None]).rstrip()
        return _quotable(written, since)
    if text.text[at : at + 1] == ">":
        found = re.compile(r">[^,{}\[\]\n]*").match(text.text, at)
        return _quotable(found.group().rstrip(), at) if found else None
    return _open_range(text, at, since) if "flow" in context or "block" in context else None


def _open_range(text: Text, at: int, since: int | None) -> Fault | None:
    for offset in (at, since):
        if offset is None:
            continue
        line = text.line_of(offset)
        start = text.starts[line]
        for found in _RANGE.finditer(text.text, start, text.starts[line + 1]):
            before = text.text[start : found.start()]
            # A range inside quotes is well, and so is one that belongs to a longer plain text.
            if before.count("'") % 2 == 0 and before.count('"') % 2 == 0 and before.rstrip()[-1:] in (*":-,[{", ""):
                return _quotable(found.group(), found.start())
    return None


def _quotable(written: str, start: int) -> Fault:
    end = start + len(written)
    return Fault("yaml/quote-this", "this test must be quoted", start, end, quote_help(written), quotable=True)


def _bad_start(text: Text, at: int, problem: str) -> Fault | None:
    if "cannot start any token" not in problem:
        return None
    if text.text[at : at + 1] == "\t":
        return Fault("yaml/forbidden", TAB_MESSAGE, at, at + 1, TAB_HELP)
    sign = "a backtick" if text.text[at] == "`" else f"`{text.text[at]}`"
    return _syntax(f"a text cannot begin with {sign}", at, _word_end(text, at), "quote the text")


def _unclosed(text: Text, at: int, since: int | None, context: str, problem: str) -> Fault | None:
    if since is None:
        return None
    if "scanning a" in context and "quoted scalar" in context and "end of stream" in problem:
        end = text.text.find("\n", since)
        return _syntax("this quote is never closed", since, end if end >= 0 else len(text.text))
    if context not in ("while parsing a flow sequence", "while parsing a flow mapping"):
        return None
    opening = text.text[since]
    closing = "]" if opening == "[" else "}"
    if "stream end" in problem or text.line_of(at) != text.line_of(since):
        return _syntax(
            f"this `{opening}` is not closed where it should be",
            since,
            since + 1,
            f"add `{closing}`, or quote the text",
        )
    help_ = "quote a text that has a comma or a bracket of its own"
    return _syntax(f"`,` or `{closing}` is missing before this", at, _word_end(text, at), help_)


def _misfit(text: Text, at: int, problem: str, context: str) -> Fault | None:
    """Something where a block ought to end."""
    if "expected <block end>" not in problem:
        return None
    before = text.text[text.starts[text.line_of(at)] : at].rstrip()
    if before.endswith(("}", "]", "'", '"')):
        return _syntax(f"text follows a closing `{before[-1]}`", at, _word_end(text, at), "quote the whole text")
    if "block collection" in context and text.text[at : at + 2] != "- ":
        return _syntax(
            "this is indented like the list above it, but is not an item",
            at,
            _word_end(text, at),
            "check the indentation",
        )
    return _syntax(
        "this line is not indented like those it belongs to", at, _word_end(text, at), "check the indentation"
    )


def _no_colon(text: Text, since: int | None, problem: str) -> Fault | None:
    if since is None or "could not find expected ':'" not in problem:
        return None
    end = _word_end(text, since)
    if ":" in text.text[since:end]:
        return _syntax("a blank is missing after the `:`", since, end)
    return _syntax("a `:` is missing after this key", since, end)


def _known(text: Text, at: int, problem: str) -> Fault:
    if "undefined tag handle" in problem:
        return Fault("yaml/forbidden", "tags are not used in policies", at, _word_end(text, at))
    if text.text[text.starts[text.line_of(at)] :].startswith("%"):
        start = text.starts[text.line_of(at)]
        return Fault("yaml/forbidden", "directives are not used in policies", start, _word_end(text, start))
    at = _last_character(text, at)
    for part, what, help_ in _SENTENCES:
        if part in problem:
            return _syntax(what, at, _word_end(text, at) if text.text[at : at + 1] != ":" else at + 1, help_)
    return _syntax("the text does not fit together here", at, _word_end(text, at))


def _last_character(text: Text, at: int) -> int:
    """``at``, or the last character that is not blank when there is nothing after ``at``."""
    return at if text.text[at:].strip() else max(0, len(text.text.rstrip()) - 1)


def _word_end(text: Text, at: int) -> int:
    found = _WORD.match(text.text, at)
    return found.end() if found else at


def without(text: Text, fault: Fault, tried: set[int]) -> tuple[str, range] | None:
    """The text without what is at fault, its length and lines unchanged, and the lines that were touched.

    ``tried`` holds the lines at which entries were blanked out before. None when nothing is left to take out.
    """
    if fault.quotable:
        filler = "x" * (fault.end - fault.start)
        line = text.line_of(fault.start)
        return text.text[: fault.start] + filler + text.text[fault.end :], range(line, line)
    lines = text.text.split("\n")
    entry = _entry_around(lines, text.line_of(fault.start), tried)
    if entry is None:
        return None
    tried.add(entry.start)
    first = lines[entry.start]
    item = re.match(r" *-(?= |$)", first)
    lines[entry.start] = (item.group() if item else "").ljust(len(first))
    for i in entry[1:]:
        lines[i] = " " * len(lines[i])
    return "\n".join(lines), entry


def _entry_around(lines: list[str], at: int, tried: set[int]) -> range | None:
    """The lines of the smallest list item, or else top-level entry, that line ``at`` is in."""
    for start in range(at, -1, -1):
        found = re.match(r"( *)-(?: |$)|(?=[^\s#])", lines[start])
        if not found or start in tried:
            continue
        end = _end_of_entry(lines, start, -1 if found.group(1) is None else len(found.group(1)))
        if end > at:
            return range(start, end)
    return None


def _end_of_entry(lines: list[str], start: int, indent: int) -> int:
    """The line after the entry; ``indent`` of its dash, or -1 for a key of the file."""
    for i in range(start + 1, len(lines)):
        line = lines[i]
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        at = len(line) - len(line.lstrip(" "))
        # A list may stand at the very left under its key.
        if at <= indent or (indent < 0 and at == 0 and not re.match(r"-(?: |$)", line)):
            return i
    return len(lines)
