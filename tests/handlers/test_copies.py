"""What S3 copies at a time has a size limit."""

from __future__ import annotations

from pathlib import Path

import pytest

from handlers import copies
from tests.hostile.in_process import serving


async def test_a_source_that_is_too_large_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copies, "MAX_COPY_BYTES", 4)
    async with serving(tmp_path, monkeypatch, layers=("all",)) as gateway:
        for target, body in (("/r", None), ("/r/four", b"1234"), ("/r/five", b"12345")):
            assert b" 200 " in await gateway.request("PUT", target, body)
        copied = {}
        for key in ("four", "five"):
            copied[key] = await gateway.request(
                "PUT", f"/r/{key}-again", b"", {"x-amz-copy-source": f"/r/{key}"}
            )
        assert b" 200 " in copied["four"]
        assert b" 400 " in copied["five"]
        assert b"larger than the maximum allowable size for a copy source: 4<" in copied["five"]
        assert b" 404 " in await gateway.request("GET", "/r/five-again")
