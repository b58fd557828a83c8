"""pachd behind TLS: `grpcs://` and `--pfs-ca-file`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest
import trustme

from gateway.composition.choice import open_pfs
from gateway.settings import BadSetting, Settings
from pfs_client.failures import PfsFailure, PfsUnavailable
from pfs_client.interface import PfsClient
from pfs_client.values import Branch, File, Repo
from tests.cluster.conftest import Gateways
from tests.cluster.pachd import Pachd, serving_pachd
from tests.pfs_contract.reading import head_of, put, read

BRANCH = Branch(Repo("r"), "master")


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> str:
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    return str(file)


def credentials_for(authority: trustme.CA, name: str) -> grpc.ServerCredentials:
    certificate = authority.issue_cert(name)
    key = certificate.private_key_pem.bytes()
    chain = b"".join(blob.bytes() for blob in certificate.cert_chain_pems)
    return grpc.ssl_server_credentials([(key, chain)])


@pytest.fixture
async def tls_pachd(authority: trustme.CA, tmp_path: Path) -> AsyncIterator[Pachd]:
    credentials = credentials_for(authority, "127.0.0.1")
    async with serving_pachd(tmp_path / "pfs", credentials=credentials) as server:
        yield server


async def answer_of(pfs: PfsClient) -> str:
    """What it is, or how it fails."""
    try:
        return await pfs.get_version()
    except PfsFailure as error:
        return type(error).__name__
    finally:
        await pfs.aclose()


async def test_pachd_behind_tls(tls_pachd: Pachd, ca_file: str) -> None:
    settings = Settings(pfs=f"grpcs://{tls_pachd.address}", pfs_ca_file=ca_file)
    pfs = open_pfs(settings)
    await pfs.create_repo(BRANCH.repo)
    await pfs.create_branch(BRANCH)
    content = bytes(3_000_000)
    await put(pfs, BRANCH, "/a", content)
    assert await read(pfs, await head_of(pfs, BRANCH), "/a") == content
    assert (await pfs.inspect_file(File(await head_of(pfs, BRANCH), "/a"))).size_bytes == 3_000_000
    await pfs.aclose()


async def test_a_gateway_in_front_of_it(
    tls_pachd: Pachd,
    ca_file: str,
    gateways: Gateways,
) -> None:
    gateway = await gateways.start(pfs=f"grpcs://{tls_pachd.address}", pfs_ca_file=ca_file)
    await gateway.s3("create_bucket", Bucket="master.r")
    await gateway.s3("put_object", Bucket="master.r", Key="a", Body=b"1")
    assert await gateway.content_of("a") == b"1"


async def test_a_certificate_of_an_unknown_authority_is_not_trusted(
    tls_pachd: Pachd, tmp_path: Path
) -> None:
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(str(other))
    for ca_file in (str(other), ""):
        settings = Settings(pfs=f"grpcs://{tls_pachd.address}", pfs_ca_file=ca_file)
        assert await answer_of(open_pfs(settings)) == PfsUnavailable.__name__
    assert tls_pachd.wire.calls == []


async def test_a_certificate_for_another_name_is_not_trusted(
    authority: trustme.CA, ca_file: str, tmp_path: Path
) -> None:
    credentials = credentials_for(authority, "pachd.example.com")
    async with serving_pachd(tmp_path / "pfs", credentials=credentials) as server:
        settings = Settings(pfs=f"grpcs://{server.address}", pfs_ca_file=ca_file)
        assert await answer_of(open_pfs(settings)) == PfsUnavailable.__name__
        assert server.wire.calls == []


async def test_tls_on_one_side_only_is_no_connection(
    tls_pachd: Pachd, ca_file: str, tmp_path: Path
) -> None:
    plain = Settings(pfs=f"grpc://{tls_pachd.address}", pfs_token="secret-token")
    assert await answer_of(open_pfs(plain)) == PfsUnavailable.__name__
    assert tls_pachd.wire.metadata == []
    async with serving_pachd(tmp_path / "plain") as server:
        secure = Settings(pfs=f"grpcs://{server.address}", pfs_ca_file=ca_file)
        assert await answer_of(open_pfs(secure)) == PfsUnavailable.__name__


async def test_a_file_that_holds_no_certificate_is_refused_at_the_start(
    tls_pachd: Pachd, tmp_path: Path
) -> None:
    file = tmp_path / "not.pem"
    file.write_text("this is no certificate")
    settings = Settings(pfs=f"grpcs://{tls_pachd.address}", pfs_ca_file=str(file))
    with pytest.raises(BadSetting, match=r"not\.pem: no PEM certificate is in it"):
        open_pfs(settings)
