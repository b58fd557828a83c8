"""Reading the XML documents of requests, as they come.

It is hardened (`docs/negative-cases.md`, rows 1 and 2): no entities, no network, and a document is
refused at the first entry too many, however much more of it there is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NoReturn, cast

from lxml import etree

from s3_wire.errors import MalformedXML
from s3_wire.xml import NAMESPACE

MAX_DEPTH = 8
"""How deep elements may lie in each other; S3's own lie four deep."""

MAX_ELEMENTS_OF_ENTRY = 64
"""How many elements one entry may have, itself included."""

MAX_REMARKS = 1000
"""How many comments and processing instructions a document may have."""

MAX_TAG_BYTES = 16 * 1024
"""How long a tag may be. All attributes of one are read at once, however many there are."""

MAX_TEXT_CHARACTERS = 16 * 1024
"""How long the text in an element may be, comments in it left out. A key has 1,024 bytes."""


@dataclass(slots=True)
class Element:
    """An element: its name without the namespace, the text in it, and the elements in it."""

    name: str
    text: str = ""
    children: list[Element] = field(default_factory=list)

    def __iter__(self) -> Iterator[Element]:
        return iter(self.children)

    def child_text(self, name: str) -> str | None:
        """The text of the child of this name; None if there is no such child.

        Raises:
            MalformedXML: There are several, or it has elements in it.
        """
        found = [child for child in self.children if child.name == name]
        if not found:
            return None
        if len(found) > 1 or found[0].children:
            raise MalformedXML(f"There must be one {name}, with text in it.")
        return found[0].text


class DocumentReader:
    """Reads one document, fed in whatever pieces it comes.

    Args:
        root: The root element's name, in S3's namespace or in none.
        max_entries: How many elements the root of a valid document has at most.
    """

    def __init__(self, root: str, max_entries: int) -> None:
        self._target = _Target(root, max_entries)
        self._tag_bytes = 0
        self._parser = etree.XMLParser(
            target=cast("Any", self._target),  # whose types the stubs make wider than they are
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
        )

    @property
    def elements(self) -> int:
        """How many elements have come."""
        return self._target.elements

    def feed(self, data: bytes) -> None:
        """Take the next piece.

        Raises:
            MalformedXML: It belongs to no such document, or defines entities.
        """
        self._check_tags(data)
        try:
            self._parser.feed(data)
        except (etree.XMLSyntaxError, ValueError, MalformedXML):
            raise self._target.refusal from None

    def finish(self) -> Element:
        """The root element of the whole document.

        Raises:
            MalformedXML: It has not come to its end.
        """
        try:
            root = cast("Element | None", self._parser.close())
        except (etree.XMLSyntaxError, ValueError):
            root = None
        # A prefix that is not declared is a mistake that libxml2 reads on behind. It is in the log
        # of what was fed; the other log has it only now and then.
        if root is None or self._parser.feed_error_log.filter_from_errors():
            raise self._target.refusal
        return root

    def _check_tags(self, data: bytes) -> None:
        at = 0
        while True:
            begin = at if self._tag_bytes else data.find(b"<", at)
            if begin < 0:
                return
            end = data.find(b">", begin)
            self._tag_bytes += (len(data) if end < 0 else end) - begin
            if self._tag_bytes > MAX_TAG_BYTES:
                raise MalformedXML(f"A tag in it is longer than {MAX_TAG_BYTES} bytes.")
            if end < 0:
                return
            self._tag_bytes, at = 0, end + 1


class _Target:
    """Builds elements while lxml reads them."""

    def __init__(self, root: str, max_entries: int) -> None:
        self._root = root
        self.elements = 0
        self._entries_left = max_entries
        self._remarks_left = MAX_REMARKS
        self._in_entry = 0
        self._text_characters = 0
        self._open: list[tuple[Element, list[str]]] = []
        self._whole: Element | None = None
        self.refusal = MalformedXML()

    def start(self, tag: str, attributes: object) -> None:
        name = etree.QName(tag)
        self._count()
        if not self._open and (name.localname != self._root or name.namespace not in _NAMESPACES):
            self._refuse(f"Its root is no {self._root}.")
        element = Element(name.localname)
        self._text_characters = 0
        if self._open:
            self._open[-1][0].children.append(element)
        self._open.append((element, []))

    def data(self, text: str) -> None:
        if self._open and not self._open[-1][0].children:
            self._open[-1][1].append(text)
            self._text_characters += len(text)
            if self._text_characters > MAX_TEXT_CHARACTERS:
                self._refuse(f"A text in it is longer than {MAX_TEXT_CHARACTERS} characters.")

    def end(self, tag: str) -> None:
        element, texts = self._open.pop()
        element.text = "".join(texts)
        if not self._open:
            self._whole = element

    def doctype(self, name: str, public_id: str | None, system: str | None) -> None:
        self._refuse("It has a document type, which could define entities.")

    def comment(self, text: str) -> None:
        self._count_remark()

    def pi(self, target: str, data: str | None = None) -> None:
        self._count_remark()

    def close(self) -> Element | None:
        return self._whole

    def _count(self) -> None:
        if len(self._open) == 1:
            self._entries_left -= 1
            self._in_entry = 0
        self._in_entry += 1
        self.elements += 1
        if self._entries_left < 0:
            self._refuse("It has more entries than a valid one.")
        if self._in_entry > MAX_ELEMENTS_OF_ENTRY or len(self._open) == MAX_DEPTH:
            self._refuse("An entry in it has more elements than a valid one, or they lie too deep.")

    def _count_remark(self) -> None:
        self._remarks_left -= 1
        if self._remarks_left < 0:
            self._refuse("It has more comments than a valid one.")

    def _refuse(self, why: str) -> NoReturn:
        # lxml forgets what is raised here where it finds a mistake behind.
        self.refusal = MalformedXML(why)
        raise self.refusal


_NAMESPACES = (None, NAMESPACE)


def parse(data: bytes, root: str, max_entries: int = 1000) -> Element:
    """A whole document at once.

    Raises:
        MalformedXML: It is no such document, or it tries to define entities.
    """
    reader = DocumentReader(root, max_entries)
    reader.feed(data)
    return reader.finish()
