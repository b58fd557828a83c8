"""Signatures within a body: each chunk's covers the one before it, the first the request's own.

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html and
`sigv4-streaming-trailers.html` beside it.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping

from s3_wire.credential import SigningKey
from s3_wire.signature_errors import SignatureDoesNotMatch

_CHUNK = "AWS4-HMAC-SHA256-PAYLOAD"
_TRAILER = "AWS4-HMAC-SHA256-TRAILER"
_NOTE_BYTES = 512
"""What the note of a chunk takes, and in part what verifying it costs beyond its bytes."""

_PIECE_BYTES = 64
"""What a piece of one takes beyond its bytes: it may be of two."""

_OF_NOTHING = hashlib.sha256().hexdigest()


class ChunkSignatures:
    """Verifies the chunks of one body, in their order.

    What comes is only noted until `verify`, which takes as long as its SHA-256 and may run on a
    thread. Until it has returned, nothing of what came before is to be believed.

    Args:
        signing_key: What the request was signed with.
        timestamp: When, as it is signed.
        scope: The credential's scope, as it is signed.
        seed: The request's own signature.
    """

    def __init__(self, signing_key: SigningKey, timestamp: str, scope: str, seed: str) -> None:
        self._signing_key = signing_key
        self._timestamp = timestamp
        self._scope = scope
        self._previous = seed
        self._given = ""
        self._hash = hashlib.sha256()
        self._noted: list[bytes | str | None] = []
        self.noted_bytes = 0
        """What has been noted and not verified, the notes themselves included."""

    def begin(self, signature: str) -> None:
        """A chunk begins, with this signature in its head."""
        self._noted.append(signature)
        self.noted_bytes += _NOTE_BYTES

    def update(self, data: bytes) -> None:
        """More bytes of the chunk have come."""
        self._noted.append(data)
        self.noted_bytes += len(data) + _PIECE_BYTES

    def end(self) -> None:
        """The chunk has ended."""
        self._noted.append(None)

    def verify(self) -> None:
        """Verify all chunks that have ended.

        Raises:
            SignatureDoesNotMatch: One is not what was signed.
        """
        noted, self._noted, self.noted_bytes = self._noted, [], 0
        for one in noted:
            if one is None:
                self._verify_chunk()
            elif isinstance(one, str):
                self._given, self._hash = one, hashlib.sha256()
            else:
                self._hash.update(one)

    def _verify_chunk(self) -> None:
        self._verify(
            self._given, _CHUNK, self._timestamp, self._scope, self._previous, _OF_NOTHING,
            self._hash.hexdigest(),
        )  # fmt: skip

    def verify_trailer(self, fields: Mapping[str, str], signature: str) -> None:
        """Compare the trailer's signature, which covers the last chunk's and its fields.

        Raises:
            SignatureDoesNotMatch: It is another, or a chunk before it is not what was signed.
        """
        self.verify()
        lines = "".join(f"{name}:{value}\n" for name, value in fields.items())
        digest = hashlib.sha256(lines.encode()).hexdigest()
        self._verify(signature, _TRAILER, self._timestamp, self._scope, self._previous, digest)

    def _verify(self, given: str, *lines: str) -> None:
        string_to_sign = "\n".join(lines)
        right = self._signing_key.signature(string_to_sign.encode())
        if not hmac.compare_digest(given.encode(), right.encode()):
            raise SignatureDoesNotMatch(StringToSign=string_to_sign, SignatureProvided=given)
        self._previous = right
