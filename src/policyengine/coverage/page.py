"""Coverage as a page for a browser: the policy's own lines, coloured, each with what covers it and what lacks.

Pages need nothing but themselves: no script, no network. Colour is never alone: every line has a sign and words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from importlib.resources import files
from typing import Final

from policyengine.coverage.data import state
from policyengine.coverage.items import TITLES
from policyengine.coverage.report import Count, Coverage, Covered, count, grouped
from policyengine.coverage.text import SHARED, cases, lacking, percent_text, proofs
from policyengine.source import SourceFile

_SIGNS: Final = {"full": "✓", "part": "◐", "none": "✗", "proved": "·"}
_MEANINGS: Final = {
    "full": "all of it is covered",
    "part": "some of it is covered",
    "none": "nothing of it is covered",
    "proved": "cannot be reached",
}
_READING: Final = (
    "Open a line to see which cases cover it, and what lacks. Lines without a sign decide nothing by themselves, such "
    "as titles, sources and sentences that go on; no case can cover them. Percentages are rounded down."
)
_ITEM_SIGNS: Final = {"covered": "✓", "missing": "✗", "unreachable": "·"}


def pages(found: Sequence[Coverage]) -> Mapping[str, str]:
    """File names with their contents: a page for each bundle, and ``index.html``, which leads to them."""
    names = _names(found)
    made = {name: bundle_page(one) for name, one in zip(names, found, strict=True)}
    return {**made, "index.html": _index(zip(names, found, strict=True))}


def _names(found: Sequence[Coverage]) -> list[str]:
    """A name for each bundle; bundles of one name are numbered."""
    taken: dict[str, int] = {}
    names = []
    for one in found:
        number = taken[one.bundle.id] = taken.get(one.bundle.id, 0) + 1
        names.append(f"{one.bundle.id}.html" if number == 1 else f"{one.bundle.id}-{number}.html")
    return names


def _index(found: Iterable[tuple[str, Coverage]]) -> str:
    rows = "".join(
        f'<tr><td><a href="{escape(name)}">{escape(c.bundle.title)}</a></td>{_cells(c.all)}</tr>' for name, c in found
    )
    return _document("Coverage", f"<h1>Coverage</h1><table>{_HEAD.format('bundle')}<tbody>{rows}</tbody></table>")


def bundle_page(found: Coverage) -> str:
    """The page of one bundle."""
    every = found.all
    left = [f"{cases(found.review)} under review not counted"] if found.review else []
    left += [f"{cases(found.failed)} did not pass and count neither"] if found.failed else []
    told = f"{every.covered} of {every.total}, by {cases(found.counted)}{''.join(f'; {w}' for w in left)}"
    files_ = _files(found)
    body = [
        f"<h1>{escape(found.bundle.title)}</h1>",
        f'<p class="faint">{escape(found.bundle.id)} {escape(found.bundle.version)}, {escape(found.folder)}</p>',
        f'<p class="big">{percent_text(every.percent)}% covered</p><p>{escape(told)}</p>',
        '<div class="tables">',
        _table("By kind", ((TITLES[kind], c) for kind, c in found.by_kind().items())),
        _table("By decision", ((name or SHARED, c) for name, c in found.by_decision().items())),
        _file_table(files_),
        "</div>",
        _missing(found, files_),
        _unreachable(found, files_),
        "<h2>The policies</h2>",
        f'<ul class="key" aria-label="Signs">{"".join(_key())}</ul>',
        f"<p>{_READING}</p>",
        *(_file(file, n, items) for n, (file, items) in enumerate(files_.items())),
    ]
    return _document(f"Coverage of {found.bundle.title}", "\n".join(body))


_Files = dict[SourceFile, dict[int, list[Covered]]]


def _files(found: Coverage) -> _Files:
    """The items by file and line, files by path."""
    out: _Files = {}
    for c in sorted(found.items, key=lambda c: c.item.span.file.path):
        out.setdefault(c.item.span.file, {}).setdefault(c.item.span.start.line, []).append(c)
    return out


def _key() -> Iterator[str]:
    for name, sign in _SIGNS.items():
        yield f'<li><span class="mark {name}"><span class="mark">{sign}</span></span> {_MEANINGS[name]}</li>'


_COLUMNS = "".join(f'<th scope="col">{name}</th>' for name in ("{}", "covered", "of", "%"))
_HEAD = f"<thead><tr>{_COLUMNS}</tr></thead>"


def _table(title: str, rows: Iterable[tuple[str, Count]]) -> str:
    body = "".join(f"<tr><td>{escape(name)}</td>{_cells(c)}</tr>" for name, c in rows)
    return f"<table><caption>{title}</caption>{_HEAD.format('')}<tbody>{body}</tbody></table>"


def _file_table(found: _Files) -> str:
    counts = {file: count(c for cs in lines.values() for c in cs) for file, lines in found.items()}
    rows = [
        f'<tr><td><a href="#f{n}">{escape(_shown(file))}</a></td>{_cells(c)}</tr>'
        for n, (file, c) in enumerate(counts.items())
    ]
    return f"<table><caption>By file</caption>{_HEAD.format('')}<tbody>{''.join(rows)}</tbody></table>"


def _cells(c: Count) -> str:
    return f"<td>{c.covered}</td><td>{c.total}</td><td>{percent_text(c.percent)}</td>"


def _shown(file: SourceFile) -> str:
    return file.relative or file.path


def _missing(found: Coverage, files_: _Files) -> str:
    lines = [f"{said}</li>" for said, _ in _told(found.missing(), files_)]
    if not lines:
        return "<h2>Nothing is missing</h2>"
    return f'<h2>Missing</h2><ul class="list">{"".join(lines)}</ul>'


def _unreachable(found: Coverage, files_: _Files) -> str:
    """What is proved to be out of reach, each with its proof; nothing where there is none."""
    lines = [f"{said}: {_worded(proofs(group))}</li>" for said, group in _told(found.unreachable(), files_)]
    if not lines:
        return ""
    return f'<h2>Cannot be reached, and not counted</h2><ul class="list">{"".join(lines)}</ul>'


def _told(items: Iterable[Covered], files_: _Files) -> Iterator[tuple[str, tuple[Covered, ...]]]:
    """The beginning of a list item for what is about one thing, its place first, and what it tells of."""
    numbers = {file: n for n, file in enumerate(files_)}
    for item, group in grouped(items):
        file, line = item.span.file, item.span.start.line
        place = f'<a href="#f{numbers[file]}-{line}">{escape(_shown(file))}:{line}</a>'
        yield f"<li>{place}: {_worded(item.about)}: {_worded(lacking(group))}", group


def _worded(text: str) -> str:
    """Text with what stands between backticks as code."""
    parts = text.split("`")
    return "".join(f"<code>{escape(p)}</code>" if n % 2 else escape(p) for n, p in enumerate(parts))


# --- the lines of a file ---


def _file(file: SourceFile, number: int, items: Mapping[int, list[Covered]]) -> str:
    last = len(file.lines) - (not file.lines[-1])
    lines = "\n".join(_line(file, number, at, items.get(at, [])) for at in range(1, last + 1))
    return f'<h2 id="f{number}">{escape(_shown(file))}</h2>\n<div class="file">\n{lines}\n</div>'


def _line(file: SourceFile, number: int, at: int, items: Sequence[Covered]) -> str:
    number_, code = f'<span class="number">{at}</span>', f'<code class="code">{escape(file.line(at))}</code>'
    place = f'id="f{number}-{at}"'
    if not items:
        return f'<div class="plain" {place}>{number_}<span></span>{code}</div>'
    found = count(items)
    name = _state(found)
    said = f"{found.covered} of {found.total} covered" if found.total else _MEANINGS["proved"]
    share = f" {found.covered}/{found.total}" if found.total else ""
    mark = (
        f'<span class="mark"><span aria-hidden="true">{_SIGNS[name]}{share}</span>'
        f'<span class="words">{said}. </span></span>'
    )
    title = escape("; ".join([said, *_briefly(items)]), quote=True)
    told = "".join(_group(item.about, group) for item, group in grouped(items))
    summary = f'<summary title="{title}">{number_}{mark}{code}</summary>'
    return f'<details class="line {name}" {place}>{summary}<ul class="items">{told}</ul></details>'


def _state(found: Count) -> str:
    if not found.total:
        return "proved"
    return "full" if found.covered == found.total else "part" if found.covered else "none"


def _briefly(items: Sequence[Covered]) -> list[str]:
    return [f"{item.about}: {lacking(group)}" for item, group in grouped(c for c in items if c.missing)]


def _group(about: str, items: Sequence[Covered]) -> str:
    """What is about one thing, what is missing first."""
    told = "".join(_item(c) for c in sorted(items, key=lambda c: not c.missing))
    return f"<li>{_worded(about)}<ul>{told}</ul></li>"


def _item(c: Covered) -> str:
    kind = state(c)
    sign = f'<span class="sign" aria-hidden="true">{_ITEM_SIGNS[kind]}</span><span class="words">{kind}: </span>'
    if kind == "covered":
        more = f" and {c.count - len(c.cases)} more" if c.count > len(c.cases) else ""
        named = f'<span class="faint">{escape("; ".join(c.cases))}{more}</span>'
        told = f"a case {_worded(c.item.lacks)}: {named}"
    elif kind == "missing":
        told = f"no case {_worded(c.item.lacks)}"
    else:
        told = f"there can be no case {_worded(c.item.lacks)}: {_worded(c.item.proof)}"
    return f'<li class="{kind}">{sign}{told}</li>'


def _document(title: str, body: str) -> str:
    style = files("policyengine.coverage").joinpath("page.css").read_text(encoding="utf-8")
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )
