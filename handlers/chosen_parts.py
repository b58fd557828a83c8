"""The parts that a list names, of those that an upload has: what is wrong with it is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pfs_client.uploads.reading import UploadState
from pfs_client.uploads.records import PartRecord
from s3_wire.algorithms import in_base64
from s3_wire.errors import BadDigest, EntityTooLarge
from s3_wire.etags import etag_of
from s3_wire.multipart import MAX_UPLOAD_BYTES, MIN_PART_BYTES, ListedPart, whole_checksum
from s3_wire.upload_errors import EntityTooSmall, InvalidPart


@dataclass(frozen=True, slots=True)
class ChosenParts:
    """The parts that were listed, and what they make."""

    parts: Sequence[PartRecord]
    checksum: str

    @property
    def size_bytes(self) -> int:
        """The object's."""
        return sum(part.size_bytes for part in self.parts)


def chosen_parts(state: UploadState, listed: Sequence[ListedPart]) -> ChosenParts:
    """The listed parts.

    Raises:
        InvalidPart: One has not come, or is another one now.
        EntityTooSmall: One that is not the last is smaller than parts must be.
        EntityTooLarge: The object would be larger than any.
        BadDigest: One is named with a checksum of another algorithm than the upload's.
    """
    parts = [_found(state, one) for one in listed]
    _check_sizes(parts)
    upload = state.upload
    if not upload.algorithm:
        return ChosenParts(parts, "")
    sums = [(part.checksum, part.size_bytes) for part in parts]
    return ChosenParts(parts, whole_checksum(upload.algorithm, upload.checksum_type, sums))


def _check_sizes(parts: Sequence[PartRecord]) -> None:
    for part in parts[:-1]:
        if part.size_bytes < MIN_PART_BYTES:
            raise EntityTooSmall(
                ETag=etag_of(part.hash).strip('"'),
                PartNumber=str(part.number),
                ProposedSize=str(part.size_bytes),
                MinSizeAllowed=str(MIN_PART_BYTES),
            )
    size_bytes = sum(part.size_bytes for part in parts)
    if size_bytes > MAX_UPLOAD_BYTES:
        raise EntityTooLarge(ProposedSize=str(size_bytes), MaxSizeAllowed=str(MAX_UPLOAD_BYTES))


def _found(state: UploadState, listed: ListedPart) -> PartRecord:
    part = state.parts.get(listed.number)
    if part is None or not _is_named(part, listed):
        raise _not_found(state, listed)
    _check_named_checksum(state, listed, part)
    return part


def check_named_checksums(state: UploadState, listed: Sequence[ListedPart]) -> None:
    """Hold the checksums in a list that is repeated against those of the parts that it names.

    Raises:
        InvalidPart, BadDigest: As for `chosen_parts`.
    """
    for one in listed:
        part = state.parts.get(one.number)
        if part is not None and _is_named(part, one):  # one that came too late may be another
            _check_named_checksum(state, one, part)


def _check_named_checksum(state: UploadState, listed: ListedPart, part: PartRecord) -> None:
    kept = state.upload.algorithm
    for algorithm, named in listed.checksums.items() if kept else ():
        if algorithm != kept:
            # Nothing is known of it: to pass over it would say that it was verified.
            raise BadDigest(
                f"The {algorithm} you specified for part {listed.number} did not match what we"
                " received."
            )
        if named != in_base64(part.checksum):
            raise _not_found(state, listed)


def _is_named(part: PartRecord, listed: ListedPart) -> bool:
    return etag_of(part.hash).strip('"') == listed.etag


def _not_found(state: UploadState, listed: ListedPart) -> InvalidPart:
    return InvalidPart(UploadId=state.upload.id, PartNumber=str(listed.number), ETag=listed.etag)
