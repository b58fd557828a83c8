"""`python -m contract_review`: what `make contract`, `contract-release` and `contract-html` do."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from contract_review.documents import (
    COMPOSITIONS,
    DEFAULT,
    RELEASED,
    ROOT,
    contract_of,
    is_released,
    name_of,
)
from contract_review.review import NotReleasable, release, review
from gateway.contract.document import Contract, UnknownLayer
from gateway.contract.printable import printable
from gateway.contract.refusals import UnknownRefusal

_TOOLS = ROOT / ".build" / "contract"
OASDIFF = _TOOLS / "oasdiff"
REDOCLY = _TOOLS / "node_modules" / "@redocly" / "cli" / "bin" / "cli.js"
RULES = Path(__file__).with_name("redocly.yaml")
CHANGELOG = ROOT / "CHANGELOG.md"


def main() -> int:
    """Run one command, and return its exit status."""
    given = _parser().parse_args()
    compositions = [given.layers or ()]
    if given.layers is None and given.file is None and given.command != "html":
        compositions = list(COMPOSITIONS)
    try:
        contracts = [contract_of(layers, given.file) for layers in compositions]
        for contract in contracts:
            contract.document()  # as the gateway reads it; the linter does not
    except (UnknownLayer, UnknownRefusal) as error:
        print(f"contract_review: {error}", file=sys.stderr)
        return 2
    return max(_run(given, contract, is_one=len(contracts) == 1) for contract in contracts)


def _run(given: argparse.Namespace, contract: Contract, *, is_one: bool) -> int:
    if not is_one:
        print(f"\n{name_of(contract) or 'the default contract'}:", flush=True)
    match given.command:
        case "lint":
            return _lint(given.file or _file_of(contract))
        case "diff":
            return _diff(contract)
        case "release":
            return 0 if not is_one and is_released(contract, RELEASED) else _release(contract)
        case _:
            return _html(contract, given.target)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="contract_review")
    parser.set_defaults(file=None)
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("lint", "diff", "release", "html"):
        command = commands.add_parser(name)
        command.add_argument(
            "--with",
            dest="layers",
            metavar="LAYERS",
            type=lambda names: [name for name in names.split(",") if name],
            default=None,
            help="layers of the contract, with commas between; by default each composition that is"
            " reviewed, and on paper the default one",
        )
        if name == "html":
            command.add_argument("target", type=Path, help="the file to write")
        else:
            command.add_argument(
                "file", type=Path, nargs="?", help="a document to take in the contract's place"
            )
    return parser


def _file_of(contract: Contract) -> Path:
    """Where a contract can be read, so that the lines that the linter names can be looked up."""
    if not contract.layers:
        return DEFAULT
    file = _TOOLS / "composed" / f"{name_of(contract)}.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(contract.text, "utf-8")
    return file


def _lint(file: Path) -> int:
    if not REDOCLY.exists():
        print("Skipped: the document is not linted, for Node is not installed.")
        return 0
    command = ["node", str(REDOCLY), "lint", str(file), "--config", str(RULES)]
    quiet = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}
    return subprocess.run(command, env={**os.environ, **quiet}, check=False).returncode


def _diff(contract: Contract) -> int:
    if not OASDIFF.exists():
        print("Skipped: the document is compared with none before it, for Go is not installed.")
        return 0
    is_good, lines = review(OASDIFF, contract, RELEASED, CHANGELOG)
    print("\n".join(lines))
    return 0 if is_good else 1


def _release(contract: Contract) -> int:
    if not OASDIFF.exists():
        print("A release is compared with the one before it, which needs Go.")
        return 1
    try:
        target = release(OASDIFF, contract, RELEASED)
    except NotReleasable as error:
        print(error)
        return 1
    print(f"{target.relative_to(ROOT)} is the released contract now. Commit it.")
    return 0


def _html(contract: Contract, target: Path) -> int:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(printable(contract.document()), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
