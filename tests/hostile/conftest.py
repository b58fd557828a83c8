from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.raw_http import send
from tests.servers import GatewayProcess

BUCKET = "master.b"
KEY = "k"
CONTENT = b"must not change"
IMPATIENT = {
    "--body-idle-seconds": "1",
    "--head-seconds": "1",
    "--keep-alive-seconds": "1",
    "--write-idle-seconds": "1",
    "--min-bytes-per-second": "2",
}


@pytest.fixture(scope="package")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """A gateway that waits a second for anything, and whose one object outlives every test."""
    options = [word for option in IMPATIENT.items() for word in option]
    with GatewayProcess(tmp_path_factory.mktemp("hostile") / "pfs", *options) as gateway:
        assert send(gateway, "PUT", f"/{BUCKET}", b"").status == 200
        assert send(gateway, "PUT", f"/{BUCKET}/{KEY}", CONTENT).status == 200
        yield gateway


@pytest.fixture(autouse=True)
def nothing_changes(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whatever a test sends, the object is the same and the only one, and the gateway answers."""
    yield
    if "target" in request.fixturenames:
        gateway: GatewayProcess = request.getfixturevalue("target")
        assert send(gateway, "GET", f"/{BUCKET}/{KEY}").body == CONTENT
        assert send(gateway, "GET", f"/{BUCKET}").texts("Contents", "Key") == [KEY]
        assert send(gateway, "GET", "/").texts("Buckets", "Bucket", "Name") == [BUCKET]
