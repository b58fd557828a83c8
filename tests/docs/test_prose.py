"""Pages, changelog, contract and messages keep to the words and word order of `prose/`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.messages import as_markdown, sources
from tests.docs.prose import CONTRACTS, PAGES, STYLE, VALE, descriptions, findings
from tests.markdown import ROOT

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


def test_the_messages_in_the_code_read_well(tmp_path: Path) -> None:
    files = {}
    for source in sources():
        text = as_markdown(source.read_text())
        if text.strip():
            file = tmp_path / source.relative_to(ROOT).with_suffix(".md")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
            files[str(file)] = str(source.relative_to(ROOT))
    found = [
        one.replace(file, files[file])
        for one in findings(*map(Path, files))
        for file in [one.partition(":")[0]]
    ]
    assert not found, "\n".join(found)


CODE = r'''
"""Whoever reads the module's docstring works on the code."""
import click

class NoSuchThing(Exception):
    """Whoever reads this works on the code."""
    message = "The thing is not there."

@click.command(epilog="\b\nExamples:\n  thing --all  all of them")
@click.option("--all", help="Every thing, and not"
    " only one of them.")
def thing(name: str) -> None:
    """Show a thing that is there.

    It says what it has found.
    """
    raise NoSuchThing(
        f"there is no {name!r}: say"
        f" another name than {name}, please"
    )
    connection.execute("SELECT a FROM b WHERE c IS NULL")
    connection.execute("a = b AND c > ?1 AND d IS NULL")
    log("short one")
'''
TEXTS = {
    7: "The thing is not there.",
    10: "Every thing, and not only one of them.",
    13: "Show a thing that is there.",
    15: "It says what it has found.",
    18: "there is no `x`: say another name than `x`, please",
}


def test_texts_in_code_are_found_with_their_lines() -> None:
    found = as_markdown(CODE).splitlines()
    assert {at: line[2:] for at, line in enumerate(found, 1) if line} == TEXTS


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
