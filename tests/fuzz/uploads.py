"""Uploads in parts that tests of the contract ask about: begun where a request names `UPLOAD`."""

from __future__ import annotations

from typing import Any

from tests.fuzz.client import Client

UPLOAD = "the upload that was begun"
PARTS = b"the parts that it has"
NO_UPLOAD = "u-" + "0" * 32


def with_upload(client: Client, asked: dict[str, Any], parts: int = 1) -> dict[str, Any]:
    """The request as it is to be sent, once there is an upload if it names one."""
    if asked.get("query", {}).get("uploadId") != UPLOAD:
        return asked
    target = {"bucket": asked["bucket"], "key": asked["key"]}
    begun = client.send("CreateMultipartUpload", **target)
    upload_id = client.document_of("CreateMultipartUpload", begun)["UploadId"]
    etags = [upload_part(client, target, upload_id, number) for number in range(1, parts + 1)]
    sent = {**asked, "query": {**asked["query"], "uploadId": upload_id}}
    if asked.get("body") == PARTS:
        sent["body"] = completion(etags)
    return sent


def upload_part(client: Client, target: dict[str, str], upload_id: str, number: int) -> str:
    """Send a small part; gives its ETag."""
    query = {"uploadId": upload_id, "partNumber": str(number)}
    bucket, key = target["bucket"], target["key"]
    sent = client.send("UploadPart", bucket, key, query=query, body=b"a part")
    return sent.headers["etag"]


def completion(etags: list[str]) -> bytes:
    """The document that completes an upload of these parts."""
    parts = "".join(
        f"<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>"
        for number, etag in enumerate(etags, start=1)
    )
    return f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>".encode()
