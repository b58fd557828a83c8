"""The headers that say which version an answer is about."""

from __future__ import annotations

from handlers.exchange import Services
from pfs_client.values import Commit

VERSION_HEADER = "x-amz-version-id"
DELETE_MARKER_HEADER = "x-amz-delete-marker"


def version_written(services: Services, commit: Commit | None) -> dict[str, str]:
    """The header that says which version a write has made, where that is known."""
    return {VERSION_HEADER: commit.id} if services.histories is not None and commit else {}


def marker_headers(commit_id: str) -> dict[str, str]:
    """The headers that name a delete marker."""
    return {DELETE_MARKER_HEADER: "true", VERSION_HEADER: commit_id}
