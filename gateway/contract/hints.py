"""What a `NotImplemented` says to help: the document's `x-s3-hints`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from s3_wire.errors import NotImplemented


class Hints:
    """The hints of a document.

    Args:
        texts: By name of a query parameter or header; one that ends with `*` is for all that begin
            so. What comes first is more important than what comes later.
    """

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts
        self._ranks = {name: rank for rank, name in enumerate(texts)}
        self._families = [name for name in texts if name.endswith("*")]

    def rank(self, name: str) -> int:
        """How important what can be said of a name is, 0 for most; the last, if nothing can."""
        return self._ranks.get(self._entry_of(name), len(self._ranks))

    def add_to(self, what: str, names: Iterable[str]) -> str:
        """The message that says what is not implemented, and the most important hint for it."""
        entry = self._entry_of(min(names, key=self.rank, default=""))
        hint = f" {self._texts[entry]}." if entry else ""
        return f"{NotImplemented.message}: {what}.{hint}"

    def _entry_of(self, name: str) -> str:
        if name in self._texts:
            return name
        return next((one for one in self._families if name.startswith(one[:-1])), "")
