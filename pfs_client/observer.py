"""Who is told what happens between the gateway and PFS, to count it."""

from __future__ import annotations


class Observer:
    """Is told of calls, groups and cache look-ups as they happen. This one lets it all pass."""

    def call_ended(self, method: str, outcome: str, seconds: float) -> None:
        """A call to pachd has been answered; of a GetFile, with its first bytes.

        Args:
            method: The RPC's name.
            outcome: gRPC's status code, by name.
            seconds: How long it took.
        """

    def group_ended(self, requests: int, seconds: float) -> None:
        """A group of writes has been committed, or refused.

        Args:
            requests: How many requests it was made of.
            seconds: How long that took.
        """

    def commit_failed(self) -> None:
        """A commit of ours has finished with an error: what it held is lost."""

    def cache_asked(self, kind: str, *, hit: bool) -> None:
        """Something was looked for in the cache.

        Args:
            kind: `file`, `page`, `content` or `block`.
            hit: Whether it was there.
        """


UNOBSERVED = Observer()
