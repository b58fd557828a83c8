"""What S3 lists, written from its rules, without an index or a seek."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Page:
    """One page of a listing."""

    keys: tuple[str, ...]
    prefixes: tuple[str, ...]
    is_truncated: bool

    @property
    def last(self) -> str:
        """The greatest of all that it holds, which the next page begins behind."""
        return max((*self.keys, *self.prefixes), key=str.encode)


def list_page(
    keys: Iterable[str], *, prefix: str, delimiter: str, after: str, max_keys: int
) -> Page:
    """List keys.

    Keys sort by their UTF-8 bytes. Those that hold the delimiter behind the prefix are folded into
    one common prefix, which counts as one entry. A marker passes all that is not greater than it,
    and a common prefix is one name: a marker within it has passed it.
    """
    names: dict[str, bool] = {}
    for key in sorted(keys, key=str.encode):
        if key.startswith(prefix):
            name, is_prefix = _folded(key, prefix, delimiter)
            if name.encode() > after.encode():
                names[name] = is_prefix
    shown = list(names)[:max_keys]
    return Page(
        tuple(name for name in shown if not names[name]),
        tuple(name for name in shown if names[name]),
        max_keys > 0 and len(names) > max_keys,
    )


def _folded(key: str, prefix: str, delimiter: str) -> tuple[str, bool]:
    at = key.find(delimiter, len(prefix)) if delimiter else -1
    return (key, False) if at < 0 else (key[: at + len(delimiter)], True)
