"""The file of keys: created, revoked, and read anew whenever it has changed. It holds hashes only."""

from __future__ import annotations

import contextlib
import json
import os
import stat
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Final, TypeVar

from policyengine.access.buckets import MOST_KEYS
from policyengine.access.key_records import from_data, to_data
from policyengine.access.keys import ApiKey, id_of, new_text, sha256_of
from policyengine.access.private_file import only_writer, write_private
from policyengine.access.rates import Rate
from policyengine.access.scopes import Scope
from policyengine.diagnostics import did_you_mean
from policyengine.errors import PolicyEngineError, UnknownName

T = TypeVar("T")
_OTHERS_WRITE: Final = stat.S_IWGRP | stat.S_IWOTH


class KeyFileError(PolicyEngineError):
    """The file of keys cannot be used; the text names it, and says what to do."""


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was just made. ``text`` is nowhere else."""

    text: str
    key: ApiKey


class KeyFile:
    """The keys in the file at ``path``, as they are now: a change is seen by whoever asks next."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._lock = threading.Lock()
        self._seen: tuple[int, ...] = ()
        self._keys: Mapping[str, ApiKey] = MappingProxyType({})

    def keys(self) -> Mapping[str, ApiKey]:
        """All keys by id, in the order in which they were made. Raises :class:`KeyFileError`."""
        # Asked at every request. What is wrong with the file is put into words only when it is read.
        with contextlib.suppress(OSError):
            if _look(self.path.stat()) == self._seen:
                return self._keys
        with self._lock:
            self._read()
        return self._keys

    def good_keys(self) -> int:
        """How many keys are good today. Raises :class:`KeyFileError`."""
        today = _now().date()
        return sum(key.fault(today) is None for key in self.keys().values())

    def create(
        self, holder: str, scopes: Iterable[Scope], rate: Rate | None = None, expires: date | None = None
    ) -> NewKey:
        """Add a key; the file is made if it is not there. Raises :class:`KeyFileError`."""

        def add(keys: dict[str, ApiKey]) -> NewKey:
            number = 1 + max((k.number for k in keys.values()), default=-1)
            if number >= MOST_KEYS:
                raise KeyFileError(f"`{self.path}` holds {MOST_KEYS:,} keys, and no more fit; begin a new file")
            text = new_text()
            id_ = id_of(text)
            if id_ is None or id_ in keys:
                return add(keys)
            made = ApiKey(id_, number, holder, frozenset(scopes), sha256_of(text), _now(), rate, expires)
            keys[id_] = made
            return NewKey(text, made)

        return self._change(add, may_be_new=True)

    def revoke(self, id_: str) -> ApiKey:
        """Make the key with this id good no more, for ever. Raises :class:`UnknownName`, :class:`KeyFileError`."""

        def end(keys: dict[str, ApiKey]) -> ApiKey:
            if id_ not in keys:
                help_ = did_you_mean(id_, keys) or "`policyengine key list` shows the ids"
                raise UnknownName(f"there is no key with the id `{id_}`", help_)
            if keys[id_].revoked is None:
                keys[id_] = replace(keys[id_], revoked=_now())
            return keys[id_]

        return self._change(end, may_be_new=False)

    def _read(self) -> None:
        with self._said_plainly(), self.path.open("rb") as opened:
            status = os.fstat(opened.fileno())
            if status.st_mode & _OTHERS_WRITE:
                raise KeyFileError(f"others may write to `{self.path}`, and so make keys; chmod 600 {self.path}")
            self._keys = MappingProxyType({k.id: k for k in from_data(json.load(opened))})
            self._seen = _look(status)

    def _change(self, change: Callable[[dict[str, ApiKey]], T], *, may_be_new: bool) -> T:
        """Read, change and write, while no other process does the same."""
        with self._said_plainly():
            if may_be_new:
                self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with only_writer(self.path):
                keys = {} if may_be_new and not self.path.exists() else dict(self.keys())
                changed = change(keys)
                data = json.dumps(to_data(keys.values()), indent=2, ensure_ascii=False) + "\n"
                write_private(self.path, data.encode())
        return changed

    @contextlib.contextmanager
    def _said_plainly(self) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as e:
            help_ = f"make one with `policyengine key create --keys {self.path}`"
            raise KeyFileError(f"there is no file of keys `{self.path}`; {help_}") from e
        except OSError as e:
            raise KeyFileError(f"the file of keys `{self.path}` cannot be used: {e.strerror or e}") from e
        except (ValueError, KeyError, TypeError, AttributeError) as e:
            told = f"the file of keys `{self.path}` is damaged; put back a copy, or make new keys in a new file"
            raise KeyFileError(told) from e


def _look(status: os.stat_result) -> tuple[int, ...]:
    return (status.st_ino, status.st_mtime_ns, status.st_size)


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)
