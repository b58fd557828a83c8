"""deltalake."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from deltalake import DeltaTable, write_deltalake

from tests.clients.data_tools import sizes
from tests.clients.data_tools.object_store import OPTIONS


def table(size: int) -> pa.Table:
    numbers = np.frombuffer(sizes.random_numbers(size), dtype=np.int64)
    return pa.table({"number": numbers})


def own_steps(bucket: str) -> Iterator[sizes.Step]:
    """Tables of each size, and the life of one."""
    yield from _whole_tables(bucket)
    yield from _life(f"s3://{bucket}/small")


def opened(where: str) -> DeltaTable:
    return DeltaTable(where, storage_options=OPTIONS)


def _whole_tables(bucket: str) -> Iterator[sizes.Step]:
    def whole(size: int) -> None:
        written, where = table(size), f"s3://{bucket}/{size}"
        write_deltalake(where, written, storage_options=OPTIONS)
        assert opened(where).to_pyarrow_table().equals(written)

    def streamed() -> None:
        written, where = table(20 * sizes.MIB), f"s3://{bucket}/streamed"
        write_deltalake(where, written.to_reader(), storage_options=OPTIONS)
        assert opened(where).to_pyarrow_table().equals(written)

    yield from sizes.each_size(whole)
    yield sizes.STREAM, streamed


def _life(small: str) -> Iterator[sizes.Step]:
    def rows() -> int:
        return int(opened(small).to_pyarrow_table().num_rows)

    def appended() -> None:
        for numbers in ([1, 2], [3]):
            added = pa.table({"number": numbers})
            write_deltalake(small, added, mode="append", storage_options=OPTIONS)
        assert (opened(small).version(), rows()) == (1, 3)

    def deleted() -> None:
        opened(small).delete("number = 1")
        assert rows() == 2

    def tidied() -> None:
        opened(small).optimize.compact()
        opened(small).vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False)
        opened(small).create_checkpoint()
        assert rows() == 2

    yield "append", appended
    yield "delete rows", deleted
    yield "compact, vacuum and checkpoint", tidied


if __name__ == "__main__":
    sizes.run(own_steps)
