"""What a handler is given and what it gives back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from handlers.access import EVERYTHING, Access
from handlers.addressing import NamedBucket, named_bucket
from pfs_client.group_commit.grouped_writes import GroupedWrites
from pfs_client.history.change_times import ChangeTimes
from pfs_client.interface import ByteStream, PfsClient
from pfs_client.limits.memory_budget import MemoryBudget, Share
from pfs_client.reading.commit_cache import CommitCache
from pfs_client.repo_removal import RepoRemoval
from pfs_client.uploads.uploads import Uploads
from pfs_client.versions.histories import Histories
from s3_wire import xml
from s3_wire.chunk_signatures import ChunkSignatures

Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may ask for. The settings of the same names say more."""

    max_object_bytes: int
    max_document_bytes: int
    body_idle_seconds: float
    min_bytes_per_second: int = 0


@dataclass(frozen=True, slots=True)
class Services:
    """What handlers work with, the same for all requests.

    Files are read through `files`, and `times` says when they changed; everything else is asked of
    `pfs`. `memory` bounds the documents and answers that all requests hold, `removal` removes repos
    that have no bucket any more. `histories` are there where buckets have versions.
    """

    pfs: PfsClient
    files: CommitCache
    times: ChangeTimes
    writes: GroupedWrites
    limits: Limits
    memory: MemoryBudget
    removal: RepoRemoval
    uploads: Uploads
    histories: Histories | None = None

    def named(self, bucket: str) -> NamedBucket:
        """What a bucket's name says here.

        Raises:
            InvalidBucketName: PFS has no branch of such a name.
        """
        return named_bucket(bucket, has_versions=self.histories is not None)


@dataclass(frozen=True, slots=True)
class S3Request:
    """One request, routed to its operation.

    `query` and `headers` hold what the client sent, `headers` by lower-case name. `parameters`
    holds what the contract declares, under its names there, in its types; a missing one has its
    default or is absent. `memory` is what it holds, until its answer has been sent. `access` is
    what whoever asks may do, `chunk_signatures` verifies a body that is signed in chunks. `scheme`
    and `path` are those of the URL that it was sent to: without the bucket where the Host names it.
    `has_come` says that all of its body is there, so that nobody has to wait for it.
    """

    bucket: str
    key: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    parameters: Mapping[str, Any]
    receive: Receive
    services: Services
    memory: Share
    access: Access = EVERYTHING
    chunk_signatures: ChunkSignatures | None = None
    scheme: str = "http"
    path: str = ""
    has_come: bool = False


@dataclass(frozen=True, slots=True)
class LateDocument:
    """A document that is not there yet, for an answer that has to begin.

    White space keeps the connection until it is; if it fails, an error's document is sent instead.
    """

    work: asyncio.Task[bytes]


@dataclass(slots=True)
class S3Response:
    """One answer. With a stream as its body, `Content-Length` is among the headers."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | ByteStream | LateDocument = b""


def xml_response(document: bytes, memory: Share | None = None) -> S3Response:
    """An answer that is an XML document, for which alone memory is held from now on."""
    if memory is not None:
        memory.shrink_to(len(document))
    return S3Response(headers={"Content-Type": xml.CONTENT_TYPE}, body=document)
