"""Writing S3's XML.

It is plain string building: a page of a listing has thousands of elements, and lxml takes three
times as long to build them. Reading is in `documents`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypeAlias
from xml.sax.saxutils import escape

NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
CONTENT_TYPE = "application/xml"

# What XML 1.0 cannot hold, not even as a character reference.
_UNHOLDABLE_SET = "\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff"
_UNHOLDABLE = re.compile(f"[{_UNHOLDABLE_SET}]")
_NOT_LITERAL = re.compile(f"[&<>\r{_UNHOLDABLE_SET}]")
# Read back literally, a carriage return would become a newline.
_CARRIAGE_RETURN = {"\r": "&#13;"}

Content: TypeAlias = "str | Iterable[str]"


def text(value: str) -> str:
    """Escape a value; what XML cannot hold becomes U+FFFD, so that the document stays readable."""
    if _NOT_LITERAL.search(value) is None:  # as most keys, of which a page has a thousand
        return value
    return escape(_UNHOLDABLE.sub("\ufffd", value), _CARRIAGE_RETURN)


def element(name: str, value: str) -> str:
    """An element with text in it."""
    return f"<{name}>{text(value)}</{name}>"


def document(root: str, content: Iterable[str], *, namespace: bool = True) -> bytes:
    """A whole document: its root's name and the finished elements inside."""
    attributes = f' xmlns="{NAMESPACE}"' if namespace else ""
    return f"{DECLARATION}<{root}{attributes}>{''.join(content)}</{root}>".encode()
