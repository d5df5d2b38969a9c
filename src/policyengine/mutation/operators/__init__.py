"""The operators: one for each way in which an author of policies may go wrong.

A new one is an entry in the ``OPERATORS`` of the file where it belongs; a new file is named in :data:`OPERATORS` here.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from policyengine.mutation.operators import amounts, conditions, dates, decisions, values, vocabulary
from policyengine.mutation.operators.base import Change, Operator

__all__ = ["OPERATORS", "Change", "Operator"]

_FILES = (conditions, values, dates, decisions, amounts, vocabulary)

#: Every operator by its id, in the order in which mutants of one place are listed.
OPERATORS: Mapping[str, Operator] = MappingProxyType({o.id: o for file in _FILES for o in file.OPERATORS})
