"""Which contents nobody may remove while somebody reads them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from embedded_pfs.leases import Leases


def of_number(number: int) -> bytes:
    """A hash; those of neighbouring numbers differ as little as the locks may tell."""
    return number.to_bytes(7) + bytes(25)


def test_who_holds_a_content_keeps_that_one_and_no_other(tmp_path: Path) -> None:
    leases = Leases(tmp_path)
    contents = [(number, of_number(number)) for number in (0, 4, 5, 6, 2**55 - 1)]
    held = leases.hold(of_number(5))
    with leases.not_held(contents) as removable:
        assert [number for number, _ in removable] == [0, 4, 6, 2**55 - 1]
    os.close(held)
    with leases.not_held(contents) as removable:
        assert removable == contents


def test_a_lock_that_is_refused_leaves_nothing_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_arguments: object) -> None:
        raise OSError("no locks available")

    monkeypatch.setattr("embedded_pfs.leases.fcntl.fcntl", refuse)
    before = set(os.listdir("/proc/self/fd"))
    with pytest.raises(OSError, match="no locks"):
        Leases(tmp_path).hold(of_number(1))
    assert set(os.listdir("/proc/self/fd")) <= before
