"""Export and import, as the commands call them."""

from __future__ import annotations

from pathlib import Path

from gateway.history.moving.exporting import Exported, export_branch
from gateway.history.moving.folder import read_export, written_export
from gateway.history.moving.importing import Imported, import_branch
from gateway.history.places import place_of
from pfs_client.whole_pfs import WholePfs
from tests.moving.states import BUCKET


async def moved_out(pfs: WholePfs, folder: Path, *, history: bool = True) -> Exported:
    """Export the bucket."""
    with written_export(folder) as export:
        return await export_branch(pfs, place_of(BUCKET), export, history=history)


async def moved_in(
    pfs: WholePfs, folder: Path, bucket: str = BUCKET, *, merge: bool = False
) -> Imported:
    """Import the bucket."""
    with read_export(folder) as export:
        return await import_branch(pfs, place_of(bucket), export, BUCKET, merge=merge)
