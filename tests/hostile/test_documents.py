"""Request documents that would read files, or fill memory.

Rows 1 and 2 of `docs/negative-cases.md`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hostile.conftest import BUCKET
from tests.hostile.measures import at_most
from tests.raw_http import Answer, Connection, send
from tests.servers import GatewayProcess

SECRET = "the content of a file on the server"
DOCUMENT_LIMIT_BYTES = 8 * 1024**2

DOCUMENTS = {
    "Delete": ("POST", f"/{BUCKET}?delete", "<Delete><Object><Key>{}</Key></Object></Delete>"),
    "CreateBucketConfiguration": (
        "PUT",
        "/new.bucket",
        "<CreateBucketConfiguration><LocationConstraint>{}</LocationConstraint>"
        "</CreateBucketConfiguration>",
    ),
    "CompleteMultipartUpload": (
        "POST",
        f"/{BUCKET}/k?uploadId=1",
        "<CompleteMultipartUpload><Part><ETag>{}</ETag></Part></CompleteMultipartUpload>",
    ),
}


@pytest.fixture
def secret(tmp_path: Path) -> str:
    file = tmp_path / "secret"
    file.write_text(SECRET)
    return file.as_uri()


def sent(target: GatewayProcess, kind: str, doctype: str, inside: str) -> Answer:
    method, path, document = DOCUMENTS[kind]
    body = f'<?xml version="1.0"?>{doctype}{document.format(inside)}'
    return send(target, method, path, body.encode())


@pytest.mark.parametrize("kind", DOCUMENTS)
@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE {kind} [<!ENTITY e SYSTEM "{url}">]>',
        '<!DOCTYPE {kind} [<!ENTITY e PUBLIC "-//x//y" "{url}">]>',
        '<!DOCTYPE {kind} [<!ENTITY % p SYSTEM "{url}"> %p; <!ENTITY e "x">]>',
        '<!DOCTYPE {kind} SYSTEM "{url}">',
        '<!DOCTYPE {kind} [<!ENTITY e SYSTEM "http://127.0.0.1:1/">]>',
        '<!DOCTYPE {kind} [<!ENTITY e SYSTEM "php://filter/resource={url}">]>',
    ],
)
def test_a_document_with_external_entities_reads_nothing(
    target: GatewayProcess, secret: str, kind: str, doctype: str
) -> None:
    answer = sent(target, kind, doctype.format(kind=kind, url=secret), "&e;")
    expected = {(400, "MalformedXML")}
    if kind == "CompleteMultipartUpload":
        expected = {(501, "NotImplemented")}
    assert (answer.status, answer.code) in expected
    assert SECRET.encode() not in answer.body


def test_xinclude_is_not_followed(target: GatewayProcess, secret: str) -> None:
    include = f'<i:include xmlns:i="http://www.w3.org/2001/XInclude" href="{secret}" parse="text"/>'
    for kind in ("Delete", "CreateBucketConfiguration"):
        answer = sent(target, kind, "", include)
        assert SECRET.encode() not in answer.body
        if kind == "CreateBucketConfiguration":
            send(target, "DELETE", "/new.bucket")
        else:
            assert answer.code == "MalformedXML"


QUOTED = '"u"'


def numbered(text: str, count: int) -> str:
    return "".join(map(text.format, range(count)))


LAUGHS = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
BOMBS = {
    "a billion laughs": (f'<!DOCTYPE Delete [<!ENTITY e0 "lol">{LAUGHS}]>', "&e11;"),
    "quadratic blow-up": (f'<!DOCTYPE Delete [<!ENTITY e "{"a" * 100_000}">]>', "&e;" * 100_000),
    "an entity within itself": ('<!DOCTYPE Delete [<!ENTITY e "&e;">]>', "&e;"),
    "deep nesting": ("", "<a>" * 500_000),
    "many elements": ("", "<a/>" * 1_500_000),
    "many attributes": ("", f"<a{numbered(' b{}=' + QUOTED, 400_000)}/>"),
    "one attribute many times": ("", f"<a{f' b={QUOTED}' * 400_000}/>"),
    "many namespaces": ("", f"<a{numbered(' xmlns:b{}=' + QUOTED, 300_000)}/>"),
    "a long name": ("", f"<{'a' * 5_000_000}/>"),
    "a long comment": ("", f"<!--{'a' * 7_000_000}-->"),
    "many comments": ("", "<!---->" * 1_000_000),
    "many instructions": ("", "<?a?>" * 1_000_000),
    "many references": ("", "&#65;" * 1_000_000),
    "long character data": ("", f"<![CDATA[{'a' * 7_000_000}]]>"),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_does_not_go_off(target: GatewayProcess, bomb: str) -> None:
    doctype, inside = BOMBS[bomb]
    with at_most(target.process.pid, seconds=5, growth_bytes=400 * 1024**2):
        answer = sent(target, "Delete", doctype, inside)
    # A key of a million characters is one, and that object is not there.
    assert answer.status in (200, 400), answer
    if answer.status == 400:
        assert answer.code in ("MalformedXML", "KeyTooLongError")
    else:
        assert len(answer.texts("Deleted") + answer.texts("Error")) == 1


@pytest.mark.parametrize("bomb", BOMBS)
def test_others_are_served_while_a_bomb_is_looked_at(target: GatewayProcess, bomb: str) -> None:
    doctype, inside = BOMBS[bomb]
    method, path, document = DOCUMENTS["Delete"]
    body = f'<?xml version="1.0"?>{doctype}{document.format(inside)}'.encode()
    with Connection(target) as bomber, Connection(target) as other:
        bomber.send(bomber.head(method, path, body) + body)
        with at_most(target.process.pid, seconds=2, growth_bytes=400 * 1024**2):
            assert other.request("HEAD", f"/{BUCKET}/k").status == 200
        bomber.read()


def test_a_document_is_capped_before_it_is_read(target: GatewayProcess) -> None:
    method, path, _ = DOCUMENTS["Delete"]
    with at_most(target.process.pid, seconds=5):
        answer = send(target, method, path, b"<" * (DOCUMENT_LIMIT_BYTES + 1))
        assert (answer.status, answer.code) == (400, "MaxMessageLengthExceeded")
        # Neither does a length that was not declared help.
        with Connection(target) as connection:
            head = connection.head(method, path, None, {"Transfer-Encoding": "chunked"})
            piece = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
            connection.send(head + b"10\r\n<Delete><Quiet/>\r\n")
            connection.send_body(piece * 20)
            assert connection.read().code == "MaxMessageLengthExceeded"


def test_a_delete_of_more_than_a_thousand_keys_is_malformed(target: GatewayProcess) -> None:
    keys = "</Key></Object><Object><Key>".join(f"absent{n}" for n in range(1001))
    assert sent(target, "Delete", "", keys).code == "MalformedXML"


@pytest.mark.parametrize(
    "encoding", ["utf-7", "utf-16", "utf-32", "ebcdic-cp-us", "x-user-defined", "\u00fc"]
)
def test_an_encoding_hides_no_doctype(target: GatewayProcess, secret: str, encoding: str) -> None:
    document = (
        f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE Delete [<!ENTITY e SYSTEM'
        f' "{secret}">]><Delete><Object><Key>&e;</Key></Object></Delete>'
    )
    codec = {"utf-16": "utf-16", "utf-32": "utf-32", "ebcdic-cp-us": "cp037", "utf-7": "utf-7"}
    answer = send(target, "POST", f"/{BUCKET}?delete", document.encode(codec.get(encoding, "utf8")))
    assert answer.code == "MalformedXML"
    assert SECRET.encode() not in answer.body
