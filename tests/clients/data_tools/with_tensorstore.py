"""tensorstore, with its driver s3."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorstore as ts

from tests.clients import steps
from tests.clients.data_tools import sizes

# Its s3 driver takes keys from the environment, or from a profile.
os.environ |= {"AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "anything"}
CHUNK = 1024 * 1024


def own_steps(bucket: str) -> Iterator[sizes.Step]:
    """Arrays of each size, and what else tensorstore does with S3."""
    pfs = {
        "driver": "s3",
        "bucket": bucket,
        "endpoint": steps.endpoint(),
        "aws_region": "us-east-1",
    }
    yield from _arrays(pfs)
    yield from _key_values(pfs)


def opened(pfs: dict[str, str], path: str, shape: list[int] | None = None) -> Any:
    """An array of zarr 3, made where a shape is given."""
    spec = {"driver": "zarr3", "kvstore": {**pfs, "path": path}}
    if shape is None:
        return ts.open(spec).result()
    chunk = ts.ChunkLayout(chunk_shape=[max(min(CHUNK, shape[0]), 1)])
    return ts.open(spec, create=True, dtype=ts.int64, shape=shape, chunk_layout=chunk).result()


def _arrays(pfs: dict[str, str]) -> Iterator[sizes.Step]:
    def whole(size: int) -> None:
        numbers = np.frombuffer(sizes.random_numbers(size), dtype=np.int64)
        opened(pfs, f"{size}/", [len(numbers)]).write(numbers).result()
        assert np.array_equal(opened(pfs, f"{size}/").read().result(), numbers)

    def resized() -> None:
        array = opened(pfs, "resized/", [2])
        array.write(np.array([1, 2])).result()
        array = array.resize(exclusive_max=[3]).result()
        array[2] = 3
        assert opened(pfs, "resized/").read().result().tolist() == [1, 2, 3]

    yield from sizes.each_size(whole)
    yield "resize", resized


def _key_values(pfs: dict[str, str]) -> Iterator[sizes.Step]:
    store = ts.KvStore.open({**pfs, "path": "values/"}).result()

    def listed() -> None:
        store["a"], store["b"] = b"1", b"2"
        assert store["a"] == b"1"
        assert sorted(store.list().result()) == [b"a", b"b"]

    def conditional() -> None:
        seen = store.read("a").result()
        kept = store.write("a", b"3", if_equal=seen.stamp.generation).result()
        assert kept.generation != seen.stamp.generation
        missed = store.write("a", b"4", if_equal=seen.stamp.generation).result()
        assert missed.generation != kept.generation
        assert store["a"] == b"3"

    def removed() -> None:
        store.delete_range(ts.KvStore.KeyRange()).result()
        assert store.list().result() == []

    yield "list keys", listed
    yield "write if unchanged", conditional
    yield "delete a range of keys", removed


if __name__ == "__main__":
    sizes.run(own_steps)
