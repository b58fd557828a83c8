"""Operations over plain HTTP, each answer held against the document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import quote, urlencode
from xml.sax.saxutils import escape

from tests.fuzz.conformance import faults_of
from tests.fuzz.contract import Operation, operations
from tests.raw_http import Answer, Connection
from tests.servers import GatewayProcess


class Client:
    """Sends one request after the other on a connection that it keeps as long as it can."""

    def __init__(self, gateway: GatewayProcess) -> None:
        self._gateway = gateway
        self._connection: Connection | None = None

    def close(self) -> None:
        if self._connection is not None:
            self._connection.socket.close()
            self._connection = None

    def send(
        self,
        name: str,
        bucket: str = "",
        key: str = "",
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Answer:
        """Send a request of an operation, and check that the answer is one it declares.

        Args:
            name: The operation's, at AWS.
            bucket: Not encoded, as the others.
            key: Likewise.
            query: Without what selects the operation.
            headers: Without Host and Content-Length.
            body: None for none.
        """
        operation = operations()[name]
        if body is None and operation.method in ("PUT", "POST"):
            body = b""
        target = target_of(operation, bucket, key, query or {})
        answer = self._exchange(operation.method, target, body, dict(headers or {}))
        faults = faults_of(operation, operation.method, answer.status, answer.headers, answer.body)
        assert not faults, f"{operation.method} {target} {headers} -> {answer}: {faults}"
        return answer

    def _exchange(
        self, method: str, target: str, body: bytes | None, headers: dict[str, str]
    ) -> Answer:
        connection = self._connection or Connection(self._gateway)
        self._connection = None  # until it has proved to be usable
        try:
            answer = connection.request(method, target, body, headers)
        except BaseException:
            connection.socket.close()
            raise
        if answer.headers.get("connection") == "close":
            connection.socket.close()
        else:
            self._connection = connection
        return answer


def target_of(operation: Operation, bucket: str, key: str, query: Mapping[str, str]) -> str:
    """A request target, with the parameters that select the operation."""
    selecting = {
        p["name"]: str(p["schema"].get("enum", [""])[0])
        for p in operation.parameters
        if p["in"] == "query" and p.get("required")
    }
    path = "/" + quote(bucket)
    if key:
        path += "/" + quote(key)
    sent = urlencode({**selecting, **query}, quote_via=quote)
    return f"{path}?{sent}" if sent else path


def delete_document(objects: Sequence[Mapping[str, str]], *, quiet: bool | None = None) -> bytes:
    """The body of a DeleteObjects."""
    named = "".join(
        "<Object>" + "".join(f"<{n}>{escape(v)}</{n}>" for n, v in one.items()) + "</Object>"
        for one in objects
    )
    said = "" if quiet is None else f"<Quiet>{str(quiet).lower()}</Quiet>"
    return f"<Delete>{said}{named}</Delete>".encode()
