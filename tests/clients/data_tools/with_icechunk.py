"""icechunk, versioned arrays of zarr."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import icechunk
import numpy as np
import zarr

from tests.clients import steps
from tests.clients.data_tools import sizes

CHUNK = 4 * 1024 * 1024


def repository(bucket: str, prefix: str) -> icechunk.Repository:
    """A repository, made where there is none."""
    storage = icechunk.s3_storage(
        bucket=bucket,
        prefix=prefix,
        region="us-east-1",
        endpoint_url=steps.endpoint(),
        allow_http=True,
        force_path_style=True,
        access_key_id="any",
        secret_access_key="anything",
    )
    return icechunk.Repository.open_or_create(storage)


def numbers_of(repo: icechunk.Repository) -> Any:
    """What the newest snapshot holds."""
    store = repo.readonly_session("main").store
    return zarr.open_array(store, path="numbers", mode="r")[:]


def own_steps(bucket: str) -> Iterator[sizes.Step]:
    """Snapshots of each size, and the life of a repository."""

    def whole(size: int) -> None:
        numbers = np.frombuffer(sizes.random_numbers(size), dtype=np.int64)
        repo = repository(bucket, f"sized/{size}")
        session = repo.writable_session("main")
        chunks = (min(CHUNK, max(len(numbers), 1)),)
        zarr.create_array(
            session.store, name="numbers", shape=numbers.shape, chunks=chunks, dtype=np.int64
        )[:] = numbers
        session.commit("written")
        assert np.array_equal(numbers_of(repository(bucket, f"sized/{size}")), numbers)

    yield from sizes.each_size(whole)
    yield from _life(bucket)


def _life(bucket: str) -> Iterator[sizes.Step]:
    def appended() -> None:
        repo = repository(bucket, "life")
        for number in (1, 2):
            session = repo.writable_session("main")
            array = zarr.open_array(
                session.store, path="numbers", mode="a", shape=(0,), chunks=(2,), dtype=np.int64
            )
            array.append(np.array([number]))
            session.commit(f"add {number}")
        assert list(numbers_of(repo)) == [1, 2]
        assert len(list(repo.ancestry(branch="main"))) == 3

    def lost() -> None:
        repo = repository(bucket, "life")
        first, second = repo.writable_session("main"), repo.writable_session("main")
        for session in (first, second):
            zarr.open_array(session.store, path="numbers", mode="a")[0] = 7
        first.commit("in time")
        try:
            second.commit("too late")
        except icechunk.ConflictError:
            assert list(numbers_of(repo)) == [7, 2]
        else:
            raise AssertionError("the second commit won over the first")

    yield "append", appended
    yield "of two commits at once one is refused", lost
    yield from _names(bucket)


def _names(bucket: str) -> Iterator[sizes.Step]:
    def tagged() -> None:
        repo = repository(bucket, "life")
        oldest = list(repo.ancestry(branch="main"))[-1]
        repo.create_tag("empty", oldest.id)
        assert repo.list_tags() == {"empty"}
        repo.create_branch("other", oldest.id)
        assert repo.list_branches() == {"main", "other"}

    yield "branch and tag", tagged


if __name__ == "__main__":
    sizes.run(own_steps)
