"""What the program knows, read from the program itself: the other side of every comparison with the documents."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.docs.documents import ROOT

from policyengine.testing.known_words import FAULTS, REMARKS

PACKAGE = ROOT / "src" / "policyengine"
_CODE = re.compile(r"[a-z]+/[a-z]+(?:-[a-z]+)*")
# Texts of the program that look like codes.
_OTHERS = {
    "application/json",
    "application/x-ndjson",
    "text/plain",
    "policies/returns",
    "testcase/error",
    "testcase/failure",
}


def _texts(path: Path) -> Iterator[str]:
    """Every text in the code of a module; of a call ``_lint("name", …)`` the code that it makes."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_lint":
            first = node.args[0]
            assert isinstance(first, ast.Constant), f"{path}:{node.lineno}: the name of a lint must be written out"
            yield f"lint/{first.value}"


@cache
def all_codes() -> frozenset[str]:
    """Every code of a diagnostic, a request error, a remark or a fault that the program can give."""
    found = {text for path in PACKAGE.rglob("*.py") for text in _texts(path)}
    return frozenset(text for text in found if _CODE.fullmatch(text)) - _OTHERS


def request_codes() -> set[str]:
    return {code for code in all_codes() if code.startswith("request/")}


def lint_codes() -> set[str]:
    return {code for code in all_codes() if code.startswith("lint/")}


def diagnostic_codes() -> set[str]:
    """Codes of mistakes in policies. Two codes of tables are said of policies and of answers alike."""
    answers = {*REMARKS, *FAULTS} - {"table/overlap"}
    return set(all_codes()) - request_codes() - lint_codes() - answers


def grammar_words() -> set[str]:
    """Every word and sign of the grammar of expressions and tests; a phrase counts as one."""
    lines = (PACKAGE / "language" / "grammar.lark").read_text(encoding="utf-8").splitlines()
    rules = "\n".join(line for line in lines if not line.startswith(("//", "%", "NAME", "STRING")))
    words = set(re.findall(r'"([^"\s]+)"', rules))
    phrases = re.findall(r"/([a-z]+\\s\+[a-z]+)\(\?!", rules)
    assert phrases, "the phrases of the grammar are not found"
    return words | {phrase.replace(r"\s+", " ") for phrase in phrases}
