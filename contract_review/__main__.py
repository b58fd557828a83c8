"""`python -m contract_review`: what `make contract`, `contract-release` and `contract-html` do."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from contract_review.documents import CONTRACT, RELEASED, ROOT, load
from contract_review.printable import printable
from contract_review.review import NotReleasable, release, review

_TOOLS = ROOT / ".build" / "contract"
OASDIFF = _TOOLS / "oasdiff"
REDOCLY = _TOOLS / "node_modules" / "@redocly" / "cli" / "bin" / "cli.js"
RULES = Path(__file__).with_name("redocly.yaml")
CHANGELOG = ROOT / "CHANGELOG.md"


def main() -> int:
    """Run one command, and return its exit status."""
    parser = argparse.ArgumentParser(prog="contract_review")
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("lint", "diff", "release"):
        commands.add_parser(name).add_argument("contract", type=Path, nargs="?", default=CONTRACT)
    commands.add_parser("html").add_argument("target", type=Path)
    given = parser.parse_args()
    if given.command == "html":
        given.target.parent.mkdir(parents=True, exist_ok=True)
        given.target.write_text(printable(load(CONTRACT)), "utf-8")
        return 0
    run = {"lint": _lint, "diff": _diff, "release": _release}[given.command]
    return run(given.contract)


def _lint(contract: Path) -> int:
    if not REDOCLY.exists():
        print("Skipped: the document is not linted, for Node is not installed.")
        return 0
    command = ["node", str(REDOCLY), "lint", str(contract), "--config", str(RULES)]
    quiet = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}
    return subprocess.run(command, env={**os.environ, **quiet}, check=False).returncode


def _diff(contract: Path) -> int:
    if not OASDIFF.exists():
        print("Skipped: the document is compared with none before it, for Go is not installed.")
        return 0
    is_good, lines = review(OASDIFF, contract, RELEASED, CHANGELOG)
    print("\n".join(lines))
    return 0 if is_good else 1


def _release(contract: Path) -> int:
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


if __name__ == "__main__":
    sys.exit(main())
