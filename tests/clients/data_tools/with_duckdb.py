"""DuckDB with its extension httpfs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import duckdb_extension_httpfs

from tests.clients import steps
from tests.clients.data_tools import sizes

EXTENSION = next(Path(duckdb_extension_httpfs.__file__).parent.rglob("*.duckdb_extension"))
PARTS = "COPY (SELECT i, i % 3 AS part FROM range(10) AS t(i)) TO '{}/parts' ({})"
PART = "SELECT count(*) FROM '{}/parts/*/*.parquet' WHERE part = 1"
GLOB = "SELECT file FROM glob('{}/parts/*/*')"
ROW = "SELECT hash(i) AS number FROM range({rows}) AS t(i)"


def connected() -> duckdb.DuckDBPyConnection:
    pfs = duckdb.connect()
    pfs.execute(f"LOAD '{EXTENSION}'")
    pfs.execute(
        "CREATE SECRET (TYPE s3, KEY_ID 'any', SECRET 'anything', REGION 'us-east-1',"
        f" ENDPOINT '{steps.endpoint().removeprefix('http://')}',"
        " URL_STYLE 'path', USE_SSL false)"
    )
    return pfs


def own_steps(bucket: str) -> Iterator[sizes.Step]:
    """Parquet of each size, and what else DuckDB does with S3."""
    pfs = connected()
    yield from _tables(pfs, bucket)
    yield from _many_files(pfs, f"s3://{bucket}")


def _tables(pfs: duckdb.DuckDBPyConnection, bucket: str) -> Iterator[sizes.Step]:
    def write(rows: int, name: str, options: str) -> None:
        pfs.execute(f"COPY ({ROW.format(rows=rows)}) TO 's3://{bucket}/{name}' ({options})")

    def same(rows: int, source: str) -> None:
        seen = "SELECT count(*), bit_xor(number::UBIGINT)"
        expected = pfs.execute(f"{seen} FROM ({ROW.format(rows=rows)})").fetchall()
        assert pfs.execute(f"{seen} FROM {source}").fetchall() == expected

    def parquet(size: int) -> None:
        rows = -(-size // sizes.NUMBER_BYTES)
        write(rows, f"{size}.parquet", "FORMAT parquet, COMPRESSION uncompressed")
        same(rows, f"'s3://{bucket}/{size}.parquet'")

    def csv() -> None:
        write(2_000_000, "stream.csv", "HEADER")
        # Left to guess, it takes numbers as large as these for floats.
        types = "types = {'number': 'UBIGINT'}"
        same(2_000_000, f"read_csv('s3://{bucket}/stream.csv', {types})")

    yield from sizes.each_size(parquet)
    yield sizes.STREAM, csv


def _many_files(pfs: duckdb.DuckDBPyConnection, top: str) -> Iterator[sizes.Step]:
    def partitioned() -> None:
        pfs.execute(PARTS.format(top, "FORMAT parquet, PARTITION_BY (part)"))
        assert pfs.execute(PART.format(top)).fetchall() == [(3,)]

    def globbed() -> None:
        assert len(pfs.execute(GLOB.format(top)).fetchall()) == 3

    yield "write and read a partitioned table", partitioned
    yield "glob", globbed


if __name__ == "__main__":
    sizes.run(own_steps)
