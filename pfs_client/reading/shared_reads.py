"""One call for all who ask the same of a commit at the same time, where a call is a round trip."""

from __future__ import annotations

from functools import partial
from typing import Any

from pfs_client.forwarding import Call, ForwardingPfs
from pfs_client.interface import PfsClient
from pfs_client.reading.shared_calls import SharedCalls
from pfs_client.values import ALL, File, FileInfo, Part


class SharedReads(ForwardingPfs):
    """Shares the calls that read what files there are.

    Who joins a call may be told what was true before it asked: of an open commit that can be old.
    So this is for who answers with it, not for who decides by it.
    """

    def __init__(self, pfs: PfsClient) -> None:
        super().__init__(pfs)
        self._calls: SharedCalls[object, Any] = SharedCalls()

    def inspect_file(self, file: File) -> Call[FileInfo]:
        """One file."""
        return self._calls.call(("inspect_file", file), partial(self._pfs.inspect_file, file))

    def list_file(self, directory: File, part: Part = ALL) -> Call[list[FileInfo]]:
        """What stands in a directory."""
        return self._calls.call(
            ("list_file", directory, part), partial(self._pfs.list_file, directory, part)
        )

    def walk_file(self, directory: File, part: Part = ALL) -> Call[list[FileInfo]]:
        """Everything at and below a path."""
        return self._calls.call(
            ("walk_file", directory, part), partial(self._pfs.walk_file, directory, part)
        )
