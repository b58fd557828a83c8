"""What the review's commands say before they do anything."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from contract_review import __main__ as review_command
from contract_review.documents import contract_of
from gateway.contract.document import UnknownLayer, load_contract
from gateway.contract.printable import printable
from tests.contract.edits import run


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
    monkeypatch.setattr(review_command, tool, tmp_path / "missing")
    monkeypatch.setattr(review_command, "RELEASED", tmp_path)  # what is released is left alone
    monkeypatch.setattr(sys, "argv", ["contract_review", name])
    assert review_command.main() == status
    assert told in capsys.readouterr().out


@pytest.mark.parametrize("command", ["lint", "diff", "release", "html"])
def test_a_layer_that_there_is_not_is_told_in_one_line(tmp_path: Path, command: str) -> None:
    page = tmp_path / "contract.html"
    target = [str(page)] if command == "html" else []
    with pytest.raises(UnknownLayer) as refusal:
        load_contract(["nothing"])
    status, told = run(command, "--with", "nothing", *target)
    assert (status, told) == (2, f"contract_review: {refusal.value}\n")
    assert not page.exists()


def test_the_contract_is_printed(tmp_path: Path) -> None:
    page = tmp_path / "new" / "contract.html"
    assert run("html", str(page)) == (0, "")
    assert page.read_text() == printable(contract_of(()).document())
