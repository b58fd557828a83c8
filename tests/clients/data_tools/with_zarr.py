"""zarr, on a store of obstore's."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import obstore
import zarr
from obstore.store import S3Store
from zarr.storage import ObjectStore

from tests.clients import steps
from tests.clients.data_tools import sizes

CHUNK = 1024 * 1024


def own_steps(bucket: str) -> Iterator[sizes.Step]:
    """Arrays of each size, and what else zarr does with S3."""
    pfs = S3Store(
        bucket,
        endpoint=steps.endpoint(),
        region="us-east-1",
        access_key_id="any",
        secret_access_key="anything",
        client_options={"allow_http": True},
    )
    yield from _whole_arrays(ObjectStore(pfs))
    yield from _life(pfs, ObjectStore(pfs))


def _whole_arrays(store: ObjectStore) -> Iterator[sizes.Step]:
    def chunked(size: int, name: str = "", chunk: int = CHUNK) -> None:
        numbers = np.frombuffer(sizes.random_numbers(size), dtype=np.int64)
        where = name or str(size)
        chunks = (min(chunk, max(len(numbers), 1)),)
        array = zarr.create_array(
            store, name=where, shape=numbers.shape, chunks=chunks, dtype=np.int64
        )
        array[:] = numbers
        assert np.array_equal(zarr.open_array(store, path=where, mode="r")[:], numbers)

    yield from sizes.each_size(chunked)
    yield "one chunk of 20 MiB", lambda: chunked(20 * sizes.MIB, "one", 20 * sizes.MIB)


def _life(pfs: S3Store, store: ObjectStore) -> Iterator[sizes.Step]:
    def appended() -> None:
        array = zarr.create_array(store, name="log", shape=(2,), chunks=(2,), dtype=np.int64)
        array[:] = [1, 2]
        array.append(np.array([3, 4, 5]))
        assert zarr.open_array(store, path="log", mode="r")[:].tolist() == [1, 2, 3, 4, 5]

    def grouped() -> None:
        group = zarr.open_group(store, path="group", mode="w")
        group.create_array("one", shape=(2,), dtype=np.int64)[:] = 1
        assert list(zarr.open_group(store, path="group", mode="r").array_keys()) == ["one"]

    def removed() -> None:
        root = zarr.open_group(store, path="group", mode="a")
        del root["one"]
        assert "one" not in root
        assert not [entry for page in obstore.list(pfs, "group/one") for entry in page]

    yield "append", appended
    yield "list a group", grouped
    yield "delete an array", removed


if __name__ == "__main__":
    sizes.run(own_steps)
