from __future__ import annotations

import pytest

from s3_wire.documents import MAX_TEXT_CHARACTERS, parse
from s3_wire.xml import NAMESPACE, document, element, text


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
    for at in range(0, len(characters), MAX_TEXT_CHARACTERS):
        some = characters[at : at + MAX_TEXT_CHARACTERS]
        tree = parse(document("D", [element("Key", some)]), "D")
        assert tree.child_text("Key") == "".join(
            "\ufffd" if character in unholdable else character for character in some
        )


@pytest.mark.parametrize(
    ("namespace", "start"), [(True, f'<List xmlns="{NAMESPACE}">'), (False, "<List>")]
)
def test_a_document_has_declaration_root_and_content(namespace: bool, start: str) -> None:
    content = [element("Name", "é"), element("Prefix", "")]
    assert document("List", content, namespace=namespace).decode() == (
        f'<?xml version="1.0" encoding="UTF-8"?>\n{start}<Name>é</Name><Prefix></Prefix></List>'
    )
