"""What the review's commands say before they do anything."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import yaml

from contract_review import __main__ as review_command
from contract_review.documents import contract_of
from gateway.contract.document import Contract, UnknownLayer, load_contract
from gateway.contract.printable import printable
from gateway.contract.refusals import REFUSAL, UnknownRefusal
from tests.contract.edits import edited, run, shared


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


@pytest.mark.parametrize("command", ["lint", "diff"])
def test_a_refusal_by_an_error_that_there_is_not_is_told_in_one_line(
    tmp_path: Path, command: str
) -> None:
    document = edited(
        lambda d: shared(d, "parameters", "Prefix").update({REFUSAL: "InvalidRequst"})
    )
    file = tmp_path / "contract.yaml"
    file.write_text(yaml.safe_dump(document))
    status, told = run(command, str(file))
    assert (status, told) == (
        2,
        "contract_review: x-s3-refusal of the parameter prefix is 'InvalidRequst'; it can be"
        " InvalidArgument or InvalidRequest\n",
    )


def test_a_contract_is_not_loaded_with_a_refusal_that_there_is_not() -> None:
    text = load_contract(["multipart"]).text
    assert f"{REFUSAL}: InvalidRequest" in text
    wrong = Contract(
        ("multipart",), text.replace(f"{REFUSAL}: InvalidRequest", f"{REFUSAL}: NoSuch")
    )
    with pytest.raises(UnknownRefusal, match=r"^x-s3-refusal of the parameter \S+ is 'NoSuch'; it"):
        wrong.document()


def test_the_contract_is_printed(tmp_path: Path) -> None:
    page = tmp_path / "new" / "contract.html"
    assert run("html", str(page)) == (0, "")
    assert page.read_text() == printable(contract_of(()).document())
