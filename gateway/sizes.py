"""Sizes as people write them: 96MiB, 5GiB, 64KiB, or plain bytes."""

from __future__ import annotations

import re

_UNITS = {"TiB": 1024**4, "GiB": 1024**3, "MiB": 1024**2, "KiB": 1024}
_FACTORS = {"": 1, "b": 1} | {unit.lower(): factor for unit, factor in _UNITS.items()}
_SIZE = re.compile(r"([0-9]{1,30}) ?([A-Za-z]*)")


def size_of(text: str) -> int:
    """The bytes that a text means. Capitals do not matter, and a space may stand before the unit.

    MB and M are refused: some mean 1000 with them, and some 1024.

    Raises:
        ValueError: It is no size; the message says so for a person.
    """
    found = _SIZE.fullmatch(text.strip())
    factor = found and _FACTORS.get(found[2].lower())
    if not found or not factor:
        raise ValueError(f"{text!r} is not a size: give bytes, or 64KiB, 96MiB, 5GiB")
    return int(found[1]) * factor


def shown(size_bytes: int) -> str:
    """A size in the largest unit that it is a whole number of; `size_of` reads it."""
    for unit, factor in _UNITS.items():
        if size_bytes and not size_bytes % factor:
            return f"{size_bytes // factor}{unit}"
    return str(size_bytes)
