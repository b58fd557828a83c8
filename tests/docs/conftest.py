"""The documentation site, built once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.site import ZENSICAL, build, copy_sources


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not ZENSICAL.exists():
        pytest.skip("the site's generator is not installed: make docs")
    folder = tmp_path_factory.mktemp("site")
    copy_sources(folder)
    done = build(folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / ".build" / "site"
