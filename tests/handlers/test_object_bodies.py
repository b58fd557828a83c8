"""What a PUT is told that is wrong in two ways: its bucket comes first."""

from __future__ import annotations

from dataclasses import replace

import pytest

from handlers.exchange import S3Request, Services
from handlers.objects import put_object
from pfs_client.failures import PfsOverloaded, PfsUnavailable, StorageFull
from pfs_client.group_commit.grouped_writes import GroupedWrites
from pfs_client.limits.memory_budget import Share
from pfs_client.values import Branch, Repo
from s3_wire.errors import IncompleteBody, NoSuchBucket, WriteToOutputBranch

OUTPUT = Branch(Repo("out"), "master")


def put(services: Services, bucket: str, body: bytes | None, size_bytes: int = 1) -> S3Request:
    """A PUT whose body has come; without one, its client has gone."""

    async def receive() -> dict[str, object]:
        if body is None:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": body, "more_body": False}

    return S3Request(
        bucket,
        "a",
        {},
        {"content-length": str(size_bytes)},
        {},
        receive,
        services,
        Share(services.memory),
        has_come=True,
    )


@pytest.fixture
def roomy(services: Services) -> Services:
    return replace(services, limits=replace(services.limits, max_object_bytes=1000))


@pytest.mark.parametrize("body", [b"1", b"22", b"", None])
async def test_no_bucket_comes_before_what_is_wrong_with_the_body(
    roomy: Services, body: bytes | None
) -> None:
    with pytest.raises(NoSuchBucket) as told:
        await put_object(put(roomy, "master.none", body))
    assert told.value.details["BucketName"] == "master.none"


@pytest.mark.parametrize("body", [b"1", None])
async def test_so_does_an_output_branch(roomy: Services, body: bytes | None) -> None:
    await roomy.pfs.create_repo(OUTPUT.repo)
    await roomy.pfs.create_branch(OUTPUT, provenance=[Branch(Repo("r"), "master")])  # type: ignore[call-arg]
    with pytest.raises(WriteToOutputBranch):
        await put_object(put(roomy, "master.out", body))


async def test_what_is_wrong_with_a_body_is_told_where_there_is_a_bucket(roomy: Services) -> None:
    with pytest.raises(IncompleteBody):
        await put_object(put(roomy, "master.r", None))


@pytest.mark.parametrize("failure", [StorageFull, PfsOverloaded])
async def test_no_bucket_comes_before_a_lack_of_room(
    roomy: Services, monkeypatch: pytest.MonkeyPatch, failure: type[Exception]
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise failure("there is no room")

    monkeypatch.setattr(GroupedWrites, "put_file", fail)
    with pytest.raises(NoSuchBucket):
        await put_object(put(roomy, "master.none", b"1"))
    with pytest.raises(failure):
        await put_object(put(roomy, "master.r", b"1"))


async def test_a_pfs_that_is_away_is_not_asked_again(
    roomy: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise PfsUnavailable("away")

    monkeypatch.setattr(GroupedWrites, "put_file", fail)
    monkeypatch.setattr(type(roomy.pfs), "inspect_branch", fail)
    with pytest.raises(PfsUnavailable):
        await put_object(put(roomy, "master.none", b"1"))


@pytest.mark.parametrize(
    ("has_come", "size_bytes", "looks"), [(True, 1, 0), (False, 1, 1), (True, 1001, 1)]
)
async def test_who_is_written_at_once_is_not_looked_for(
    roomy: Services,
    monkeypatch: pytest.MonkeyPatch,
    has_come: bool,
    size_bytes: int,
    looks: int,
) -> None:
    services = replace(roomy, limits=replace(roomy.limits, max_object_bytes=10_000))
    inspect_branch, asked = services.pfs.inspect_branch, []

    async def counted(branch: Branch) -> object:
        asked.append(branch)
        return await inspect_branch(branch)

    monkeypatch.setattr(services.pfs, "inspect_branch", counted)
    request = put(services, "master.r", bytes(size_bytes), size_bytes)
    answer = await put_object(replace(request, has_come=has_come))
    assert answer.status == 200
    assert len(asked) == looks


@pytest.mark.parametrize(("body", "has_come"), [(b"1", False), (None, False), (None, True)])
async def test_a_bucket_that_is_not_there_is_looked_for_once(
    roomy: Services, monkeypatch: pytest.MonkeyPatch, body: bytes | None, has_come: bool
) -> None:
    inspect_branch, asked = roomy.pfs.inspect_branch, []

    async def counted(branch: Branch) -> object:
        asked.append(branch)
        return await inspect_branch(branch)

    monkeypatch.setattr(roomy.pfs, "inspect_branch", counted)
    with pytest.raises(NoSuchBucket):
        await put_object(replace(put(roomy, "master.none", body), has_come=has_come))
    assert len(asked) == 1
