"""Who is told what happens between the gateway and PFS, to count it."""

from __future__ import annotations

from collections.abc import Sequence


class Observer:
    """Is told of calls, groups and cache look-ups as they happen. This one lets it all pass."""

    def call_ended(self, method: str, outcome: str, seconds: float) -> None:
        """A call to pachd has been answered; of a GetFile, with its first bytes.

        Args:
            method: The RPC's name.
            outcome: gRPC's status code, by name.
            seconds: How long it took.
        """

    def current_request(self) -> object:
        """The request that this is done for, to be named again when its group begins."""
        return None

    def group_began(self, requests: Sequence[object]) -> None:
        """A group of writes is going to be committed, by the task that says so.

        Args:
            requests: What `current_request` said of each.
        """

    def group_ended(self, requests: int, seconds: float) -> None:
        """A group of writes has been committed, or refused.

        Args:
            requests: How many requests it was made of.
            seconds: How long that took.
        """

    def write_ended(self, queue_seconds: float, commit_seconds: float) -> None:
        """The current request's write has been told how it went.

        Args:
            queue_seconds: How long it waited until its group began.
            commit_seconds: How long it took from there.
        """

    def commit_failed(self) -> None:
        """A commit of ours has finished with an error: what it held is lost."""

    def uploads_seen(self, uploads: int, size_bytes: int) -> None:
        """Tell how many uploads in parts are open, and how many bytes their parts have."""

    def file_sets_renewed(self, file_sets: int) -> None:
        """Tell how many file sets of parts were given more time."""

    def cache_asked(self, kind: str, *, hit: bool) -> None:
        """Something was looked for in the cache.

        Args:
            kind: `file`, `page`, `content` or `block`.
            hit: Whether it was there.
        """

    def storage_seen(self, stored_bytes: int | None, free_bytes: int, *, is_full: bool) -> None:
        """Somebody has looked at the disk of the embedded PFS.

        Args:
            stored_bytes: What is stored takes so much; None if this process has not measured it.
            free_bytes: So much is left for it.
            is_full: Whether nothing can be added.
        """

    def history_commit_read(self) -> None:
        """What a commit of somebody else's changed has been read."""

    def histories_unread(self, number: int) -> None:
        """So many histories are not read to their end."""

    def times_approximated(self, files: int) -> None:
        """So many files were given a time that may be later than when they changed."""


class Observers(Observer):
    """Tells several; what they call a request is what the first calls it."""

    def __init__(self, *observers: Observer) -> None:
        self._observers = observers

    def call_ended(self, method: str, outcome: str, seconds: float) -> None:
        """Tell all."""
        for one in self._observers:
            one.call_ended(method, outcome, seconds)

    def current_request(self) -> object:
        """Ask the first."""
        return self._observers[0].current_request()

    def group_began(self, requests: Sequence[object]) -> None:
        """Tell all."""
        for one in self._observers:
            one.group_began(requests)

    def group_ended(self, requests: int, seconds: float) -> None:
        """Tell all."""
        for one in self._observers:
            one.group_ended(requests, seconds)

    def write_ended(self, queue_seconds: float, commit_seconds: float) -> None:
        """Tell all."""
        for one in self._observers:
            one.write_ended(queue_seconds, commit_seconds)

    def commit_failed(self) -> None:
        """Tell all."""
        for one in self._observers:
            one.commit_failed()

    def uploads_seen(self, uploads: int, size_bytes: int) -> None:
        """Tell all."""
        for one in self._observers:
            one.uploads_seen(uploads, size_bytes)

    def file_sets_renewed(self, file_sets: int) -> None:
        """Tell all."""
        for one in self._observers:
            one.file_sets_renewed(file_sets)

    def cache_asked(self, kind: str, *, hit: bool) -> None:
        """Tell all."""
        for one in self._observers:
            one.cache_asked(kind, hit=hit)

    def storage_seen(self, stored_bytes: int | None, free_bytes: int, *, is_full: bool) -> None:
        """Tell all."""
        for one in self._observers:
            one.storage_seen(stored_bytes, free_bytes, is_full=is_full)

    def history_commit_read(self) -> None:
        """Tell all."""
        for one in self._observers:
            one.history_commit_read()

    def histories_unread(self, number: int) -> None:
        """Tell all."""
        for one in self._observers:
            one.histories_unread(number)

    def times_approximated(self, files: int) -> None:
        """Tell all."""
        for one in self._observers:
            one.times_approximated(files)


UNOBSERVED = Observer()
