"""What each kind of syntax node means, put together. A new form of expression or test is entered in its module."""

from __future__ import annotations

from policyengine.check import comparisons, constants, functions, lists, names, operators, unary
from policyengine.check.typist import Forms

FORMS = Forms(
    values={
        **constants.FORMS,
        **names.FORMS,
        **operators.FORMS,
        **comparisons.FORMS,
        **lists.FORMS,
        **functions.FORMS,
    },
    tests=unary.FORMS,
)
