"""Small broken bundles as data: the base bundle beside this file, with some of its files replaced or added."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from policyengine.diagnostics import Diagnostics
from policyengine.loading import check_folder

HERE = Path(__file__).parent
BASE = {p.name: p.read_text("utf-8") for p in sorted((HERE / "base").glob("*.yaml"))}
Case = dict[str, Any]

_RULE = """kind: exclusions
decision: coverage
policies:
  extra:
    each: claim
    rules:
      - id: X-1
        because: x
"""
_GATE = """kind: {kind}
decision: ship
policies:
  gate:
    verdict: hold
    rules:
"""


def files_of(case: Case) -> dict[str, str]:
    """The files of a case. Besides ``files`` there are short forms for what most cases are about.

    ``where`` and ``when`` stand in a rule asked for each claim; ``rules`` are the rules of the document's policy, of
    kind ``kind``; ``facts``, ``parameters``, ``definitions`` and ``decisions`` are declared besides those of the base.
    """
    files = dict(BASE)
    if "where" in case:
        quoted = case["where"].replace("'", "''")
        files["extra.yaml"] = f"{_RULE}        when:\n          where: '{quoted}'\n"
    if "when" in case:
        files["extra.yaml"] = f"{_RULE}        when:\n{_indented(case['when'], 10)}"
    if "rules" in case:
        files["gate.yaml"] = _GATE.format(kind=case.get("kind", "requirements")) + _indented(case["rules"], 6)
    for kind in ("facts", "parameters", "definitions"):
        if kind in case:
            files["more.yaml"] = f"kind: {kind}\n{kind}:\n{_indented(case[kind], 2)}"
    if "decisions" in case:
        files["bundle.yaml"] += _indented(case["decisions"], 2)
    files |= case.get("files", {})
    return {name: text for name, text in files.items() if text is not None}


def _indented(text: str, by: int) -> str:
    return "".join(f"{' ' * by}{line}\n" for line in text.rstrip("\n").split("\n"))


def checked(case: Case, folder: Path, *, lint: bool = False) -> Diagnostics:
    """What is said about a case whose files are written into ``folder``."""
    for name, text in files_of(case).items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    return check_folder(folder, lint=lint)[1]


def said(sink: Diagnostics, folder: Path) -> list[dict[str, str]]:
    """The diagnostics as the cases write them: code, place, underlined text, message, help."""
    found = []
    for d in sink:
        place = Path(d.span.file.path)
        where = f"{place.name}:{d.span.start.line}" if place != folder else "."
        item = {"code": d.code, "at": where, "underlined": d.span.underlined, "message": d.message}
        found.append({**item, **({"help": d.help.replace(f"{folder}/", "")} if d.help else {})})
    return found
