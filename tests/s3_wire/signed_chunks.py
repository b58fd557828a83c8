"""Bodies that are signed chunk by chunk, rightly or not, and what verifies them."""

from __future__ import annotations

import hashlib
import hmac

from s3_wire.chunk_signatures import ChunkSignatures
from s3_wire.credential import SigningKey

KEY, SEED = b"k" * 32, "0" * 64


def chunked(*contents: bytes, spoil: int = -1) -> bytes:
    """A signed body; of the chunk at `spoil` the signature is wrong."""
    previous, wire = SEED, b""
    for at, content in enumerate(contents):
        lines = ("AWS4-HMAC-SHA256-PAYLOAD", "t", "scope", previous, hashlib.sha256().hexdigest())
        to_sign = "\n".join((*lines, hashlib.sha256(content).hexdigest()))
        previous = hmac.new(KEY, to_sign.encode(), hashlib.sha256).hexdigest()
        shown = "1" * 64 if at == spoil else previous
        wire += f"{len(content):x};chunk-signature={shown}\r\n".encode() + content
        wire += b"\r\n"
    return wire


def chunk_signatures() -> ChunkSignatures:
    """Verifies `chunked`."""
    return ChunkSignatures(SigningKey(KEY), "t", "scope", SEED)
