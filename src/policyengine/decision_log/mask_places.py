"""Whether masks hide anything: each is compared with what requests may say, and with what decisions say."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from policyengine.api_schema.decision import decision_schemas
from policyengine.api_schema.parts import Schema
from policyengine.api_schema.vocabulary import facts_schema
from policyengine.decision_log.errors import LogError
from policyengine.decision_log.masking import EACH, Masks, pointer_of
from policyengine.diagnostics import did_you_mean
from policyengine.model.bundle import CheckedBundle

_INPUT: Final = "input"
_HELP: Final = "name a fact below /input or a part of a decision below /result, with `*` for the elements of a list"


def check_masks(found: Masks, bundles: Mapping[str, CheckedBundle]) -> None:
    """LogError for a mask that hides nothing in any bundle: a slip of the pen would log what must not be logged."""
    idle = [idle_masks(found, bundle) for bundle in bundles.values()]
    for path in found.paths():
        pointer = pointer_of(path)
        if path[0] == _INPUT:
            if all(pointer in one for one in idle):
                near = next(filter(None, (one[pointer] for one in idle)), _HELP)
                raise LogError(f"the mask {pointer} hides nothing: no bundle declares such a fact; {near}")
        elif not _is_place(path[1:], _RESULT):
            near = _near(path, _RESULT) or _HELP
            raise LogError(f"the mask {pointer} hides nothing: no decision has such a part; {near}")


def idle_masks(found: Masks, bundle: CheckedBundle) -> dict[str, str]:
    """The masks of facts that hide nothing in this bundle, each with the nearest place that would, as a question."""
    # The values of facts are pieces that are not given here: a fact is hidden whole, however its value is written.
    facts = _Place(facts_schema(bundle), {})
    paths = [path for path in found.paths() if path[0] == _INPUT and not _is_place(path[1:], facts)]
    return {pointer_of(path): _near(path, facts) for path in paths}


def masks_of_facts(found: Masks) -> list[str]:
    """The masks of facts: what they are to hide depends on the bundles that are served."""
    return [pointer_of(path) for path in found.paths() if path[0] == _INPUT]


class _Place(NamedTuple):
    """What may stand in a place, by a schema whose ``$ref`` are names of ``pieces``."""

    schema: Schema
    pieces: Mapping[str, Schema]

    def forms(self) -> Iterator[Schema]:
        """The forms that a value may have there."""
        schema = self.schema
        if "$ref" in schema:
            schema = self.pieces.get(schema["$ref"].rpartition("/")[2], {})
        yield schema
        for form in schema.get("anyOf", ()):
            yield from _Place(form, self.pieces).forms()

    def inside(self) -> Iterator[tuple[str, Callable[[str], bool], _Place]]:
        """What lies in it: how that is written, by which steps it is reached, and the place there."""
        for form in self.forms():
            for key, schema in form.get("properties", {}).items():
                yield key, {key, EACH}.__contains__, _Place(schema, self.pieces)
            if "items" in form:
                yield EACH, _is_element, _Place(form["items"], self.pieces)
            if isinstance(form.get("additionalProperties"), dict):
                yield EACH, bool, _Place(form["additionalProperties"], self.pieces)


_RESULT: Final = _Place({"$ref": "Decision"}, decision_schemas())


def _is_element(step: str) -> bool:
    return step == EACH or (step.isascii() and step.isdigit())


def _is_place(steps: Sequence[str], place: _Place) -> bool:
    return not steps or any(_is_place(steps[1:], there) for _, takes, there in place.inside() if takes(steps[0]))


def _near(path: Sequence[str], place: _Place) -> str:
    known = [(path[0], *steps) for steps in _steps(place) if steps]
    # One that has its `*` in the wrong places, or none, is nearer than any other word.
    same = [other for other in known if _names(other) == _names(path)]
    return did_you_mean(pointer_of(path), map(pointer_of, same or known)) or ""


def _names(path: Sequence[str]) -> list[str]:
    return [step for step in path if step != EACH]


def _steps(place: _Place) -> Iterator[tuple[str, ...]]:
    yield ()
    for key, _, there in place.inside():
        yield from ((key, *steps) for steps in _steps(there))
