"""For every operator a twin: a slip that its cases notice, and the same slip where there are none."""

from __future__ import annotations

from collections.abc import Mapping

from tests.mutation.twins import Twin

_TWO_STEPS = """  d§:
    title: Decision ¶
    verdicts: {no: refused, never: refused, wait: pending, yes: granted}
    steps: [first§, second§]
    otherwise: {document: {verdict: yes}}
"""
_TWO_POLICIES = """kind: exclusions
decision: d§
policies:
  first§:
    title: First
    verdict: no
    rules: [{id: R-¶1, because: x, when: {§.flag: true}}]
  second§:
    title: Second
    verdict: never
    rules: [{id: R-¶2, because: x, when: {§.sure: true}}]
"""
_TWO_VERDICTS = """kind: exclusions
decision: d§
policies:
  p§:
    title: Policy
    rules:
      - {id: R-¶1, because: x, verdict: no, when: {§.flag: true}}
      - {id: R-¶2, because: x, verdict: never, when: {§.sure: true}}
"""
_PAYING = """  d§:
    title: Decision ¶
    verdicts: {no: refused, yes: granted}
    steps: [p§]
    otherwise: {document: {verdict: yes}}
    report: [double_§]
"""
_DOUBLE = "  double_§: {type: integer, is: §.count + §.count}\n"
_PAYOUT = """kind: payout
decision: d§
policies:
  pay§:
    title: Payout ¶
    currency: EUR
    total:
      start: §.total
      steps:
{steps}
"""
_PAID = "- {name: paid, facts: {a: {flag: false, total: %s}}, expect: {verdict: yes, amount: %s}}"


def _payout(steps: str) -> Mapping[str, str]:
    lines = "\n".join(f"        {line}" for line in steps.strip().splitlines())
    return {"payout": _PAYOUT.format(steps=lines), "definitions": _DOUBLE}


def _case(facts: str, expect: str, name: str = "one") -> str:
    return f"- {{name: {name}, facts: {{a: {{{facts}}}}}, expect: {{{expect}}}}}"


def _parameter(said: str) -> Mapping[str, str]:
    return {"parameters": f"  limit_§: {said}\n"}


def _table(rows: str, hit: str = "unique", more: str = "") -> Mapping[str, str]:
    table = f"{{hit: {hit}, inputs: [§.kind], rows: [{rows}]{more}}}"
    return {"definitions": f"  plan_§: {{type: integer, table: {table}}}\n"}


TWINS: Mapping[str, Twin] = {
    "boundary": Twin(
        "the limit of `§.count: at least 3` in rule R-¶ falls on the other side",
        _case("count: 3", "verdict: no"),
        "when: {§.count: at least 3}",
    ),
    "negation": Twin(
        "`§.flag: true` in rule R-¶ is turned into its opposite",
        _case("flag: true", "verdict: no"),
        "when: {§.flag: true}",
    ),
    "any-all": Twin(
        "any one instead of all is enough for `{§.flag: true, §.count: 3}` in rule R-¶",
        _case("flag: true, count: 4", "verdict: yes"),
        "when: {§.flag: true, §.count: 3}",
    ),
    "condition-dropped": Twin(
        "`§.count: 3` in rule R-¶ is left out",
        _case("flag: true, count: 4", "verdict: yes"),
        "when: {§.flag: true, §.count: 3}",
    ),
    "unknown-as-false": Twin(
        "`§.count: 3` in rule R-¶ counts as false while `§.count` is not known",
        _case("flag: true", "verdict: undetermined"),
        "when: {§.count: 3}",
    ),
    "empty-as-stated": Twin(
        "`stated(§.note)` in rule R-¶ also holds for an empty value, and no longer waits for an unknown one",
        _case("note: ''", "verdict: yes"),
        "when: {where: stated(§.note)}",
    ),
    "limit-shifted": Twin(
        "`§.total: more than 3 EUR` in rule R-¶ has 2.99 EUR instead of 3 EUR",
        _case("total: 3 EUR", "verdict: yes"),
        "when: {§.total: more than 3 EUR}",
    ),
    "parameter-shifted": Twin(
        "parameter `limit_§` is 39 days instead of 40 days",
        _case("day: 2025-03-01, until: 2025-04-10", "verdict: yes"),
        "act: §.until\nby: §.day + limit_§",
        kind="deadlines",
        files=_parameter("{type: duration, value: 40 days}"),
    ),
    "word-swapped": Twin(
        "`§.kind: x` in rule R-¶ has y instead of x",
        _case("kind: x", "verdict: no"),
        "when: {§.kind: x}",
    ),
    "member-changed": Twin(
        "parameter `limit_§` is read without `n`",
        _case("kind: x, marks: [n]", "verdict: no"),
        "when: {§.marks: contains any limit_§}",
        files=_parameter("{type: set, of: mark, value: [m, n]}"),
    ),
    "unit-swapped": Twin(
        "`§.day + 7 days` in rule R-¶ has 7 working days by cal_a instead of 7 days",
        _case("day: 2025-03-03, until: 2025-03-11", "verdict: no"),
        "act: §.until\nby: §.day + 7 days",
        kind="deadlines",
    ),
    "later-earlier": Twin(
        "`latest(§.day, §.until)` in rule R-¶ takes `earliest` instead of `latest`",
        _case("day: 2025-05-01, until: 2025-06-02", "verdict: yes"),
        "by: latest(§.day, §.until)",
        kind="deadlines",
    ),
    "edition-shifted": Twin(
        "the value 5 of parameter `limit_§` begins on 2025-01-02 instead of 2025-01-01",
        _case("day: 2025-01-01, count: 4", "verdict: no"),
        "when: {§.count: less than limit_§}",
        files=_parameter(
            "{type: integer, keyed_on: §.day, values: [{from: 2024-01-01, value: 3}, {from: 2025-01-01, value: 5}]}"
        ),
    ),
    "key-day-swapped": Twin(
        "the values of parameter `limit_§` go by the day of the decision instead of `§.day`",
        _case("day: 2024-12-31, count: 4", "verdict: yes"),
        "when: {§.count: less than limit_§}",
        files=_parameter(
            "{type: integer, keyed_on: §.day, values: [{from: 2024-01-01, value: 3}, {from: 2025-01-01, value: 5}]}"
        ),
    ),
    "day-off-dropped": Twin(
        "2025-01-01 is a working day in calendar `cal_§`",
        _case("day: 2024-12-31, until: 2025-01-02", "verdict: yes"),
        "act: §.until\nby: §.day + 1 working day by cal_§",
        kind="deadlines",
        files={"calendars": "  cal_§: {weekend: [sunday], holidays: {2024: [], 2025: [01-01]}}\n"},
    ),
    "rule-dropped": Twin(
        "rule R-¶ is missing",
        _case("flag: false", "verdict: no"),
        "require: {§.flag: true}",
        kind="requirements",
    ),
    "exclusion-dropped": Twin(
        "exclusion R-¶ is missing",
        _case("flag: true", "verdict: no"),
        "when: {§.flag: true}",
    ),
    "verdict-swapped": Twin(
        "rule R-¶ gives `never` instead of `no`",
        _case("flag: true", "verdict: no"),
        "when: {§.flag: true}",
    ),
    "steps-swapped": Twin(
        "the step of `second§` comes before that of `first§` in decision `d§`",
        _case("flag: true, sure: true", "verdict: no"),
        decision=_TWO_STEPS,
        files={"rules": _TWO_POLICIES},
    ),
    "verdicts-swapped": Twin(
        "verdict `never` ranks above `no` in decision `d§`",
        _case("flag: true, sure: true", "verdict: no"),
        files={"rules": _TWO_VERDICTS},
    ),
    "need-dropped": Twin(
        "rule R-¶ does not name `photo` among its needs",
        _case("flag: false", "verdict: wait, needs: [photo, bill]"),
        "verdict: wait\nrequire: {§.flag: true}\nneeds: [photo, bill]",
        kind="requirements",
    ),
    "report-dropped": Twin(
        "decision `d§` does not report `double_§`",
        _case("flag: false, count: 2", "values: {double_a: 4}"),
        "when: {§.flag: true}",
        decision=_PAYING,
        files={"definitions": _DOUBLE},
    ),
    "sign-swapped": Twin(
        "`§.count + §.count` in definition `double_§` has `-` instead of `+`",
        _case("flag: false, count: 2", "values: {double_a: 4}"),
        "when: {§.flag: true}",
        decision=_PAYING,
        files={"definitions": _DOUBLE},
    ),
    "payout-step-dropped": Twin(
        "the step that sets `amount * 2` of the total is left out of payout `pay§`",
        _PAID % ("4 EUR", "8 EUR"),
        "when: {§.flag: true}",
        decision=_PAYING,
        files=_payout("- {set: amount * 2}\n- {round: 0.01, mode: half_up}"),
    ),
    "payout-limit-dropped": Twin(
        "the limit L-¶1 is left out of payout `pay§`",
        _PAID % ("9 EUR", "5 EUR"),
        "when: {§.flag: true}",
        decision=_PAYING,
        files=_payout(
            "- limits: [{id: L-¶1, to: 5 EUR, because: x}, {id: L-¶2, to: 8 EUR, because: x}]\n"
            "- {round: 0.01, mode: half_up}"
        ),
    ),
    "payout-steps-swapped": Twin(
        "the step of the limits L-¶ of the total comes before the step that sets `amount * 2` in payout `pay§`",
        _PAID % ("4 EUR", "5 EUR"),
        "when: {§.flag: true}",
        decision=_PAYING,
        files=_payout(
            "- {set: amount * 2}\n- limits: [{id: L-¶, to: 5 EUR, because: x}]\n- {round: 0.01, mode: half_up}"
        ),
    ),
    "rounding-swapped": Twin(
        "payout `pay§` rounds down instead of half_up",
        _PAID % ("0.01 EUR", "0.01 EUR"),
        "when: {§.flag: true}",
        decision=_PAYING,
        files=_payout("- {set: amount / 2}\n- {round: 0.01, mode: half_up}"),
    ),
    "rounding-coarser": Twin(
        "payout `pay§` rounds to 0.1 instead of 0.01",
        _PAID % ("0.02 EUR", "0.02 EUR"),
        "when: {§.flag: true}",
        decision=_PAYING,
        files=_payout("- {round: 0.01, mode: half_up}"),
    ),
    "default-dropped": Twin(
        "fact `§.sure` has no default `false`",
        _case("flag: false", "verdict: yes"),
        "when: {§.sure: true}",
    ),
    "unknown-fact-as-false": Twin(
        "fact `§.flag` counts as false while it is not known",
        _case("count: 1", "verdict: undetermined"),
        "when: {§.flag: true}",
    ),
    "order-dropped": Twin(
        "fact `§.until` may be before `§.day` without a remark",
        _case("flag: false, day: 2025-03-01, until: 2025-02-28", "remarks: [facts/order]"),
        "when: {§.flag: true}",
    ),
    "row-dropped": Twin(
        "the row `[y, 2]` is missing in definition `plan_§`",
        _case("kind: y", "verdict: no"),
        "when: {plan_§: 2}",
        files=_table("[x, 1], [y, 2], [z, 3]"),
    ),
    "rows-swapped": Twin(
        "the row `[any, 2]` comes before `[x, 1]` in definition `plan_§`",
        _case("kind: x", "verdict: yes"),
        "when: {plan_§: 2}",
        files=_table("[x, 1], [any, 2]", hit="first"),
    ),
    "otherwise-dropped": Twin(
        "definition `plan_§` has no `otherwise`",
        _case("kind: z", "verdict: no"),
        "when: {plan_§: 2}",
        files=_table("[x, 1], [y, 3]", more=", otherwise: [2]"),
    ),
}
