"""The page of a gateway that declares more, a bucket there, and an SDK that looks at what came."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

from tests.browser_page import BrowserPage
from tests.keys.clients import client_of
from tests.keys.signer import Key
from tests.servers import GatewayProcess

ALL = ("copy", "multipart", "versions")
ANY = Key("any", "anything")

_numbers = itertools.count()


@dataclass(frozen=True, slots=True)
class Layered:
    """What a test of a layer has.

    Args:
        page: The browser's page.
        bucket: A new bucket.
        s3: An SDK's client of the same gateway.
    """

    page: BrowserPage
    bucket: str
    s3: Any

    @classmethod
    @contextmanager
    def of(cls, page: BrowserPage, gateway: GatewayProcess, key: Key = ANY) -> Iterator[Self]:
        """Make a bucket on a gateway."""
        with contextmanager(client_of)(gateway, key) as s3:
            bucket = f"master.images-{next(_numbers)}"
            s3.create_bucket(Bucket=bucket)
            yield cls(page, bucket, s3)

    def written(self, key: str, *contents: bytes) -> list[str]:
        """Write an object, again and again; gives its versions."""
        return [
            self.s3.put_object(Bucket=self.bucket, Key=key, Body=one)["VersionId"]
            for one in contents
        ]

    def content(self, key: str) -> bytes:
        """What an object holds."""
        body: bytes = self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        return body

    def keys(self) -> list[str]:
        """The bucket's objects."""
        return [
            one["Key"] for one in self.s3.list_objects_v2(Bucket=self.bucket).get("Contents", [])
        ]

    def uploads(self) -> list[str]:
        """The objects whose uploads in parts have begun and not ended."""
        found = self.s3.list_multipart_uploads(Bucket=self.bucket)
        return [one["Key"] for one in found.get("Uploads", [])]
