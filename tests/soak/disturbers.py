"""Clients that break off, and clients that are slow."""

from __future__ import annotations

import contextlib
import socket
import time

from tests.hostile.test_aborted import reset
from tests.raw_http import Connection
from tests.soak.clients import BUCKET, MIB, Scene, Trouble, Worker

LARGE_KEY = "large/object"
LARGE_BYTES = 12 * MIB
SLOW_SECONDS = 4.0


class Aborter(Worker):
    """Breaks off whatever it begins."""

    kind = "aborts"

    def turn(self) -> None:
        """Break off one thing."""
        act = self.draw.choice((self._upload, self._download, self._head, self._answer))
        try:
            with Connection(self.scene.gateway) as connection:
                act(connection)
                if self.draw.random() < 0.7:
                    reset(connection.socket)
        except OSError as error:
            raise Trouble(repr(error)) from error

    def _upload(self, connection: Connection) -> None:
        """Send a part of a body. Nothing of it may ever be seen."""
        size = self.draw.choice((10_000, 800_000, 4 * MIB))
        headers = {"Content-Length": str(size)}
        connection.send(connection.head("PUT", f"/{BUCKET}/{self.any_key()}", None, headers))
        connection.send_body(bytes(self.draw.randrange(size)))

    def _download(self, connection: Connection) -> None:
        """Read a part of an answer."""
        connection.send(connection.head("GET", f"/{BUCKET}/{LARGE_KEY}"))
        left = self.draw.randrange(4 * MIB)
        while left > 0 and (data := connection.socket.recv(65536)):
            left -= len(data)

    def _head(self, connection: Connection) -> None:
        """Send a part of a request's head."""
        head = connection.head("GET", f"/{BUCKET}/{LARGE_KEY}")
        connection.send(head[: self.draw.randrange(len(head))])

    def _answer(self, connection: Connection) -> None:
        """Do not wait for the answer: the write may happen."""
        key = self.any_key()
        version = self.model.begin(key, self.draw.choice((100, 50_000, 2 * MIB)))
        assert version is not None
        content = version.content
        connection.send(connection.head("PUT", f"/{BUCKET}/{key}", content))
        connection.send_body(content)


class SlowReader(Worker):
    """Reads the large object slowly for a while, and then the rest, or no more."""

    kind = "slow readers"

    def __init__(self, scene: Scene, number: int) -> None:
        super().__init__(scene, number)
        self._taken = 0

    def turn(self) -> None:
        """Read once."""
        try:
            with Connection(self.scene.gateway) as connection:
                connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32 * 1024)
                close = {"Connection": "close"}
                connection.send(connection.head("GET", f"/{BUCKET}/{LARGE_KEY}", headers=close))
                body = self._read(connection)
        except OSError as error:
            raise Trouble(repr(error)) from error
        if body is None:
            return
        if b" 503 " in body[:20]:
            raise Trouble("503")
        content = body.partition(b"\r\n\r\n")[2]
        if len(content) < LARGE_BYTES and not self.scene.is_calm:
            raise Trouble("cut short")  # which is how a failure shows when the answer has begun
        self.model.saw(LARGE_KEY, content, self.name)
        self.count("bytes", len(content))

    def _read(self, connection: Connection) -> bytes | None:
        """The answer; None where it was not read to its end."""
        body, end = bytearray(), time.monotonic() + SLOW_SECONDS
        while time.monotonic() < end and not self.scene.has_ended.is_set():
            body += connection.socket.recv(16_000)
            time.sleep(0.05)
        if self.draw.random() < 0.3:
            return None
        with contextlib.suppress(ConnectionResetError):
            while data := connection.socket.recv(MIB):
                body += data
        return bytes(body)


class SlowWriter(Worker):
    """Sends a body in many small pieces."""

    kind = "slow writers"

    def turn(self) -> None:
        """Write once."""
        key = self.any_key()
        version = self.model.begin(key, 200_000)
        assert version is not None
        content = version.content
        try:
            with Connection(self.scene.gateway) as connection:
                connection.send(connection.head("PUT", f"/{BUCKET}/{key}", content))
                for at in range(0, len(content), 5_000):
                    connection.send(content[at : at + 5_000])
                    time.sleep(0.05)
                answer = connection.read()
        except OSError as error:
            raise Trouble(repr(error)) from error
        if answer.status == 503:
            raise Trouble(f"{answer.status} {answer.code}")
        if answer.status != 200:
            raise AssertionError(f"{answer.status} {answer.body!r}")
        self.model.answered(key, version)
        self.count("bytes", len(content))
