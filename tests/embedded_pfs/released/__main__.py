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
    await pfs.aclose()


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
