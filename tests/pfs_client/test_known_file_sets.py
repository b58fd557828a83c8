"""What is certain of file sets without a call."""

from __future__ import annotations

from pfs_client.pachd.known_file_sets import KnownFileSets
from pfs_client.values import AddFile, Commit, CopyFile, File
from tests.cluster.pachd import Pachd
from tests.pfs_client.conftest import BRANCH
from tests.pfs_contract.reading import head_of, read


class Clock:
    """A clock that a test sets."""

    seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def file_in(file_set_id: str) -> File:
    return File(Commit.of_file_set(file_set_id), "/content")


def test_a_file_set_stays_as_long_as_was_promised_from_the_time_it_was_asked() -> None:
    clock = Clock()
    known = KnownFileSets(clock)
    assert not known.stays("a", 0)
    known.promised("a", asked=clock.seconds - 100, ttl_seconds=700)
    assert known.stays("a", 600)
    clock.seconds += 1
    assert not known.stays("a", 600)
    assert known.stays("a", 599)


def test_only_files_that_were_seen_are_known() -> None:
    known = KnownFileSets(Clock())
    known.saw(file_in("a"))
    assert known.has(file_in("a"))
    assert not known.has(file_in("b"))
    assert not known.has(File(file_in("a").commit, "/other"))


async def test_a_composed_file_that_was_looked_at_is_copied_without_another_look(
    pachd: Pachd,
) -> None:
    made = [await pachd.pfs.create_file_set([AddFile("/content", b"x")]) for _ in range(2)]
    composed = file_in(await pachd.pfs.compose_file_set(made))
    await pachd.pfs.inspect_file(composed)
    pachd.wire.calls.clear()
    await pachd.pfs.modify_file(BRANCH, [CopyFile("/a", composed)])
    assert pachd.wire.count() == {"ModifyFile": 1}
    assert await read(pachd.pfs, await head_of(pachd.pfs, BRANCH), "/a") == b"xx"


async def test_a_file_set_of_which_nothing_is_known_is_renewed_and_looked_at(pachd: Pachd) -> None:
    made = file_in(await pachd.pfs.create_file_set([AddFile("/content", b"x")]))
    pachd.wire.calls.clear()
    await pachd.pfs.modify_file(BRANCH, [CopyFile("/a", made)])
    assert [call.method for call in pachd.wire.calls] == [
        "RenewFileSet", "InspectFile", "ModifyFile"
    ]  # fmt: skip
