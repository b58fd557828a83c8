"""Write a data directory with something of everything, and pack it: one for each schema released.

Run it with the code that is released, in a checkout of it, before the schema changes:

    python -m tests.embedded_pfs.released schema-N.tar.gz

What it writes is what `test_migrations` reads. It stands on what PFS has always had, so that it
can also be run by itself beside an older version's packages. (Those of schemas 1 and 2 were written
so, by the code of commits 9217c39 and 6e32d70.)
"""

from __future__ import annotations

import asyncio
import sys
import tarfile
import tempfile
from pathlib import Path

from embedded_pfs.client import EmbeddedPfs
from pfs_client.values import AddFile, Branch, DeleteFile, Repo

PICTURES = Branch(Repo("images"), "master")
OLD_PICTURES = Branch(Repo("images"), "old")
RESULTS = Branch(Repo("results"), "master")
OPEN = Branch(Repo("open", "lab"), "master")
LINES = Repo("lines")
TRUNK = Branch(LINES, "trunk")
EMPTY_SIDE = Branch(LINES, "empty")
SIDE = Branch(LINES, "side")
MOVED = Branch(LINES, "moved")
BEGUN = Branch(LINES, "begun")
AT_BEGUN = Branch(LINES, "at-begun")
BEHIND_BEGUN = Branch(LINES, "behind-begun")
LARGE = bytes(range(256)) * 400
LARGER = LARGE * 3


async def write(directory: Path) -> None:
    """Fill a new data directory."""
    pfs = EmbeddedPfs(directory)
    await pfs.create_project("lab", "with a description")
    for branch in (PICTURES, RESULTS, OPEN):
        await pfs.create_repo(branch.repo)
        await pfs.create_branch(branch)
    await pfs.modify_file(PICTURES, [AddFile("/small", b"first"), AddFile("/d/large", LARGE)])
    first = (await pfs.inspect_branch(PICTURES)).head
    await pfs.modify_file(PICTURES, [DeleteFile("/small"), AddFile("/small", b"second")])
    await pfs.modify_file(PICTURES, [DeleteFile("/d/large"), AddFile("/d/larger", LARGER)])
    await pfs.create_branch(OLD_PICTURES, head=first)
    await pfs.create_branch(RESULTS, provenance=[PICTURES])
    await pfs.start_commit(OPEN)
    await pfs.modify_file(OPEN, [AddFile("/in-it", b"open")])
    file_set = await pfs.create_file_set([AddFile("/in-set", LARGE + b"only here")])
    await pfs.renew_file_set(file_set, 1800)
    await write_lines(pfs)
    await write_waiting(pfs)
    await pfs.aclose()


async def write_lines(pfs: EmbeddedPfs) -> None:
    """Branches that begin at commits of others: with commits of their own, without, and gone.

    From schema 4 on.
    """
    await pfs.create_repo(LINES)
    await pfs.create_branch(TRUNK)
    heads = []
    for number in range(6):
        await pfs.modify_file(TRUNK, [AddFile(f"/{number}", b"%d" % number)])
        heads.append((await pfs.inspect_branch(TRUNK)).head)
    gone, gone_empty = Branch(LINES, "gone"), Branch(LINES, "gone-empty")
    for branch, at in (EMPTY_SIDE, 2), (SIDE, 3), (MOVED, 0), (gone, 4), (gone_empty, 5):
        await pfs.create_branch(branch, head=heads[at])
    for branch in (SIDE, MOVED, gone):
        await pfs.modify_file(branch, [AddFile("/own", branch.name.encode())])
    await pfs.modify_file(SIDE, [AddFile("/dropped", b"")])
    await pfs.drop_commit((await pfs.inspect_branch(SIDE)).head)
    await pfs.create_branch(MOVED, head=heads[1])
    for branch in (gone, gone_empty):
        await pfs.delete_branch(branch)
    await pfs.squash_commit(heads[3])


async def write_waiting(pfs: EmbeddedPfs) -> None:
    """Commits that wait for an open one of another branch. From schema 4 on."""
    await pfs.create_branch(BEGUN)
    begun = await pfs.start_commit(BEGUN)
    await pfs.modify_file(BEGUN, [AddFile("/begun", b"1")])
    for branch in (AT_BEGUN, BEHIND_BEGUN):
        await pfs.create_branch(branch, head=begun)
    # As a pipeline does, behind a head that is open.
    await pfs.create_branch(BEHIND_BEGUN, provenance=[PICTURES])
    await pfs.finish_commit((await pfs.inspect_branch(BEHIND_BEGUN)).head)


def main(archive: str) -> None:
    """Write a directory into an archive."""
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(write(Path(folder) / "pfs"))
        with tarfile.open(archive, "w:gz") as packed:
            for file in Path(folder).rglob("*"):
                # Folders, of which most hold nothing, and the reserve come back by themselves.
                if file.is_file() and file.name != "reserve":
                    packed.add(file, file.relative_to(folder))


if __name__ == "__main__":
    main(sys.argv[1])
