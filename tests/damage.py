"""Damages real bundles at random and sees that every fault is told at a place.

`python -m tests.damage 1000 [first seed]` prints the figures.

Each seed is one damaged bundle, so a finding is repeated by its seed alone.
"""

from __future__ import annotations

import random
import re
import shutil
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from policyengine.diagnostics import Diagnostic
from policyengine.loading import check_folder

ROOT = Path(__file__).parents[1]
BUNDLES = sorted(p.parent for p in (ROOT / "policies").glob("*/bundle.yaml"))
# Words of Python and of the libraries underneath; none may reach a reader.
LIBRARY_WORDS = re.compile(
    r"Traceback|NoneType|jsonschema|Validator|is not of type|valid under|\b(?:dict|str|int|None|True|False)\b"
    r"|Unexpected|Terminal|lark|object at 0x|ScannerError|ParserError|while (?:scanning|parsing)"
)
INKS = [
    *"'\"[]{}:,-#&*!|>%@`~()<>=/\\. \t",
    "\n",
    "\n\n",
    "\u00e9",
    "\u2028",
    "\0",
    "- ",
    ": ",
    "null",
    "true",
    "-1",
    "1e9",
    "..",
    "''",
]
VALUES = [
    *[
        "",
        "~",
        "[]",
        "{}",
        "[a, b]",
        "{a: b}",
        "true",
        "12",
        "-3.5",
        "2024-02-30",
        "5 XXX",
        "'",
        '"',
        "*x",
        "!t v",
        "> 3",
    ],
    *[
        "[1..4)",
        "as_of",
        "verdict",
        "claims",
        "claim",
        "count(claims)",
        "sum(1)",
        "not(not(true))",
        "((((1))))",
        "a.b.c",
    ],
    *["known(as_of)", "if true then 1 else x", "some c in claims satisfies true", "{deadline} {", "days(1) + days(2)"],
    *["9" * 60, "x" * 300],
]
Files = dict[str, str]


@dataclass(frozen=True)
class Outcome:
    """What came of one damaged bundle: ``faults`` are breaches of the promise, with the files to repeat them."""

    seed: int
    damage: tuple[str, ...]
    loaded: bool
    codes: tuple[str, ...]
    faults: tuple[str, ...]


# -- ways of damage -----------------------------------------------------------------------------


def _letters(r: random.Random, text: str) -> str:
    at = r.randrange(len(text) + 1)
    match r.randrange(4):
        case 0:
            return text[:at] + text[at + 1 :]
        case 1:
            return text[:at] + r.choice(INKS) + text[at:]
        case 2:
            return text[:at] + text[at : at + 2][::-1] + text[at + 2 :]
        case _:
            return text[:at] + text[at + r.randrange(40) :]


def _lines(r: random.Random, text: str) -> str:
    lines = text.split("\n")
    i = r.randrange(len(lines))
    match r.randrange(5):
        case 0:
            del lines[i]
        case 1:
            lines.insert(i, lines[i])
        case 2:
            lines[i] = " " * r.randrange(5) + lines[i]
        case 3:
            lines[i] = lines[i][r.randrange(1, 4) :]
        case _:
            j = r.randrange(len(lines))
            lines[i], lines[j] = lines[j], lines[i]
    return "\n".join(lines)


def _key(r: random.Random, text: str) -> str:
    return _in_a_match(r, text, re.compile(r"[\w.]+(?=:)"), lambda w: _misspelt(r, w))


def _word(r: random.Random, text: str) -> str:
    return _in_a_match(r, text, re.compile(r"[a-z][\w.]+"), lambda w: _misspelt(r, w))


def _value(r: random.Random, text: str) -> str:
    return _in_a_match(r, text, re.compile(r"(?<=: )[^\n,}]+"), lambda _: r.choice(VALUES))


def _quotes(r: random.Random, text: str) -> str:
    return _in_a_match(r, text, re.compile(r"['\"]"), lambda _: r.choice(["", "'", '"', "''"]))


def _swapped_words(r: random.Random, text: str) -> str:
    words = [*re.finditer(r"[\w.]+", text)]
    a, b = sorted(r.sample(range(len(words)), 2)) if len(words) > 1 else (0, 0)
    first, second = words[a], words[b]
    return (
        text[: first.start()]
        + second.group()
        + text[first.end() : second.start()]
        + first.group()
        + text[second.end() :]
    )


def _in_a_match(r: random.Random, text: str, pattern: re.Pattern[str], change: Callable[[str], str]) -> str:
    found = [*pattern.finditer(text)]
    if not found:
        return text
    m = r.choice(found)
    return text[: m.start()] + change(m.group()) + text[m.end() :]


def _misspelt(r: random.Random, word: str) -> str:
    at = r.randrange(len(word))
    return r.choice(
        [word[:at] + word[at + 1 :], word[:at] + word[at] + word[at:], word[:at] + "x" + word[at + 1 :], word.upper()]
    )


_IN_A_FILE: tuple[Callable[[random.Random, str], str], ...] = (
    _letters, _lines, _key, _word, _value, _value, _quotes, _swapped_words,
)  # fmt: skip


def _move_block(r: random.Random, files: Files) -> None:
    """Move some lines from one file to another."""
    source, target = r.choice(sorted(files)), r.choice(sorted(files))
    lines = files[source].split("\n")
    start = r.randrange(len(lines))
    stop = start + r.randrange(1, 12)
    block = lines[start:stop]
    del lines[start:stop]
    files[source] = "\n".join(lines)
    into = files[target].split("\n")
    at = r.randrange(len(into) + 1)
    files[target] = "\n".join([*into[:at], *block, *into[at:]])


def damaged(seed: int) -> tuple[Files, tuple[str, ...]]:
    """The files of a bundle with one to four damages, and what was done."""
    r = random.Random(seed)
    bundle = BUNDLES[seed % len(BUNDLES)]
    files = {p.name: p.read_text("utf-8") for p in sorted(bundle.glob("*.yaml"))}
    done = []
    for _ in range(r.choice([1, 1, 2, 4])):
        if r.random() < 0.08:
            name = r.choice(["move_block", "drop_file", "copy_file"])
            file = r.choice(sorted(files))
            if name == "move_block":
                _move_block(r, files)
            elif name == "drop_file" and len(files) > 1:
                del files[file]
            else:
                files[f"copy_of_{file}"] = files[file]
        else:
            damage, file = r.choice(_IN_A_FILE), r.choice(sorted(files))
            files[file], name = damage(r, files[file]), damage.__name__
        done.append(f"{name} in {file}")
    return files, (bundle.name, *done)


# -- what must hold -----------------------------------------------------------------------------


def breaches(d: Diagnostic, folder: Path) -> list[str]:
    """What is wrong with a diagnostic; nothing when it keeps the promise."""
    found = []
    path = Path(d.span.file.path)
    lines = d.span.file.lines
    if path != folder and not (path.parent == folder and path.is_file()):
        found.append(f"no file of the bundle: {path}")
    start, end = d.span.start, d.span.end
    if start.line < 1 or start.column < 1 or (end.line, end.column) < (start.line, start.column):
        found.append(f"no place: {start} {end}")
    elif path != folder and (end.line > len(lines) or start.column > len(d.span.file.line(start.line)) + 1):
        found.append(f"outside of the file: {start} {end}")
    said = f"{d.message} {d.help or ''}"
    told = re.sub(r"`[^`]*`", "", said)  # what the author wrote may say anything
    if LIBRARY_WORDS.search(told) or not d.message or "\n" in d.message:
        found.append(f"not for people: {said}")
    if not d.render().startswith(d.span.file.path):
        found.append("cannot be printed")
    return [f"{d.code}: {f}" for f in found]


def try_one(seed: int) -> Outcome:
    """Damage a bundle by this seed, check it, and judge what is said."""
    files, done = damaged(seed)
    folder = Path(tempfile.mkdtemp(prefix="damaged-"))
    try:
        for name, text in files.items():
            (folder / name).write_bytes(text.encode("utf-8"))
        bundle, sink = check_folder(folder, lint=True)
        errors = [d for d in sink if d.severity == "error"]
        faults = [f for d in sink for f in breaches(d, folder)]
        if (bundle is None) != bool(errors):
            faults.append("neither loaded nor diagnosed, or both")
        return Outcome(seed, done, bundle is not None, tuple(d.code for d in errors), tuple(faults))
    except Exception:  # noqa: BLE001 - any exception at all is the finding
        return Outcome(seed, done, loaded=False, codes=(), faults=(traceback.format_exc(),))
    finally:
        shutil.rmtree(folder)


def main(count: int, first: int) -> int:
    """Try so many bundles, print the figures, and return how many broke the promise."""
    codes: Counter[str] = Counter()
    loaded = broken = said = 0
    for seed in range(first, first + count):
        outcome = try_one(seed)
        loaded += outcome.loaded
        said += len(outcome.codes)
        codes.update(set(outcome.codes))
        if outcome.faults:
            broken += 1
            print(f"seed {seed}: {outcome.damage}", *outcome.faults, sep="\n  ")
    print(f"{count} damaged bundles: {loaded} loaded, {count - loaded - broken} diagnosed, {broken} broke the promise")
    print(f"{said} errors in all; bundles by code:", ", ".join(f"{c} {n}" for c, n in codes.most_common()))
    return broken


if __name__ == "__main__":
    numbers = [int(a) for a in sys.argv[1:]]
    sys.exit(bool(main(numbers[0] if numbers else 1000, numbers[1] if len(numbers) > 1 else 0)))
