"""The least that uvicorn can do: answer recorded bytes, or take bytes, hash them and sync them.

    BARE_ANSWERS=answers.json BARE_FOLDER=folder python -m uvicorn bench.bare_app:app

What a gateway answered to GET, HEAD, PUT and a listing is answered again, whatever is asked. `PUT
/large/…` stores the body as the embedded PFS would, `GET /large/…` reads and answers what was put
last, and `GET /memory/N` answers N bytes that are one megabyte again and again. It is the limit
that a gateway on uvicorn can reach.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

PIECE_BYTES = 1024 * 1024

_FOLDER = Path(os.environ["BARE_FOLDER"])
_ANSWERS: dict[str, dict[str, Any]] = json.loads(Path(os.environ["BARE_ANSWERS"]).read_text())
_HEADERS = {
    kind: [(name.encode(), value.encode()) for name, value in answer["headers"].items()]
    for kind, answer in _ANSWERS.items()
}
_BODIES = {kind: answer["body"].encode() for kind, answer in _ANSWERS.items()}


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answer."""
    if scope["type"] == "lifespan":
        await _live(receive, send)
        return
    if scope["path"].startswith("/memory/"):
        await _memory(int(scope["path"].rpartition("/")[2]), send)
        return
    if scope["path"].startswith("/large/"):
        if scope["method"] == "GET":
            await _stored(send)
            return
        await _store(receive)
    else:
        while (await receive()).get("more_body"):
            pass
    kind = scope["method"]
    if kind == "GET" and b"list-type" in scope["query_string"]:
        kind = "LIST"
    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS[kind]})
    await send({"type": "http.response.body", "body": _BODIES[kind]})


async def _live(receive: Any, send: Any) -> None:
    while True:
        message = await receive()
        await send({"type": message["type"] + ".complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def _memory(size_bytes: int, send: Any) -> None:
    piece = bytes(PIECE_BYTES)
    await _send((piece for _ in range(size_bytes // PIECE_BYTES)), size_bytes, send)


async def _stored(send: Any) -> None:
    with (_FOLDER / "stored").open("rb", buffering=0) as file:
        pieces = iter(lambda: file.read(PIECE_BYTES), b"")
        await _send(pieces, os.fstat(file.fileno()).st_size, send)


async def _send(pieces: Iterable[bytes], size_bytes: int, send: Any) -> None:
    headers = [(b"content-length", str(size_bytes).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    for piece in pieces:
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def _store(receive: Any) -> None:
    digest = hashlib.blake2b(digest_size=32)
    gathered = bytearray()
    more = True
    with (_FOLDER / "stored").open("wb", buffering=0) as file:
        while more:
            message = await receive()
            more = message.get("more_body", False)
            gathered += message.get("body", b"")
            if len(gathered) >= PIECE_BYTES or not more:
                digest.update(gathered)
                file.write(gathered)
                gathered.clear()
        os.fsync(file.fileno())
