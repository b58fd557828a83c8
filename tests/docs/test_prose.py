"""Pages, changelog, contract and settings' help keep to the words and word order of `prose/`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.prose import CONTRACTS, PAGES, STYLE, VALE, descriptions, findings

pytestmark = pytest.mark.skipif(
    not VALE.exists(), reason="Vale is not built: make check-prose, with Go and a C compiler"
)

FAULTS = {
    "IsNo": "An ETag is no MD5.",
    "WhoBegins": "Who waits too long gets an error.",
    "OfBegins": "Of a missing key the client says nothing.",
    "Vocabulary": "Whoever reaches the port can read everything.",
    "SentenceLength": " ".join(["The gateway waits"] + ["and waits"] * 20) + ".",
    "Internals": "The tests in `tests/gateway/` try it.",
}
GOOD = [
    "There is no index, and a deleted bucket is no longer listed.",
    "Who can read my data?",
    "An upgrade request is ignored. Of course, errors are XML.",
]


def test_pages_read_well() -> None:
    assert not (found := findings(*PAGES)), "\n".join(found)


def test_the_contract_s_descriptions_read_well(tmp_path: Path) -> None:
    files = []
    for contract in CONTRACTS:
        files.append(tmp_path / f"{contract.stem}.md")
        files[-1].write_text(descriptions(contract))
    assert not (found := findings(*files)), "\n".join(found)


def test_every_rule_has_a_fault_that_it_finds() -> None:
    assert {rule.stem for rule in (STYLE / "Plain").glob("*.yml")} == {*FAULTS}


@pytest.mark.parametrize(("rule", "text"), FAULTS.items(), ids=[*FAULTS])
def test_a_rule_finds_its_fault_and_no_other(rule: str, text: str, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"# Page\n\n{text}\n")
    assert [one.split(": ")[1] for one in findings(page)] == [f"Plain.{rule}"]


@pytest.mark.parametrize("text", GOOD)
def test_what_reads_well_is_not_found(text: str, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"{text}\n")
    assert not findings(page)
