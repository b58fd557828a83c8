"""HTTP without an SDK's help: what SDKs hide is sent as it is, and read back as it comes."""

from __future__ import annotations

import select
import socket
from dataclasses import dataclass, field
from typing import Protocol
from xml.etree import ElementTree

TIMEOUT_SECONDS = 60
PIECE_BYTES = 256 * 1024


@dataclass
class Answer:
    """One HTTP response."""

    status: int
    headers: dict[str, str]
    body: bytes = b""
    interim: list[int] = field(default_factory=list)

    @property
    def xml(self) -> ElementTree.Element:
        return ElementTree.fromstring(self.body)  # noqa: S314 - our own server's answer

    @property
    def code(self) -> str | None:
        """The S3 error code."""
        return self.xml.findtext("Code")

    @property
    def message(self) -> str:
        return self.xml.findtext("Message") or ""

    @property
    def said(self) -> str:
        """What it says to a person: the message, and the reason where there is one."""
        return " ".join(filter(None, (self.message, self.xml.findtext("Reason"))))

    def texts(self, *names: str) -> list[str]:
        """The texts of all elements at a path of names, whatever their namespace."""
        path = "/".join("{*}" + name for name in names)
        return [node.text or "" for node in self.xml.findall(path)]


class Address(Protocol):
    """What says where a gateway is."""

    host: str
    port: int


class Connection:
    """A connection to a gateway, perhaps from a certain address."""

    def __init__(self, gateway: Address, source: str = "") -> None:
        self.socket = socket.create_connection(
            (gateway.host, gateway.port), TIMEOUT_SECONDS, (source, 0) if source else None
        )
        self._host = f"{gateway.host}:{gateway.port}"
        self._buffer = b""

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *exc: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def send_body(self, data: bytes) -> None:
        """Send, as long as no answer comes first."""
        for at in range(0, len(data), PIECE_BYTES):
            if self.has_answer():
                return
            self.send(data[at : at + PIECE_BYTES])

    def has_answer(self) -> bool:
        """Whether something can be read."""
        return bool(select.select([self.socket], [], [], 0)[0])

    def is_told_to_continue(self) -> bool:
        """Wait for what comes of `Expect: 100-continue`, and leave it to be read."""
        while b"\r\n\r\n" not in self._buffer:
            self._fill()
        return self._buffer.startswith(b"HTTP/1.1 100 ")

    def request(
        self,
        method: str,
        target: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """Send one request and read its answer."""
        self.send(self.head(method, target, body, headers) + (body or b""))
        return self.read(method)

    def head(
        self,
        method: str,
        target: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> bytes:
        """A request's head."""
        sent = {"Host": self._host, **(headers or {})}
        if body is not None and "Transfer-Encoding" not in sent:
            sent.setdefault("Content-Length", str(len(body)))
        lines = [f"{method} {target} HTTP/1.1", *(f"{n}: {v}" for n, v in sent.items())]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")

    def read(self, method: str = "GET") -> Answer:
        """Read one answer, with the interim ones before it."""
        interim = []
        while True:
            answer = self._read_head()
            if answer.status >= 200:
                break
            interim.append(answer.status)
        answer.interim = interim
        if method != "HEAD" and answer.status not in (204, 304):
            answer.body = self._read_body(answer)
        return answer

    def is_closed(self) -> bool:
        """Whether the server has ended the connection."""
        if self._buffer:
            return False
        self.socket.settimeout(TIMEOUT_SECONDS)
        try:
            return self.socket.recv(1) == b""
        except ConnectionResetError:
            return True

    def _read_head(self) -> Answer:
        while b"\r\n\r\n" not in self._buffer:
            self._fill()
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        status_line, *lines = head.decode("latin-1").split("\r\n")
        headers = {}
        for line in lines:
            name, _, value = line.partition(":")
            assert name.lower() not in headers, f"{name} came twice"
            headers[name.lower()] = value.strip()
        return Answer(int(status_line.split()[1]), headers)

    def _read_body(self, answer: Answer) -> bytes:
        size = int(answer.headers["content-length"])
        while len(self._buffer) < size:
            self._fill()
        body, self._buffer = self._buffer[:size], self._buffer[size:]
        return body

    def _fill(self) -> None:
        data = self.socket.recv(1024 * 1024)
        if not data:
            raise ConnectionError("the server closed the connection")
        self._buffer += data


def send(
    gateway: Address,
    method: str,
    target: str,
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
) -> Answer:
    """One request on a connection of its own."""
    with Connection(gateway) as connection:
        return connection.request(method, target, body, headers)
