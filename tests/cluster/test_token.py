"""The token: sent once with every call, read again when it changes, told to nobody."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from grpc import StatusCode

from gateway.composition.choice import open_pfs, pachd_settings
from gateway.settings import BadSetting, Settings
from pfs_client.failures import PfsUnavailable
from pfs_client.pachd import token as grpc_token
from pfs_client.pachd.channel import Connection, PachdSettings
from pfs_client.pachd.client import PachdClient
from pfs_client.pachd.token import Token
from pfs_client.pachd.whole_client import WholePachdClient
from pfs_client.values import AddFile, Branch, File, Repo
from tests.cluster.conftest import Cluster, Gateways
from tests.cluster.pachd import Pachd
from tests.cluster.test_hazards import request
from tests.cluster.wire import Fault
from tests.pfs_contract.reading import head_of, put, read

BUCKET = "master.r"
BRANCH = Branch(Repo("r"), "master")
LARGE = bytes(1_500_000)
SECRET = "5ecret-of-a-token"

EVERYTHING: list[tuple[str, dict[str, Any]]] = [
    ("list_buckets", {}),
    ("create_bucket", {"Bucket": "other.new"}),
    ("delete_bucket", {"Bucket": "other.new"}),
    ("put_object", {"Bucket": BUCKET, "Key": "a", "Body": b"1"}),
    ("put_object", {"Bucket": BUCKET, "Key": "b", "Body": LARGE}),
    ("get_object", {"Bucket": BUCKET, "Key": "b"}),
    ("head_object", {"Bucket": BUCKET, "Key": "a"}),
    ("list_objects_v2", {"Bucket": BUCKET}),
    ("list_objects", {"Bucket": BUCKET, "Delimiter": "/"}),
    ("delete_object", {"Bucket": BUCKET, "Key": "a"}),
    ("delete_objects", {"Bucket": BUCKET, "Delete": {"Objects": [{"Key": "b"}]}}),
]
"""Operations that between them make every call that the gateway knows."""

OURS = {"authn-token", "user-agent", "te", "grpc-accept-encoding", "content-type", ":authority"}


def tokens(server: Pachd) -> list[str]:
    """The token of each call that has come, which has one."""
    found = []
    for metadata in server.wire.metadata:
        (token,) = [value for key, value in metadata if key == "authn-token"]
        found.append(token)
    return found


def metadata_keys(server: Pachd) -> set[str]:
    return {key for metadata in server.wire.metadata for key, _ in metadata}


class TestWithAToken:
    @pytest.fixture
    def options(self) -> dict[str, Any]:
        return {"pfs_token": f" {SECRET}\n"}

    async def test_every_call_carries_it_once(self, cluster: Cluster) -> None:
        cluster.wire.metadata.clear()
        for operation, parameters in EVERYTHING:
            await cluster.s3(operation, **parameters)
        assert set(tokens(cluster.server)) == {SECRET}
        assert len(tokens(cluster.server)) >= len(cluster.wire.calls)
        assert len(cluster.wire.count()) >= 16

    async def test_clients_headers_are_no_metadata(self, cluster: Cluster) -> None:
        """What clients send is not what pachd is told (`docs/negative-cases.md`, row 20)."""
        cluster.wire.metadata.clear()
        headers = (
            "authn-token: mine\r\ngrpc-metadata-authn-token: mine\r\nx-pach-token: mine\r\n"
            "grpc-timeout: 1S\r\nAuthorization: Bearer mine\r\nuser-agent: mine\r\nte: trailers\r\n"
        )
        for method, body in (("PUT", b"1"), ("GET", b""), ("DELETE", b"")):
            for _ in range(2):
                await request(cluster, method, f"/{BUCKET}/a", headers, body)
        await request(cluster, "GET", "/", headers)
        await request(cluster, "GET", f"/{BUCKET}/a?authn-token=mine&X-Amz-Security-Token=mine")
        assert set(tokens(cluster.server)) == {SECRET}
        assert metadata_keys(cluster.server) <= OURS
        assert "mine" not in repr(cluster.wire.metadata)

    async def test_it_is_in_no_log_and_no_answer(
        self, cluster: Cluster, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
    ) -> None:
        answers = []
        with caplog.at_level(logging.DEBUG):
            for code in (StatusCode.UNAUTHENTICATED, StatusCode.INTERNAL, StatusCode.UNAVAILABLE):
                for method in ("InspectBranch", "ListRepo", "CreateFileSet", "ModifyFile"):
                    cluster.wire.faults[method] = Fault(code, times=99)
                for operation, parameters in EVERYTHING:
                    with pytest.raises(ClientError) as refused:
                        await cluster.s3(operation, **parameters)
                    answers.append(repr(refused.value.response))
        shown = capfd.readouterr()
        for said in (caplog.text, shown.out, shown.err, *answers):
            assert SECRET not in said
        assert "failed" in caplog.text


def test_settings_do_not_show_it() -> None:
    settings = Settings(pfs="grpc://127.0.0.1:1", pfs_token=SECRET)
    assert SECRET not in repr(settings)
    assert SECRET not in repr(pachd_settings(settings))


@pytest.mark.parametrize("token", ["two\nlines", "ünsendable", "a\x00b", "tab\tbed"])
def test_what_cannot_be_a_token_is_refused_at_the_start_and_not_shown(token: str) -> None:
    with pytest.raises(BadSetting, match="characters that no token has") as refused:
        pachd_settings(Settings(pfs="grpc://127.0.0.1:1", pfs_token=token))
    assert token not in str(refused.value)


async def test_without_a_token_none_is_sent(cluster: Cluster) -> None:
    cluster.wire.metadata.clear()
    for operation, parameters in EVERYTHING:
        await cluster.s3(operation, **parameters)
    assert metadata_keys(cluster.server) <= OURS - {"authn-token"}


@pytest.mark.parametrize("code", [StatusCode.UNAUTHENTICATED, StatusCode.PERMISSION_DENIED])
async def test_what_the_token_may_not_do_is_access_denied(
    cluster: Cluster, code: StatusCode
) -> None:
    refusals: dict[str, list[tuple[str, dict[str, Any]]]] = {
        "ListRepo": EVERYTHING[:1],
        # Before writes are refused: after one, the gateway looks at the tree again by itself.
        "InspectFile": EVERYTHING[5:7],
        "WalkFile": EVERYTHING[7:8],
        "ListFile": EVERYTHING[8:9],
        "CreateRepo": EVERYTHING[1:2],
        "InspectBranch": EVERYTHING[1:],
        "ModifyFile": [EVERYTHING[3], EVERYTHING[9], EVERYTHING[10]],
        "CreateFileSet": EVERYTHING[4:5],
        "RenewFileSet": EVERYTHING[4:5],
    }
    await cluster.s3("put_object", Bucket=BUCKET, Key="a", Body=b"1")
    await cluster.s3("put_object", Bucket=BUCKET, Key="b", Body=b"1")
    for method, operations in refusals.items():
        for operation, parameters in operations:
            await cluster.settle()
            cluster.wire.faults = {method: Fault(code, "... needs permissions [...]")}
            status, s3_code, _ = await cluster.refusal(operation, **parameters)
            assert status == 403, (method, operation)
            assert s3_code == "AccessDenied" or operation == "head_object"
            assert cluster.wire.faults[method].times == 0, "refusals are not tried again"


class TokenFile:
    """A file that an operator changes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.holds(b"first\n")

    def holds(self, content: bytes) -> None:
        """Put a whole file in its place, as Kubernetes does."""
        new = self.path.with_name("new")
        new.write_bytes(content)
        new.rename(self.path)

    def goes(self) -> None:
        self.path.unlink()

    def is_a_folder(self) -> None:
        self.goes()
        self.path.mkdir()

    def is_one_again(self) -> None:
        if self.path.is_dir():
            self.path.rmdir()


@pytest.fixture
def token_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TokenFile:
    monkeypatch.setattr(grpc_token, "_CHECK_SECONDS", 0.0)
    return TokenFile(tmp_path / "token")


def settings_for(server: Pachd, file: TokenFile) -> dict[str, Any]:
    return {"pfs": f"grpc://{server.address}", "pfs_token_file": str(file.path)}


async def test_a_file_is_read_again_when_it_changes(
    pachd_server: Pachd, token_file: TokenFile, gateways: Gateways
) -> None:
    gateway = await gateways.start(**settings_for(pachd_server, token_file))
    await gateway.s3("list_buckets")
    token_file.holds(b"second")
    await gateway.s3("list_buckets")
    assert list(dict.fromkeys(tokens(pachd_server))) == ["first", "second"]


async def test_a_file_is_not_read_with_every_call(
    pachd_server: Pachd, token_file: TokenFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grpc_token, "_CHECK_SECONDS", 5.0)
    pfs = open_pfs(Settings(**settings_for(pachd_server, token_file)))
    await pfs.get_version()
    token_file.holds(b"second")
    await pfs.get_version()
    assert tokens(pachd_server) == ["first", "first"]
    await pfs.aclose()


async def test_clients_share_a_connection_and_send_tokens_of_their_own(
    pachd_server: Pachd,
) -> None:
    connection = Connection(PachdSettings(pachd_server.address, call_seconds=20))
    clients = {name: WholePachdClient(connection, Token(name, None)) for name in ("one", "other")}

    async def sends_its_own(name: str, call: Awaitable[object]) -> None:
        pachd_server.wire.metadata.clear()
        await call
        assert set(tokens(pachd_server)) == {name}

    await sends_its_own("one", clients["one"].create_repo(BRANCH.repo))
    await sends_its_own("other", clients["other"].create_branch(BRANCH))
    for name, pfs in clients.items():
        await sends_its_own(name, put(pfs, BRANCH, f"/{name}", LARGE))
        head = await head_of(pfs, BRANCH)
        await sends_its_own(name, pfs.list_file(File(head, "/")))
        await sends_its_own(name, read(pfs, head, f"/{name}"))
        await sends_its_own(name, pfs.create_file_set([AddFile("/f", b"1")]))
    await connection.close()


async def test_who_waits_for_a_commit_asks_with_the_token_of_the_read(pachd_server: Pachd) -> None:
    await pachd_server.pfs.create_repo(BRANCH.repo)
    await pachd_server.pfs.create_branch(BRANCH)
    pachd_server.finishing.hold()
    await put(pachd_server.pfs, BRANCH, "/a", b"1")
    opened = File(await pachd_server.pfs.start_commit(BRANCH), "/a")
    pachd_server.wire.metadata.clear()
    pachd_server.wire.calls.clear()
    connection = Connection(PachdSettings(pachd_server.address, call_seconds=20))
    pfs = PachdClient(connection, Token("mine", None))
    reads = [
        asyncio.create_task(call)
        for call in (pfs.inspect_file(opened), pfs.list_file(opened), read_whole(pfs, opened))
    ]
    await pachd_server.wire.came("InspectCommit", 3)
    pachd_server.finishing.release()
    await asyncio.gather(*reads)
    assert set(tokens(pachd_server)) == {"mine"}
    await pfs.aclose()


async def read_whole(pfs: PachdClient, file: File) -> bytes:
    return await read(pfs, file.commit, file.path)


WAYS_TO_GO: dict[str, Callable[[TokenFile], None]] = {
    "gone": TokenFile.goes,
    "empty": lambda file: file.holds(b" \n"),
    "no text": lambda file: file.holds(b"5ecret-\xff\xfe"),
    "a folder": TokenFile.is_a_folder,
}


@pytest.mark.parametrize("how", WAYS_TO_GO)
async def test_a_file_that_goes_is_a_503_until_it_is_back(
    pachd_server: Pachd,
    token_file: TokenFile,
    gateways: Gateways,
    how: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Going on with the old token, or with none, would be with somebody else's rights."""
    gateway = await gateways.start(**settings_for(pachd_server, token_file))
    await gateway.s3("create_bucket", Bucket=BUCKET)
    calls = len(pachd_server.wire.calls)
    WAYS_TO_GO[how](token_file)
    for operation, parameters in EVERYTHING:
        status, _, is_promised = await gateway.refusal(operation, **parameters)
        assert (status, is_promised) == (503, True), operation
    assert len(pachd_server.wire.calls) == calls, "nothing is sent without a token"
    assert str(token_file.path) in caplog.text
    assert "5ecret" not in caplog.text
    token_file.is_one_again()
    token_file.holds(b"second")
    await gateway.s3("put_object", Bucket=BUCKET, Key="a", Body=b"1")
    assert tokens(pachd_server)[-1] == "second"


async def test_a_file_that_goes_in_the_middle_of_an_upload(
    pachd_server: Pachd, token_file: TokenFile, gateways: Gateways
) -> None:
    gateway = await gateways.start(**settings_for(pachd_server, token_file))
    await gateway.s3("create_bucket", Bucket=BUCKET)
    gate = pachd_server.wire.hold("CreateFileSet")
    putting = asyncio.create_task(gateway.refusal("put_object", **EVERYTHING[4][1]))
    await pachd_server.wire.came("CreateFileSet")
    token_file.goes()
    gate.set()
    assert await putting == (503, "ServiceUnavailable", True)
    token_file.holds(b"second")
    assert await gateway.content_of("b") is None


async def test_a_file_that_is_not_there_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="No such file"):
        pachd_settings(Settings(pfs="grpc://x:1", pfs_token_file=str(tmp_path / "none")))


def test_a_token_of_nothing_is_none() -> None:
    assert grpc_token.Token("", None).read() == ""
    assert grpc_token.Token(" \n", None).read() == ""
    with pytest.raises(PfsUnavailable):
        grpc_token.Token("", Path("/nowhere/token")).read()
