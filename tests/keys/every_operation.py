"""Every operation of every layer, as a request that would read or change what there is."""

from __future__ import annotations

from dataclasses import dataclass

from tests.contract.under_test import Operation, contract_with

LAYERS = ("copy", "multipart", "versions")
BUCKET, KEY, CONTENT = "master.images", "k", b"must not change"
OTHERS = "master.other"
"""A bucket of somebody else's, which has the same key."""

DELETE = b"<Delete><Object><Key>k</Key>%s</Object></Delete>"
_BODIES = {
    "CreateBucket": b"",
    "PutObject": b"changed",
    "UploadPart": b"changed",
    "PutBucketVersioning": b"<VersioningConfiguration><Status>Enabled</Status>"
    b"</VersioningConfiguration>",
    "CompleteMultipartUpload": b"<CompleteMultipartUpload><Part><PartNumber>1</PartNumber>"
    b"<ETag>%s</ETag></Part></CompleteMultipartUpload>",
}


@dataclass(frozen=True)
class Ids:
    """What there is to name: an upload with one part, and the newest version of the object."""

    upload: str
    part_etag: str
    version: str


@dataclass(frozen=True)
class Asked:
    """One request."""

    name: str
    method: str
    target: str
    body: bytes
    headers: dict[str, str]


def operations(*, that_write: bool | None = None) -> list[str]:
    """Their names; those that write, or only read, if that is said."""
    return [
        name
        for name, one in contract_with(LAYERS).operations.items()
        if that_write is None or (one.method not in ("GET", "HEAD")) is that_write
    ]


def request_of(
    name: str, ids: Ids, *, bucket: str = BUCKET, source: str = f"/{OTHERS}/{KEY}"
) -> list[Asked]:
    """The forms of an operation: with a version's id too, where one can be named."""
    operation = contract_with(LAYERS).operations[name]
    plain = _asked(operation, ids, bucket, source)
    if not _takes_version(operation):
        return [plain]
    glue = "&" if "?" in plain.target else "?"
    versioned = f"{plain.target}{glue}versionId={ids.version}"
    return [plain, Asked(name, plain.method, versioned, plain.body, plain.headers)]


def _asked(operation: Operation, ids: Ids, bucket: str, source: str) -> Asked:
    values = {"uploadId": ids.upload, "partNumber": "1", "list-type": "2"}
    created = bucket.replace("master.", "new.") if operation.name == "CreateBucket" else bucket
    path = operation.path.partition("#")[0].replace("{bucket}", created).replace("{key}", KEY)
    query = "&".join(
        f"{one['name']}={values[one['name']]}" if one["name"] in values else one["name"]
        for one in operation.parameters
        if one["in"] == "query" and one.get("required")
    )
    headers = {
        one["name"]: source if one["name"].lower() == "x-amz-copy-source" else "1"
        for one in operation.parameters
        if one["in"] == "header" and one.get("required")
    }
    body = _BODIES.get(operation.name, b"")
    if operation.name == "DeleteObjects":
        body = DELETE % b""
    elif operation.name == "CompleteMultipartUpload":
        body %= ids.part_etag.encode()
    target = (path.rstrip("/") or "/") + (f"?{query}" if query else "")
    return Asked(operation.name, operation.method, target, body, headers)


def _takes_version(operation: Operation) -> bool:
    return any(one["name"] == "versionId" for one in operation.parameters)
