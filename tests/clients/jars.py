"""The jars that the clients in Java are run with: those that were locked, and no others.

Maven is told versions, and trusts whoever serves them; `jars.sha256` says what they were.
`python -m tests.clients.jars check FOLDER` compares what Maven has found (`*.classpath`) and
writes Java's arguments (`*.args`); `lock FOLDER` locks what it has found.

Standard library only, as there may be no environment yet.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterable
from pathlib import Path

LOCK = Path(__file__).parent / "java" / "jars.sha256"


def main(action: str, folder: Path) -> str:
    """Check or lock; gives what is wrong."""
    found = _found(folder)
    if action == "lock":
        LOCK.write_text("".join(f"{sha256}  {name}\n" for name, sha256 in sorted(found.items())))
        return ""
    wrong = differences(_locked(), found)
    if not wrong:
        _write_arguments(folder)
    return "".join(f"{line}\n" for line in wrong)


def differences(locked: dict[str, str], found: dict[str, str]) -> list[str]:
    """What is not as it was locked."""
    lines = [f"{name} is not locked: run `make lock`" for name in found.keys() - locked.keys()]
    lines += [
        f"{name} is locked and not used: run `make lock`" for name in locked.keys() - found.keys()
    ]
    lines += [
        f"{name} is another file than the one that was locked"
        for name, sha256 in found.items()
        if locked.get(name, sha256) != sha256
    ]
    return sorted(lines)


def _locked() -> dict[str, str]:
    lines = (line.split() for line in LOCK.read_text().splitlines())
    return {name: sha256 for sha256, name in lines}


def _found(folder: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for jar in sorted(_jars(folder)):
        sha256 = hashlib.sha256(jar.read_bytes()).hexdigest()
        if found.setdefault(jar.name, sha256) != sha256:
            raise SystemExit(f"two different files are called {jar.name}")
    return found


def _jars(folder: Path) -> Iterable[Path]:
    for classpath in folder.glob("*.classpath"):
        yield from (jar for jar in _entries(classpath) if jar.suffix == ".jar")


def _entries(classpath: Path) -> list[Path]:
    return [Path(entry) for entry in classpath.read_text().strip().split(os.pathsep) if entry]


def _write_arguments(folder: Path) -> None:
    for classpath in folder.resolve().glob("*.classpath"):
        own = classpath.with_suffix("") / "classes"
        # The folder that it is run in comes first, for settings that are looked for there.
        entries = [".", own, *_entries(classpath)]
        joined = os.pathsep.join(map(str, entries)).replace("\\", "\\\\")
        classpath.with_suffix(".args").write_text(f'-cp "{joined}"\n')


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])) or None)
