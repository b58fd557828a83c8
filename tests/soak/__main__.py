"""`make soak`: load each backend for a while, and say what it saw."""

from __future__ import annotations

import argparse
import os
import secrets
import sys
import tempfile
from dataclasses import fields
from pathlib import Path

from tests.hostile.test_aborted import GIVEN_BACK
from tests.servers import BACKENDS
from tests.soak.load import Report, soak
from tests.soak.world import Held

MIB = 1024 * 1024


def main() -> int:
    """Soak, print a table, and fail where something was wrong."""
    parser = argparse.ArgumentParser(prog="make soak")
    parser.add_argument("--seconds", type=int, default=180, help="about how long, for each backend")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--backend", choices=BACKENDS, action="append")
    asked = parser.parse_args()
    seed = secrets.randbelow(2**32) if asked.seed is None else asked.seed
    os.environ |= GIVEN_BACK
    failed = False
    for backend in asked.backend or BACKENDS:
        print(f"{backend}: {asked.seconds} seconds with seed {seed}", flush=True)
        with tempfile.TemporaryDirectory(prefix="soak-") as folder:
            report = soak(backend, Path(folder), asked.seconds, seed)
        print(table_of(report), flush=True)
        failed |= bool(report.faults)
    return int(failed)


def table_of(report: Report) -> str:
    """A report, for people and for `docs/reliability.md`."""
    lines = ["", "| client | operations | that failed | MB |", "|---|---|---|---|"]
    for kind in sorted({kind for kind, _ in report.counts}):
        count = {what: report.counts[kind, what] for what in ("done", "trouble", "bytes")}
        megabytes = count["bytes"] / 1e6
        lines.append(f"| {kind} | {count['done']} | {count['trouble']} | {megabytes:.0f} |")
    lines += ["", "| the gateway's process | before | after |", "|---|---|---|"]
    for one in fields(Held):
        before, after = (getattr(held, one.name) for held in (report.before, report.after))
        if one.name == "memory_bytes":
            before, after = (f"{value / MIB:.0f} MiB" for value in (before, after))
        lines.append(
            f"| {one.name.removesuffix('_bytes').replace('_', ' ')} | {before} | {after} |"
        )
    lines += ["", f"{report.restarts} restarts, {report.objects} objects at the end,"]
    lines[-1] += f" {len(report.faults)} faults (seed {report.seed})"
    return "\n".join([*lines, *(f"FAULT: {fault[:400]}" for fault in report.faults[:20]), ""])


if __name__ == "__main__":
    sys.exit(main())
