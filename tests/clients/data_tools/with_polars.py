"""polars."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from tests.clients.data_tools import sizes
from tests.clients.data_tools.object_store import OPTIONS


def frame(size: int) -> pl.DataFrame:
    return pl.DataFrame({"number": np.frombuffer(sizes.random_numbers(size), dtype=np.int64)})


def own_steps(bucket: str) -> Iterator[sizes.Step]:
    """Parquet of each size, and what else polars does with S3."""

    def parquet(size: int) -> None:
        written, where = frame(size), f"s3://{bucket}/{size}.parquet"
        written.write_parquet(where, storage_options=OPTIONS)
        assert pl.read_parquet(where, storage_options=OPTIONS).equals(written)

    def sunk() -> None:
        written, where = frame(20 * sizes.MIB), f"s3://{bucket}/sunk.parquet"
        written.lazy().sink_parquet(where, storage_options=OPTIONS)
        assert pl.read_parquet(where, storage_options=OPTIONS).equals(written)

    def scanned() -> None:
        found = pl.scan_parquet(f"s3://{bucket}/*.parquet", storage_options=OPTIONS)
        assert found.filter(pl.col("number") > 0).select(pl.len()).collect().item() > 0

    def csv() -> None:
        written, where = frame(800), f"s3://{bucket}/numbers.csv"
        written.write_csv(where, storage_options=OPTIONS)
        assert pl.scan_csv(where, storage_options=OPTIONS).collect().equals(written)

    yield from sizes.each_size(parquet)
    yield sizes.STREAM, sunk
    yield "scan many files with a wildcard", scanned
    yield "write and scan CSV", csv


if __name__ == "__main__":
    sizes.run(own_steps)
