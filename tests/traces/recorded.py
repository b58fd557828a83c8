"""The requests of real clients, as files hold them and as they go on the wire."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.raw_http import Answer, Connection
from tests.traces.bodies import in_http_chunks, payload_of, wire_of
from tests.traces.judge import Ask

REQUESTS = Path(__file__).parent / "requests"
CLIENTS = sorted(path.stem for path in REQUESTS.glob("*.jsonl"))


@dataclass(frozen=True)
class Recorded:
    """One request of a client. What `op` names is what its user asked for."""

    op: str
    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: Mapping[str, Any] | None

    @property
    def size_bytes(self) -> int:
        """How long the body is, without HTTP's chunks."""
        if self.body is None:
            return 0
        size: int = self.body.get("pattern_bytes", len(self.body.get("text", "")))
        return size

    def ask(self) -> Ask:
        """The request as the judge sees it."""
        headers = {name.lower(): value for name, value in self.headers}
        payload = payload_of(dict(self.body)) if self.body is not None else None
        if payload is None and headers.get("content-length") == "0":
            payload = b""
        return Ask(self.method, self.target, headers, payload)

    def head(self, host: str) -> bytes:
        """Request line and headers, as recorded but for the host."""
        lines = [f"{self.method} {self.target} HTTP/1.1"]
        lines += [f"{n}: {host if n.lower() == 'host' else v}" for n, v in self.headers]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")

    def wire_body(self) -> bytes:
        """The body with all its framing."""
        if self.body is None:
            return b""
        wire = wire_of(dict(self.body))
        sizes = self.body.get("http_chunks")
        return in_http_chunks(wire, sizes) if sizes else wire

    def send(self, connection: Connection, host: str) -> Answer:
        """Send it as its client does, and read the answer."""
        connection.send(self.head(host))
        expects = any(name.lower() == "expect" for name, _ in self.headers)
        if not expects or connection.is_told_to_continue():
            connection.send_body(self.wire_body())
        return connection.read(self.method)


@cache
def requests_of(client: str) -> Sequence[Recorded]:
    """All requests that a client was seen to make."""
    lines = (REQUESTS / f"{client}.jsonl").read_text().splitlines()
    return tuple(_read(json.loads(line)) for line in lines)


def _read(line: dict[str, Any]) -> Recorded:
    return Recorded(
        line["op"],
        line["method"],
        line["target"],
        tuple((name, value) for name, value in line["headers"]),
        line.get("body"),
    )
