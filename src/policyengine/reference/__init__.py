"""The reference interpreter: what a bundle means, written to be read rather than to be fast.

It walks the expression trees of the model directly, in three-valued logic, and shares no code of meaning with
the production engine; the two are compared against each other. Read it in this order:

* ``facts``: a request becomes typed facts
* ``results``: what an expression comes to: an exact value, bounds, or unknown, with whom to blame
* ``evaluate`` with ``functions``, ``tables``, ``splits``: expressions
* ``levels``: from rules that are true, false or unknown to a verdict
* ``payout``: from a verdict to an amount
* ``weigh``, ``report``, ``remarks``, ``answer``: the whole decision
* ``trace``: the same evaluation, written down node by node
"""

from __future__ import annotations

from policyengine.reference.answer import decide, match
from policyengine.reference.trace import Node, RuleTrace, Trace, trace

__all__ = ["Node", "RuleTrace", "Trace", "decide", "match", "trace"]
