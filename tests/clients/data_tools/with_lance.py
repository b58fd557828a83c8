"""lance, from the package pylance."""

from __future__ import annotations

from collections.abc import Iterator

import lance
import numpy as np
import pyarrow as pa

from tests.clients.data_tools import sizes
from tests.clients.data_tools.object_store import OPTIONS


def table(size: int) -> pa.Table:
    numbers = np.frombuffer(sizes.random_numbers(size), dtype=np.int64)
    return pa.table({"number": numbers})


def own_steps(bucket: str) -> Iterator[sizes.Step]:
    """Datasets of each size, and the life of one."""
    yield from _whole_datasets(bucket)
    yield from _life(f"s3://{bucket}/small.lance")


def _whole_datasets(bucket: str) -> Iterator[sizes.Step]:
    def whole(size: int) -> None:
        written, where = table(size), f"s3://{bucket}/{size}.lance"
        lance.write_dataset(written, where, storage_options=OPTIONS)
        assert lance.dataset(where, storage_options=OPTIONS).to_table().equals(written)

    def streamed() -> None:
        written, where = table(20 * sizes.MIB), f"s3://{bucket}/streamed.lance"
        lance.write_dataset(written.to_reader(), where, storage_options=OPTIONS)
        assert lance.dataset(where, storage_options=OPTIONS).to_table().equals(written)

    yield from sizes.each_size(whole)
    yield sizes.STREAM, streamed


def _life(small: str) -> Iterator[sizes.Step]:
    def opened() -> lance.LanceDataset:
        return lance.dataset(small, storage_options=OPTIONS)

    def appended() -> None:
        lance.write_dataset(pa.table({"number": [1, 2]}), small, storage_options=OPTIONS)
        added = pa.table({"number": [3]})
        lance.write_dataset(added, small, mode="append", storage_options=OPTIONS)
        assert (opened().version, opened().count_rows()) == (2, 3)

    def deleted() -> None:
        opened().delete("number = 1")
        assert opened().count_rows() == 2

    def compacted() -> None:
        opened().optimize.compact_files()
        opened().cleanup_old_versions()
        assert opened().to_table()["number"].to_pylist() == [2, 3]

    yield "append", appended
    yield "delete rows", deleted
    yield "compact", compacted


if __name__ == "__main__":
    sizes.run(own_steps)
