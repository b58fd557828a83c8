"""A gateway that declares more than this one: its pages, before somebody else's S3 (moto).

The page is a client of S3 and of the contract. So what it does with versions, parts and keys can be
seen with any S3 that has them.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

_OF_A_CONNECTION = {"connection", "transfer-encoding", "content-length", "date", "server"}
_NOT_SENT_ON = {"authorization", "host", "accept-encoding", "connection"}
# Not verified there; without one everything is refused.
_SIGNATURE = (
    "AWS4-HMAC-SHA256 Credential=any/20260101/us-east-1/s3/aws4_request,"
    " SignedHeaders=host, Signature=any"
)
_FORBIDDEN = b"<Error><Code>%s</Code><Message>%s</Message></Error>"


def declared(document: dict[str, Any], *, keys: bool) -> dict[str, Any]:
    """A contract with versions and multipart uploads, and with keys if asked for."""
    paths = document["paths"]
    for path, method, name in [
        ("/{bucket}#versions", "get", "ListObjectVersions"),
        ("/{bucket}/{key}#copy", "put", "CopyObject"),
        ("/{bucket}/{key}#uploads", "post", "CreateMultipartUpload"),
        ("/{bucket}/{key}#partNumber", "put", "UploadPart"),
        ("/{bucket}/{key}#uploadId", "post", "CompleteMultipartUpload"),
        ("/{bucket}/{key}#uploadId", "delete", "AbortMultipartUpload"),
    ]:
        paths.setdefault(path, {})[method] = {"x-s3-operation": name}
    for item in list(paths.values()):
        for method in {"get", "head", "delete"} & item.keys():
            item[method].setdefault("parameters", []).append({"name": "versionId", "in": "query"})
    if keys:
        document["components"]["securitySchemes"] = {"signature": {"type": "http"}}
    return document


def signature(secret: str, method: str, target: str, headers: dict[str, str]) -> str:
    """The signature that a request should have, by AWS's rules.

    https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
    """
    scope = headers["authorization"].partition("Credential=")[2].partition(",")[0].split("/")[1:]
    names = headers["authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")
    path, _, query = target.partition("?")
    pairs = sorted(
        f"{quote(k, safe='-_.~')}={quote(v, safe='-_.~')}"
        for k, v in parse_qsl(query, keep_blank_values=True)
    )
    lines = [f"{name}:{' '.join(headers[name].split())}" for name in names]
    payload = headers["x-amz-content-sha256"]
    canonical = "\n".join([method, path, "&".join(pairs), *lines, "", ";".join(names), payload])
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    to_sign = "\n".join(["AWS4-HMAC-SHA256", headers["x-amz-date"], "/".join(scope), digest])
    key = f"AWS4{secret}".encode()
    for part in scope:
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, to_sign.encode(), "sha256").hex()


class StandIn(ThreadingHTTPServer):
    """The server.

    Args:
        pages: The gateway that has the pages.
        s3: The S3 behind it.
        secret: With which requests must be signed.
        region: The one that signatures must name.
    """

    daemon_threads = False  # so that each is waited for, and closes its connection

    def __init__(self, pages: str, s3: str, secret: str | None, region: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.endpoint = f"http://127.0.0.1:{self.server_port}"
        self.pages, self.s3, self.secret, self.region = pages, s3, secret, region

    def refusal(self, method: str, target: str, headers: dict[str, str]) -> bytes:
        """Why a request is refused; nothing if it is not."""
        if self.secret is None:
            return b""
        if "authorization" not in headers:
            return _FORBIDDEN % (b"AccessDenied", b"Requests must be signed.")
        if f"/{self.region}/s3/" not in headers["authorization"]:
            error = _FORBIDDEN % (b"AuthorizationHeaderMalformed", b"Another region.")
            return error.replace(b"</Error>", f"<Region>{self.region}</Region></Error>".encode())
        expected = signature(self.secret, method, target, headers)
        if headers["authorization"].endswith(f"Signature={expected}"):
            return b""
        return _FORBIDDEN % (b"SignatureDoesNotMatch", b"The secret is another.")


class _Handler(BaseHTTPRequestHandler):
    server: StandIn

    def answer(self) -> None:
        stand_in = self.server
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if len(body) < length:  # it was cancelled
            self.close_connection = True
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        if self.path == "/-/openapi.json":
            document = json.loads(self.ask(stand_in.pages, b"")[2])
            text = json.dumps(declared(document, keys=stand_in.secret is not None))
            self.reply(200, [("Content-Type", "application/json")], text.encode())
        elif self.path.startswith("/-/"):
            self.reply(*self.ask(stand_in.pages, body))
        elif error := stand_in.refusal(self.command, self.path, headers):
            self.reply(403, [("Content-Type", "application/xml")], error)
        else:
            self.reply(*self.ask(stand_in.s3, body))

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = answer

    def ask(self, endpoint: str, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        connection = HTTPConnection(urlsplit(endpoint).netloc, timeout=60)
        kept = {
            name: value for name, value in self.headers.items() if name.lower() not in _NOT_SENT_ON
        }
        kept["Authorization"] = _SIGNATURE
        connection.request(self.command, self.path, body or None, kept)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, answer.getheaders(), content

    def reply(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response(status)
        length = str(len(body))
        for name, value in headers:
            if name.lower() == "content-length" and self.command == "HEAD":
                length = value
            if name.lower() not in _OF_A_CONNECTION:
                self.send_header(name, value)
        self.send_header("Content-Length", length)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def standing_in(
    pages: str, s3: str, secret: str | None = None, region: str = "us-east-1"
) -> Iterator[str]:
    """Serve; gives the endpoint."""
    server = StandIn(pages, s3, secret, region)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield server.endpoint
    server.shutdown()
    thread.join()
    server.server_close()
