"""The process that serves."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
import uvicorn

from gateway.http.serving import Server


@pytest.fixture
def _thawed() -> Iterator[None]:
    gc.unfreeze()
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("_thawed")
async def test_what_the_start_has_made_is_not_looked_through_for_garbage_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def nothing(server: uvicorn.Server, sockets: object = None) -> None:
        """No socket is needed."""

    monkeypatch.setattr(uvicorn.Server, "startup", nothing)
    config = uvicorn.Config("none:at_all")
    config.ssl = None
    made = [object() for _ in range(3)]
    assert any(one is made for one in gc.get_objects())
    await Server(config).startup()
    assert gc.get_freeze_count() > 1000
    assert not any(one is made for one in gc.get_objects())
