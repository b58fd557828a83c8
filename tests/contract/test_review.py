"""What the review says of a change: nothing that breaks a client passes unannounced."""

from __future__ import annotations

import re
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest

from contract_review.__main__ import CHANGELOG, OASDIFF
from contract_review.changes import changes
from contract_review.documents import RELEASED, ROOT, contract_of, last_released
from contract_review.review import NotReleasable, release, review
from tests.contract.compositions import each_document
from tests.contract.edits import (
    Edit,
    Project,
    needs_oasdiff,
    run,
    with_an_obligation,
    with_an_option,
    without_start_after,
)


@needs_oasdiff
def test_a_breaking_change_must_be_announced(tmp_path: Path) -> None:
    project = Project(tmp_path, without_start_after, with_an_option)
    is_good, told = project.review()
    assert not is_good
    assert "Since 1.0.0: 1 breaking, 1 other changes." in told
    assert "ListObjectsV2 (GET /{bucket})" in told
    assert "BREAKING  deleted the `query` request parameter `start-after`" in told
    assert "at least 2.0.0" in told
    entry = next(line for line in told.splitlines() if line.startswith("- **Breaking"))
    folded = entry.replace(" request", "\n  request")
    project.announce(f"{folded} Use `marker`.")
    is_good, told = project.review()
    assert is_good, told
    assert "BREAKING  deleted" in told
    assert "Not announced" not in told


PAGE = ROOT / "docs" / "contract.md"
ENTRY = (
    "- **Breaking (contract):** `request-parameter-removed` in `ListObjectsV2`:"
    " deleted the `query` request parameter `start-after`."
)


@needs_oasdiff
@pytest.mark.parametrize(
    "changelog",
    [
        pytest.param(ENTRY.replace("ListObjectsV2", "ListObjects"), id="another operation"),
        pytest.param(ENTRY.replace("start-after", "marker"), id="another parameter"),
        pytest.param(ENTRY.replace("**Breaking (contract):** ", ""), id="no mark"),
        pytest.param(ENTRY.replace("-removed`", "`"), id="another kind"),
        pytest.param(f"\n## 0.0.9\n\n{ENTRY}", id="another release"),
    ],
)
def test_another_announcement_does_not_do(tmp_path: Path, changelog: str) -> None:
    assert not Project(tmp_path, without_start_after, changelog=changelog).review()[0]


@needs_oasdiff
def test_the_entry_that_the_documentation_shows_announces_it(tmp_path: Path) -> None:
    example = re.search(r"```text\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert example is not None
    entry = textwrap.dedent(f"    {example[1].lstrip()}")
    project = Project(tmp_path, without_start_after, changelog=entry)
    assert project.review()[0], project.review()[1]


@needs_oasdiff
def test_one_entry_announces_a_change_of_several_operations(tmp_path: Path) -> None:
    project = Project(tmp_path, with_an_obligation)
    _, told = project.review()
    entries = [line for line in told.splitlines() if line.startswith("- **Breaking")]
    assert len(entries) == 1
    assert "in `CreateBucket`, `DeleteBucket`, `HeadBucket`, `ListObjects`:" in entries[0]
    project.announce(entries[0])
    assert project.review()[0]


@needs_oasdiff
def test_a_change_that_breaks_none_passes(tmp_path: Path) -> None:
    is_good, told = Project(tmp_path, with_an_option).review()
    assert is_good
    assert "added the new optional `query` request parameter `new`" in told
    assert "at least 1.1.0" in told


@needs_oasdiff
def test_no_change_passes(tmp_path: Path) -> None:
    assert Project(tmp_path).review() == (
        True,
        "Nothing has changed since 1.0.0 that a client could notice.",
    )


@needs_oasdiff
@pytest.mark.parametrize(
    ("edits", "version", "refusal"),
    [
        ([], "1.0.0", "was released"),
        ([], "1.0.1", ""),
        ([with_an_option], "1.0.1", "at least 1.1.0"),
        ([with_an_option], "1.1.0", ""),
        ([without_start_after], "1.9.0", "at least 2.0.0"),
        ([without_start_after], "2.0.0", ""),
    ],
)
def test_a_release_has_a_version_that_says_what_has_changed(
    tmp_path: Path, edits: list[Edit], version: str, refusal: str
) -> None:
    project = Project(tmp_path, *edits, lambda d: d["info"].update(version=version))
    if refusal:
        with pytest.raises(NotReleasable, match=refusal):
            release(OASDIFF, project.contract, project.released)
        return
    released = release(OASDIFF, project.contract, project.released)
    assert released.read_bytes() == project.file.read_bytes()
    assert last_released(project.released) == released


@needs_oasdiff
def test_versions_are_no_strings(tmp_path: Path) -> None:
    for version in ("1.9.0", "1.10.0", "0.99.0"):
        (tmp_path / f"{version}.yaml").touch()
    newest = last_released(tmp_path)
    assert newest is not None
    assert newest.stem == "1.10.0"


@needs_oasdiff
def test_a_contract_with_layers_has_releases_of_its_own(tmp_path: Path) -> None:
    project = Project(tmp_path, without_start_after)
    project.contract = replace(project.contract, layers=("one", "other"))
    assert project.review() == (True, "Nothing was released that it could be compared with.")
    released = release(OASDIFF, project.contract, project.released)
    assert released == project.released / "one+other" / "1.0.0.yaml"
    assert released.read_bytes() == project.file.read_bytes()
    assert project.review() == (
        True,
        "Nothing has changed since 1.0.0 that a client could notice.",
    )
    with pytest.raises(NotReleasable, match="was released"):
        release(OASDIFF, project.contract, project.released)


@needs_oasdiff
@each_document
def test_this_contract_may_stand(layers: tuple[str, ...]) -> None:
    is_good, lines = review(OASDIFF, contract_of(layers), RELEASED, CHANGELOG)
    assert is_good, "\n".join(lines)


@needs_oasdiff
@each_document
def test_a_layer_takes_nothing_away(layers: tuple[str, ...]) -> None:
    found = changes(OASDIFF, contract_of(()).document(), contract_of(layers).document())
    breaking = {one.id for one in found if one.is_breaking}
    allowed = set()
    if "keys" in layers:  # that requests must be signed is all that they are for
        allowed.add("api-security-anonymous-access-removed")
    if "versions" in layers:  # a bucket's first part that is like a commit's id is a commit
        allowed.add("request-parameter-pattern-changed")
    assert breaking == allowed


@needs_oasdiff
def test_the_command_fails_for_what_is_not_announced(tmp_path: Path) -> None:
    project = Project(tmp_path, without_start_after)
    status, told = run("diff", str(project.file))
    assert (status, "Not announced in CHANGELOG.md" in told) == (1, True), told
