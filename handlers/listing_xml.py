"""The XML of ListObjects and ListObjectsV2, and `encoding-type=url` in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from handlers.addressing import key_of
from handlers.listing_pages import Page
from handlers.service import OWNER_ID
from handlers.timestamps import iso_8601_seconds
from s3_wire import xml

OWNER = f"<Owner>{xml.element('ID', OWNER_ID)}</Owner>"


def flag(name: str, is_set: bool) -> str:
    """An element that says true or false."""
    return xml.element(name, "true" if is_set else "false")


class ListingXml:
    """Writes the parts that both versions have, for one request.

    Args:
        bucket: The bucket's name.
        asked: The request's parameters.
        max_keys: How many entries a page holds.
    """

    def __init__(self, bucket: str, asked: Mapping[str, Any], max_keys: int) -> None:
        self._bucket = bucket
        self._asked = asked
        self._max_keys = max_keys
        self._encode: Callable[[str], str] = quote if asked.get("encoding-type") else xml.text

    def encoded(self, name: str, value: str) -> str:
        """An element whose value is a key or a part of one."""
        return f"<{name}>{self._encode(value)}</{name}>"

    def head(self, *, is_truncated: bool) -> list[str]:
        """What stands before the entries."""
        elements = [
            xml.element("Name", self._bucket),
            self.encoded("Prefix", self._asked.get("prefix", "")),
            xml.element("MaxKeys", str(self._max_keys)),
            flag("IsTruncated", is_truncated),
        ]
        if delimiter := self._asked.get("delimiter"):
            elements.append(self.encoded("Delimiter", delimiter))
        if encoding := self._asked.get("encoding-type"):
            elements.append(xml.element("EncodingType", encoding))
        return elements

    def files(self, page: Page, modified: Sequence[datetime], *, with_owner: bool) -> list[str]:
        """The keys, each with when it was last modified, in whole seconds as in its header."""
        end = f"</Size>{OWNER if with_owner else ''}<StorageClass>STANDARD</StorageClass>"
        encode = self._encode
        return [
            f"<Contents><Key>{encode(key_of(file.path))}</Key>"
            f"<LastModified>{iso_8601_seconds(time)}</LastModified>"
            f"<ETag>&quot;{file.hash.hex()}-1&quot;</ETag><Size>{file.size_bytes}{end}</Contents>"
            for file, time in zip(page.files, modified, strict=True)
        ]

    def prefixes(self, page: Page) -> list[str]:
        """The common prefixes."""
        return [
            f"<CommonPrefixes>{self.encoded('Prefix', prefix)}</CommonPrefixes>"
            for prefix in page.prefixes
        ]
