"""What the linter finds in the contract, and in worse ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from contract_review.__main__ import RULES
from tests.contract.compositions import each_document
from tests.contract.edits import (
    Edit,
    Project,
    needs_redocly,
    path,
    run,
    schema,
    shared,
    with_layers,
)


@needs_redocly
@each_document
def test_this_contract_is_clean(layers: tuple[str, ...]) -> None:
    status, told = run("lint", *with_layers(layers))
    assert status == 0, told


@needs_redocly
@pytest.mark.parametrize(
    ("edit", "rule"),
    [
        (lambda d: path(d, "")["get"].pop("description"), "operation-description"),
        (lambda d: path(d, "")["get"].pop("x-s3-operation"), "operation-names-itself"),
        (lambda d: shared(d, "parameters", "Prefix").pop("description"), "parameter-description"),
        (lambda d: shared(d, "headers", "ETag").update({"$ref": "#/nowhere"}), "no-unresolved"),
        (
            lambda d: d["paths"]["/"]["get"]["responses"]["200"]["headers"].clear(),
            "response-contains-header",
        ),
        (
            lambda d: path(d, "#delete")["post"]["requestBody"]["content"]["application/xml"][
                "example"
            ].update(Quiet="perhaps"),
            "no-invalid-media-type-examples",
        ),
        (
            lambda d: shared(d, "parameters", "Bucket").update(example="a.b.c.d"),
            "no-invalid-parameter-examples",
        ),
        (lambda d: schema(d, "Owner").update(typ="object"), "struct"),
        (lambda d: path(d, "")["put"].update(operationId="same"), ""),
        (
            lambda d: [
                one["put"].update(operationId="same") for one in (path(d, ""), path(d, "/{key}"))
            ],
            "operation-operationId-unique",
        ),
    ],
)
def test_the_linter_finds_it(tmp_path: Path, edit: Edit, rule: str) -> None:
    project = Project(tmp_path, edit)
    status, told = run("lint", str(project.file))
    assert (status == 0) == (rule == ""), told
    assert rule in told


def test_every_rule_that_is_off_has_its_reason() -> None:
    lines = RULES.read_text().splitlines()
    for at, line in enumerate(lines):
        if line.strip().partition(": ")[2].startswith("off"):
            assert "#" in line or lines[at - 1].strip().startswith("#"), line
