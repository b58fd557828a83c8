"""Mutate modules of the write paths, run their tests on each mutant, and list those that survive.

    make mutants                        # all of `TESTS`: some hours
    make mutants FILES=embedded_pfs/blobs.py

It works on a copy. What survives is judged in `docs/reliability.md`.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
WORK = ROOT / ".build" / "mutants" / "work"
TOOLS = ROOT / ".build" / "mutants" / "cosmic-ray" / "bin"
TIMEOUT_SECONDS = 240

# The contract's tests run on both PFS, and one of them is enough to kill a mutant.
_EMBEDDED_ONLY = " -k 'not grpc'"
_CONTRACT = (
    "tests/pfs_contract/test_repos_and_branches.py tests/pfs_contract/test_file_sets.py"
    " tests/pfs_contract/test_histories.py tests/pfs_contract/test_files.py"
)
_KEPT = "tests/embedded_pfs/test_checking.py tests/embedded_pfs/test_upkeep.py"
_POWER = "tests/power_cut/test_power_cuts.py"
_EXTENTS = "tests/embedded_pfs/test_extents.py"
_FULL = "tests/embedded_pfs/test_full_disk.py"
_FILE_SETS = f"tests/pfs_contract/test_file_sets.py {_KEPT}{_EMBEDDED_ONLY}"
_STORE = f"{_KEPT} {_CONTRACT} {_POWER}{_EMBEDDED_ONLY}"
TESTS = {
    # storing blobs
    "embedded_pfs/blobs.py": f"{_KEPT} {_FULL} {_POWER}",
    "embedded_pfs/contents.py": f"{_KEPT} {_FULL} {_CONTRACT}{_EMBEDDED_ONLY}",
    "embedded_pfs/extents.py": _EXTENTS,
    "embedded_pfs/leases.py": _EXTENTS,
    "embedded_pfs/disk.py": f"tests/embedded_pfs/test_directory.py {_FULL} {_KEPT} {_POWER}",
    "embedded_pfs/reserve.py": f"tests/embedded_pfs/test_room.py {_FULL}",
    "embedded_pfs/room.py": f"tests/embedded_pfs/test_room.py {_FULL}",
    # staging
    "embedded_pfs/file_set_rows.py": _FILE_SETS,
    "embedded_pfs/file_sets.py": _FILE_SETS,
    "embedded_pfs/staging.py": f"{_KEPT} {_FULL} tests/pfs_contract/test_files.py {_POWER}",
    # the transaction of a commit
    "embedded_pfs/changes.py": _STORE,
    "embedded_pfs/collisions.py": _STORE,
    "embedded_pfs/commit_changes.py": _STORE,
    "embedded_pfs/commit_rows.py": _STORE,
    "embedded_pfs/commits.py": _STORE,
    "embedded_pfs/database.py": f"tests/embedded_pfs/test_directory.py {_STORE}",
    "embedded_pfs/engine.py": f"tests/embedded_pfs/test_threads.py {_STORE}",
    "embedded_pfs/opening.py": f"{_EXTENTS} {_STORE}",
    "embedded_pfs/threads.py": "tests/embedded_pfs/test_threads.py",
    # turns at branches
    "embedded_pfs/branch_rows.py": f"{_CONTRACT}{_EMBEDDED_ONLY}",
    "embedded_pfs/branches.py": f"{_CONTRACT}{_EMBEDDED_ONLY}",
    "pfs_client/group_commit/branch_queue.py": "tests/pfs_client/test_branch_queue.py",
    # collection
    "embedded_pfs/collection.py": f"tests/embedded_pfs/test_collection.py {_KEPT}",
    "embedded_pfs/compaction.py": f"{_KEPT} tests/embedded_pfs/test_directory.py {_FULL}",
    "embedded_pfs/history.py": f"{_KEPT} tests/embedded_pfs/test_histories.py",
    "embedded_pfs/upkeep.py": f"{_KEPT} {_FULL}",
    # the directory
    "embedded_pfs/directory.py": f"tests/embedded_pfs/test_directory.py {_KEPT} {_FULL} {_POWER}",
    "embedded_pfs/migrations.py": "tests/embedded_pfs/test_migrations.py",
}

_CONFIG = """\
[cosmic-ray]
module-path = "{module}"
timeout = {timeout}
excluded-modules = []
test-command = "{python} -m pytest -q -x -p no:cacheprovider -n 0 {tests}"

[cosmic-ray.distributor]
name = "local"

[cosmic-ray.filters.operators-filter]
# Annotations are not evaluated, so that another operator in `int | None` is no fault.
exclude-operators = ["core/ReplaceBinaryOperator_BitOr_.*"]
"""


def main() -> None:
    """Mutate the modules that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("files", nargs="*", default=list(TESTS))
    survivors = [line for module in parser.parse_args().files for line in _survivors_of(module)]
    print("\n".join(survivors) or "no mutant survives")
    sys.exit(bool(survivors))


def _survivors_of(module: str) -> list[str]:
    _copy()
    (WORK / "mutants.toml").write_text(
        _CONFIG.format(
            module=module, timeout=TIMEOUT_SECONDS, python=sys.executable, tests=TESTS[module]
        )
    )
    _run("cosmic-ray", "init", "mutants.toml", "mutants.sqlite")
    _run("cr-filter-operators", "mutants.sqlite", "mutants.toml")
    _run("cosmic-ray", "baseline", "mutants.toml")
    _run("cosmic-ray", "exec", "mutants.toml", "mutants.sqlite")
    report = _run("cr-report", "--surviving-only", "--show-diff", "mutants.sqlite")
    print(_run("cr-report", "mutants.sqlite").splitlines()[-3:])
    return [report] if "survived" in report.lower().partition("total jobs")[0] else []


def _copy() -> None:
    """A copy of all that is tracked, to be broken."""
    shutil.rmtree(WORK, ignore_errors=True)
    names = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    for name in filter(None, names):
        target = WORK / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target)


def _run(tool: str, *arguments: str) -> str:
    return subprocess.run(
        [TOOLS / tool, *arguments], cwd=WORK, stdout=subprocess.PIPE, text=True, check=True
    ).stdout


if __name__ == "__main__":
    main()
