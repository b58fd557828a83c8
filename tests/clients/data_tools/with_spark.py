"""Spark, writing and reading Parquet through S3A, whose jars the environment names."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator

from pyspark.sql import DataFrame, SparkSession

from tests.clients import steps
from tests.clients.data_tools import sizes


def session(folder: str) -> SparkSession:
    """A Spark of one process, with little memory and the settings of its page."""
    settings = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        # It lives for a minute: what compiles for longer would be most of that.
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
        "spark.driver.memory": "1g",
        "spark.local.dir": folder,
        "spark.sql.warehouse.dir": f"{folder}/warehouse",
        "spark.sql.shuffle.partitions": "1",
        "spark.hadoop.fs.s3a.buffer.dir": f"{folder}/s3a",
        "spark.hadoop.fs.s3a.endpoint": steps.endpoint(),
        "spark.hadoop.fs.s3a.endpoint.region": "us-east-1",
        "spark.hadoop.fs.s3a.path.style.access": "true",
        "spark.hadoop.fs.s3a.access.key": "any",
        "spark.hadoop.fs.s3a.secret.key": "anything",
    }
    builder = SparkSession.builder.master("local[1]").appName("tests")
    for name, value in settings.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("OFF")
    return spark


def own_steps(bucket: str) -> Iterator[sizes.Step]:
    """Tables of each size, and what else Spark does with files."""
    with tempfile.TemporaryDirectory() as folder:
        spark = session(folder)
        yield from _tables(spark, f"s3a://{bucket}")
        yield from _life(spark, f"s3a://{bucket}/life")
        spark.stop()


def _tables(spark: SparkSession, top: str) -> Iterator[sizes.Step]:
    def numbers(rows: int) -> DataFrame:
        # Hashes, which no format makes smaller; in one file, as the size is the file's.
        return spark.range(rows).selectExpr("xxhash64(id) AS number").coalesce(1)

    def whole(size: int) -> None:
        rows = -(-size // sizes.NUMBER_BYTES)
        where = f"{top}/{size}"
        numbers(rows).write.parquet(where)
        back = spark.read.parquet(where)
        summed = "count(*)", "coalesce(bit_xor(number), 0)", "coalesce(sum(number % 1000), 0)"
        found = back.selectExpr(*summed).first()
        assert found == numbers(rows).selectExpr(*summed).first()
        assert found[0] == rows

    yield from sizes.each_size(whole)


def _life(spark: SparkSession, top: str) -> Iterator[sizes.Step]:
    def frame(first: int, last: int) -> DataFrame:
        return spark.range(first, last).selectExpr("id", "id % 2 AS part")

    def ids() -> list[int]:
        return sorted(row.id for row in spark.read.parquet(top).collect())

    def partitioned() -> None:
        frame(0, 4).write.partitionBy("part").parquet(top)
        assert ids() == [0, 1, 2, 3]
        assert spark.read.parquet(top).where("part = 1").count() == 2

    def appended() -> None:
        frame(4, 6).write.partitionBy("part").parquet(top, mode="append")
        assert ids() == [0, 1, 2, 3, 4, 5]

    def overwritten() -> None:
        frame(7, 9).write.partitionBy("part").parquet(top, mode="overwrite")
        assert ids() == [7, 8]

    def as_text() -> None:
        frame(0, 3).coalesce(1).write.csv(f"{top}-csv", header=True)
        back = spark.read.csv(f"{top}-csv", header=True, inferSchema=True)
        assert sorted(row.id for row in back.collect()) == [0, 1, 2]

    yield "write and read a partitioned table", partitioned
    yield "append", appended
    yield "overwrite", overwritten
    yield "write and read CSV", as_text


if __name__ == "__main__":
    sizes.run(own_steps)
