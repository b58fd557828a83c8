"""A proxy that notes what a client sends, and how the gateway answers."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from dataclasses import dataclass
from typing import Self

import httptools

from tests.servers import GatewayProcess

_CODE = re.compile(rb"<Code>(\w+)</Code>")
_PIECE_BYTES = 256 * 1024


@dataclass
class Exchange:
    """One request and its answer; the status is 0 until there is one."""

    method: str
    target: str
    status: int = 0
    code: str = ""

    def __str__(self) -> str:
        return f"{self.method} {self.target} -> {self.status} {self.code}".rstrip()


class _Requests:
    """Reads the requests of one connection."""

    def __init__(self, seen: list[Exchange]) -> None:
        self._seen = seen
        self.unanswered: list[Exchange] = []
        self._target = b""
        self._parser = httptools.HttpRequestParser(self)

    def feed(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_begin(self) -> None:
        self._target = b""

    def on_url(self, url: bytes) -> None:
        self._target += url

    def on_headers_complete(self) -> None:
        exchange = Exchange(self._parser.get_method().decode(), self._target.decode("latin-1"))
        self.unanswered.append(exchange)
        self._seen.append(exchange)


class _Answers:
    """Reads the answers to them, and gives each to its request."""

    def __init__(self, requests: _Requests) -> None:
        self._requests = requests
        self._parser = httptools.HttpResponseParser(self)
        self._current: Exchange | None = None
        self._body = b""

    def feed(self, data: bytes) -> None:
        self._parser.feed_data(data)
        if self._current is not None and self._current.method == "HEAD":
            # It announces a length and has no body, which this parser cannot be told.
            self._end()
            self._parser = httptools.HttpResponseParser(self)

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status >= 200:
            self._current = self._requests.unanswered.pop(0)
            self._current.status = status

    def on_body(self, body: bytes) -> None:
        if self._current is not None and self._current.status >= 400:
            self._body += body

    def on_message_complete(self) -> None:
        if self._current is not None:
            self._end()

    def _end(self) -> None:
        assert self._current is not None
        if found := _CODE.search(self._body):
            self._current.code = found[1].decode()
        self._current, self._body = None, b""


class Wiretap:
    """A client's way to a gateway, on a port of its own.

    Args:
        gateway: Where to pass everything on to.
    """

    def __init__(self, gateway: GatewayProcess) -> None:
        self.seen: list[Exchange] = []
        self._gateway = (gateway.host, gateway.port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.host, self.port = self._listener.getsockname()
        self.endpoint = f"http://{self.host}:{self.port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *exc: object) -> None:
        # Closing alone would leave the thread in accept().
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        requests = _Requests(self.seen)
        with client, socket.create_connection(self._gateway) as gateway:
            answering = threading.Thread(
                target=_pass_on, args=(gateway, client, _Answers(requests)), daemon=True
            )
            answering.start()
            _pass_on(client, gateway, requests)
            answering.join()


def _pass_on(source: socket.socket, target: socket.socket, reader: _Requests | _Answers) -> None:
    """Pass bytes on until one side ends."""
    with contextlib.suppress(OSError):
        while data := source.recv(_PIECE_BYTES):
            reader.feed(data)
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)
