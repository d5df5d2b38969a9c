"""Which codes are currencies: ISO 4217, as kept by the pycountry package."""

from __future__ import annotations

from functools import cache


@cache
def currency_codes() -> frozenset[str]:
    """Every alphabetic ISO 4217 code."""
    # Loaded here: it opens a database, which what speaks of no money does not need.
    import pycountry

    return frozenset(str(c.alpha_3) for c in pycountry.currencies)
