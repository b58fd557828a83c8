"""What every object may be. Each key has one writer, so that order is known."""

from __future__ import annotations

import hashlib
import itertools
import threading
from dataclasses import dataclass
from typing import TypeAlias

_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Version:
    """One content of one key; no two are the same."""

    key: str
    number: int
    size_bytes: int

    @property
    def content(self) -> bytes:
        """Its bytes, which nobody has to keep."""
        name = f"{self.key} {self.number} {self.size_bytes}\n".encode()
        pattern = name + hashlib.blake2b(name).digest() * 16
        return (pattern * (self.size_bytes // len(pattern) + 1))[: self.size_bytes]


State: TypeAlias = Version | None
"""A version, or no object."""


class Model:
    """The states that each key may be in: several after a write whose answer did not come."""

    def __init__(self) -> None:
        self._may: dict[str, set[State]] = {}
        self._lock = threading.Lock()
        self.faults: list[str] = []
        """What should not have happened."""

    @property
    def keys(self) -> list[str]:
        """All that were ever written."""
        with self._lock:
            return sorted(self._may)

    def states_of(self, key: str) -> set[State]:
        """What a key may be."""
        with self._lock:
            return set(self._may.get(key, {None}))

    def begin(self, key: str, size_bytes: int | None) -> State:
        """A write is sent, of so many bytes or a removal: from now on it may be seen."""
        state = None if size_bytes is None else Version(key, next(_numbers), size_bytes)
        with self._lock:
            self._may.setdefault(key, {None}).add(state)
        return state

    def answered(self, key: str, state: State) -> None:
        """A write has been answered: nothing else may be seen until the next."""
        with self._lock:
            self._may[key] = {state}

    def saw(self, key: str, content: bytes | None, who: str) -> None:
        """Hold what was read against what may be."""
        if self._found(key, content) is _NOTHING:
            size = "no object" if content is None else f"{len(content)} bytes {content[:40]!r}"
            may = self.states_of(key)
            self.fault(f"{who}: {key} is {size}, and may be {may}")

    def settled(self, key: str, content: bytes | None, who: str) -> None:
        """The same, when nothing is under way any more: what is seen is what stays."""
        self.saw(key, content, who)
        found = self._found(key, content)
        if not isinstance(found, _Nothing):
            self.answered(key, found)

    def fault(self, what: str) -> None:
        """Write down what should not have happened."""
        with self._lock:
            self.faults.append(what)

    def _found(self, key: str, content: bytes | None) -> State | _Nothing:
        for state in self.states_of(key):
            if content == (None if state is None else state.content):
                return state
        return _NOTHING


class _Nothing:
    """No state that may be."""


_NOTHING = _Nothing()
