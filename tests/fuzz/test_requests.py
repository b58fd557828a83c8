"""Requests of any bytes: each is answered with S3's XML, none with a failure of the server's."""

from __future__ import annotations

import re
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.contract.compositions import each_composition
from tests.contract.under_test import ContractUnderTest
from tests.fuzz.client import Client
from tests.fuzz.conformance import faults_of
from tests.fuzz.profiles import examples
from tests.raw_http import Connection
from tests.servers import GatewayProcess

METHODS = st.sampled_from((b"GET", b"HEAD", b"PUT", b"POST", b"DELETE", b"PATCH", b"OPTIONS"))

# What means something in a target, and what may stand there in its place.
_PATH_PIECES = (
    b"/", b"//", b"master.b", b"b", b"k", b".", b"..", b"%2F", b"%2e", b"%", b"%0", b"%ff", b"%00",
    b"%C3%A9", b"\xc3\xa9", b"\xff", b"-", b";", b"@", b":80", b"*", b"http://", b"~", b"+", b"|",
)  # fmt: skip
_QUERY_PIECES = (
    b"location", b"list-type=2", b"delete", b"prefix=", b"max-keys=", b"uploads", b"x-id=GetObject",
    b"&", b"=", b"?", b"%", b"%ff", b"%26", b"+", b"1", b"-1", b"X-Amz-Signature=", b"\xff", b";",
    b"marker=", b"delimiter=", b"encoding-type=url", b"continuation-token=", b"response-expires=",
)  # fmt: skip
_HEADER_NAMES = st.sampled_from(
    (
        b"x-amz-date", b"x-amz-content-sha256", b"x-amz-checksum-crc32", b"x-amz-copy-source",
        b"x-amz-meta-a", b"X-AMZ-DECODED-CONTENT-LENGTH", b"Range", b"If-Match", b"If-None-Match",
        b"If-Range", b"If-Modified-Since", b"Content-MD5", b"Content-Encoding", b"Content-Type",
        b"Authorization", b"Expect", b"Cookie", b"x-amz-trailer", b"x-amz-storage-class", b"Accept",
        b"x-amz-sdk-checksum-algorithm", b"Origin", b"Upgrade", b"TE", b"Via",
    )
)  # fmt: skip
_VALUE_PIECES = (
    b"*", b'"a"', b"bytes=0-", b"aws-chunked", b"STREAMING-AWS4-HMAC-SHA256-PAYLOAD", b"CRC32",
    b"UNSIGNED-PAYLOAD", b"100-continue", b"=", b",", b"1", b"websocket", b"h2c", b"\xff", b"\t",
)  # fmt: skip


def made_of(pieces: tuple[bytes, ...]) -> st.SearchStrategy[bytes]:
    return st.lists(st.sampled_from(pieces) | st.binary(max_size=2), max_size=6).map(b"".join)


TARGETS = st.builds(
    lambda path, query: (b"/" + path + query).translate(None, b" \r\n\0\t"),
    made_of(_PATH_PIECES),
    st.just(b"") | made_of(_QUERY_PIECES).map(lambda query: b"?" + query),
)
_VALUES = made_of(_VALUE_PIECES).map(lambda value: value.translate(None, b"\r\n\0"))
HEADERS = st.dictionaries(_HEADER_NAMES, _VALUES, max_size=4)

_BAD_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")

# Documents of the gateway's own are under /-/, and no S3.
_OWN_PAGES = re.compile(rb"/-(?:[/?]|$)")


@pytest.mark.timeout(600)
@each_composition
def test_no_request_makes_the_server_fail(
    embedded_gateway: GatewayProcess, contract: ContractUnderTest
) -> None:
    with closing(Client(embedded_gateway)) as client:
        client.send("CreateBucket", "master.b")
        client.send("PutObject", "master.b", "k", body=b"content")

    @settings(max_examples=examples(300, 10_000))
    @given(
        METHODS, TARGETS.filter(lambda t: not _OWN_PAGES.match(t)), HEADERS, st.binary(max_size=20)
    )
    def check(method: bytes, target: bytes, headers: dict[bytes, bytes], body: bytes) -> None:
        lines = [method + b" " + target + b" HTTP/1.1", b"Host: localhost", b"Connection: close"]
        lines += [name + b": " + value for name, value in headers.items()]
        lines += [b"Content-Length: %d" % len(body), b"", body]
        with Connection(embedded_gateway) as connection:
            connection.send(b"\r\n".join(lines))
            answer = connection.read(method.decode())
        assert answer.status < 500 or answer.status == 501, answer
        if _BAD_ESCAPE.search(target.partition(b"?")[0]):
            assert answer.status in (400, 403), answer  # of another origin it is not looked at
        if answer.status >= 400 and method != b"HEAD":
            told = (method.decode(), answer.status, answer.headers, answer.body)
            faults = [
                faults_of(contract, operation, *told)
                for operation in (None, *contract.operations.values())
            ]
            assert [] in faults, (answer, faults)
        assert not [line for line in embedded_gateway.log if "Traceback" in line]

    check()
