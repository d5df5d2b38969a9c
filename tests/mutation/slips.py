"""Slips as an author would make them: edits of the policy files, by programme."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Slip(NamedTuple):
    """One edit: in ``file`` the text ``old``, which stands there once, becomes ``new``; ``also`` are further edits."""

    file: str
    old: str
    new: str
    also: tuple[tuple[str, str, str], ...] = ()


_WORKING = ("bundle.yaml", "time_zone: UTC ", "calendar: week\ntime_zone: UTC ")
_WEEK = (
    "calendars.yaml",
    "",
    "kind: calendars\ncalendars:\n  week: {weekend: [saturday, sunday], holidays: {2025: []}}\n",
)

TRADE_ASSURANCE: Mapping[str, Slip] = {
    # a limit off by one
    "41 days after delivery": Slip("parameters.yaml", "value: 40 days", "value: 41 days"),
    "39 days after delivery": Slip("parameters.yaml", "value: 40 days", "value: 39 days"),
    "31 days after the arrival": Slip("parameters.yaml", "value: 30 days", "value: 31 days"),
    "29 days after the arrival": Slip("parameters.yaml", "value: 30 days", "value: 29 days"),
    "a cap one cent higher": Slip(
        "parameters.yaml",
        "paid on one order\n    value: 50000 USD",
        "paid on one order\n    value: 50000.01 USD",
    ),
    "a limit for one contract one cent lower": Slip(
        "parameters.yaml", "stay below\n    value: 50000 USD", "stay below\n    value: 49999.99 USD"
    ),
    "two kinds of proof": Slip("parameters.yaml", "value: 1\n", "value: 2\n"),
    "lots of up to 151 units": Slip(
        "sampling_plan.yaml",
        "from 51 to 150",
        "from 51 to 151",
        (("sampling_plan.yaml", "from 151 to", "from 152 to"),),
    ),
    "one defect too many": Slip("sampling_plan.yaml", "from 151 to 280, 32, 2", "from 151 to 280, 32, 3"),
    # < against <=
    "as many received as ordered": Slip(
        "definitions.yaml", "claim.received_qty < claim.ordered_qty", "claim.received_qty <= claim.ordered_qty"
    ),
    "shipped on the agreed day": Slip(
        "grounds.yaml", "dispatch_day > contract.ship_by", "dispatch_day >= contract.ship_by"
    ),
    "an order at the limit": Slip("readiness_size.yaml", "less than split_limit", "at most split_limit"),
    "a contract at the limit": Slip("split_plan.yaml", "part: < split_limit_here", "part: <= split_limit_here"),
    "as many defects as allowed": Slip(
        "release.yaml", "major_defects <= sample_plan.accept", "major_defects < sample_plan.accept"
    ),
    # a rule or an exclusion dropped
    "no rule on late claims": Slip("dispute_window.yaml", "act: dispute.opened_on", "act: as_of - 10000 days"),
    "no exclusion of washing by cause": Slip("exclusions.yaml", "            - claim.cause: washing\n", ""),
    "no exclusion of customs": Slip(
        "exclusions.yaml",
        "            - claim.reason: [customs_duty_tax, customs_delay]\n            - claim.cause: customs\n",
        "            - claim.reason: customs_duty_tax\n",
    ),
    "no rule on the badge": Slip("readiness.yaml", "require: {supplier.ta_badge: true}", "require: {where: 1 = 1}"),
    "no comparison asked for": Slip("evidence.yaml", "needs: [spec_comparison]", "needs: []"),
    # any and all, negation
    "all kinds of misuse at once": Slip(
        "exclusions.yaml",
        "              any:\n                - misuse.alleged: true",
        "              all:\n                - misuse.alleged: true",
    ),
    "every payment by escrow": Slip("order_conditions.yaml", "some paid in payments", "every paid in payments"),
    "outside the tolerance": Slip("grounds.yaml", "claim.within_tolerance: false", "claim.within_tolerance: true"),
    "on the list of reasons": Slip(
        "exclusions.yaml",
        "claim.reason: not(late_shipment, quality_mismatch, spec_mismatch, missing_items)",
        "claim.reason: [late_shipment, quality_mismatch, spec_mismatch, missing_items]",
    ),
    "not delivered in full": Slip("release.yaml", "{delivery.status: delivered}", "{delivery.status: not(delivered)}"),
    # days against working days
    "40 working days after delivery": Slip(
        "parameters.yaml", "value: 40 days", "value: 40 working days", (_WORKING, _WEEK)
    ),
    "30 working days after the arrival": Slip(
        "parameters.yaml", "value: 30 days", "value: 30 working days", (_WORKING, _WEEK)
    ),
    # later of against earlier of
    "the earlier limit binds": Slip("parameters.yaml", "value: later_of", "value: earlier_of"),
    "the later limit is taken for the earlier": Slip(
        "dispute_window.yaml", "then latest(delivery_limit", "then earliest(delivery_limit"
    ),
    # the verdict, the order of steps
    "talks are awaited before they begin": Slip(
        "next_step.yaml", "[opened, none, any, negotiate]", "[opened, none, any, await_negotiation]"
    ),
    "lacking proof refuses": Slip("evidence.yaml", "    verdict: needs_evidence\n", "    verdict: not_covered\n"),
    "an unlisted reason is excluded": Slip(
        "exclusions.yaml",
        "    title: Reasons that are on no list\n    each: claim\n    verdict: not_covered",
        "    title: Reasons that are on no list\n    each: claim\n    verdict: excluded",
    ),
    "unlisted reasons come before exclusions": Slip(
        "bundle.yaml",
        "- exclusions                   # then claim by claim, in this order\n      - unlisted",
        "- unlisted\n      - exclusions",
    ),
    "several contracts count as one": Slip("split_plan.yaml", "several: split", "several: single"),
    # an unknown treated as false
    "no Trade Assurance order unless told": Slip(
        "facts.yaml",
        "{type: boolean, title: Placed as a Trade Assurance order}",
        "{type: boolean, title: Placed as a Trade Assurance order, default: false}",
    ),
    "no badge unless told": Slip(
        "facts.yaml",
        "{type: boolean, title: The supplier shows the Trade Assurance badge}",
        "{type: boolean, title: The supplier shows the Trade Assurance badge, default: false}",
    ),
    "nothing pinned down unless told": Slip(
        "grounds.yaml",
        "where: yardstick in contract.elements",
        "where: known(contract.elements) and yardstick in contract.elements",
    ),
    "nothing shipped unless told": Slip(
        "facts.yaml",
        "if known(shipment.shipped_on) then shipped else null",
        "if known(shipment.shipped_on) then shipped else not_shipped",
    ),
    # amounts
    "the largest of cap and escrow": Slip("payout.yaml", "to: cap_here", "to: max(cap_here, escrow_paid)"),
    "rounded down": Slip("payout.yaml", "mode: half_up", "mode: down"),
    "payments beside escrow count": Slip(
        "definitions.yaml", "payments[instalment.channel = escrow].amount", "payments.amount"
    ),
}

ALIBABA_TERMS: Mapping[str, Slip] = {
    "31 days after receipt": Slip(
        "parameters.yaml", "from: 2018-01-01\n        value: 30 days", "from: 2018-01-01\n        value: 31 days"
    ),
    "91 days after shipment": Slip("parameters.yaml", "value: 90 days", "value: 91 days"),
    "the edition of 2018 a day later": Slip("parameters.yaml", "value: 2018-01-01", "value: 2018-01-02"),
    "the seventh day a day later": Slip(
        "parameters.yaml", "from: 2018-01-01\n        value: 7", "from: 2018-01-02\n        value: 7"
    ),
    "the process by the day of the order": Slip(
        "parameters.yaml", "keyed_on: dispute.opened_on", "keyed_on: order.placed_on"
    ),
    "the earlier of shipment and clearance": Slip("time_limits.yaml", "by: latest(", "by: earliest("),
    "an accepted breach is covered": Slip(
        "exclusions.yaml", "claim.accepted_by_buyer: true", "claim.accepted_by_buyer: false"
    ),
    "the voucher has no limit": Slip("payout.yaml", "when: {where: head = voucher}", "when: {where: head = refund}"),
}
