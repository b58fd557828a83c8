"""Mutate modules of the write paths, run their tests on each mutant, and list those that survive.

    make mutants                        # all of `TESTS`: some hours
    make mutants FILES=embedded_pfs/blobs.py

It works on a copy. What survives is judged in `docs/reliability.md`.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
COPIES = ROOT / ".build" / "mutants" / "work"
TOOLS = ROOT / ".build" / "mutants" / "cosmic-ray" / "bin"
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - of Linux's

LEAST_SECONDS = 30
TIMEOUT = 5
"""So many times as long as without a mutant, and those seconds: what takes longer never ends."""

# The first file is run before the others, and pytest stops at the first failure: quick and telling
# ones come first. Those of power cuts take half a minute: run them on what survives, where it
# writes to the disk.
_FILES = "tests/pfs_contract/test_files.py"
_SETS = "tests/pfs_contract/test_file_sets.py"
_HISTORIES = "tests/embedded_pfs/test_histories.py tests/pfs_contract/test_histories.py"
_REPOS = "tests/pfs_contract/test_repos_and_branches.py"
_UPKEEP = "tests/embedded_pfs/test_checking.py tests/embedded_pfs/test_upkeep.py"
_OLD = "tests/embedded_pfs/test_upkeep.py::test_history_goes_once_it_is_too_old"  # seconds of sleep
_KEPT = f"{_UPKEEP} --deselect={_OLD}"
_DIRECTORY = "tests/embedded_pfs/test_directory.py"
_EXTENTS = "tests/embedded_pfs/test_extents.py"
_FULL = "tests/embedded_pfs/test_full_disk.py"
_ROOM = "tests/embedded_pfs/test_room.py"
_SYNCED = "tests/power_cut/test_sqlite.py"
_COMMITTED = "tests/embedded_pfs/test_commits.py tests/embedded_pfs/test_whole_pfs.py"
_LIVES = "tests/embedded_pfs/test_file_sets.py"
_BRANCHES = "tests/embedded_pfs/test_branches.py"
_LITTLE = "tests/embedded_pfs/test_little_writes.py"
_LINES = "tests/embedded_pfs/test_lineage.py"
_COMMITS = (
    f"{_FILES} {_COMMITTED} {_SETS} {_HISTORIES} {_LINES}"
    f" tests/embedded_pfs/test_snapshots.py {_KEPT} {_REPOS}"
    " tests/embedded_pfs/test_change_times.py"
)
TESTS = {
    # storing blobs
    "embedded_pfs/blobs.py": f"tests/embedded_pfs/test_blobs.py {_SETS} {_EXTENTS} {_KEPT}",
    "embedded_pfs/contents.py": f"tests/embedded_pfs/test_contents.py {_SETS} {_EXTENTS} {_KEPT}",
    "embedded_pfs/extents.py": _EXTENTS,
    "embedded_pfs/leases.py": f"tests/embedded_pfs/test_leases.py {_EXTENTS} {_KEPT}",
    "embedded_pfs/disk.py": f"tests/embedded_pfs/test_disk.py {_KEPT} {_ROOM}",
    "embedded_pfs/reserve.py": f"{_ROOM} {_FULL}",
    "embedded_pfs/room.py": f"{_ROOM} {_FULL}",
    # staging
    "embedded_pfs/file_set_rows.py": f"{_SETS} {_KEPT}",
    "embedded_pfs/file_sets.py": f"{_LIVES} {_SETS} {_HISTORIES} {_KEPT}",
    "embedded_pfs/staging.py": f"tests/embedded_pfs/test_staging.py {_SETS} {_KEPT}",
    # the transaction of a commit
    "embedded_pfs/changes.py": _COMMITS,
    "embedded_pfs/collisions.py": _COMMITS,
    "embedded_pfs/commit_changes.py": f"{_HISTORIES} tests/embedded_pfs/test_snapshots.py {_KEPT}",
    "embedded_pfs/commit_rows.py": _COMMITS,
    "embedded_pfs/commits.py": _COMMITS,
    "embedded_pfs/database.py": f"tests/embedded_pfs/test_database.py {_SYNCED} {_KEPT} {_SETS}",
    "embedded_pfs/engine.py": (
        f"tests/embedded_pfs/test_engine.py {_LITTLE} {_SETS} {_KEPT} {_FULL}"
    ),
    "embedded_pfs/opening.py": (
        f"tests/embedded_pfs/test_opening.py {_SETS} {_EXTENTS} {_KEPT} {_FILES} {_FULL}"
    ),
    "embedded_pfs/pace.py": _LITTLE,
    "embedded_pfs/stored_changes.py": f"{_LITTLE} {_FULL}",
    "embedded_pfs/threads.py": "tests/embedded_pfs/test_threads.py",
    "embedded_pfs/tips.py": f"{_COMMITS} {_BRANCHES}",
    # turns at branches
    "embedded_pfs/branch_rows.py": f"{_REPOS} {_COMMITTED} {_HISTORIES} {_FILES}",
    "embedded_pfs/branches.py": f"{_REPOS} {_BRANCHES} {_COMMITTED} {_HISTORIES} {_FILES}",
    "pfs_client/group_commit/branch_queue.py": (
        "tests/pfs_client/test_queue_order.py tests/pfs_client/test_branch_queue.py"
    ),
    "pfs_client/group_commit/branch_queues.py": (
        "tests/pfs_client/test_lone_writes.py tests/pfs_client/test_grouped_writes.py"
    ),
    "pfs_client/group_commit/first_step.py": "tests/pfs_client/test_first_step.py",
    "pfs_client/group_commit/committer.py": (
        "tests/pfs_client/test_committer.py tests/pfs_client/test_grouped_writes.py"
    ),
    # collection
    "embedded_pfs/collection.py": f"tests/embedded_pfs/test_collection.py {_KEPT}",
    "embedded_pfs/compaction.py": f"tests/embedded_pfs/test_compaction.py {_DIRECTORY} {_FULL}",
    "embedded_pfs/lineage.py": f"{_LINES} tests/embedded_pfs/test_history_age.py {_HISTORIES}",
    "embedded_pfs/history.py": f"tests/embedded_pfs/test_history_age.py {_UPKEEP} {_HISTORIES}",
    "embedded_pfs/upkeep.py": f"tests/embedded_pfs/test_upkeep_rounds.py {_UPKEEP} {_FULL}",
    # the directory
    "embedded_pfs/directory.py": (
        f"tests/embedded_pfs/test_directory_opening.py {_KEPT} {_ROOM} {_FULL} {_DIRECTORY}"
        " tests/embedded_pfs/test_migrations.py tests/embedded_pfs/test_backups.py"
    ),
    "embedded_pfs/migrations.py": "tests/embedded_pfs/test_migrations.py",
}

_CONFIG = """\
[cosmic-ray]
module-path = "{module}"
timeout = {timeout}
excluded-modules = []
test-command = "{ask}"

[cosmic-ray.distributor]
name = "local"

[cosmic-ray.filters.operators-filter]
# Annotations are not evaluated, so that another operator in `int | None` is no fault. Nor is
# `== None` in place of `is None`.
exclude-operators = [
    "core/ReplaceBinaryOperator_BitOr_.*",
    "core/ReplaceComparisonOperator_Is_Eq",
    "core/ReplaceComparisonOperator_IsNot_NotEq",
]
"""


def main() -> None:
    """Mutate the modules that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("files", nargs="*", default=list(TESTS))
    survivors = [line for module in parser.parse_args().files for line in _survivors_of(module)]
    print("\n".join(survivors) or "no mutant survives")
    sys.exit(bool(survivors))


def _survivors_of(module: str) -> list[str]:
    work = _copy(module)
    memory = tempfile.TemporaryDirectory(dir=MEMORY, ignore_cleanup_errors=True)
    with memory as folder, _ready(work, module, folder):
        ask = [sys.executable, "-I", "-S", "tests/mutants/ask.py", folder, module]
        began = time.monotonic()
        subprocess.run(ask, cwd=work, check=True)  # fails if the tests do without a mutant
        timeout = LEAST_SECONDS + TIMEOUT * (time.monotonic() - began)
        config = _CONFIG.format(module=module, timeout=timeout, ask=shlex.join(ask))
        (work / "mutants.toml").write_text(config)
        _run(work, "cosmic-ray", "init", "mutants.toml", "mutants.sqlite")
        _run(work, "cr-filter-operators", "mutants.sqlite", "mutants.toml")
        _run(work, "cosmic-ray", "exec", "mutants.toml", "mutants.sqlite")
    report = _run(work, "cr-report", "--surviving-only", "--show-diff", "mutants.sqlite")
    print(module, _run(work, "cr-report", "mutants.sqlite").splitlines()[-3:], flush=True)
    return [report] if "survived" in report.lower().partition("total jobs")[0] else []


def _copy(module: str) -> Path:
    """A copy of all that is tracked, to be broken."""
    work = COPIES / module.replace("/", ".")
    shutil.rmtree(work, ignore_errors=True)
    names = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    for name in filter(None, names):
        target = work / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target)
    return work


@contextmanager
def _ready(work: Path, module: str, folder: str) -> Iterator[None]:
    """The tests of the module start at once, within the block, whenever they are asked for."""
    name = module.removesuffix(".py").replace("/", ".")
    command = [sys.executable, "-m", "tests.mutants.warm", folder, name, *TESTS[module].split()]
    with (
        (work / "killed-by.txt").open("w") as output,
        subprocess.Popen(command, cwd=work, stdout=output) as warm,
    ):
        try:
            while not Path(folder, "socket").exists():
                if warm.poll() is not None:
                    sys.exit(f"the tests of {module} cannot be run")
                time.sleep(0.1)
            yield
        finally:
            warm.kill()


def _run(work: Path, tool: str, *arguments: str) -> str:
    return subprocess.run(
        [TOOLS / tool, *arguments], cwd=work, stdout=subprocess.PIPE, text=True, check=True
    ).stdout


if __name__ == "__main__":
    main()
