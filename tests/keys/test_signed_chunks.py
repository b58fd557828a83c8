"""Bodies that are signed in chunks and go wrong: none is stored, and none is acknowledged."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator

import pytest

from tests.keys.conftest import BUCKET, CONTENT, KEY, WRITER, assert_unchanged
from tests.keys.signer import SIGNED_CHUNKS, Signer, new_address, wrong
from tests.raw_http import Connection
from tests.servers import GatewayProcess

CHUNKS = (b"first chunk", b"x" * 70_000, b"z", b"")
REST_BYTES = 64 * 1024 * 1024
"""What is announced and never sent."""


@pytest.fixture(autouse=True)
def nothing_changes(keyed: GatewayProcess) -> Iterator[None]:
    yield
    assert_unchanged(keyed)


def framed(signer: Signer, seed: str, *chunks: bytes, spoil: int = -1) -> list[bytes]:
    """Each chunk with its head; of the one at `spoil` the signature is wrong."""
    previous, wire = seed, []
    for at, chunk in enumerate(chunks):
        previous = signer.chunk_signature(previous, chunk)
        shown = wrong(previous) if at == spoil else previous
        wire.append(f"{len(chunk):x};chunk-signature={shown}\r\n".encode() + chunk + b"\r\n")
    return wire


def begin(
    connection: Connection, keyed: GatewayProcess, size_bytes: int, wire_bytes: int
) -> tuple[Signer, str]:
    """Send the head of a PUT of so many bytes."""
    signer, target = Signer(WRITER), f"/{BUCKET}/{KEY}"
    sent = {"Host": f"{keyed.host}:{keyed.port}", "x-amz-content-sha256": SIGNED_CHUNKS}
    sent |= {"x-amz-date": signer.timestamp, "x-amz-decoded-content-length": str(size_bytes)}
    seed = signer.sign_headers("PUT", target, sent, SIGNED_CHUNKS)
    connection.send(
        connection.head("PUT", target, b"", {**sent, "Content-Length": str(wire_bytes)})
    )
    return signer, seed


def wire_bytes_of(chunks: tuple[bytes, ...]) -> int:
    """How much some chunks take with their framing, whatever signs them."""
    return sum(map(len, framed(Signer(WRITER), "0" * 64, *chunks)))


@pytest.mark.parametrize("spoil", range(len(CHUNKS)))
def test_one_wrong_chunk_spoils_all(keyed: GatewayProcess, spoil: int) -> None:
    with Connection(keyed, new_address()) as connection:
        size = sum(map(len, CHUNKS))
        signer, seed = begin(connection, keyed, size, wire_bytes_of(CHUNKS))
        for piece in framed(signer, seed, *CHUNKS, spoil=spoil):
            connection.send(piece)
        answer = connection.read("PUT")
    assert (answer.status, answer.code) == (403, "SignatureDoesNotMatch")


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        (lambda wire: [*wire[:-2], wire[-1], wire[-2]], "SignatureDoesNotMatch"),
        (lambda wire: [wire[0], wire[0], *wire[2:]], "SignatureDoesNotMatch"),
        (lambda wire: [wire[1], wire[0], *wire[2:]], "SignatureDoesNotMatch"),
        (lambda wire: [wire[-1], *wire[:-1]], "SignatureDoesNotMatch"),
        (lambda wire: [*wire[:-1], wire[-1].replace(b"0;", b"0;x=1;")], "IncompleteBody"),
        (lambda wire: [*wire[:-1], b"0\r\n\r\n"], "IncompleteBody"),
        (lambda wire: [*wire[:-1], b"0;chunk-signature=\r\n\r\n"], "IncompleteBody"),
        (lambda wire: [wire[0].replace(b"first", b"other"), *wire[1:]], "SignatureDoesNotMatch"),
        (lambda wire: [wire[0].replace(b"first", b"other"), b"junk\r\n"], "SignatureDoesNotMatch"),
        (lambda wire: [*wire, b"0" * 100], "IncompleteBody"),
    ],
)
def test_chunks_that_are_moved_changed_or_left_out_are_refused(
    keyed: GatewayProcess, damage: Callable[[list[bytes]], list[bytes]], code: str
) -> None:
    with Connection(keyed, new_address()) as connection:
        sample = b"".join(damage(framed(Signer(WRITER), "0" * 64, *CHUNKS)))
        signer, seed = begin(connection, keyed, sum(map(len, CHUNKS)), len(sample))
        connection.send(b"".join(damage(framed(signer, seed, *CHUNKS))))
        answer = connection.read("PUT")
    assert answer.status in (400, 403)
    assert answer.code == code


def test_a_wrong_chunk_is_refused_without_waiting_for_the_rest(keyed: GatewayProcess) -> None:
    """The rest never comes here: who waited for it would wait for ever."""
    many = [b"first"] + [b"x" * 64 * 1024] * 40
    with Connection(keyed, new_address()) as connection:
        signer, seed = begin(connection, keyed, REST_BYTES, REST_BYTES + 100_000)
        connection.send_body(b"".join(framed(signer, seed, *many, spoil=0)))
        answer = connection.read("PUT")
        assert (answer.status, answer.code) == (403, "SignatureDoesNotMatch")
        assert answer.headers["connection"] == "close"


@pytest.mark.parametrize("whole_chunks", [1, 2, 3])
def test_a_connection_that_is_cut_stores_nothing(keyed: GatewayProcess, whole_chunks: int) -> None:
    """All that came is signed rightly. Only that it has ended is not."""
    with Connection(keyed, new_address()) as connection:
        size = sum(map(len, CHUNKS))
        signer, seed = begin(connection, keyed, size, wire_bytes_of(CHUNKS))
        connection.send(b"".join(framed(signer, seed, *CHUNKS)[:whole_chunks]))
        connection.socket.shutdown(socket.SHUT_WR)
        answer = connection.read("PUT")
    assert (answer.status, answer.code) == (400, "IncompleteBody")


def test_a_body_of_one_byte_chunks_is_stored_when_it_is_right(keyed: GatewayProcess) -> None:
    chunks = (*(bytes([one]) for one in CONTENT), b"")
    for spoil, status in ((len(CONTENT) - 1, 403), (-1, 200)):
        with Connection(keyed, new_address()) as connection:
            signer, seed = begin(connection, keyed, len(CONTENT), wire_bytes_of(chunks))
            connection.send(b"".join(framed(signer, seed, *chunks, spoil=spoil)))
            assert connection.read("PUT").status == status
