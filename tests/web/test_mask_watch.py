"""Bundles are exchanged, and every mask of the log goes on hiding something."""

from __future__ import annotations

import shutil

import pytest
from tests.web.conftest import Server

from policyengine import load_bundle
from policyengine.decision_log.masking import masks
from policyengine.frontend.bundle_files import read_files
from policyengine.web.generations import Released
from policyengine.web.judging import Judge
from policyengine.web.mask_watch import MaskWatch
from policyengine.web.trial import Tried

REFUND = "/v1/bundles/umbrella/decisions/refund"
PRICE, CAUSE = "/input/umbrella/price", "/input/damage/cause"


def released(name: str, digest: str) -> Released:
    return Released(name, "1", digest, source=f"policies/{name}", files="", since="")


@pytest.fixture
def watch() -> MaskWatch:
    made = MaskWatch(masks([PRICE, CAUSE, "/result/amount"]), [])
    for digest, idle in {"both": (), "price": (CAUSE,), "cause": (PRICE,), "none": (PRICE, CAUSE)}.items():
        made.note(digest, dict.fromkeys(idle, ""))
    return made


@pytest.mark.parametrize(
    ("before", "after", "at_fault"),
    [
        ({"a": "both"}, {"a": "both"}, {}),
        ({"a": "both"}, {"a": "price"}, {"a": 1}),
        ({"a": "both"}, {"a": "none"}, {"a": 2}),
        # Another bundle still has it, or has it now.
        ({"a": "both", "b": "both"}, {"a": "none", "b": "both"}, {}),
        ({"a": "both", "b": "none"}, {"a": "none", "b": "both"}, {}),
        ({"a": "price", "b": "cause"}, {"a": "cause", "b": "price"}, {}),
        # Whoever took it away is refused, and nobody else.
        ({"a": "both", "b": "none"}, {"a": "none", "b": "none", "c": "none"}, {"a": 2}),
        # One that goes out of service logs nothing; what comes in its place does.
        ({"a": "both", "b": "none"}, {"b": "none"}, {}),
        ({"a": "both"}, {"c": "none"}, {"c": 2}),
        ({"b": "none"}, {"b": "none", "c": "price"}, {"c": 1}),
    ],
)
def test_who_would_leave_a_mask_without_anything_to_hide(watch, before, after, at_fault):
    lost = watch.lost(*({id_: released(id_, d) for id_, d in bundles.items()} for bundles in (before, after)))
    assert {id_: len(faults) for id_, faults in lost.items()} == at_fault
    for id_, faults in lost.items():
        assert {(fault["code"], fault["file"]) for fault in faults} == {("bundle/unmasked", f"policies/{id_}")}


def test_what_is_refused_may_take_from_a_mask_what_it_was_to_bring(bundles, tmp_path):
    """A gives a fact up that B takes over; B drops another one, is refused, and so A stays as well."""
    watch = MaskWatch(masks([PRICE, CAUSE]), [])
    idle = {"old a": (CAUSE,), "old b": (PRICE,), "new a": (PRICE, CAUSE), "new b": (CAUSE,)}
    for digest, pointers in idle.items():
        watch.note(digest, dict.fromkeys(pointers, ""))
    sources = {name: tmp_path / name for name in "ab"}
    for source in sources.values():
        source.mkdir()
        (source / "bundle.yaml").write_text((bundles / "umbrella" / "bundle.yaml").read_text())

    def try_out(files, _) -> Tried:
        name = files.shown[-1]
        return Tried({"id": name, "version": "2", "digest": f"new {name}"}, (), dict.fromkeys(idle[f"new {name}"], ""))

    judge = Judge(list(sources.values()), (), tmp_path / "copies", try_out, masks=watch)
    serving = {n: Released(n, "1", f"old {n}", source=s.as_posix(), files="", since="") for n, s in sources.items()}
    judged = judge.judge(serving, removes=True)
    assert judged.bundles == serving
    assert {refused.bundle: refused.first[0]["code"] for refused in judged.refused} == {
        "a": "bundle/unmasked",
        "b": "bundle/unmasked",
    }


def test_it_begins_with_what_is_served(bundles):
    bundle = load_bundle(bundles / "umbrella")
    watch = MaskWatch(masks([PRICE]), [bundle])
    served = {bundle.id: released(bundle.id, read_files(bundles / "umbrella").digest())}
    assert watch.lost(served, served) == {}
    watch.note("other", {PRICE: "did you mean `/input/umbrella/prices`?"})
    ((fault,),) = watch.lost(served, {bundle.id: released(bundle.id, "other")}).values()
    assert fault["help"].startswith("did you mean `/input/umbrella/prices`? give the fact its old name back")


def test_a_reload_leaves_no_mask_without_anything_to_hide(bundles, tmp_path):
    """A fact that is masked gets another name: it would be logged from then on."""
    folder, database = tmp_path / "umbrella", tmp_path / "log.sqlite"
    shutil.copytree(bundles / "umbrella", folder)
    body = {"facts": {"umbrella": {"price": "77.70 EUR"}}, "as_of": "2025-06-01"}
    running = Server(
        str(folder), "--log", str(database), "--log-mask", "/input/umbrella/price,/result/amount,/result/amounts"
    )
    try:
        with running.client() as client:
            first = client.post(REFUND, json=body).headers["Policy-Bundle-Digest"]
            for file in folder.rglob("*.yaml"):
                file.write_text(file.read_text(encoding="utf-8").replace("umbrella.price", "umbrella.prices"))
            refused = client.post("/v1/admin/reload")
            again = client.post(REFUND, json=body)
            assert again.headers["Policy-Bundle-Digest"] == first
            for file in folder.rglob("*.yaml"):
                file.write_text(file.read_text(encoding="utf-8").replace("umbrella.prices", "umbrella.price"))
            mended = client.post("/v1/admin/reload")
    finally:
        running.stop()
    assert (refused.status_code, mended.status_code) == (422, 200)
    (fault,) = refused.json()["refused"][0]["first"]
    assert (fault["code"], fault["at"].split(":")[0]) == ("bundle/unmasked", str(folder))
    assert fault["message"].startswith("the decision log is to hide `/input/umbrella/price`, and with these policies")
    assert fault["help"].startswith("did you mean `/input/umbrella/prices`? give the fact its old name back")
    assert b"77.70" not in b"".join(file.read_bytes() for file in tmp_path.glob("log.sqlite*"))
