"""A server with users: who may do what, with the holes of a real one."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pachd_server.__main__ import Served, serving_embedded
from pachd_server.users import Role, Users
from pfs_client.failures import PfsAccessDenied
from pfs_client.pachd.channel import PachdSettings
from pfs_client.pachd.whole_client import WholePachdClient
from pfs_client.permissions import Permission
from pfs_client.values import (
    FILE_SETS_REPO_NAME,
    AddFile,
    Branch,
    Commit,
    CopyFile,
    File,
    FileSetKind,
    Repo,
)
from tests.pfs_contract.reading import found, head_of, listed, put, read

BRANCH = Branch(Repo("r"), "master")
ALL_NAMES = ("admin", "owner", "writer", "reader", "stranger")


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    users = Users()
    for name in ALL_NAMES:
        users.add(f"token-of-{name}", f"robot:{name}")
    users.make_admin("robot:admin")
    users.grant("robot:writer", BRANCH.repo, Role.REPO_WRITER)
    users.grant("robot:reader", BRANCH.repo, Role.REPO_READER)
    async with serving_embedded(
        tmp_path / "pfs", "127.0.0.1:0", synchronous="off", users=users
    ) as served:
        yield served


@contextlib.asynccontextmanager
async def client_of(served: Served, token: str | None) -> AsyncIterator[WholePachdClient]:
    settings = PachdSettings(served.address, call_seconds=5, token=token or "")
    client = WholePachdClient.open(settings)
    yield client
    await client.aclose()


@pytest.fixture
async def by(served: Served) -> AsyncIterator[dict[str, WholePachdClient]]:
    """A client for each user, and a repo that `owner` has created."""
    async with contextlib.AsyncExitStack() as stack:
        clients = {
            name: await stack.enter_async_context(client_of(served, f"token-of-{name}"))
            for name in ALL_NAMES
        }
        await clients["owner"].create_repo(BRANCH.repo)
        await clients["owner"].create_branch(BRANCH)
        await put(clients["owner"], BRANCH, "/a", b"secret")
        yield clients


@pytest.fixture
async def head(by: dict[str, WholePachdClient]) -> Commit:
    return await head_of(by["owner"], BRANCH)


Call = Callable[[WholePachdClient, Commit], Awaitable[object]]

FOR_EVERY_LOGIN: dict[str, Call] = {
    "ListRepo": lambda pfs, head: pfs.list_repo(),
    "InspectRepo": lambda pfs, head: pfs.inspect_repo(BRANCH.repo),
    "InspectBranch": lambda pfs, head: pfs.inspect_branch(BRANCH),
    "GetFileSet": lambda pfs, head: pfs.get_file_set(head, FileSetKind.DIFF),
    "CreateFileSet": lambda pfs, head: pfs.create_file_set([AddFile("/p", b"1")]),
    "CreateRepo": lambda pfs, head: pfs.create_repo(Repo("mine")),
    "WhoAmI": lambda pfs, head: pfs.who_am_i(),
    "Authorize": lambda pfs, head: pfs.authorize(BRANCH.repo, [Permission.REPO_READ]),
}
FOR_READERS: dict[str, Call] = {
    "ListBranch": lambda pfs, head: pfs.list_branch(BRANCH.repo),
    "InspectCommit": lambda pfs, head: pfs.inspect_commit(head),
    "ListCommit": lambda pfs, head: listed(pfs, BRANCH.repo, newest=head),
    "FindCommits": lambda pfs, head: found(pfs, head, "/a"),
    "InspectFile": lambda pfs, head: pfs.inspect_file(File(head, "/a")),
    "ListFile": lambda pfs, head: pfs.list_file(File(head, "/")),
    "WalkFile": lambda pfs, head: pfs.walk_file(File(head, "/")),
    "GetFile": lambda pfs, head: read(pfs, head, "/a"),
    "a copy": lambda pfs, head: pfs.create_file_set([CopyFile("/p", File(head, "/a"))]),
}
FOR_WRITERS: dict[str, Call] = {
    "ModifyFile": lambda pfs, head: pfs.modify_file(BRANCH, [AddFile("/b", b"1")]),
    "CreateBranch": lambda pfs, head: pfs.create_branch(Branch(BRANCH.repo, "b")),
    "DeleteBranch": lambda pfs, head: pfs.delete_branch(BRANCH),
}
FOR_THE_CLUSTER: dict[str, Call] = {
    "DropCommit": lambda pfs, head: pfs.drop_commit(head, branch=BRANCH.name),
}
LEVELS = [
    (FOR_EVERY_LOGIN, "stranger", None),
    (FOR_READERS, "reader", "stranger"),
    (FOR_WRITERS, "writer", "reader"),
    (FOR_THE_CLUSTER, "admin", "owner"),
]


@pytest.mark.parametrize(
    ("call", "may", "may_not"),
    [
        pytest.param(call, may, may_not, id=name)
        for calls, may, may_not in LEVELS
        for name, call in calls.items()
    ],
)
async def test_which_call_asks_for_what(
    by: dict[str, WholePachdClient], head: Commit, call: Call, may: str, may_not: str | None
) -> None:
    if may_not is not None:
        with pytest.raises(PfsAccessDenied, match=f"robot:{may_not} is not authorized"):
            await call(by[may_not], head)
    await call(by[may], head)


async def test_the_id_of_a_file_set_is_the_key_to_it(
    by: dict[str, WholePachdClient], head: Commit
) -> None:
    id_ = await by["stranger"].get_file_set(head, FileSetKind.DIFF)
    file_set = Commit(Repo(FILE_SETS_REPO_NAME), id_)
    assert await read(by["stranger"], file_set, "/a") == b"secret"


@pytest.mark.parametrize("name", ["stranger", "reader", "writer"])
async def test_a_strangers_deletion_is_ok_and_deletes_nothing(
    by: dict[str, WholePachdClient], name: str
) -> None:
    assert await by[name].delete_repo(BRANCH.repo) is False
    assert (await by["owner"].inspect_repo(BRANCH.repo)).branches == (BRANCH,)
    assert await by["owner"].delete_repo(BRANCH.repo) is True


async def test_who_may_is_said(by: dict[str, WholePachdClient]) -> None:
    wanted = [Permission.REPO_READ, Permission.REPO_WRITE]
    reader = await by["reader"].authorize(BRANCH.repo, wanted)
    assert (reader.authorized, reader.missing) == (False, (Permission.REPO_WRITE,))
    assert reader.principal == "robot:reader"
    assert (await by["writer"].authorize(BRANCH.repo, wanted)).authorized
    stranger = await by["stranger"].authorize(Repo("no-such-repo"), wanted)
    assert (stranger.authorized, stranger.missing) == (False, tuple(wanted))


async def test_roles_are_given_and_taken(
    served: Served, by: dict[str, WholePachdClient], head: Commit
) -> None:
    users = served.users
    assert users is not None
    users.grant("robot:stranger", BRANCH.repo, Role.REPO_READER)
    assert await read(by["stranger"], head, "/a") == b"secret"
    users.revoke("robot:stranger", BRANCH.repo)
    with pytest.raises(PfsAccessDenied):
        await read(by["stranger"], head, "/a")


async def test_who_calls_is_known_by_the_token(served: Served) -> None:
    assert served.users is not None
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    served.users.add("lasting", "user:ann", expires=tomorrow)
    served.users.add("expired", "user:ann", expires=datetime.now(UTC) - timedelta(seconds=1))
    async with client_of(served, "lasting") as pfs:
        who = await pfs.who_am_i()
        assert (who.name, who.expires) == ("user:ann", tomorrow)
        served.users.forget("lasting")
        with pytest.raises(PfsAccessDenied, match="corrupted or has expired"):
            await pfs.who_am_i()
    for token, text in ((None, "no authentication token"), ("expired", "corrupted or has expired")):
        async with client_of(served, token) as pfs:
            assert await pfs.get_version()
            with pytest.raises(PfsAccessDenied, match=text):
                await pfs.list_repo()
            with pytest.raises(PfsAccessDenied, match=text):
                await pfs.modify_file(BRANCH, [AddFile("/a", b"1")])
