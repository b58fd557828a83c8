"""ListObjectVersions: which versions of which keys come next.

Two listings in one order are gone through together: the paths that the branch's last commits
changed, and the files of the commit that those are based on.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from handlers.addressing import is_holdable_prefix, key_of
from handlers.bucket_branches import existing_branch
from handlers.exchange import S3Request, S3Response, xml_response
from handlers.listing_pages import Listing, common_prefix, end_of_prefix, first_marker
from handlers.listing_xml import OWNER, ListingXml, flag
from handlers.timestamps import iso_8601
from handlers.versions import histories_of
from pfs_client.failures import FileNotFound
from pfs_client.values import File, FileInfo, Part
from pfs_client.versions.changes import BranchChanges, Version
from s3_wire import xml
from s3_wire.errors import InvalidArgument
from s3_wire.etags import etag_of

_MAX_KEYS = 1000
_ENTRY_BYTES = 5 * 1024
_PAGE_FILES = 1001


@dataclass(frozen=True, slots=True)
class _Entry:
    """One version of a key; without a version, a common prefix."""

    key: str
    version: Version | None = None
    is_latest: bool = False


@dataclass(slots=True)
class _Page:
    entries: list[_Entry] = field(default_factory=list)
    is_truncated: bool = False


async def list_object_versions(request: S3Request) -> S3Response:
    """ListObjectVersions.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html .
    """
    asked = request.parameters
    max_keys = min(asked.get("max-keys", _MAX_KEYS), _MAX_KEYS)
    key_marker, version_marker = _markers(asked.get("key-marker"), asked.get("version-id-marker"))
    await request.memory.need(max_keys * _ENTRY_BYTES)
    branch = await existing_branch(request.services, request.bucket)
    is_commit = bool(request.services.named(request.bucket).commit_id)
    changes = await histories_of(request.services).changes(branch, is_commit=is_commit)
    page = _Page()
    if changes is not None and max_keys and is_holdable_prefix(asked.get("prefix", "")):
        listing = Listing(
            request.services.files,
            changes.base,
            asked.get("prefix", ""),
            asked.get("delimiter", ""),
            key_marker,
        )
        page = await _page(_entries(listing, changes, version_marker), max_keys)
    writer = ListingXml(request.bucket, asked, max_keys)
    content = writer.head(is_truncated=page.is_truncated)
    content.append(writer.encoded("KeyMarker", key_marker))
    content.append(xml.element("VersionIdMarker", version_marker))
    content += _next_markers(writer, page)
    content += [_written(writer, entry) for entry in page.entries]
    return xml_response(xml.document("ListVersionsResult", content), request.memory)


def _markers(key: str | None, version: str | None) -> tuple[str, str]:
    """Where the page begins.

    Raises:
        InvalidArgument: A version is named without its key.
    """
    if version is not None and not key:
        raise InvalidArgument(
            "A version-id marker cannot be specified without a key marker.",
            ArgumentName="version-id-marker",
            ArgumentValue=version,
        )
    return key or "", version or ""


async def _page(entries: AsyncIterator[_Entry], max_keys: int) -> _Page:
    page = _Page()
    async for entry in entries:
        if len(page.entries) == max_keys:
            page.is_truncated = True
            break
        page.entries.append(entry)
    return page


async def _entries(
    listing: Listing, changes: BranchChanges, version_marker: str
) -> AsyncIterator[_Entry]:
    """Versions and common prefixes, in order, behind the markers."""
    if version_marker and listing.after.startswith(listing.prefix):
        for entry in await _rest_of_key(listing, changes, version_marker):
            yield entry
    keys = _Keys(listing, changes.paths)
    while (path := await keys.next()) is not None:
        key = key_of(path)
        if common := common_prefix(key, listing):
            keys.jump_to(end_of_prefix(common))
            if common > listing.after:
                yield _Entry(common)
            continue
        for entry in _versions(key, changes.of(path, keys.in_base)):
            yield entry


def _versions(key: str, versions: list[Version]) -> list[_Entry]:
    return [_Entry(key, version, not at) for at, version in enumerate(versions)]


async def _rest_of_key(
    listing: Listing, changes: BranchChanges, version_marker: str
) -> list[_Entry]:
    """The versions of the marker's key that are older than the marker's."""
    path = "/" + listing.after
    in_base = await listing.cache.find_file(File(changes.base, path))
    entries = _versions(listing.after, changes.of(path, in_base))
    ids = [entry.version.commit.id for entry in entries if entry.version]
    return entries[ids.index(version_marker) + 1 :] if version_marker in ids else []


class _Keys:
    """The paths of a listing that are or were files, in order.

    Args:
        listing: At the commit that all changes are based on.
        changed: The paths that have changed since, sorted.
    """

    def __init__(self, listing: Listing, changed: list[str]) -> None:
        self._listing = listing
        self._changed = changed
        self._prefix = "/" + listing.prefix
        self._files: list[FileInfo] = []
        self._has_more = True
        self._file_at = self._at = 0
        self._after = ""
        self.in_base: FileInfo | None = None
        self.jump_to(first_marker(listing))

    def jump_to(self, after: str) -> None:
        """Go on behind a path."""
        self._after = after
        self._at = bisect_right(self._changed, after)
        while self._file_at < len(self._files) and self._files[self._file_at].path <= after:
            self._file_at += 1

    async def next(self) -> str | None:
        """The next path, if there is one; `in_base` is what stands there in the base."""
        await self._fill()
        file = self._files[self._file_at] if self._file_at < len(self._files) else None
        changed = self._changed[self._at] if self._at < len(self._changed) else None
        if changed is not None and not changed.startswith(self._prefix):
            changed = None
        if file is None and changed is None:
            return None
        path = min(one for one in (file.path if file else None, changed) if one is not None)
        self._at += path == changed
        self.in_base = file if file is not None and file.path == path else None
        self._file_at += self.in_base is not None
        return path

    async def _fill(self) -> None:
        while self._file_at == len(self._files) and self._has_more:
            after = max(self._after, self._files[-1].path if self._files else "")
            infos = await self._list(after)
            self._files = [info for info in infos if info.is_file]
            self._file_at = 0
            self._has_more = len(self._files) == _PAGE_FILES

    async def _list(self, after: str) -> list[FileInfo]:
        directory = File(self._listing.head, "/" + self._listing.prefix.rpartition("/")[0])
        part = Part(after, self._prefix, files=_PAGE_FILES)
        try:
            return await self._listing.cache.walk_file(directory, part)
        except FileNotFound:
            return []


def _next_markers(writer: ListingXml, page: _Page) -> list[str]:
    if not page.is_truncated:
        return []
    last = page.entries[-1]
    markers = [writer.encoded("NextKeyMarker", last.key)]
    if last.version is not None:
        markers.append(xml.element("NextVersionIdMarker", last.version.commit.id))
    return markers


def _written(writer: ListingXml, entry: _Entry) -> str:
    version = entry.version
    if version is None:
        return f"<CommonPrefixes>{writer.encoded('Prefix', entry.key)}</CommonPrefixes>"
    begin = (
        f"{writer.encoded('Key', entry.key)}{xml.element('VersionId', version.commit.id)}"
        f"{flag('IsLatest', entry.is_latest)}"
        f"{xml.element('LastModified', iso_8601(version.committed))}"
    )
    if version.file is None:
        return f"<DeleteMarker>{begin}{OWNER}</DeleteMarker>"
    return (
        f"<Version>{begin}{xml.element('ETag', etag_of(version.file.hash))}"
        f"{xml.element('Size', str(version.file.size_bytes))}{OWNER}"
        f"{xml.element('StorageClass', 'STANDARD')}</Version>"
    )
