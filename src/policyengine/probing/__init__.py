"""Probing: which other values of each fact could matter to a decision, for one document of facts.

Ask a :class:`Prober`. Read it in this order:

* ``slots``: the places of a document at which a fact may stand, and documents with one of them changed
* ``reading``: what a decision can read, whatever the facts are
* ``tour``: the comparisons of a decision, each for the elements that it is asked of
* ``solving``: at which value of one fact the two sides of a comparison meet, while all other facts stay
* ``values``: those values and their neighbours, and what else a fact of its type may be
* ``prober``: all of it together; only changes that a request may make

Nothing is decided here. Whoever uses a proposal decides the changed document.
"""

from __future__ import annotations

from policyengine.probing.prober import Prober
from policyengine.probing.reading import Use
from policyengine.probing.slots import ABSENT, AS_OF, Absent, Document, Proposal, Slot

__all__ = ["ABSENT", "AS_OF", "Absent", "Document", "Prober", "Proposal", "Slot", "Use"]
