"""Uploads in parts when gateways are killed, and through two of them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import boto3_client
from tests.operations.test_multipart import FIRST, LAST, Upload
from tests.servers import BACKENDS, EMBEDDED, GatewayProcess, PfsProcess

BUCKET = "master.uploads"
LAYERS = ("multipart",)


@pytest.fixture(params=BACKENDS)
def pfs(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path | str]:
    """What several gateways share."""
    if request.param == EMBEDDED:
        yield tmp_path / "pfs"
        return
    with PfsProcess(tmp_path / "pfs", "127.0.0.1:0", "--hazards") as server:
        yield server.address


def gateway_on(pfs: Path | str) -> GatewayProcess:
    return GatewayProcess(pfs, layers=LAYERS)


def going_on(upload: Upload, gateway: GatewayProcess) -> Upload:
    """The same upload, through another gateway."""
    upload.s3 = boto3_client(gateway)
    return upload


def test_an_upload_outlives_the_gateways_that_took_it(pfs: Path | str) -> None:
    with gateway_on(pfs) as first:
        s3 = boto3_client(first)
        s3.create_bucket(Bucket=BUCKET)
        upload = Upload(s3, BUCKET)
        first.kill()
    with gateway_on(pfs) as second:
        going_on(upload, second).send(1, FIRST)
        second.kill()
    with gateway_on(pfs) as third:
        going_on(upload, third).send(2, LAST)
        etag = upload.complete()["ETag"]
        third.kill()
    with gateway_on(pfs) as fourth:
        assert going_on(upload, fourth).complete()["ETag"] == etag
        assert upload.content() == FIRST + LAST


def test_completions_through_two_gateways_make_one_object(pfs: Path | str) -> None:
    with gateway_on(pfs) as one, gateway_on(pfs) as another:
        s3 = boto3_client(one)
        s3.create_bucket(Bucket=BUCKET)
        upload = Upload(s3, BUCKET)
        upload.send(1, FIRST)
        upload.send(2, LAST)
        etags: list[str] = []

        def complete(client: Any) -> None:
            listed = {"Parts": upload.parts}
            done = client.complete_multipart_upload(**upload.named, MultipartUpload=listed)
            etags.append(done["ETag"])

        threads = [
            threading.Thread(target=complete, args=(boto3_client(gateway),))
            for gateway in (one, another)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(etags) == 2
        assert len(set(etags)) == 1
        assert upload.content() == FIRST + LAST
