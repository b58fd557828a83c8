from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import pytest

from s3_wire.documents import (
    MAX_ELEMENTS_OF_ENTRY,
    MAX_TAG_BYTES,
    MAX_TEXT_CHARACTERS,
    DocumentReader,
    Element,
    parse,
)
from s3_wire.errors import MalformedXML
from s3_wire.xml import NAMESPACE

SECRET = "the-secret-in-the-file"
EXTERNAL = [
    '<!DOCTYPE Delete [<!ENTITY x SYSTEM "URL">]><Delete><Key>&x;</Key></Delete>',
    '<!DOCTYPE Delete [<!ENTITY x PUBLIC "x" "URL">]><Delete><Key>&x;</Key></Delete>',
    '<!DOCTYPE Delete [<!ENTITY x SYSTEM "URL">]><Delete a="&x;"/>',
    '<!DOCTYPE Delete [<!ENTITY x SYSTEM "URL">]><Delete/>',
    '<!DOCTYPE Delete [<!ENTITY % x SYSTEM "URL"> %x;]><Delete/>',
    '<!DOCTYPE Delete SYSTEM "URL"><Delete/>',
    '<!DOCTYPE Delete PUBLIC "x" "URL"><Delete/>',
]


@pytest.fixture
def secret_url(tmp_path: Path) -> str:
    path = tmp_path / "secret.txt"
    path.write_text(SECRET)
    return path.as_uri()


@pytest.mark.parametrize("attack", EXTERNAL)
def test_an_external_entity_is_refused_and_does_not_come_back(attack: str, secret_url: str) -> None:
    with pytest.raises(MalformedXML) as refusal:
        parse(attack.replace("URL", secret_url).encode(), "Delete")
    assert SECRET not in refusal.value.message
    assert SECRET not in str(refusal.value.details)


@pytest.mark.parametrize("attack", EXTERNAL)
def test_the_file_of_an_external_entity_is_not_opened(attack: str, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    refused = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        reader = pool.submit(_pipe_has_a_reader, pipe, refused)
        try:
            with pytest.raises(MalformedXML):
                parse(attack.replace("URL", pipe.as_uri()).encode(), "Delete")
        finally:
            refused.set()
        assert not reader.result()


def test_an_xinclude_is_an_element_like_others(secret_url: str) -> None:
    include = f'<x:include xmlns:x="http://www.w3.org/2001/XInclude" href="{secret_url}"/>'
    tree = parse(f"<Delete>{include}</Delete>".encode(), "Delete")
    assert tree == Element("Delete", children=[Element("include")])


@pytest.mark.parametrize(
    "data",
    [
        b"<!DOCTYPE Delete><Delete/>",
        b"<!DOCTYPE Other><Delete/>",
        b"<!DOCTYPE Delete []><Delete/>",
        b"<!DOCTYPE Delete [<!ELEMENT Delete ANY>]><Delete/>",
        b'<?xml version="1.0"?>\n<!-- c --><!DOCTYPE Delete>\n<Delete/>',
        b'<!DOCTYPE Delete [<!ENTITY x "y">]><Delete><Key>&x;</Key></Delete>',
        b'<!DOCTYPE Delete [<!ENTITY x "y">]><Delete a="&x;"/>',
        b'<!DOCTYPE Delete [<!ENTITY x "<Key>y</Key>">]><Delete>&x;</Delete>',
        '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE Delete><Delete/>'.encode("utf-16"),
    ],
)
def test_a_doctype_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedXML):
        parse(data, "Delete")


@pytest.mark.parametrize("use", ["<Delete>&i;</Delete>", '<Delete a="&i;"/>', "<Delete/>"])
def test_a_billion_laughs_are_refused_at_once(use: str) -> None:
    entities = ['<!ENTITY a "ha">']
    entities += [f'<!ENTITY {b} "{f"&{a};" * 100}">' for a, b in pairwise("abcdefghi")]
    _assert_refused_at_once(f"<!DOCTYPE Delete [{''.join(entities)}]>{use}")


def test_an_entity_that_contains_itself_is_refused_at_once() -> None:
    _assert_refused_at_once(
        '<!DOCTYPE Delete [<!ENTITY a "&b;"><!ENTITY b "&a;">]><Delete>&a;</Delete>'
    )


@pytest.mark.parametrize("attribute", ['a{}="1"', 'xmlns:a{}="urn:{}"'])
def test_a_tag_of_any_length_is_refused_before_it_is_read(attribute: str) -> None:
    attributes = " ".join(attribute.format(n, n) for n in range(100_000))
    _assert_refused_at_once(f"<Delete {attributes}/>")


@pytest.mark.parametrize("attribute", ['a{}="1"', 'xmlns:a{}="urn:{}"'])
def test_a_tag_with_some_attributes_is_read(attribute: str) -> None:
    attributes = " ".join(attribute.format(n, n) for n in range(500))
    assert len(attributes) < MAX_TAG_BYTES
    assert parse(f"<Delete {attributes}/>".encode(), "Delete").name == "Delete"


def test_many_attributes_of_one_name_are_refused_at_once() -> None:
    _assert_refused_at_once("<Delete " + 'a="1" ' * 100_000 + "/>")


@pytest.mark.parametrize("depth", [1000, 100_000])
def test_deep_nesting_is_refused_at_once(depth: int) -> None:
    _assert_refused_at_once(f"<Delete>{'<a>' * depth}{'</a>' * depth}</Delete>")
    _assert_refused_at_once(f"<Delete>{'<a>' * depth}")


def test_a_text_is_as_long_as_it_may_be() -> None:
    whole = parse(f"<Delete><a>{'x' * MAX_TEXT_CHARACTERS}</a><b>y</b></Delete>".encode(), "Delete")
    assert len(whole.child_text("a") or "") == MAX_TEXT_CHARACTERS
    _assert_refused_at_once(f"<Delete><a>{'x' * (MAX_TEXT_CHARACTERS + 1)}</a></Delete>")


@pytest.mark.parametrize("part", ["&amp;", "&#65;", "x", "<![CDATA[x]]>"])
def test_a_text_of_many_parts_is_refused_before_its_end(part: str) -> None:
    reader = DocumentReader("Delete", 1000)
    with pytest.raises(MalformedXML, match="longer than"):
        reader.feed(b"<Delete><Object><Key>" + part.encode() * (MAX_TEXT_CHARACTERS + 1))


def test_huge_text_is_refused_at_once() -> None:
    _assert_refused_at_once(f"<Delete>{'x' * 11_000_000}</Delete>")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" ",
        b"\x00",
        b"Delete",
        b"{}",
        b"<Delete>",
        b"<Delete/",
        b"</Delete>",
        b"<Delete/>x",
        b"<Delete/><Delete/>",
        b"<Delete><Key></Delete>",
        b"<Delete a='1' a='2'/>",
        b"<Delete>&undefined;</Delete>",
        b"<Delete>&#0;</Delete>",
        b"<Delete>&#xd800;</Delete>",
        b"<Delete>\x01</Delete>",
        b"<Delete>\xff</Delete>",
        b"<Delete>a & b</Delete>",
        b"<s3:Delete/>",
        b"<!-- only a comment -->",
        b' <?xml version="1.0"?><Delete/>',
        b'<?xml version="1.0" encoding="no-such-encoding"?><Delete/>',
    ],
)
def test_what_is_no_xml_is_malformed(data: bytes) -> None:
    with pytest.raises(MalformedXML):
        parse(data, "Delete")


@pytest.mark.parametrize(
    "data",
    [
        b"<Other/>",
        b"<delete/>",
        b"<Deletes/>",
        b"<Other><Delete/></Other>",
        f'<Other xmlns="{NAMESPACE}"/>'.encode(),
    ],
)
def test_another_root_is_malformed(data: bytes) -> None:
    with pytest.raises(MalformedXML):
        parse(data, "Delete")


@pytest.mark.parametrize(
    "data",
    [
        "<Delete><Key>é</Key></Delete>",
        f'<Delete xmlns="{NAMESPACE}"><Key>é</Key></Delete>',
        f'<s3:Delete xmlns:s3="{NAMESPACE}"><s3:Key>é</s3:Key></s3:Delete>',
        '<?xml version="1.0" encoding="UTF-8"?>\n<Delete>\n  <Key>é</Key>\n</Delete>\n',
        "\ufeff<Delete><Key>é</Key></Delete>",
        "<Delete><Key>&#233;</Key></Delete>",
        "<Delete><Key>&#xe9;</Key></Delete>",
        "<Delete><Key><![CDATA[é]]></Key></Delete>",
        "<!-- c --><?p i?><Delete><!-- c --><?p i?><Key>é</Key></Delete><!-- c --><?p i?>",
        "<Delete><Key><!-- c -->é<?p i?></Key><!--<Key>x</Key>--></Delete>",
    ],
)
def test_a_document_is_read_with_and_without_namespace_and_comments(data: str) -> None:
    tree = parse(data.encode(), "Delete")
    assert (tree.name, [node.name for node in tree]) == ("Delete", ["Key"])
    assert tree.child_text("Key") == "é"


@pytest.mark.parametrize("encoding", ["utf-16", "iso-8859-1"])
def test_a_document_is_read_in_the_encoding_it_declares(encoding: str) -> None:
    data = f'<?xml version="1.0" encoding="{encoding}"?><Delete><Key>é</Key></Delete>'
    assert parse(data.encode(encoding), "Delete").child_text("Key") == "é"


def test_a_comment_does_not_cut_text_in_two() -> None:
    assert parse(b"<D><Key>a<!-- b -->c<?d e?>f</Key></D>", "D").child_text("Key") == "acf"


@pytest.mark.parametrize(
    ("content", "value"),
    [
        ("", None),
        ("<Other>a</Other>", None),
        ("<Other><Key>a</Key></Other>", None),
        ("<key>a</key>", None),
        ("<Key/>", ""),
        ("<Key></Key>", ""),
        ("<Key> a b </Key>", " a b "),
        ("<Key>&lt;&amp;&gt;</Key>", "<&>"),
        ("<Other>a</Other><Key>b</Key>", "b"),
    ],
)
def test_the_text_of_a_child(content: str, value: str | None) -> None:
    assert parse(f"<D>{content}</D>".encode(), "D").child_text("Key") == value


@pytest.mark.parametrize(
    "content",
    ["<Key>a</Key><Key>a</Key>", "<Key/><Key/>", "<Key><b>a</b></Key>", "<Key>a<b/></Key>"],
)
def test_a_child_that_is_not_one_text_is_malformed(content: str) -> None:
    tree = parse(f"<D>{content}</D>".encode(), "D")
    with pytest.raises(MalformedXML, match="one Key"):
        tree.child_text("Key")


@pytest.mark.parametrize("piece_bytes", [1, 7, 1000])
@pytest.mark.parametrize(
    "data", [b"<s3:Delete><Object/></s3:Delete>", b"<Delete><s3:Object/><Object/></Delete>"]
)
def test_a_prefix_that_is_not_declared_is_malformed_every_time(
    data: bytes, piece_bytes: int
) -> None:
    for _ in range(50):
        reader = DocumentReader("Delete", 10)
        for at in range(0, len(data), piece_bytes):
            reader.feed(data[at : at + piece_bytes])
        with pytest.raises(MalformedXML):
            reader.finish()


@pytest.mark.parametrize("piece_bytes", [1, 7, 1000])
def test_a_document_comes_in_whatever_pieces(piece_bytes: int) -> None:
    data = "<Delete><!-- c --><Object><Key>é &amp; 日本</Key></Object></Delete>".encode()
    reader = DocumentReader("Delete", 1)
    for at in range(0, len(data), piece_bytes):
        reader.feed(data[at : at + piece_bytes])
    (found,) = reader.finish()
    assert found.child_text("Key") == "é & 日本"


def test_a_document_is_refused_at_the_first_entry_too_many() -> None:
    reader = DocumentReader("Delete", 1000)
    entry = b"<Object><Key>a</Key></Object>"
    reader.feed(b"<Delete>" + entry * 1000)
    with pytest.raises(MalformedXML):
        reader.feed(b"<Object>")


def test_an_entry_of_many_elements_is_refused_before_its_end() -> None:
    reader = DocumentReader("Delete", 1000)
    with pytest.raises(MalformedXML):
        reader.feed(b"<Delete><Object>" + b"<a/>" * MAX_ELEMENTS_OF_ENTRY)


def _assert_refused_at_once(data: str) -> None:
    started = time.process_time()
    with pytest.raises(MalformedXML):
        parse(data.encode(), "Delete")
    assert time.process_time() - started < 5


def _pipe_has_a_reader(pipe: Path, until: threading.Event) -> bool:
    """Whether anybody opens the pipe; who does so waits for a writer, and is let go."""
    while not until.wait(0.001):
        # Without a reader there is nothing to open for writing.
        with suppress(OSError):
            os.close(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))
            return True
    return False
