"""What `make contract` says where a tool is missing."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from contract_review import __main__ as command


@pytest.mark.parametrize(
    ("name", "tool", "status", "told"),
    [
        ("lint", "REDOCLY", 0, "Skipped: the document is not linted, for Node is not installed."),
        ("diff", "OASDIFF", 0, "Skipped: the document is compared with none before it"),
        ("release", "OASDIFF", 1, "which needs Go"),
    ],
)
def test_what_is_skipped_is_said(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    name: str,
    tool: str,
    status: int,
    told: str,
) -> None:
    monkeypatch.setattr(command, tool, tmp_path / "missing")
    monkeypatch.setattr(sys, "argv", ["contract_review", name])
    assert command.main() == status
    assert told in capsys.readouterr().out
