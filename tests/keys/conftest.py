from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.keys.clients import client_of
from tests.keys.signer import Key, Signer
from tests.servers import EMBEDDED, GatewayProcess, running_gateway

WRITER = Key("WRITER", "the secret of the writer")
READER = Key("READER", "the secret of the reader")
OTHER = Key("OTHER", "the secret of another team")
FORMER = Key("FORMER", "the secret of who has left")
KEYS = f"""
[keys.WRITER]
secret = "{WRITER.secret}"
access = "write"

[keys.READER]
secret = "{READER.secret}"
access = "read"
buckets = ["*.images"]

[keys.FORMER]
secret = "{FORMER.secret}"
access = "write"
expires = 2026-01-31T12:00:00Z

[keys.OTHER]
secret = "{OTHER.secret}"
access = "write"
buckets = ["*.other", "master.shared-?"]
"""
BUCKET, KEY, CONTENT = "master.images", "k", b"must not change"


def key_file(folder: Path, text: str = KEYS) -> Path:
    """A file of keys that nobody else may read."""
    file = folder / "keys.toml"
    file.write_text(text)
    file.chmod(0o640)
    return file


@pytest.fixture(scope="package")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """A gateway with keys, and one object in it."""
    folder = tmp_path_factory.mktemp("keyed")
    options = ("--access-keys", str(key_file(folder)))
    for gateway in running_gateway(EMBEDDED, folder / "pfs", *options):
        signer = Signer(WRITER)
        for bucket in (BUCKET, "master.other"):
            assert signer.send(gateway, "PUT", f"/{bucket}").status == 200
            assert signer.send(gateway, "PUT", f"/{bucket}/{KEY}", CONTENT).status == 200
        yield gateway


@pytest.fixture
def writer(keyed: GatewayProcess) -> Iterator[Any]:
    yield from client_of(keyed, WRITER)


@pytest.fixture
def reader(keyed: GatewayProcess) -> Iterator[Any]:
    yield from client_of(keyed, READER)


@pytest.fixture
def other(keyed: GatewayProcess) -> Iterator[Any]:
    yield from client_of(keyed, OTHER)


def assert_unchanged(gateway: GatewayProcess) -> None:
    """The objects are the same and the only ones."""
    signer = Signer(WRITER)
    for bucket in (BUCKET, "master.other"):
        assert signer.send(gateway, "GET", f"/{bucket}/{KEY}").body == CONTENT
        assert signer.send(gateway, "GET", f"/{bucket}").texts("Contents", "Key") == [KEY]
    names = signer.send(gateway, "GET", "/").texts("Buckets", "Bucket", "Name")
    assert names == [BUCKET, "master.other"]
