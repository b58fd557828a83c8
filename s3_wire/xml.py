"""S3's XML, both ways.

Reading is hardened (`docs/negative-cases.md`, rows 1 and 2): no entities, no network, no huge
trees, and the caller caps the size. Writing is plain string building: a page of a listing has
thousands of elements, and lxml takes three times as long to build them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypeAlias
from xml.sax.saxutils import escape

from lxml import etree

from s3_wire.errors import MalformedXML

NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
CONTENT_TYPE = "application/xml"

# What XML 1.0 cannot hold, not even as a character reference.
_UNHOLDABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# Read back literally, a carriage return would become a newline.
_CARRIAGE_RETURN = {"\r": "&#13;"}

Content: TypeAlias = "str | Iterable[str]"


def text(value: str) -> str:
    """Escape a value; what XML cannot hold becomes U+FFFD, so that the document stays readable."""
    return escape(_UNHOLDABLE.sub("\ufffd", value), _CARRIAGE_RETURN)


def element(name: str, value: str) -> str:
    """An element with text in it."""
    return f"<{name}>{text(value)}</{name}>"


def document(root: str, content: Iterable[str], *, namespace: bool = True) -> bytes:
    """A whole document: its root's name and the finished elements inside."""
    attributes = f' xmlns="{NAMESPACE}"' if namespace else ""
    return f"{DECLARATION}<{root}{attributes}>{''.join(content)}</{root}>".encode()


def parse(data: bytes, root: str) -> etree._Element:
    """Read a request's document.

    Args:
        data: The whole document, whose size the caller has capped.
        root: The root element's name, in S3's namespace or in none.

    Raises:
        MalformedXML: It is no such document, or it tries to define entities.
    """
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        tree = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise MalformedXML from None
    namespace = etree.QName(tree).namespace
    if _has_doctype(tree) or local_name(tree) != root or namespace not in (None, NAMESPACE):
        raise MalformedXML
    return tree


def _has_doctype(tree: etree._Element) -> bool:
    # The stubs lack the field; an untyped look keeps the check.
    return bool(getattr(tree.getroottree().docinfo, "doctype", ""))


def local_name(node: etree._Element) -> str:
    """An element's name without its namespace; S3 accepts documents with and without one."""
    return etree.QName(node).localname if isinstance(node.tag, str) else ""


def child_text(node: etree._Element, name: str) -> str | None:
    """The text of the child of this name; None if there is no such child.

    Raises:
        MalformedXML: There are several, or it has elements in it.
    """
    found = [child for child in node if local_name(child) == name]
    if not found:
        return None
    if len(found) > 1 or len(found[0]):
        raise MalformedXML(f"There must be one {name}, with text in it.")
    return found[0].text or ""
