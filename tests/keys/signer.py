"""A client that signs, and that can sign wrongly: what no SDK lets one do."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote, unquote

from tests.raw_http import Address, Answer, Connection

_numbers = itertools.count()

OF_NOTHING = hashlib.sha256().hexdigest()
UNSIGNED = "UNSIGNED-PAYLOAD"
SIGNED_CHUNKS = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
SIGNED_TRAILER = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
UNSIGNED_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
DIGEST = "the digest itself"
MODES = (DIGEST, UNSIGNED, SIGNED_CHUNKS, SIGNED_TRAILER, UNSIGNED_TRAILER)


@dataclass(frozen=True)
class Key:
    """An access key with its secret."""

    name: str
    secret: str


def _hex(key: bytes, text: str) -> str:
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def right(signature: str) -> str:
    """Leave a signature as it is."""
    return signature


def wrong(signature: str) -> str:
    """The last digit of a signature is another."""
    return signature[:-1] + ("1" if signature[-1] == "0" else "0")


@dataclass
class Signer:
    """Signs with version 4.

    `spoil` makes the request's signature what it is sent as, `spoil_chunk` that of a body's last
    chunk. Each request comes from another address unless there is one: who fails again and again
    is slowed.
    """

    key: Key
    time: datetime = field(default_factory=lambda: datetime.now(UTC))
    region: str = "us-east-1"
    spoil: Callable[[str], str] = right
    spoil_chunk: Callable[[str], str] = right
    spoil_trailer: Callable[[str], str] = right
    address: str = ""

    def send(
        self,
        gateway: Address,
        method: str,
        target: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        *,
        mode: str = DIGEST,
        presigned: bool = False,
    ) -> Answer:
        """One signed request; only what is given here stands in it."""
        sent = {"Host": f"{gateway.host}:{gateway.port}", **(headers or {})}
        payload = hashlib.sha256(body).hexdigest() if mode == DIGEST else mode
        if presigned:
            target, seed = self._presigned(method, target, sent)
            sent["x-amz-content-sha256"] = payload
            if payload == UNSIGNED:
                del sent["x-amz-content-sha256"]
        else:
            sent |= {"x-amz-content-sha256": payload, "x-amz-date": self.timestamp}
            if mode in (SIGNED_CHUNKS, SIGNED_TRAILER, UNSIGNED_TRAILER):
                sent["x-amz-decoded-content-length"] = str(len(body))
            if mode in (SIGNED_TRAILER, UNSIGNED_TRAILER):
                sent["x-amz-trailer"] = "x-amz-checksum-sha1"
            seed = self.sign_headers(method, target, sent, payload)
        if mode in (SIGNED_CHUNKS, SIGNED_TRAILER, UNSIGNED_TRAILER):
            body = self._framed(body, mode, seed)
        sent.pop("Host")
        with Connection(gateway, self.address or new_address()) as connection:
            return connection.request(method, target, body if method != "GET" else None, sent)

    @property
    def timestamp(self) -> str:
        """The time of signing."""
        return f"{self.time:%Y%m%dT%H%M%SZ}"

    @property
    def scope(self) -> str:
        """The credential's scope."""
        return f"{self.time:%Y%m%d}/{self.region}/s3/aws4_request"

    @property
    def signing_key(self) -> bytes:
        """The key of this day and region."""
        key = f"AWS4{self.key.secret}".encode()
        for part in self.scope.split("/"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        return key

    def sign_headers(self, method: str, target: str, sent: dict[str, str], payload: str) -> str:
        """Sign a request's headers, `Authorization` goes among them; return the signature."""
        names = ";".join(sorted(name.lower() for name in sent))
        signature = self._signature(method, target, sent, payload)
        sent["Authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={self.key.name}/{self.scope}, SignedHeaders={names},"
            f" Signature={self.spoil(signature)}"
        )
        return signature

    def chunk_signature(self, previous: str, chunk: bytes) -> str:
        """What signs a chunk of a body, behind one with this signature."""
        digest = hashlib.sha256(chunk).hexdigest()
        lines = (self.timestamp, self.scope, previous, OF_NOTHING, digest)
        return _hex(self.signing_key, "\n".join(("AWS4-HMAC-SHA256-PAYLOAD", *lines)))

    def _presigned(self, method: str, target: str, sent: Mapping[str, str]) -> tuple[str, str]:
        names = ";".join(sorted(name.lower() for name in sent))
        parameters = {
            "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
            "X-Amz-Credential": f"{self.key.name}/{self.scope}",
            "X-Amz-Date": self.timestamp,
            "X-Amz-Expires": "60",
            "X-Amz-SignedHeaders": names,
        }
        added = "&".join(f"{name}={quote(value, safe='')}" for name, value in parameters.items())
        target += ("&" if "?" in target else "?") + added
        signature = self._signature(method, target, sent, UNSIGNED)
        return f"{target}&X-Amz-Signature={self.spoil(signature)}", signature

    def _signature(self, method: str, target: str, sent: Mapping[str, str], payload: str) -> str:
        path, _, query = target.partition("?")
        items = [item.partition("=")[::2] for item in query.split("&") if item]
        pairs = sorted((quote(unquote(n), safe=""), quote(unquote(v), safe="")) for n, v in items)
        headers = sorted((name.lower(), value) for name, value in sent.items())
        canonical = "\n".join(
            (
                method,
                path,
                "&".join(f"{name}={value}" for name, value in pairs),
                "".join(f"{name}:{value}\n" for name, value in headers),
                ";".join(name for name, _ in headers),
                payload,
            )
        )
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        to_sign = f"AWS4-HMAC-SHA256\n{self.timestamp}\n{self.scope}\n{digest}"
        return _hex(self.signing_key, to_sign)

    def _framed(self, body: bytes, mode: str, seed: str) -> bytes:
        """The body in two chunks and the last one. Only the last one's signature is spoiled."""
        previous, wire = seed, b""
        half = len(body) // 2
        for chunk in [piece for piece in (body[:half], body[half:]) if piece] + [b""]:
            previous = self.chunk_signature(previous, chunk)
            shown = previous if chunk else self.spoil_chunk(previous)
            extension = "" if mode == UNSIGNED_TRAILER else f";chunk-signature={shown}"
            wire += f"{len(chunk):x}{extension}\r\n".encode() + chunk + (b"\r\n" if chunk else b"")
        return wire + self._trailer(body, mode, previous) + b"\r\n"

    def _trailer(self, body: bytes, mode: str, previous: str) -> bytes:
        if mode == SIGNED_CHUNKS:
            return b""
        checksum = _base64_sha1(body)
        line = f"x-amz-checksum-sha1:{checksum}"
        if mode == UNSIGNED_TRAILER:
            return f"{line}\r\n".encode()
        digest = hashlib.sha256(f"{line}\n".encode()).hexdigest()
        lines = (self.timestamp, self.scope, previous, digest)
        signature = _hex(self.signing_key, "\n".join(("AWS4-HMAC-SHA256-TRAILER", *lines)))
        shown = self.spoil_trailer(signature)
        return f"{line}\r\nx-amz-trailer-signature:{shown}\r\n".encode()


def new_address() -> str:
    """One that has not been used, as who fails again and again is slowed."""
    number = next(_numbers)
    return f"127.1.{number // 200 % 200}.{number % 200 + 1}"


def _base64_sha1(body: bytes) -> str:
    return base64.b64encode(hashlib.sha1(body, usedforsecurity=False).digest()).decode()
