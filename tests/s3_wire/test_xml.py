from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import pytest
from lxml import etree

from s3_wire.errors import MalformedXML
from s3_wire.xml import NAMESPACE, child_text, document, element, local_name, parse, text

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
    assert [local_name(child) for child in tree] == ["include"]
    assert SECRET.encode() not in etree.tostring(tree)


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


@pytest.mark.parametrize(
    "attributes",
    [
        " ".join(f'a{n}="1"' for n in range(100_000)),
        " ".join(f'xmlns:a{n}="urn:{n}"' for n in range(100_000)),
    ],
    ids=["attributes", "namespaces"],
)
def test_many_attributes_are_read_in_linear_time(attributes: str) -> None:
    started = time.process_time()
    tree = parse(f"<Delete {attributes}/>".encode(), "Delete")
    assert time.process_time() - started < 5
    assert local_name(tree) == "Delete"


def test_many_attributes_of_one_name_are_refused_at_once() -> None:
    _assert_refused_at_once("<Delete " + 'a="1" ' * 100_000 + "/>")


@pytest.mark.parametrize("depth", [1000, 100_000])
def test_deep_nesting_is_refused_at_once(depth: int) -> None:
    _assert_refused_at_once(f"<Delete>{'<a>' * depth}{'</a>' * depth}</Delete>")
    _assert_refused_at_once(f"<Delete>{'<a>' * depth}")


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
    assert [local_name(node) for node in tree.iter()] == ["Delete", "Key"]
    assert child_text(tree, "Key") == "é"


@pytest.mark.parametrize("encoding", ["utf-16", "iso-8859-1"])
def test_a_document_is_read_in_the_encoding_it_declares(encoding: str) -> None:
    data = f'<?xml version="1.0" encoding="{encoding}"?><Delete><Key>é</Key></Delete>'
    assert child_text(parse(data.encode(encoding), "Delete"), "Key") == "é"


def test_a_comment_does_not_cut_text_in_two() -> None:
    assert child_text(parse(b"<D><Key>a<!-- b -->c<?d e?>f</Key></D>", "D"), "Key") == "acf"


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
    assert child_text(parse(f"<D>{content}</D>".encode(), "D"), "Key") == value


@pytest.mark.parametrize(
    "content",
    ["<Key>a</Key><Key>a</Key>", "<Key/><Key/>", "<Key><b>a</b></Key>", "<Key>a<b/></Key>"],
)
def test_a_child_that_is_not_one_text_is_malformed(content: str) -> None:
    tree = parse(f"<D>{content}</D>".encode(), "D")
    with pytest.raises(MalformedXML, match="one Key"):
        child_text(tree, "Key")


@pytest.mark.parametrize(
    ("value", "escaped"),
    [
        ("", ""),
        ("plain", "plain"),
        ("é 日本 😀", "é 日本 😀"),
        ("a & b", "a &amp; b"),
        ("<a>", "&lt;a&gt;"),
        ("]]>", "]]&gt;"),
        ("&amp;", "&amp;amp;"),
        ("\t\n", "\t\n"),
        ("a\r\nb\r", "a&#13;\nb&#13;"),
        ("\x00\x01\x08\x0b\x0c\x0e\x1f", "\ufffd" * 7),
        ("\x7f\x85\u2028", "\x7f\x85\u2028"),
        ("\ud800a\udfff", "\ufffda\ufffd"),
        ("\ufffe\uffff", "\ufffd\ufffd"),
    ],
)
def test_text_is_escaped_and_what_xml_cannot_hold_is_replaced(value: str, escaped: str) -> None:
    assert text(value) == escaped
    assert element("Key", value) == f"<Key>{escaped}</Key>"


def test_every_character_comes_back_or_is_replaced() -> None:
    characters = "".join(map(chr, range(0x20000)))
    controls = set(map(chr, range(0x20))) - set("\t\n\r")
    unholdable = controls | set(map(chr, range(0xD800, 0xE000))) | {"\ufffe", "\uffff"}
    tree = parse(document("D", [element("Key", characters)]), "D")
    assert child_text(tree, "Key") == "".join(
        "\ufffd" if character in unholdable else character for character in characters
    )


@pytest.mark.parametrize(
    ("namespace", "start"), [(True, f'<List xmlns="{NAMESPACE}">'), (False, "<List>")]
)
def test_a_document_has_declaration_root_and_content(namespace: bool, start: str) -> None:
    content = [element("Name", "é"), element("Prefix", "")]
    assert document("List", content, namespace=namespace).decode() == (
        f'<?xml version="1.0" encoding="UTF-8"?>\n{start}<Name>é</Name><Prefix></Prefix></List>'
    )


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
