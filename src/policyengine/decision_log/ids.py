"""Ids of decisions: UUIDs of version 7 (RFC 9562), which sort by the moment they were made at."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_VERSION: Final = 7 << 76
_VARIANT: Final = 2 << 62
_RANDOM: Final = (1 << 62) - 1


def new_id(moment: datetime) -> str:
    """An id for something that happened at this moment."""
    return str(UUID(int=_at(moment) | int.from_bytes(os.urandom(8), "big") & _RANDOM))


def least_id(moment: datetime) -> str:
    """What no id of this moment, to the microsecond, or of a later one comes before. No id is older than 1970."""
    return str(UUID(int=_at(max(moment, _EPOCH))))


def moment_text(moment: datetime) -> str:
    """The moment in UTC, to the microsecond, always of the same length: ``2026-02-01T09:00:00.000000Z``."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def _at(moment: datetime) -> int:
    """48 bits of milliseconds and, in the 12 that follow the version, where in the millisecond."""
    age = moment - _EPOCH
    micros = (age.days * 86_400 + age.seconds) * 1_000_000 + age.microseconds
    milliseconds, rest = divmod(micros, 1_000)
    # Rounded up: the fractions of two microseconds that follow each other are never the same.
    return milliseconds << 80 | _VERSION | -(-rest * 4_096 // 1_000) << 64 | _VARIANT
